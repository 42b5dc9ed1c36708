"""A live configuration that follows files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastpath.following import Following
from fastpath.models import Config

from .files import ConfigFiles
from .live import LiveConfig

__all__ = ["ConfigFollowing", "follow"]


def follow(
    live: LiveConfig, files: ConfigFiles, *, on_failure: Callable[[Exception], object] | None = None
) -> ConfigFollowing:
    """Apply to `live` what the files say, from now until the result is closed. Needs a running loop.

    `on_failure` is called with the ConfigErrors of files that cannot be loaded, and with the ConfigError of a
    configuration that cannot be applied; what was live goes on. None: the loop's exception handler is told.
    """
    return ConfigFollowing(lambda config: asyncio.to_thread(live.apply, config), files, on_failure)


class ConfigFollowing(Following):
    """What `follow` began: `apply` is given what the files say. Of changes that come faster than it the latest is the
    next.
    """

    def __init__(
        self,
        apply: Callable[[Config], Awaitable[None]],
        files: ConfigFiles,
        on_failure: Callable[[Exception], object] | None,
    ):
        super().__init__(on_failure, "the configuration could not be updated")
        self._apply = apply
        self._files = files
        self._start(self._run())

    async def _run(self) -> None:
        async for config in self._files.watch(self._fail):
            try:
                await self._apply(config)
            except Exception as error:
                self._fail(error)
            self._ready.set()
