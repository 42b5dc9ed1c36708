"""What follows a source on an asyncio loop until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

__all__ = ["Following"]

F = TypeVar("F", bound="Following")


class Following:
    """Tasks that go on until `close`, and whether the source has been heard.

    `on_failure` is called with what goes wrong, None for the loop's exception handler, which is told `message` as well.
    Needs a running loop.
    """

    def __init__(self, on_failure: Callable[[Exception], object] | None, message: str):
        self._on_failure = on_failure or self._tell_loop
        self._message = message
        self._ready = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def ready(self) -> None:
        """Return once the source has been heard: its first word was taken up, or something went wrong."""
        await self._ready.wait()

    async def close(self) -> None:
        """Follow no more. What was taken up stays."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, *work: Coroutine[Any, Any, None]) -> None:
        self._tasks += [asyncio.ensure_future(each) for each in work]

    def _fail(self, error: Exception) -> None:
        try:
            self._on_failure(error)
        except Exception as problem:
            self._tell_loop(problem)
        self._ready.set()

    def _tell_loop(self, error: Exception) -> None:
        asyncio.get_running_loop().call_exception_handler({"message": self._message, "exception": error})

    async def __aenter__(self: F) -> F:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
