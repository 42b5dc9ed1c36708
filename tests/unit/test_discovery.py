"""Clusters that follow a source: names that DNS resolves, and registries of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, NoHostAvailable
from fastpath.discovery import DnsSource, Following, Resolution, SystemResolver, follow
from fastpath.models import (
    Cluster as ClusterModel,
)
from fastpath.models import (
    DiscoveryType,
    DnsConfig,
    DnsLookupFamily,
    Endpoint,
    HealthStatus,
    LbPolicy,
    LocalityEndpoints,
)

NAME = "a.example"


def named(*addresses: str, kind: DiscoveryType = DiscoveryType.STRICT_DNS, **dns: Any) -> ClusterModel:
    endpoints = tuple(Endpoint(address, 80, weight=3) for address in addresses)
    return ClusterModel("c", (LocalityEndpoints(endpoints, zone="z"),), type=kind, dns=DnsConfig(**dns))


def cluster_of(model: ClusterModel) -> Cluster:
    return ClusterManager([model], seed=1)["c"]


def hosts(cluster: Cluster) -> list[str]:
    return [str(host) for host in cluster.hosts]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen within two seconds")


class Script:
    """A resolver that gives one answer after the other, and goes on with the last."""

    def __init__(self, **answers: list[Any]):
        self.answers = {name.replace("_", "."): list(listed) for name, listed in answers.items()}
        self.asked: list[tuple[str, DnsLookupFamily]] = []

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        self.asked.append((name, family))
        await asyncio.sleep(0)
        listed = self.answers[name]
        answer = listed.pop(0) if len(listed) > 1 else listed[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Resolution) else Resolution(tuple(answer))


class Pauses:
    """Stands for asyncio.sleep: notes how long, and waits a moment."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0.001)


def test_a_name_is_no_host() -> None:
    cluster = cluster_of(named(NAME, "192.0.2.9"))
    assert hosts(cluster) == ["192.0.2.9:80"]
    with pytest.raises(NoHostAvailable):
        cluster_of(named(NAME)).pick()


def test_a_static_cluster_is_not_resolved() -> None:
    with pytest.raises(ValueError, match="STATIC"):
        DnsSource(named(NAME, kind=DiscoveryType.STATIC))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DiscoveryType.STRICT_DNS, ["192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80"]),
        (DiscoveryType.LOGICAL_DNS, ["192.0.2.1:80"]),
    ],
)
async def test_what_a_name_resolves_to(kind: DiscoveryType, expected: list[str]) -> None:
    script = Script(a_example=[["192.0.2.1", "192.0.2.2", "2001:db8::1"]])
    cluster = cluster_of(named(NAME, kind=kind, lookup_family=DnsLookupFamily.ALL))
    async with follow(cluster, DnsSource(cluster.model, resolver=script)) as following:
        await following.ready()
        assert hosts(cluster) == expected
        assert {(host.hostname, host.weight) for host in cluster.hosts} == {(NAME, 3)}
        assert cluster.model.localities[0].zone == "z"
    assert script.asked == [(NAME, DnsLookupFamily.ALL)]


async def test_addresses_come_and_go_and_hosts_that_stay_are_the_same() -> None:
    script = Script(a_example=[["192.0.2.1", "192.0.2.2"], ["192.0.2.2", "192.0.2.3"]])
    cluster = cluster_of(named(NAME, refresh_rate=0.01))
    async with follow(cluster, DnsSource(cluster.model, resolver=script)) as following:
        await following.ready()
        kept = next(host for host in cluster.hosts if host.address == "192.0.2.2")
        await until(lambda: hosts(cluster) == ["192.0.2.2:80", "192.0.2.3:80"])
        assert cluster.hosts[0] is kept


async def test_a_strict_name_may_lose_its_last_address_and_a_logical_one_does_not() -> None:
    for kind, left in ((DiscoveryType.STRICT_DNS, []), (DiscoveryType.LOGICAL_DNS, ["192.0.2.1:80"])):
        script = Script(a_example=[["192.0.2.1"]])
        cluster = cluster_of(named(NAME, kind=kind, refresh_rate=0.005))
        async with follow(cluster, DnsSource(cluster.model, resolver=script)) as following:
            await following.ready()
            assert hosts(cluster) == ["192.0.2.1:80"]
            script.answers[NAME] = [[]]
            asked = len(script.asked)
            await until(lambda: len(script.asked) > asked + 3)  # noqa: B023
            await until(lambda: hosts(cluster) == left)  # noqa: B023


