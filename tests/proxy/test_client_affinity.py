"""Clients that stay with a host for a while (Kubernetes' session affinity ClientIP)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from fastpath.proxy import Gateway, Options
from fastpath.proxy.client_affinity import ClientAffinity


def keep_clients(gateway: Gateway, seconds: float = 60.0) -> None:
    cluster = gateway.clusters["one"]
    cluster.update(replace(cluster.model, client_ip_affinity=seconds))


async def served_by(lab: Any, client: str, times: int = 4) -> set[bytes]:
    """Who answers a client at this address of the loopback network, on connections of their own."""
    names = set()
    for _ in range(times):
        reader, writer = await asyncio.open_connection(*lab.address, local_addr=(client, 0))
        writer.write(lab.get())
        message = await lab.read_body(reader, await lab.read_head(reader))
        names.add(message.body)
        writer.close()
    return names


async def test_a_client_stays_and_others_take_turns(lab: Any) -> None:
    ups = [await lab.upstream(f"u{number}") for number in range(3)]
    gateway = await lab.gateway({"one": ups})
    assert len(await served_by(lab, "127.0.0.2")) == 3
    keep_clients(gateway)
    homes = [await served_by(lab, f"127.0.0.{number}") for number in (2, 3, 4)]
    assert all(len(home) == 1 for home in homes)
    assert len(set.union(*homes)) == 3
    assert [await served_by(lab, f"127.0.0.{number}") for number in (2, 3, 4)] == homes


async def test_a_client_moves_when_its_host_is_gone_and_stays_there(lab: Any) -> None:
    ups = [await lab.upstream(f"u{number}") for number in range(3)]
    gateway = await lab.gateway({"one": ups})
    keep_clients(gateway)
    (home,) = await served_by(lab, "127.0.0.2")
    cluster = gateway.clusters["one"]
    (locality,) = cluster.model.localities
    left = tuple(each for each, up in zip(locality.endpoints, ups, strict=True) if up.name.encode() != home)
    cluster.update(replace(cluster.model, localities=(replace(locality, endpoints=left),)))
    (moved,) = await served_by(lab, "127.0.0.2")
    assert moved != home
    cluster.update(replace(cluster.model, localities=(locality,)))
    assert await served_by(lab, "127.0.0.2") == {moved}


async def test_a_retry_moves_a_client(lab: Any) -> None:
    up = await lab.upstream("up")
    policy = {"retry_on": "connect-failure", "num_retries": 1, "retry_back_off": {"base_interval": "0.001s"}}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "retry_policy": policy}}]
    gateway = await lab.gateway({"one": [lab.dead_port(), up]}, routes)
    keep_clients(gateway)
    assert await served_by(lab, "127.0.0.2") == {b"up"}
    assert gateway.clusters["one"].hosts[0].stats.connect_failures <= 1


async def test_as_many_clients_are_remembered_as_the_options_allow(lab: Any) -> None:
    ups = [await lab.upstream(f"u{number}") for number in range(2)]
    gateway = await lab.gateway({"one": ups}, options=Options(max_affine_clients=2))
    keep_clients(gateway)
    for number in range(2, 8):
        await served_by(lab, f"127.0.0.{number}", 1)
    assert len(gateway.affinity(gateway.clusters["one"])) == 2


def test_a_client_is_forgotten_when_it_was_not_seen_for_so_long() -> None:
    now = [0.0]
    table = ClientAffinity(9, lambda: now[0])
    table.note("a", "host:1", 10.0)
    now[0] = 8.0
    assert table.host_of("a", 10.0) == "host:1"
    table.note("a", "host:1", 10.0)
    table.note("b", "host:2", 10.0)
    now[0] = 17.0
    assert table.host_of("a", 10.0) == "host:1"
    now[0] = 18.0
    assert table.host_of("a", 10.0) is None
    table.note("c", "host:3", 10.0)
    assert len(table) == 1
