"""Clusters whose endpoints are names.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/service_discovery
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from random import Random

from fastpath import models
from fastpath.balancing.endpoints import is_name
from fastpath.models import DiscoveryType, LocalityEndpoints

from .resolver import Resolution, Resolver, SystemResolver, choose_family

__all__ = ["DnsSource"]


class DnsSource:
    """The endpoints of a STRICT_DNS or LOGICAL_DNS cluster, asked for again and again as its `dns` says.

    model: the cluster as configured, with names for addresses; ValueError for one of another type. resolver: None for
    the operating system's. on_failure: called with a name and the OSError when there was no answer; the addresses of
    before stay. seed: makes jitter and back-off repeatable. sleep: waits so many seconds.

    An endpoint becomes one for each address, with the name as `hostname` where it has none of its own. A strict name
    without addresses has no hosts; a logical one keeps its last. Of two names with the same address the first counts.
    """

    def __init__(
        self,
        model: models.Cluster,
        *,
        resolver: Resolver | None = None,
        on_failure: Callable[[str, OSError], object] | None = None,
        seed: int | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ):
        if model.type not in (DiscoveryType.STRICT_DNS, DiscoveryType.LOGICAL_DNS):
            raise ValueError(f"the cluster {model.name!r} is of type {model.type.name}, which is not resolved by DNS")
        self._model = model
        self._resolver = SystemResolver() if resolver is None else resolver
        self._on_failure = on_failure
        self._random = Random(seed)
        self._sleep = sleep
        written = [endpoint.address for locality in model.localities for endpoint in locality.endpoints]
        self._names = [address for address in dict.fromkeys(written) if is_name(address)]
        self._addresses = [address for address in dict.fromkeys(written) if not is_name(address)]

    async def watch(self) -> AsyncIterator[tuple[LocalityEndpoints, ...]]:
        """As EndpointSource: for the first time when every name has been asked for once."""
        family = self._model.dns.lookup_family
        answers = {address: choose_family((address,), family) for address in self._addresses}
        changed = asyncio.Event()
        pending = set(self._names)

        async def keep_asking(name: str) -> None:
            failures = 0
            while True:
                try:
                    answer = await self._resolver.resolve(name, family)
                except OSError as error:
                    failures += 1
                    delay = self._failure_delay(failures)
                    if self._on_failure is not None:
                        self._on_failure(name, error)
                else:
                    failures = 0
                    delay = self._delay(answer)
                    self._take(answers, name, answer.addresses)
                pending.discard(name)
                changed.set()
                await self._sleep(delay)

        tasks = [asyncio.ensure_future(keep_asking(name)) for name in self._names]
        told: tuple[LocalityEndpoints, ...] | None = None
        try:
            while True:
                if not pending:
                    endpoints = self._endpoints(answers)
                    if endpoints != told:
                        told = endpoints
                        yield endpoints
                if not tasks:
                    return
                waiting = asyncio.ensure_future(changed.wait())
                try:
                    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                changed.clear()
                for task in tasks:
                    if task.done():  # only by an exception, which is for whoever watches
                        task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, answers: dict[str, tuple[str, ...]], name: str, addresses: tuple[str, ...]) -> None:
        if self._model.type is DiscoveryType.STRICT_DNS:
            answers[name] = addresses
        elif addresses:
            answers[name] = addresses[:1]

    def _delay(self, answer: Resolution) -> float:
        dns = self._model.dns
        delay = answer.ttl if dns.respect_ttl and answer.ttl else dns.refresh_rate
        return delay + self._random.random() * dns.jitter

    def _failure_delay(self, failures: int) -> float:
        dns = self._model.dns
        if dns.failure_base_interval is None:
            return dns.refresh_rate
        limit = 10 * dns.failure_base_interval if dns.failure_max_interval is None else dns.failure_max_interval
        return self._random.random() * min(dns.failure_base_interval * 2.0 ** min(failures - 1, 64), limit)

    def _endpoints(self, answers: dict[str, tuple[str, ...]]) -> tuple[LocalityEndpoints, ...]:
        return tuple(
            replace(
                locality,
                endpoints=tuple(
                    replace(endpoint, address=address, hostname=endpoint.hostname or endpoint.address)
                    for endpoint in locality.endpoints
                    for address in answers.get(endpoint.address, ())
                ),
            )
            for locality in self._model.localities
        )