async def test_a_failure_changes_nothing_and_is_told() -> None:
    failures: list[tuple[str, str]] = []
    script = Script(a_example=[["192.0.2.1"], OSError("no server")], b_example=[OSError("gone")])
    cluster = cluster_of(named(NAME, "b.example", refresh_rate=0.005))
    source = DnsSource(
        cluster.model, resolver=script, on_failure=lambda name, error: failures.append((name, str(error)))
    )
    async with follow(cluster, source) as following:
        await following.ready()
        await until(lambda: len(failures) > 4)
        assert hosts(cluster) == ["192.0.2.1:80"]
    assert set(failures) == {(NAME, "no server"), ("b.example", "gone")}


@pytest.mark.parametrize(
    ("dns", "answers", "least", "most"),
    [
        ({"refresh_rate": 7.0}, [Resolution(("192.0.2.1",), ttl=60.0)], [7.0] * 3, [7.0] * 3),
        ({"refresh_rate": 7.0, "respect_ttl": True}, [Resolution(("192.0.2.1",), ttl=60.0)], [60.0] * 3, [60.0] * 3),
        ({"refresh_rate": 7.0, "respect_ttl": True}, [["192.0.2.1"]], [7.0] * 3, [7.0] * 3),
        ({"refresh_rate": 7.0, "jitter": 1.0}, [["192.0.2.1"]], [7.0] * 3, [8.0] * 3),
        ({"refresh_rate": 7.0}, [OSError("no")], [7.0] * 3, [7.0] * 3),
        ({"failure_base_interval": 2.0}, [OSError("no")], [0.0] * 6, [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]),
        (
            {"failure_base_interval": 2.0, "failure_max_interval": 3.0, "refresh_rate": 9.0},
            [OSError("no"), OSError("no"), ["192.0.2.1"], OSError("no")],
            [0.0, 0.0, 9.0, 0.0, 0.0],
            [2.0, 3.0, 9.0, 2.0, 3.0],
        ),
    ],
)
async def test_when_a_name_is_asked_for_again(
    dns: dict[str, Any], answers: list[Any], least: list[float], most: list[float]
) -> None:
    pauses = Pauses()
    cluster = cluster_of(named(NAME, **dns))
    source = DnsSource(cluster.model, resolver=Script(a_example=answers), seed=3, sleep=pauses)
    async with follow(cluster, source):
        await until(lambda: len(pauses.seconds) >= len(most))
    for low, high, seconds in zip(least, most, pauses.seconds, strict=False):
        assert low <= seconds <= high
    if least[-1] != most[-1]:
        assert len(set(pauses.seconds)) > 1


async def test_nothing_is_told_before_every_name_was_asked_for() -> None:
    gate = asyncio.Event()

    class Slow(Script):
        async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
            if name == "b.example":
                await gate.wait()
            return await super().resolve(name, family)

    cluster = cluster_of(named(NAME, "b.example"))
    script = Slow(a_example=[["192.0.2.1"]], b_example=[["192.0.2.2"]])
    async with follow(cluster, DnsSource(cluster.model, resolver=script)) as following:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(following.ready(), 0.05)
        gate.set()
        await following.ready()
        assert hosts(cluster) == ["192.0.2.1:80", "192.0.2.2:80"]


async def test_a_resolver_with_a_fault_is_asked_again() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
    script = Script(a_example=[LookupError("a slip"), ["192.0.2.1"]])
    cluster = cluster_of(named(NAME))
    async with follow(cluster, DnsSource(cluster.model, resolver=script)):
        await until(lambda: hosts(cluster) == ["192.0.2.1:80"])
    assert [str(context["exception"]) for context in told] == ["a slip"]


