"""What the first bytes of a connection say, however they are cut, and which filter chain serves it."""

from __future__ import annotations

import random
import socket
import ssl
import struct
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from fastpath import (
    NOT_THIS,
    ClientHello,
    ConfigError,
    FilterChainTable,
    HttpVersion,
    ProxyHeader,
    RemoteProtocolError,
    detect_http,
    parse_client_hello,
    parse_proxy_header,
)
from fastpath.models import CidrRange, ConnectionSourceType, FilterChain, FilterChainMatch

Parse = Callable[[bytes], Any]


def outcome(parse: Parse, data: bytes) -> Any:
    """What a parser says in the end, after seeing the bytes grow one by one; it must not change its mind."""
    said: Any = None
    for end in range(len(data) + 1):
        try:
            now = parse(data[:end])
        except RemoteProtocolError as error:
            now = error.code
        assert said is None or said == now, f"{said!r}, then {now!r} at {end}"
        said = now
    return said


# --- PROXY protocol --------------------------------------------------------------------------------------------------


def v2(command: int, family: int, body: bytes) -> bytes:
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes((0x20 | command, family)) + struct.pack("!H", len(body)) + body


ADDRESSES = socket.inet_aton("1.2.3.4") + socket.inet_aton("5.6.7.8") + struct.pack("!HH", 1000, 443)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("line", "source", "destination"),
    [
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n", ("1.2.3.4", 1000), ("5.6.7.8", 443)),
        (b"PROXY TCP4 255.255.255.255 0.0.0.0 0 65535\r\n", ("255.255.255.255", 0), ("0.0.0.0", 65535)),
        (b"PROXY TCP6 ::1 2001:db8::7:8 1 2\r\n", ("::1", 1), ("2001:db8::7:8", 2)),
        (b"PROXY TCP6 1:2:3:4:5:6:7:8 :: 1 2\r\n", ("1:2:3:4:5:6:7:8", 1), ("::", 2)),
        (b"PROXY TCP6 ::ffff:1.2.3.4 1::8 1 2\r\n", ("::ffff:1.2.3.4", 1), ("1::8", 2)),
    ],
)
def test_a_line_with_addresses(line: bytes, source: tuple[str, int], destination: tuple[str, int]) -> None:
    header = outcome(parse_proxy_header, line)
    assert isinstance(header, ProxyHeader)
    assert (header.source, header.source_port) == (ip_address(source[0]), source[1])
    assert (header.destination, header.destination_port) == (ip_address(destination[0]), destination[1])
    assert (header.version, header.length, header.local) == (1, len(line), False)
    assert parse_proxy_header(line + b"GET / HTTP/1.1\r\n") == header


@pytest.mark.parametrize("line", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n"])
def test_an_unknown_line_has_no_addresses(line: bytes) -> None:
    header = outcome(parse_proxy_header, line)
    assert (header.source, header.length) == (None, len(line))


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 65536\r\n",
        b"PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 ::1 5.6.7.8 1 2\r\n",
        b"PROXY TCP6 1::2::3 :: 1 2\r\n",
        b"PROXY TCP6 1:2:3:4:5:6:7:8:9 :: 1 2\r\n",
        b"PROXY TCP6 12345:: :: 1 2\r\n",
        b"PROXY TCP6 1: :: 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
        b"PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n",
        b"PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY UNKNOWNX\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx",
        b"PROXY UNKNOWN " + b"x" * 100,
    ],
)
def test_a_malformed_line_is_refused(line: bytes) -> None:
    assert outcome(parse_proxy_header, line) == "inspect_proxy"


def test_a_binary_header_with_addresses_and_tlvs() -> None:
    data = v2(1, 0x11, ADDRESSES + b"\x01\0\x02h2" + b"\x04\0\0")
    header = outcome(parse_proxy_header, data)
    assert (header.source, header.source_port) == (ip_address("1.2.3.4"), 1000)
    assert (header.version, header.length, header.datagram) == (2, len(data), False)
    assert list(header.iter_tlvs()) == [(1, b"h2"), (4, b"")]


def test_a_binary_header_of_ipv6_unix_and_none() -> None:
    body = ip_address("2001:db8::1").packed + ip_address("::2").packed + struct.pack("!HH", 7, 8)
    assert outcome(parse_proxy_header, v2(1, 0x22, body)).source == ip_address("2001:db8::1")
    assert outcome(parse_proxy_header, v2(1, 0x31, bytes(216))).source is None
    assert outcome(parse_proxy_header, v2(1, 0x00, b"")).source is None
    local = outcome(parse_proxy_header, v2(0, 0x11, ADDRESSES))
    assert (local.local, local.source) == (True, None)


