"""Millions of messages, good and bad, through the Python API, while the resident memory stays what it is.

python tests/soak/soak.py [COUNT]    COUNT: 1 million

A third of the messages is decided about (parsed, routed, given a host, rewritten), a third goes in pieces through a
connection that lives on, a third through a buffer on a pool, with views that are held for a while. Now and then routes
and hosts are others. The first fifth is for warming up. Exits with 1 when memory grows by more than 1 MiB after that.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections import deque

from messages import ALL

import fastpath
from fastpath import (
    Buffer,
    BufferPool,
    ClusterManager,
    Connection,
    Dispatcher,
    HeadRewriter,
    ProtocolError,
    RouteTable,
    State,
    View,
)
from fastpath.models import Cluster, Endpoint, LocalityEndpoints, Route, RouteAction, RouteMatch, VirtualHost

GROWTH_MAX = 1 << 20
MESSAGES_PER_UPDATE = 5000


def hosts(update: int) -> list[Cluster]:
    ports = [1000 + i for i in range(8) if i == 0 or update >> (i % 4) & 1]
    return [
        Cluster(name, (LocalityEndpoints(tuple(Endpoint("10.0.0.1", port) for port in ports)),))
        for name in ("shop", "web")
    ]


def routes(update: int) -> list[VirtualHost]:
    to_shop = Route(RouteMatch(prefix="/items/"), RouteAction(cluster="shop"))
    to_web = Route(RouteMatch(prefix="/"), RouteAction(cluster="web"))
    others = [VirtualHost(f"other-{i}", (f"host-{i}.other",), (to_web,)) for i in range(update % 50)]
    return [VirtualHost("all", ("*.example",), (to_shop, to_web)), *others]


HEAD_END = b"\r\n\r\n"


class Soak:
    def __init__(self) -> None:
        self.random = random.Random(2)
        self.refused = self.forwarded = 0
        self.pool = BufferPool(block_size=4096, max_blocks=32)
        self.buffer = Buffer(pool=self.pool)
        self.held: deque[View] = deque(maxlen=64)
        self.connection = Connection(fastpath.SERVER, pool=self.pool)
        self.table = RouteTable(routes(0))
        self.clusters = ClusterManager(hosts(0))
        self.dispatcher = Dispatcher(self.table, self.clusters)
        self.rewriter = HeadRewriter(set={b"x-upstream": None}, remove=[b"x-field-7"])
        self.decided = self.updates = 0

    def pieces(self, message: bytes) -> list[bytes]:
        cut = self.random.randrange(len(message) + 1)
        return [message[:cut], message[cut:]]

    def decide(self, message: bytes) -> None:
        self.decided += 1
        if self.decided % MESSAGES_PER_UPDATE == 0:
            self.updates += 1
            self.table.update(routes(self.updates))
            self.clusters.update(hosts(self.updates))
        try:
            found = self.dispatcher.dispatch(message)
        except ProtocolError:
            self.refused += 1
            return
        assert found is not None
        found.request.headers.items()
        if found.host is not None:
            with found.pick() as pick:
                self.rewriter.rewrite(found.request, values=[pick.host.address.encode()])
                pick.report(200)
            self.forwarded += 1

    def converse(self, message: bytes) -> None:
        connection, alive = self.connection, True
        try:
            for piece in self.pieces(message):
                if piece and alive:
                    connection.receive_data(piece)
                    alive = self.answer(connection)
        except ProtocolError:
            self.refused += 1
            alive = False
        if not alive or connection.buffered or connection.their_state is not State.IDLE:
            connection.reset()

    def answer(self, connection: Connection) -> bool:
        """Takes the events there are and answers each request; whether the connection can go on."""
        while (event := connection.next_event()) is not fastpath.NEED_DATA:
            if event is fastpath.PAUSED:
                return False
            if type(event) is fastpath.EndOfMessage:
                connection.send(fastpath.Response(status_code=200, headers=[(b"Content-Length", b"0")]))
                connection.send(fastpath.EndOfMessage())
                if connection.our_state is not State.DONE or connection.their_state is not State.DONE:
                    return False
                connection.start_next_cycle()
        return True

    def buffer_through(self, message: bytes) -> None:
        buffer = self.buffer
        for piece in self.pieces(message):
            memoryview(buffer.reserve(len(piece) + 1))[: len(piece)] = piece
            buffer.commit(len(piece))
        end = buffer.find(HEAD_END)
        if end >= 0:
            self.held.append(buffer.take(end + 4))
        buffer.append(message)
        buffer.writev_buffers()
        buffer.clear()

    def run(self, count: int) -> None:
        ways = [self.decide, self.converse, self.buffer_through]
        choose = self.random.randrange
        for i in range(count):
            ways[i % 3](ALL[choose(len(ALL))])


def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    soak = Soak()
    start = time.monotonic()
    soak.run(count // 5)
    gc.collect()
    before = resident()
    soak.run(count - count // 5)
    gc.collect()
    growth = resident() - before
    print(
        f"Python: {count} messages, {soak.forwarded} forwarded, {soak.refused} refusals, "
        f"{soak.updates} updates, {time.monotonic() - start:.1f} s; "
        f"resident {before / 2**20:.2f} MiB after warming up, growth {growth / 2**20:.2f} MiB"
    )
    return growth > GROWTH_MAX


if __name__ == "__main__":
    sys.exit(main())
