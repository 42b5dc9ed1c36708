"""The beginning of a connection, beside what Python has for it: reading first bytes, and choosing a filter chain.

    pytest benchmarks/bench_connections.py --benchmark-only

The chains' peers do one step of the nine: a dict with the suffixes of "*.…" for server names, and for destinations a
dict for each length of a range, over ipaddress. The C core's figures come from bench_connections.
"""

from __future__ import annotations

import random
import socket
import ssl
import struct
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fastpath
from fastpath.models import CidrRange, FilterChain, FilterChainMatch

SIZES = [10, 1_000, 10_000]
LOOKUPS = 2_000
Find = Callable[[str], object]


def client_hello() -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.set_alpn_protocols(["h2", "http/1.1"])
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="www.example.com")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake needs an answer")


HELLO = client_hello()
PROXY = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2")
PROXY += struct.pack("!HH", 1000, 443)


def hello_with_dpkt(data: bytes) -> object:
    """The server name: dpkt leaves extensions as bytes, so that they are taken apart here."""
    from dpkt.ssl import TLSHandshake, TLSRecord

    extensions = dict(TLSHandshake(TLSRecord(data).data).data.extensions)
    return extensions[0][5:], extensions[16]


def proxy_with_proxy_protocol(data: bytes) -> object:
    from proxyprotocol.v2 import ProxyProtocolV2

    return ProxyProtocolV2().unpack(data)


FIRST_BYTES: dict[str, dict[str, tuple[Callable[[bytes], object], bytes]]] = {
    f"ClientHello of {len(HELLO)} bytes": {
        "fastpath": (fastpath.parse_client_hello, HELLO),
        "dpkt": (hello_with_dpkt, HELLO),
    },
    "PROXY header, version 2": {
        "fastpath": (fastpath.parse_proxy_header, PROXY),
        "proxy-protocol": (proxy_with_proxy_protocol, PROXY),
    },
    "request line": {"fastpath": (fastpath.detect_http, b"GET /index.html?page=1 HTTP/1.1\r\nHost: a\r\n\r\n")},
}


@pytest.mark.parametrize(("what", "engine"), [(what, engine) for what, row in FIRST_BYTES.items() for engine in row])
def test_first_bytes(benchmark: BenchmarkFixture, what: str, engine: str) -> None:
    read, data = FIRST_BYTES[what][engine]
    benchmark.group = what
    assert benchmark(read, data)


def name_of(index: int) -> str:
    return f"*.d{index}.example.com" if index % 10 == 0 else f"h{index}.example.com"


def network_of(index: int) -> str:
    return f"10.{index >> 8}.{index & 255}.0"


def names_with_fastpath(count: int) -> Find:
    chains = [FilterChain(str(i), FilterChainMatch(server_names=(name_of(i),))) for i in range(count)]
    match = fastpath.FilterChainTable(chains).match_connection
    return lambda name: match(sni=name, transport_protocol="tls")


def names_with_a_dict(count: int) -> Find:
    chains = {name_of(i).removeprefix("*"): i for i in range(count)}

    def find(name: str) -> object:
        found = chains.get(name.lower())
        at = name.find(".")
        while found is None and at >= 0:
            found = chains.get(name[at:])
            at = name.find(".", at + 1)
        return found

    return find


def networks_with_fastpath(count: int) -> Find:
    chains = [
        FilterChain(str(i), FilterChainMatch(prefix_ranges=(CidrRange(network_of(i), 24),))) for i in range(count)
    ]
    match = fastpath.FilterChainTable(chains).match_connection
    return lambda address: match(destination=address)


def networks_with_ipaddress(count: int) -> Find:
    chains = {ip_network(f"{network_of(i)}/24"): i for i in range(count)}
    lengths = {24: {int(network.network_address): i for network, i in chains.items()}}

    def find(address: str) -> object:
        bits = int(ip_address(address))
        return next(
            (
                found
                for length, of in lengths.items()
                if (found := of.get(bits >> 32 - length << 32 - length)) is not None
            ),
            None,
        )

    return find


def networks_with_pytricia(count: int) -> Find:
    from pytricia import PyTricia

    trie = PyTricia()
    for i in range(count):
        trie[f"{network_of(i)}/24"] = i
    find: Find = trie.get
    return find


CHAINS: dict[str, dict[str, Callable[[int], Find]]] = {
    "server name": {"fastpath": names_with_fastpath, "dict": names_with_a_dict},
    "destination": {
        "fastpath": networks_with_fastpath,
        "ipaddress": networks_with_ipaddress,
        "pytricia": networks_with_pytricia,
    },
}


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("step", "engine"), [(step, engine) for step, row in CHAINS.items() for engine in row])
def test_chains(benchmark: BenchmarkFixture, step: str, engine: str, count: int) -> None:
    find = CHAINS[step][engine](count)
    chosen = random.Random(count).choices(range(count), k=LOOKUPS)
    questions = [
        name_of(i).replace("*", "www") if step == "server name" else network_of(i).removesuffix("0") + "7"
        for i in chosen
    ]

    def ask() -> None:
        for question in questions:
            find(question)

    assert all(find(question) is not None for question in questions)
    benchmark.group = f"{count} chains by {step}"
    benchmark.extra_info["lookups"] = LOOKUPS
    benchmark.pedantic(ask, rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("count", SIZES)
def test_build_chains(benchmark: BenchmarkFixture, count: int) -> None:
    chains = [FilterChain(str(i), FilterChainMatch(server_names=(name_of(i),))) for i in range(count)]
    benchmark.group = "build a table of filter chains"
    benchmark.pedantic(fastpath.FilterChainTable, args=(chains,), rounds=3)