def test_the_checksum_is_checked() -> None:
    zeros = v2(1, 0x11, ADDRESSES + b"\x03\0\x04\0\0\0\0")
    good = zeros[:-4] + struct.pack("!I", crc32c(zeros))
    assert outcome(parse_proxy_header, good).length == len(good)
    assert outcome(parse_proxy_header, zeros) == "inspect_proxy"


@pytest.mark.parametrize(
    "data",
    [
        v2(1, 0x11, ADDRESSES[:-1]),
        v2(1, 0x11, ADDRESSES + b"\x01\0"),
        v2(1, 0x11, ADDRESSES + b"\x01\0\x05h2"),
        v2(2, 0x11, ADDRESSES),
        v2(1, 0x41, ADDRESSES),
        v2(1, 0x13, ADDRESSES),
        b"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\x0c" + ADDRESSES,
    ],
)
def test_a_malformed_binary_header_is_refused(data: bytes) -> None:
    assert outcome(parse_proxy_header, data) == "inspect_proxy"


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"PROXX", b"\r\n\r\nx", b"\x16\x03\x01"])
def test_something_else_is_not_a_proxy_header(data: bytes) -> None:
    assert outcome(parse_proxy_header, data) is NOT_THIS


# --- ClientHello -----------------------------------------------------------------------------------------------------


def hello_of(name: str | None, protocols: list[str]) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(message: bytes, *sizes: int) -> bytes:
    data, at = b"", 0
    for size in (*sizes, len(message)):
        piece = message[at : at + size]
        at += size
        if piece:
            data += b"\x16\x03\x01" + struct.pack("!H", len(piece)) + piece
    return data


def test_a_real_hello() -> None:
    data = hello_of("a.example.com", ["h2", "http/1.1"])
    hello = outcome(parse_client_hello, data)
    assert isinstance(hello, ClientHello)
    assert (hello.server_name, hello.application_protocols) == ("a.example.com", (b"h2", b"http/1.1"))
    assert (hello.max_version, hello.legacy_version, hello.length) == (0x0304, 0x0303, len(data))
    plain = outcome(parse_client_hello, hello_of(None, []))
    assert (plain.server_name, plain.application_protocols) == (None, ())


@pytest.mark.parametrize("sizes", [(1,), (3, 1), (4,), (5, 100), (1,) * 50, (100, 100)])
def test_a_hello_in_several_records(sizes: tuple[int, ...]) -> None:
    whole = hello_of("b.example", ["h2"])
    cut = in_records(whole[5:], *sizes)
    hello, other = outcome(parse_client_hello, cut), parse_client_hello(whole)
    assert isinstance(other, ClientHello)
    assert hello == other._replace(length=len(cut))


@pytest.mark.parametrize("data", [b"GET /", b"\x17\x03\x01\0\x05hello", b"\x16\x02", b"\x16\x03\x01\0\x05\x02"])
def test_something_else_is_not_a_hello(data: bytes) -> None:
    assert outcome(parse_client_hello, data) is NOT_THIS


def test_a_broken_hello_is_refused() -> None:
    whole = hello_of("c.example", ["h2"])
    message = whole[5:]
    assert outcome(parse_client_hello, b"\x16\x03\x01\0\0") == "inspect_tls"
    assert outcome(parse_client_hello, b"\x16\x03\x01\x40\x01\x01") == "inspect_tls"
    assert outcome(parse_client_hello, in_records(b"\x01\xff\xff\xff" + bytes(100))) == "inspect_tls"
    assert outcome(parse_client_hello, in_records(message, 10)[:15] + b"\x17\x03\x01\0\x01x") == "inspect_tls"
    name = message.index(b"c.example")
    for broken in (
        message[: name - 2] + b"\0\x0a" + message[name:],  # a name longer than its list
        message[:name] + b"\0" + message[name + 1 :],
        b"\x01" + struct.pack("!I", 40)[1:] + message[4:44],
    ):
        assert outcome(parse_client_hello, in_records(broken)) == "inspect_tls"


