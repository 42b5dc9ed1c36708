"""Clusters that are configured by name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastpath import load
from fastpath.config import to_dict
from fastpath.discovery import Resolution
from fastpath.models import DnsLookupFamily
from fastpath.proxy import Gateway, Options


class Script:
    """Answers with what it holds."""

    def __init__(self, *addresses: str, delay: float = 0.0):
        self.addresses = addresses
        self.delay = delay

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        assert name == "localhost"
        await asyncio.sleep(self.delay)
        if not self.addresses:
            raise OSError("no server")
        return Resolution(self.addresses)


async def test_names_are_resolved_before_the_gateway_listens(lab: Any) -> None:
    up = await lab.upstream("up")
    for kind in ("STRICT_DNS", "LOGICAL_DNS"):
        gateway = await lab.gateway({"c": [up.port]}, cluster={"type": kind, "dns_lookup_family": "V4_ONLY"})
        assert [str(host) for host in gateway.clusters["c"].hosts] == [f"127.0.0.1:{up.port}"]
        assert (await lab.fetch()).body == b"up"


async def test_a_name_that_moves_takes_the_requests_along(lab: Any) -> None:
    up = await lab.upstream("up")
    script = Script("127.0.0.2")  # nobody listens there
    options = Options(resolver=script)
    strict = {"type": "STRICT_DNS", "dns_refresh_rate": "0.01s"}
    gateway = await lab.gateway({"c": [up.port]}, options=options, cluster=strict)
    assert (await lab.fetch()).status == 503
    script.addresses = ("127.0.0.1",)
    await lab.until(lambda: [str(host) for host in gateway.clusters["c"].hosts] == [f"127.0.0.1:{up.port}"])
    assert (await lab.fetch()).body == b"up"


async def test_the_gateway_starts_without_an_answer(lab: Any) -> None:
    up = await lab.upstream("up")
    lab.expects_problems = True  # the loop is told that there is no server
    for script in (Script(), Script("127.0.0.1", delay=60.0)):
        options = Options(resolver=script, resolve_timeout=0.1)
        gateway = await lab.gateway({"c": [up.port]}, options=options, cluster={"type": "STRICT_DNS"})
        assert (await lab.fetch()).status == 503
        assert gateway.clusters["c"].hosts == ()


def documents(gateway: Gateway, clusters: list[dict[str, Any]], routes: dict[str, str]) -> dict[str, Any]:
    """The gateway's configuration with other clusters, and routes by prefix."""
    document: Any = json.loads(json.dumps(to_dict(gateway.config)))
    resources = document["static_resources"]
    resources["clusters"] = clusters
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["route_config"]["virtual_hosts"][0]["routes"] = [
        {"match": {"prefix": prefix}, "route": {"cluster": name}} for prefix, name in routes.items()
    ]
    return dict(document)


def named(name: str, host: str, port: int, **fields: object) -> dict[str, Any]:
    address = {"socket_address": {"address": host, "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": name, "load_assignment": {"cluster_name": name, "endpoints": endpoints}, **fields}


async def test_a_cluster_by_name_comes_and_goes_while_requests_go_on(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    gateway = await lab.gateway({"a": [one.port]}, options=Options(resolver=Script("127.0.0.1")))
    static = named("a", "127.0.0.1", one.port)
    dns = named("d", "localhost", two.port, type="STRICT_DNS", dns_refresh_rate="0.01s")
    without = load(documents(gateway, [static], {"/": "a"}))
    with_names = load(documents(gateway, [static, dns], {"/d": "d", "/": "a"}))
    found: dict[str, set[tuple[int, bytes]]] = {"/": set(), "/d": set()}
    ends = asyncio.Event()

    async def ask(path: str) -> None:
        client = await lab.client()
        while not ends.is_set():
            reply = await client.request(lab.get(path))
            found[path].add((reply.status, reply.body if reply.status == 200 else b""))

    asking = [asyncio.create_task(ask(path)) for path in found]
    for _ in range(5):
        await gateway.update(with_names)
        assert (await lab.fetch("/d")).body == b"two"
        await gateway.update(without)
        assert list(gateway.clusters) == ["a"]
        assert (await lab.fetch("/d")).body == b"one"
    ends.set()
    await asyncio.gather(*asking)
    assert found["/"] == {(200, b"one")}
    assert found["/d"] == {(200, b"one"), (200, b"two")}


async def test_an_update_waits_for_names_only_so_long(lab: Any) -> None:
    one = await lab.upstream("one")
    lab.expects_problems = True  # the loop is told that there is no server
    options = Options(resolver=Script("127.0.0.1", delay=60.0), resolve_timeout=0.1)
    gateway = await lab.gateway({"a": [one.port]}, options=options)
    clusters = [named("a", "127.0.0.1", one.port), named("d", "localhost", one.port, type="STRICT_DNS")]
    await gateway.update(load(documents(gateway, clusters, {"/d": "d", "/": "a"})))
    assert (await lab.fetch("/d")).status == 503
    assert (await lab.fetch()).body == b"one"


class Names(Script):
    """Remembers what it was asked for."""

    def __init__(self, *addresses: str):
        super().__init__(*addresses)
        self.asked: list[str] = []

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        self.asked.append(name)
        return Resolution(self.addresses)


async def test_a_cluster_that_is_given_another_name_looks_that_up(lab: Any) -> None:
    up = await lab.upstream("up")
    names = Names("127.0.0.1")
    gateway = await lab.gateway({"c": [up.port]}, options=Options(resolver=names))
    for host in ("one.example", "two.example"):
        cluster = named("c", host, up.port, type="STRICT_DNS")
        await gateway.update(load(documents(gateway, [cluster], {"/": "c"})))
        assert (await lab.fetch()).body == b"up"
    assert names.asked == ["one.example", "two.example"]
