"""What goes away, or changes, while the gateway runs: nothing of it stays behind."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from typing import Any

from fastpath import models
from fastpath.proxy import Exchange, Gateway, Options, Reply
from fastpath.proxy.plan import Plan


async def test_a_client_that_never_sends_the_body_nobody_wants_is_sent_away(lab: Any) -> None:
    class Slow(Gateway):
        async def request_filter(self, exchange: Exchange) -> Reply:
            await asyncio.sleep(0.5)  # longer than the connection may be idle
            return Reply(403)

    await lab.gateway(
        {"one": [lab.dead_port()]}, kind=Slow, manager={"common_http_protocol_options": {"idle_timeout": "0.3s"}}
    )
    client = await lab.client()
    response = await client.request(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    assert response.status == 403
    assert await client.closed()


async def test_a_host_name_that_dns_cannot_have_is_a_connect_failure(lab: Any) -> None:
    gateway = await lab.gateway({"one": [lab.dead_port()]})
    model = gateway.clusters["one"].model
    endpoints = (models.Endpoint("a" * 70 + ".example", 80),)
    gateway.clusters["one"].update(
        dataclasses.replace(model, localities=(models.LocalityEndpoints(endpoints=endpoints),))
    )
    response = await lab.fetch()
    assert (response.status, response.body) == (503, b"no connection to the upstream\n")
    assert not gateway._pools


async def test_plans_of_routes_that_updates_take_away_are_dropped(lab: Any) -> None:
    upstream = await lab.upstream()
    gateway = await lab.gateway({"one": [upstream]})
    table = gateway.tables["web"]
    client = await lab.client()
    for number in range(300):
        route = models.Route(models.RouteMatch(prefix="/"), models.RouteAction(cluster="one"), name=str(number))
        table.update([models.VirtualHost("all", ("*",), (route,))])
        assert (await client.request(lab.get())).status == 200
    gc.collect()
    plans = [left for left in gc.get_objects() if type(left) is Plan]
    assert sum(plan.owner is gateway.route_timeouts for plan in plans) <= 3
    assert [route.name for route in table.routes()] == ["299"]


async def test_a_route_that_stays_takes_its_virtual_hosts_new_retry_policy(lab: Any) -> None:
    broken, sound = await lab.upstream("broken", 503), await lab.upstream("sound")
    gateway = await lab.gateway({"one": [broken, sound]})
    route = models.Route(models.RouteMatch(prefix="/"), models.RouteAction(cluster="one"))
    table = gateway.tables["web"]
    table.update([models.VirtualHost("all", ("*",), (route,))])
    assert {(await lab.fetch()).status for _ in range(4)} == {200, 503}
    policy = models.RetryPolicy(retry_on=("5xx",), num_retries=3)
    table.update([models.VirtualHost("all", ("*",), (route,), retry_policy=policy)])
    assert {(await lab.fetch()).status for _ in range(4)} == {200}


async def test_the_rest_of_a_response_that_is_tried_again_is_not_awaited_for_ever(lab: Any) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nsome")
        await reader.read()

    policy = {"retry_on": "5xx", "num_retries": 1, "retry_back_off": {"base_interval": "0.002s"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "0.5s", "retry_policy": policy}}
    gateway = await lab.gateway({"one": [await lab.serve(stall)]}, [route], options=Options(upstream_idle_timeout=0.1))
    client = await lab.client()
    await client.send(lab.get())
    assert (await lab.read_head(client.reader)).status == 503
    await lab.until(lambda: not gateway._pools)
    assert len(gateway.upstream_idle) == 0
    assert [host.active_requests for host in gateway.clusters["one"].hosts] == [0]