def test_mutated_hellos_never_do_anything_else() -> None:
    rng, whole = random.Random(1), hello_of("d.example", ["h2", "x"])
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            hello = parse_client_hello(bytes(data))
        except RemoteProtocolError as error:
            assert error.code == "inspect_tls"  # noqa: PT017
        else:
            assert hello is None or hello is NOT_THIS or isinstance(hello, ClientHello)


# --- HTTP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"GET / HTTP/1.1\r\n", HttpVersion.HTTP_1_1),
        (b"PRI * HTTP/1.1\r\n", HttpVersion.HTTP_1_1),
        (b"M-SEARCH * HTTP/1.0\n", HttpVersion.HTTP_1_0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HttpVersion.HTTP_2),
        (b"GET / HTTP/2.0\r\n", NOT_THIS),
        (b"GET /\r\n", NOT_THIS),
        (b"*3\r\n$3", NOT_THIS),
        (b"\x16\x03\x01", NOT_THIS),
        (b"A" * 33, NOT_THIS),
        (b"GET", None),
        (b"", None),
    ],
)
def test_which_http(data: bytes, version: object) -> None:
    assert outcome(detect_http, data) is version


# --- filter chains ---------------------------------------------------------------------------------------------------


def chain(name: str, **match: Any) -> FilterChain:
    return FilterChain(name, FilterChainMatch(**match))


def name_of(table: FilterChainTable, **connection: Any) -> str | None:
    found = table.match_connection(**connection)
    return None if found is None else found.name


def test_the_most_specific_server_name_wins() -> None:
    table = FilterChainTable(
        [
            chain("exact", server_names=("a.example.com",)),
            chain("near", server_names=("*.Example.com",)),
            chain("far", server_names=("*.com",)),
            chain("any"),
        ]
    )
    assert name_of(table, sni="A.example.com") == "exact"
    assert name_of(table, sni="b.a.example.com") == "near"
    assert name_of(table, sni="example.com") == "far"
    assert name_of(table, sni="com") == "any"
    assert name_of(table) == "any"


def test_the_longest_range_wins_and_there_is_no_way_back() -> None:
    table = FilterChainTable(
        [
            chain("host", prefix_ranges=(CidrRange("10.1.2.3", 32),), server_names=("a",)),
            chain("net", prefix_ranges=(CidrRange("10.1.0.0", 16),)),
            chain("six", prefix_ranges=(CidrRange("2001:db8::", 33),)),
        ],
        FilterChain("default"),
    )
    assert name_of(table, destination="10.1.2.3", sni="a") == "host"
    assert name_of(table, destination="10.1.2.3", sni="b") == "default"  # the range of one host has been taken
    assert name_of(table, destination="10.1.2.4", sni="a") == "net"
    assert name_of(table, destination="2001:db8:7fff::1") == "six"
    assert name_of(table, destination="2001:db8:8000::1") == "default"
    assert name_of(table, destination="10.2.0.0") == "default"


def test_ports_protocols_and_sources() -> None:
    table = FilterChainTable(
        [
            chain("port", destination_port=443, transport_protocol="tls", application_protocols=("h2", "x")),
            chain("plain", destination_port=443, transport_protocol="raw_buffer"),
            chain("local", source_type=ConnectionSourceType.SAME_IP_OR_LOOPBACK),
            chain("external", source_type=ConnectionSourceType.EXTERNAL, source_ports=(7, 8)),
            chain("peer", direct_source_prefix_ranges=(CidrRange("9.0.0.0", 8),)),
        ]
    )
    assert name_of(table, port=443, transport_protocol="tls", alpn=["y", "x"]) == "port"
    assert name_of(table, port=443, transport_protocol="tls", alpn=["y"]) is None
    assert name_of(table, port=443) == "plain"
    assert name_of(table, port=80, source="127.9.9.9", destination="1.1.1.1") == "local"
    assert name_of(table, port=80, source="1.1.1.1", destination="1.1.1.1") == "local"
    assert name_of(table, port=80, source="2.2.2.2", destination="1.1.1.1", source_port=8) == "external"
    assert name_of(table, port=80, source="2.2.2.2", destination="1.1.1.1", source_port=9) is None
    assert name_of(table, port=80, source="2.2.2.2", direct_source="9.1.1.1") == "peer"


