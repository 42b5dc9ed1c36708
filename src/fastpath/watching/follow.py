"""A live configuration that follows files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from .files import ConfigFiles
from .live import LiveConfig

__all__ = ["Following", "follow"]


def follow(
    live: LiveConfig, files: ConfigFiles, *, on_failure: Callable[[Exception], object] | None = None
) -> Following:
    """Apply to `live` what the files say, from now until the result is closed. Needs a running loop.

    `on_failure` is called with the ConfigErrors of files that cannot be loaded, and with the ConfigError of a
    configuration that cannot be applied; what was live goes on. None: the loop's exception handler is told.
    """
    return Following(live, files, on_failure or _tell_loop)


def _tell_loop(error: Exception) -> None:
    message = "the configuration could not be updated"
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


class Following:
    """What `follow` began. Tables and host sets are built in another thread; of changes that come faster than that the
    latest is the next.
    """

    def __init__(self, live: LiveConfig, files: ConfigFiles, on_failure: Callable[[Exception], object]):
        self._live = live
        self._files = files
        self._on_failure = on_failure
        self._ready = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    async def ready(self) -> None:
        """Return once the files were read for the first time, and are live or were refused."""
        await self._ready.wait()

    async def close(self) -> None:
        """Follow no more. What is live stays."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async for config in self._files.watch(self._fail):
            try:
                await asyncio.to_thread(self._live.apply, config)
            except Exception as error:
                self._fail(error)
            self._ready.set()

    def _fail(self, error: Exception) -> None:
        try:
            self._on_failure(error)
        except Exception as problem:
            _tell_loop(problem)
        self._ready.set()

    async def __aenter__(self) -> Following:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