async def test_the_operating_systems_resolver() -> None:
    resolver = SystemResolver()
    assert (await resolver.resolve("localhost", DnsLookupFamily.V4_ONLY)).addresses == ("127.0.0.1",)
    assert (await resolver.resolve("192.0.2.1", DnsLookupFamily.V6_ONLY)).addresses == ()
    assert (await resolver.resolve("2001:db8::1", DnsLookupFamily.V4_PREFERRED)).addresses == ("2001:db8::1",)
    assert (await resolver.resolve("." * 300, DnsLookupFamily.ALL)).addresses == ()


# --- a registry of one's own ---------------------------------------------------------------------------------------


class Registry:
    """Gives what a test puts in, and raises what is an exception."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.watches = 0

    async def watch(self) -> AsyncIterator[Sequence[LocalityEndpoints]]:
        self.watches += 1
        while True:
            item = await self.queue.get()
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item


def endpoints(*ports: int, **fields: Any) -> tuple[LocalityEndpoints, ...]:
    return (LocalityEndpoints(tuple(Endpoint("192.0.2.1", port, **fields) for port in ports)),)


def eds(**fields: Any) -> ClusterModel:
    return ClusterModel("c", type=DiscoveryType.EDS, **fields)


async def test_a_registry_feeds_a_cluster() -> None:
    registry, cluster = Registry(), cluster_of(eds())
    async with follow(cluster, registry) as following:
        registry.queue.put_nowait(endpoints(1, 2))
        await following.ready()
        assert hosts(cluster) == ["192.0.2.1:1", "192.0.2.1:2"]
        registry.queue.put_nowait(endpoints(2, health_status=HealthStatus.DRAINING))
        await until(lambda: len(cluster.hosts) == 1)
        with pytest.raises(NoHostAvailable):
            cluster_of(eds(localities=cluster.model.localities, healthy_panic_threshold=0)).pick()
        registry.queue.put_nowait(None)
        await asyncio.sleep(0.02)
    assert registry.watches == 1


async def test_what_a_cluster_refuses_and_what_a_registry_raises_leaves_the_hosts() -> None:
    problems: list[Exception] = []
    registry, cluster = Registry(), cluster_of(eds())
    async with follow(cluster, registry, on_failure=problems.append) as following:
        registry.queue.put_nowait(endpoints(1))
        await following.ready()
        registry.queue.put_nowait(endpoints(2, weight=0))
        await until(lambda: len(problems) == 1)
        registry.queue.put_nowait(ConnectionError("the registry is gone"))
        await until(lambda: len(problems) == 2)
        assert hosts(cluster) == ["192.0.2.1:1"]
        registry.queue.put_nowait(endpoints(3))
        await until(lambda: hosts(cluster) == ["192.0.2.1:3"])
    assert isinstance(problems[0], ConfigError)
    assert "localities[0].endpoints[0].weight" in str(problems[0])
    assert isinstance(problems[1], ConnectionError)
    assert registry.watches == 2


async def test_the_last_of_many_updates_lands() -> None:
    registry, cluster = Registry(), cluster_of(eds(lb_policy=LbPolicy.MAGLEV))
    async with follow(cluster, registry):
        for port in range(1, 300):
            registry.queue.put_nowait(endpoints(port, port + 1))
        await until(lambda: hosts(cluster) == ["192.0.2.1:299", "192.0.2.1:300"])


async def test_the_loop_is_told_of_failures_and_of_a_callback_that_fails() -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: told.append(str(context["exception"])))

    def fail(error: Exception) -> None:
        raise KeyError("callback")

    for on_failure, expected in ((None, "source"), (fail, "'callback'")):
        registry = Registry()
        registry.queue.put_nowait(ValueError("source"))
        following: Following = follow(cluster_of(eds()), registry, on_failure=on_failure)
        await following.ready()
        await following.close()
        assert told.pop() == expected


async def test_closing_in_the_middle_of_anything_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    for pause in (0.0, 0.001, 0.01):
        cluster = cluster_of(named(NAME, "b.example", refresh_rate=0.002))
        script = Script(a_example=[["192.0.2.1"], ["192.0.2.2"]], b_example=[OSError("no")])
        following = follow(cluster, DnsSource(cluster.model, resolver=script))
        await asyncio.sleep(pause)
        await following.close()
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == before