@pytest.mark.parametrize(
    "chains",
    [
        [chain("a"), chain("b")],
        [chain("a", server_names=("x", "y")), chain("b", server_names=("Y",))],
        [chain("b", server_names=("a*",))],
        [chain("b", server_names=("*",))],
        [chain("b", server_names=("",))],
        [chain("b", prefix_ranges=(CidrRange("1.2.3.4", 33),))],
        [chain("b", prefix_ranges=(CidrRange("nonsense", 3),))],
        [chain("b", source_ports=(0,))],
        [chain("b", destination_port=65536)],
        [chain("a", prefix_ranges=(CidrRange("10.0.0.1", 8),)), chain("b", prefix_ranges=(CidrRange("10.9.9.9", 8),))],
    ],
)
def test_what_cannot_be_told_apart_is_refused_and_the_old_chains_stay(chains: list[FilterChain]) -> None:
    table = FilterChainTable([chain("old")])
    with pytest.raises(ConfigError) as caught:
        table.update(chains)
    assert caught.value.path == f"filter_chains[{len(chains) - 1}].filter_chain_match"
    assert name_of(table) == "old"


def naive(chains: list[FilterChain], **connection: Any) -> str | None:
    """Envoy's steps, each of which keeps the chains with the best entry that fits."""

    def ranges(attribute: str, address: str) -> Callable[[FilterChainMatch], int]:
        def fit(match: FilterChainMatch) -> int:
            found = getattr(match, attribute)
            bits = int(ip_address(address))
            sizes = [
                r.prefix_len
                for r in found
                if bits >> 32 - r.prefix_len == int(ip_address(r.address_prefix)) >> 32 - r.prefix_len
            ]
            return 0 if not found else max(sizes) + 1 if sizes else -1

        return fit

    def names(match: FilterChainMatch) -> int:
        sni = connection["sni"]
        fits = [
            len(n) + 1000 * (n == sni)
            for n in match.server_names
            if n == sni or (n[0] == "*" and sni.endswith(n[1:]) and len(sni) >= len(n))
        ]
        return 0 if not match.server_names else max(fits) if fits else -1

    def protocols(match: FilterChainMatch) -> int:
        fits = [9 - i for i, p in enumerate(connection["alpn"]) if p in match.application_protocols]
        return 0 if not match.application_protocols else max(fits) if fits else -1

    port = connection["port"]
    left = list(chains)
    steps: list[Callable[[FilterChainMatch], int]] = [
        lambda m: 0 if m.destination_port is None else 1 if m.destination_port == port else -1,
        ranges("prefix_ranges", connection["destination"]),
        names,
        protocols,
        ranges("source_prefix_ranges", connection["source"]),
    ]
    for step in steps:
        fits = [step(c.filter_chain_match) for c in left]
        best = max(fits, default=-1)
        left = [c for c, fit in zip(left, fits, strict=True) if fit == best and fit >= 0]
    return left[0].name if left else None


def test_random_chains_against_trying_all_of_them() -> None:
    rng = random.Random(7)
    addresses = ["10.0.0.1", "10.0.0.2", "10.0.128.1", "10.200.0.1"]
    snis = ["a.x", "b.a.x", "x", "c.y"]
    found = 0
    for _ in range(400):
        chains: list[FilterChain] = []
        for number in range(rng.randrange(1, 12)):
            match = {
                "destination_port": rng.choice((None, None, 1, 2)),
                "prefix_ranges": tuple(
                    CidrRange(rng.choice(addresses), rng.choice((0, 8, 17, 31, 32)))
                    for _ in range(rng.choice((0, 0, 1)))
                ),
                "server_names": tuple(rng.sample(("a.x", "*.x", "*.a.x", "c.y", "*.y"), rng.choice((0, 0, 1, 2)))),
                "application_protocols": tuple(rng.sample(("h2", "h1"), rng.choice((0, 0, 1)))),
                "source_prefix_ranges": tuple(
                    CidrRange(rng.choice(addresses), rng.choice((0, 16, 32))) for _ in range(rng.choice((0, 0, 0, 1)))
                ),
            }
            more = [*chains, chain(str(number), **match)]
            try:
                FilterChainTable(more)
            except ConfigError:
                continue
            chains = more
        table = FilterChainTable(chains)
        for _ in range(30):
            connection = {
                "port": rng.choice((1, 2, 3)),
                "destination": rng.choice(addresses),
                "sni": rng.choice(snis),
                "alpn": rng.sample(("h1", "h2", "z"), rng.randrange(3)),
                "source": rng.choice(addresses),
            }
            expected = naive(chains, **connection)
            assert name_of(table, **connection) == expected, (chains, connection)
            found += expected is not None
    assert found > 2000
