"""Files that hold a configuration, read again when they change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from fastpath.config import load as load_config
from fastpath.models import Config

from .stamp import stamp

__all__ = ["ConfigFiles"]

_Path = str | os.PathLike[str]


class ConfigFiles:
    """A file, a directory, or several of both, which together are one configuration.

    load: makes a Config of the list of paths, in another thread; fastpath.load, or that with options by
    functools.partial. interval: seconds from one look at the files to the next. settle: seconds for which nothing may
    change before they are read, so that a burst of changes is read once. sleep: waits so many seconds.
    """

    def __init__(
        self,
        source: _Path | Iterable[_Path],
        *,
        load: Callable[[list[str]], Config] = load_config,
        interval: float = 0.25,
        settle: float = 0.1,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ):
        if isinstance(source, Mapping):
            raise TypeError("a mapping cannot be watched: give paths")
        paths = [source] if isinstance(source, (str, os.PathLike)) else source
        self._paths = [os.fspath(path) for path in paths]
        self._load = load
        self._interval = interval
        self._settle = settle
        self._sleep = sleep

    async def watch(self, on_failure: Callable[[Exception], object]) -> AsyncIterator[Config]:
        """Yield the configuration, and again each time that the files say something else.

        `on_failure` is called with what `load` raised, once for each change that cannot be loaded. What is read while
        files change is thrown away, since it may be of two versions: files that never stand still are never taken up.
        """
        told: Config | None = None
        seen = await asyncio.to_thread(stamp, self._paths)
        while True:
            outcome = await asyncio.to_thread(self._try_load)
            now = await asyncio.to_thread(stamp, self._paths)
            if now == seen:
                if isinstance(outcome, Exception):
                    on_failure(outcome)
                elif outcome != told:
                    told = outcome
                    yield outcome
                now = await self._next_stamp(seen, self._interval, differs=True)
            seen = await self._next_stamp(now, self._settle, differs=False)

    def _try_load(self) -> Config | Exception:
        try:
            return self._load(self._paths)
        except Exception as error:
            return error

    async def _next_stamp(self, seen: tuple[object, ...], delay: float, *, differs: bool) -> tuple[object, ...]:
        """Look every `delay` seconds until the files differ from the look before, or do not."""
        while True:
            await self._sleep(delay)
            now = await asyncio.to_thread(stamp, self._paths)
            if (now != seen) is differs:
                return now
            seen = now
