"""Ring hash and Maglev with a bound: the hosts that a real Envoy gives to requests, some of which stay under way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastpath import ClusterManager, Pick, load

from .balance_oracle import Case, Group, document
from .envoy_oracle import run_envoy
from .ports import free_ports

ZONES = (Group("---", "a", 3, host_weights=(1, 2, 3)), Group("-u-", "b", 1, host_weights=(9, 1, 1)))
WEIGHTED: dict[str, Any] = {"locality_weighted_lb_config": {}}


def case(name: str, policy: str, factor: int, groups: tuple[Group, ...], **common: Any) -> Case:
    bound = {"consistent_hashing_lb_config": {"hash_balance_factor": factor}}
    return Case(name, groups, {"lb_policy": policy, "common_lb_config": {**bound, **common}}, by_hash=True, picks=90)


CASES = [
    case("ring", "RING_HASH", 125, (Group("-----"),)),
    case("maglev", "MAGLEV", 125, (Group("-----"),)),
    case("tight", "RING_HASH", 100, (Group("-------"),)),
    case("loose", "MAGLEV", 200, (Group("---"),)),
    case("weights", "MAGLEV", 110, (Group("-----", host_weights=(1, 10, 3, 1, 5)),)),
    case("zones", "RING_HASH", 120, ZONES, **WEIGHTED),
    case("priorities", "RING_HASH", 130, (Group("-uu-"), Group("---", priority=1))),
    case("one", "RING_HASH", 100, (Group("-"),)),
]


class HoldingServer:
    """Answers a request when told to, and knows to which of its addresses it came."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[tuple[str, asyncio.StreamWriter]] = asyncio.Queue()
        self._connections: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[asyncio.current_task()] = writer
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await self._came.put((writer.get_extra_info("sockname")[0], writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    async def close(self) -> None:
        for writer in self._connections.values():
            writer.close()
        await asyncio.gather(*(task for task in self._connections if task is not None))

    async def next(self) -> tuple[str, asyncio.StreamWriter]:
        return await asyncio.wait_for(self._came.get(), 10)


class HeldRequest:
    """A request that Envoy has given to a host, which does not answer yet, and the pick of ours that stands for it."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.host = ""

    async def send(self, port: int, server: HoldingServer) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(f"GET {self.target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        self.host, self._upstream = await server.next()

    async def finish(self) -> None:
        self._upstream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 200")
        self._writer.close()


@asynccontextmanager
async def holding_server(port: int) -> AsyncIterator[HoldingServer]:
    made = HoldingServer()
    listening = await asyncio.start_server(made.connected, "0.0.0.0", port)
    try:
        yield made
    finally:
        listening.close()
        await made.close()


async def compare(each: Case, clusters: ClusterManager, port: int, server: HoldingServer) -> int:
    """How often the bound made a difference."""
    drawn, held, differed = random.Random(each.name), list[tuple[HeldRequest, Pick]](), 0
    for number in range(each.picks):
        key = f"{drawn.choice([0, 0, 0, 1, 2, 3])}"
        request = HeldRequest(f"/{each.name}/?key={key}")
        await request.send(port, server)
        usual = clusters[f"{each.name}-free"].pick_host(hash_key=key).address
        pick = clusters[each.name].pick(hash_key=key)
        assert pick.host.address == request.host, (each.name, number)
        differed += pick.host.address != usual
        held.append((request, pick))
        while len(held) > 1 and drawn.random() < 0.4:
            done, ours = held.pop(drawn.randrange(len(held)))
            await done.finish()
            ours.release()
    for done, ours in held:
        await done.finish()
        ours.release()
    return differed


def test_held_requests_go_where_envoy_sends_them(tmp_path: Path) -> None:
    async def run() -> None:
        port, server_port = free_ports(2)
        configured = document(CASES, port, server_port)
        resources = configured["static_resources"]
        resources["listeners"] = resources["listeners"][:1]
        free = [{**made, "name": f"{made['name']}-free"} for made in resources["clusters"]]
        for made in free:
            made["common_lb_config"] = {
                name: value
                for name, value in made["common_lb_config"].items()
                if name != "consistent_hashing_lb_config"
            }
        config = load({"static_resources": {**resources, "clusters": resources["clusters"] + free}})
        clusters = ClusterManager(config.clusters, seed=7)
        with ExitStack() as running:
            async with holding_server(server_port) as server:
                running.enter_context(run_envoy(configured, [port], tmp_path))
                differed = {each.name: await compare(each, clusters, port, server) for each in CASES}
        assert sum(differed.values()) > 50, differed
        assert differed["one"] == 0

    asyncio.run(run())
