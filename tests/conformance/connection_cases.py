"""Generated listeners and connections: chains that overlap, and connections that lie near one of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar

from conformance import client_hellos
from conformance.connection_oracle import proxy_header

from fastpath.models import CidrRange, ConnectionSourceType, FilterChain, FilterChainMatch

T = TypeVar("T")

PORTS = (80, 443, 8080)
V4 = ("10.0.0.1", "10.0.0.2", "10.0.128.1", "10.200.0.1", "127.0.0.1", "127.0.0.2", "192.0.2.7")
V6 = ("::1", "::2", "2001:db8::1", "2001:db8:8000::1", "fd00::1", "::ffff:10.0.0.1")
PEERS = ("127.0.0.1", "127.0.0.2", "127.0.1.1", "127.1.0.1")
NAMES = ("a.x", "b.a.x", "x", "c.y", "B.A.X", "*.x", "*.a.x", "*.y", "*.X", "a..x", "*.", ".x", "*..x")
WANTED = ("a.x", "b.a.x", "c.b.a.x", "x", "c.y", "A.X", "q", "a..x", ".x", "x.", ".", "..x", "a.x.")
PROTOCOLS = ("h2", "http/1.1", "h2c", "http/1.0", "h3")
SOURCE_PORTS = (1, 7, 65535)
LENGTHS = {4: (1, 8, 16, 17, 24, 31, 32, 33, 128), 6: (1, 7, 32, 33, 96, 104, 127, 128)}
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
PLAIN = (REQUEST, b"GET / HTTP/1.0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"*1\r\n$4\r\nPING\r\n")


@dataclass(frozen=True)
class Listening:
    """A listener's chains, and whether the plain protocols are looked at."""

    chains: tuple[FilterChain, ...]
    default: bool
    http_inspector: bool


@dataclass(frozen=True)
class Connecting:
    """A connection."""

    source: str
    source_port: int
    destination: str
    port: int
    peer: str
    data: bytes

    @property
    def bytes(self) -> bytes:
        return proxy_header((self.source, self.source_port), (self.destination, self.port)) + self.data


class Maker:
    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)

    def some(self, values: Sequence[T], most: int = 2) -> tuple[T, ...]:
        return tuple(self.rng.sample(values, self.rng.randint(1, most)))

    def ranges(self, addresses: Sequence[str], *, zero: bool) -> tuple[CidrRange, ...]:
        return tuple(
            CidrRange(address, self.rng.choice(LENGTHS[ip_address(address).version] + ((0,) if zero else ())))
            for address in self.some(addresses)
        )

    def chain(self, name: str, *, zero: bool) -> FilterChain:
        """A chain that asks for a few things. With `zero`, all of a family may be a range: then none may be left out,
        since Envoy chooses between the two by chance.
        """
        rng = self.rng

        def maybe(probability: float) -> bool:
            return rng.random() < probability

        match = FilterChainMatch(
            destination_port=rng.choice(PORTS[:2]) if maybe(0.3) else None,
            prefix_ranges=self.ranges(V4 + V6, zero=zero) if zero or maybe(0.4) else (),
            server_names=self.some(NAMES, 3) if maybe(0.5) else (),
            transport_protocol=rng.choice(("tls", "raw_buffer")) if maybe(0.3) else "",
            application_protocols=self.some(PROTOCOLS) if maybe(0.4) else (),
            direct_source_prefix_ranges=self.ranges(PEERS, zero=zero) if zero or maybe(0.2) else (),
            source_type=rng.choice(list(ConnectionSourceType)),
            source_prefix_ranges=self.ranges(V4 + V6, zero=zero) if zero or maybe(0.3) else (),
            source_ports=self.some(SOURCE_PORTS) if maybe(0.3) else (),
        )
        return FilterChain(name, match)

    def listening(self) -> Listening:
        zero = self.rng.random() < 0.2
        chains = tuple(self.chain(f"c{i}", zero=zero) for i in range(self.rng.choice((1, 2, 4, 8, 16))))
        return Listening(chains, self.rng.random() < 0.3, self.rng.random() < 0.5)

    def near(self, ranges: tuple[CidrRange, ...], other: Sequence[str], family: int | None = None) -> str:
        """An address in one of the ranges, mostly."""
        fitting = [each for each in ranges if family in (None, ip_address(each.address_prefix).version)]
        if not fitting or self.rng.random() < 0.15:
            return self.rng.choice([each for each in other if family in (None, ip_address(each).version)])
        return self.rng.choice(fitting).address_prefix

    def connecting(self, listening: Listening) -> Connecting:
        """A connection that does most of what one of the chains asks for."""
        rng = self.rng
        match = rng.choice(listening.chains).filter_chain_match
        destination = self.near(match.prefix_ranges, V4 + V6)
        source = self.near(match.source_prefix_ranges, V4 + V6, ip_address(destination).version)
        if match.source_type is ConnectionSourceType.SAME_IP_OR_LOOPBACK and rng.random() < 0.5:
            source = destination
        port = match.destination_port if match.destination_port and rng.random() < 0.9 else rng.choice(PORTS)
        source_port = rng.choice(match.source_ports) if match.source_ports and rng.random() < 0.9 else 9
        return Connecting(
            source,
            source_port,
            destination,
            port,
            self.near(match.direct_source_prefix_ranges, PEERS),
            self.data(match),
        )

    def data(self, match: FilterChainMatch) -> bytes:
        rng = self.rng
        tls = match.transport_protocol == "tls" or bool(match.server_names) or rng.random() < 0.3
        if match.transport_protocol == "raw_buffer" or not tls or rng.random() < 0.1:
            return rng.choice(PLAIN)
        name: str | None = rng.choice(WANTED)
        if match.server_names and rng.random() < 0.8:
            name = rng.choice(match.server_names).replace("*", rng.choice(("q", "r.q")))
        elif rng.random() < 0.3:
            name = None
        protocols = [each.encode() for each in self.some(PROTOCOLS, 3)] if rng.random() < 0.7 else []
        return client_hellos.hello(name.encode() if name else None, protocols)
