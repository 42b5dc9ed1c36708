"""A cluster that follows a source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from fastpath.clusters import Cluster
from fastpath.following import Following
from fastpath.models import LocalityEndpoints

from .source import EndpointSource

__all__ = ["ClusterFollowing", "follow"]

_FIRST_DELAY, _LAST_DELAY = 0.1, 10.0  # seconds before a source that failed is asked again, doubled each time


def follow(
    cluster: Cluster, source: EndpointSource, *, on_failure: Callable[[Exception], object] | None = None
) -> ClusterFollowing:
    """Keep the hosts of `cluster` as `source` has them, from now until the result is closed. Needs a running loop.

    `on_failure` is called with what a source raises, and with the ConfigError of endpoints that the cluster refuses: it
    then keeps the hosts it has. None: the loop's exception handler is told.
    """
    return ClusterFollowing(cluster, source, on_failure)


class ClusterFollowing(Following):
    """What `follow` began. Host sets are built in another thread; of updates that come faster than that the latest is
    the next, so that the last one always lands.
    """

    def __init__(self, cluster: Cluster, source: EndpointSource, on_failure: Callable[[Exception], object] | None):
        super().__init__(on_failure, "endpoints could not be updated")
        self._cluster = cluster
        self._source = source
        self._latest: Sequence[LocalityEndpoints] | None = None
        self._told = asyncio.Event()
        self._start(self._read(), self._write())

    async def _read(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                async for localities in self._source.watch():
                    self._latest = localities
                    self._told.set()
                    delay = _FIRST_DELAY
                return
            except Exception as error:
                self._fail(error)
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LAST_DELAY)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._told.wait()
            self._told.clear()
            latest = self._latest
            assert latest is not None
            try:
                model = replace(self._cluster.model, localities=tuple(latest))
                await loop.run_in_executor(None, self._cluster.update, model)
            except Exception as error:
                self._fail(error)
            self._ready.set()
