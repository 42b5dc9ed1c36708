"""How much may be under way to a cluster at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any


def breakers(**thresholds: Any) -> dict[str, Any]:
    return {"circuit_breakers": {"thresholds": [thresholds]}}


def unused(gateway: Any) -> bool:
    """Whether nothing is counted any more but kept connections."""
    breaker = gateway.breaker(gateway.clusters["one"])
    return [breaker.stats(each).active for each in ("pending_requests", "requests", "retries")] == [0, 0, 0]


async def test_requests_above_the_limit_are_refused(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    gateway = await lab.gateway({"one": [slow]}, cluster=breakers(max_requests=3))
    fetches = lab.fetches(8)
    await lab.answered(fetches, 5)
    slow.release(4)
    answers = await asyncio.gather(*fetches)
    assert Counter(each.status for each in answers) == {200: 3, 503: 5}
    assert {each.get(b"x-envoy-overloaded") for each in answers if each.status == 503} == {b"true"}
    breaker = gateway.breaker(gateway.clusters["one"])
    assert breaker.stats("requests").overflow == 5
    assert unused(gateway)
    assert (await lab.fetch()).status == 200


async def test_requests_wait_for_a_connection(lab: Any) -> None:
    slow = await lab.upstream(delay=0.02)
    gateway = await lab.gateway({"one": [slow]}, cluster=breakers(max_connections=2))
    answers = await asyncio.gather(*(lab.fetch() for _ in range(10)))
    assert {each.status for each in answers} == {200}
    assert slow.connections == 2
    assert unused(gateway)


async def test_as_many_wait_as_may(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    limits = breakers(max_connections=1, max_pending_requests=2)
    gateway = await lab.gateway({"one": [slow]}, cluster=limits)
    fetches = lab.fetches(1)
    await lab.until(lambda: slow.requests)
    fetches += lab.fetches(5)
    await lab.answered(fetches, 3)
    slow.release(3)
    answers = await asyncio.gather(*fetches)
    assert Counter(each.status for each in answers) == {200: 3, 503: 3}
    assert slow.connections == 1
    assert unused(gateway)


async def test_every_host_may_have_one_connection(lab: Any) -> None:
    hosts = [await lab.upstream(str(number), delay=0.02) for number in range(3)]
    await lab.gateway({"one": hosts}, cluster=breakers(max_connections=1))
    answers = await asyncio.gather(*(lab.fetch() for _ in range(9)))
    assert {each.status for each in answers} == {200}
    assert [host.connections for host in hosts] == [1, 1, 1]


async def test_those_who_wait_are_served_when_a_connection_breaks(lab: Any) -> None:
    served = []

    async def once(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        served.append(1)
        await asyncio.sleep(0.02)
        writer.write(lab.answer(200, b"x", b"Connection: close"))
        await writer.drain()

    gateway = await lab.gateway({"one": [await lab.serve(once)]}, cluster=breakers(max_connections=1))
    answers = await asyncio.gather(*(lab.fetch() for _ in range(4)))
    assert {each.status for each in answers} == {200}
    assert len(served) == 4
    assert unused(gateway)
    await lab.until(lambda: gateway.breaker(gateway.clusters["one"]).stats("connections").active == 0)


async def test_a_client_that_leaves_does_not_wait(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    gateway = await lab.gateway({"one": [slow]}, cluster=breakers(max_connections=1))
    first = asyncio.create_task(lab.fetch())
    await lab.until(lambda: slow.requests)
    breaker = gateway.breaker(gateway.clusters["one"])
    client = await lab.client()
    await client.send(lab.get())
    await lab.until(lambda: breaker.stats("pending_requests").active == 1)
    client.writer.close()
    await lab.until(lambda: breaker.stats("pending_requests").active == 0)
    slow.release(1)
    assert (await first).status == 200
    assert unused(gateway)


async def test_retries_above_the_limit_are_not_made(lab: Any) -> None:
    bad = await lab.upstream("bad", 503, held=True)
    policy = {"retry_on": "5xx", "num_retries": 1, "retry_back_off": {"base_interval": "0.001s"}}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "retry_policy": policy}}]
    gateway = await lab.gateway({"one": [bad]}, routes, cluster=breakers(max_retries=2))
    fetches = lab.fetches(6)
    await lab.until(lambda: len(bad.requests) == 6)
    bad.release(6)
    await lab.answered(fetches, 4)
    bad.release(2)
    assert {each.status for each in await asyncio.gather(*fetches)} == {503}
    assert len(bad.requests) == 8
    assert gateway.breaker(gateway.clusters["one"]).stats("retries").overflow == 4
    assert unused(gateway)


async def test_what_is_refused_is_not_tried_again(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    policy = {"retry_on": "5xx,reset,connect-failure", "num_retries": 3}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "retry_policy": policy}}]
    gateway = await lab.gateway({"one": [slow]}, routes, cluster=breakers(max_requests=1))
    fetches = lab.fetches(4)
    await lab.answered(fetches, 3)
    slow.release(1)
    assert Counter(each.status for each in await asyncio.gather(*fetches)) == {200: 1, 503: 3}
    assert gateway.breaker(gateway.clusters["one"]).stats("requests").overflow == 3


async def test_an_update_brings_other_limits(lab: Any) -> None:
    from dataclasses import replace

    from fastpath.models import CircuitBreakerThresholds

    up = await lab.upstream()
    gateway = await lab.gateway({"one": [up]})
    client = await lab.client()
    assert (await client.request(lab.get())).status == 200
    cluster = gateway.clusters["one"]
    cluster.update(replace(cluster.model, circuit_breaker=CircuitBreakerThresholds(max_requests=0)))
    assert (await client.request(lab.get())).status == 503
    cluster.update(replace(cluster.model, circuit_breaker=CircuitBreakerThresholds()))
    assert (await client.request(lab.get())).status == 200


async def test_who_waits_too_long_for_a_connection_is_not_held_against_the_host(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    routes = [
        {"match": {"path": "/patient"}, "route": {"cluster": "one"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "0.05s"}},
    ]
    gateway = await lab.gateway({"one": [slow]}, routes, cluster=breakers(max_connections=1))
    patient = asyncio.create_task(lab.fetch("/patient"))
    await lab.until(lambda: slow.requests)
    answers = await asyncio.gather(*(lab.fetch() for _ in range(3)))
    assert [each.status for each in answers] == [504, 504, 504]
    slow.release(1)
    assert (await patient).status == 200
    assert gateway.clusters["one"].hosts[0].stats.timeouts == 0
    assert unused(gateway)
