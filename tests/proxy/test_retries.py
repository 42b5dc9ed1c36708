"""Requests that fail at one host and are tried again at another."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from fastpath.proxy import Exchange, Gateway, Options

FAST = {"base_interval": "0.001s", "max_interval": "0.002s"}


def retrying(retry_on: str, **fields: Any) -> list[dict[str, Any]]:
    policy = {"retry_on": retry_on, "retry_back_off": FAST, **fields}
    return [{"match": {"prefix": "/"}, "route": {"cluster": "one", "retry_policy": policy}}]


async def test_a_dead_host_is_passed_over(lab: Any) -> None:
    p0, p1 = await lab.upstream("p0"), await lab.upstream("p1")
    routes = retrying("connect-failure", retry_host_predicate=[lab.previous_hosts], host_selection_retry_max_attempts=5)
    await lab.gateway({"one": [p0, p1, lab.dead_port()]}, routes)
    client = await lab.client()
    answers = Counter([(await client.request(lab.get())).body for _ in range(300)])
    assert answers == {b"p0": 150, b"p1": 150}


async def test_without_retry_a_dead_host_costs_its_share(lab: Any) -> None:
    p0, p1 = await lab.upstream("p0"), await lab.upstream("p1")
    await lab.gateway({"one": [p0, p1, lab.dead_port()]})
    client = await lab.client()
    statuses = Counter([(await client.request(lab.get())).status for _ in range(300)])
    assert statuses == {200: 200, 503: 100}
    assert (len(p0.requests), len(p1.requests)) == (100, 100)


async def test_statuses_of_5xx_are_tried_again(lab: Any) -> None:
    p0, p1, p2 = await lab.upstream("p0"), await lab.upstream("p1"), await lab.upstream("p2", 503)
    await lab.gateway({"one": [p0, p1, p2]}, retrying("5xx", num_retries=3))
    client = await lab.client()
    statuses = Counter([(await client.request(lab.get())).status for _ in range(300)])
    assert statuses == {200: 300}
    assert len(p2.requests) == 150
    assert p2.connections == 1  # what it answered was read, so that the connection could be kept


async def test_the_last_answer_goes_to_the_client_when_tries_are_used_up(lab: Any) -> None:
    bad = await lab.upstream("bad", 503)
    await lab.gateway({"one": [bad]}, retrying("5xx", num_retries=2))
    assert (await lab.fetch()).status == 503
    assert len(bad.requests) == 3


@pytest.mark.parametrize(
    ("retry_on", "status", "tried"),
    [
        ("gateway-error", 502, 2),
        ("gateway-error", 500, 1),
        ("retriable-4xx", 409, 2),
        ("retriable-4xx", 404, 1),
        ("retriable-status-codes", 418, 2),
        ("5xx", 404, 1),
        ("connect-failure,reset", 503, 1),
    ],
)
async def test_conditions_on_statuses(lab: Any, retry_on: str, status: int, tried: int) -> None:
    upstream = await lab.upstream("up", status)
    await lab.gateway({"one": [upstream]}, retrying(retry_on, retriable_status_codes=[418]))
    assert (await lab.fetch()).status == status
    assert len(upstream.requests) == tried


@pytest.mark.parametrize(
    ("retry_on", "tried"),
    [("reset", 2), ("5xx", 2), ("gateway-error", 2), ("connect-failure", 1), ("retriable-4xx", 1)],
)
async def test_a_connection_that_breaks_before_the_answer(lab: Any, retry_on: str, tried: int) -> None:
    heads = []

    async def hang_up(reader: Any, writer: Any) -> None:
        heads.append(await lab.read_head(reader))

    port = await lab.serve(hang_up)
    await lab.gateway({"one": [port]}, retrying(retry_on))
    assert (await lab.fetch()).status == 503
    assert len(heads) == tried


async def test_a_request_with_a_body_is_sent_again_as_a_whole(lab: Any) -> None:
    good = await lab.upstream("good")
    seen = []

    async def hang_up(reader: Any, writer: Any) -> None:
        seen.append(await lab.read_body(reader, await lab.read_head(reader)))

    await lab.gateway({"one": [await lab.serve(hang_up), good]}, retrying("reset"), seed=0)
    body = bytes(range(256)) * 64
    for _ in range(2):
        response = await lab.fetch(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert response.body == b"good"
    assert [request.body for request in good.requests] == [body, body]
    assert {request.body for request in seen} == {body}


async def test_a_body_too_long_to_keep_is_not_sent_again(lab: Any) -> None:
    good = await lab.upstream("good")

    async def hang_up(reader: Any, writer: Any) -> None:
        await lab.read_body(reader, await lab.read_head(reader))

    ports = [await lab.serve(hang_up), good]
    await lab.gateway({"one": ports}, retrying("reset"), options=Options(max_replay_bytes=1000), seed=0)
    statuses = []
    for _ in range(2):
        request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000
        statuses.append((await lab.fetch(request)).status)
    assert sorted(statuses) == [200, 503]


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(lab: Any) -> None:
    """No retry policy is needed for that: the request cannot have been processed (RFC 9112, 9.3.1)."""
    served = []

    async def once(reader: Any, writer: Any) -> None:
        served.append(await lab.read_head(reader))
        writer.write(lab.answer(200, b"x"))
        await writer.drain()
        served.append(await lab.read_head(reader))  # and hang up on it

    await lab.gateway({"one": [await lab.serve(once)]})
    client = await lab.client()
    assert [(await client.request(lab.get())).status for _ in range(3)] == [200, 200, 200]
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
    assert (await client.request(post)).status == 503


async def test_a_try_that_takes_too_long(lab: Any) -> None:
    slow, good = await lab.upstream("slow", delay=5), await lab.upstream("good")
    routes = retrying("5xx", per_try_timeout="0.3s", retry_host_predicate=[lab.previous_hosts])
    await lab.gateway({"one": [slow, good]}, routes)
    responses = await asyncio.gather(*(lab.fetch() for _ in range(4)))
    assert {response.body for response in responses} == {b"good"}
    assert slow.requests


async def test_what_was_tried_is_told_to_the_logging_phase(lab: Any) -> None:
    logged: list[Exchange] = []

    class Logging(Gateway):
        def logging(self, exchange: Exchange) -> None:
            logged.append(exchange)

    good = await lab.upstream("good")
    dead = lab.dead_port()
    gateway = await lab.gateway({"one": [dead, good]}, retrying("connect-failure"), kind=Logging)
    for _ in range(2):
        assert (await lab.fetch()).status == 200
    assert sorted([(host.port, outcome) for host, outcome in each.failed] for each in logged) == [
        [],
        [(dead, "connect-failure")],
    ]
    assert all(each.host is not None and each.host.port == good.port for each in logged)
    hosts = {host.port: host for host in gateway.clusters["one"].hosts}
    assert hosts[dead].stats.connect_failures == 1
    assert hosts[good.port].stats.success == 2
    assert [host.active_requests for host in hosts.values()] == [0, 0]
