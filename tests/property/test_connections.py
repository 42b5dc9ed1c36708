"""The first bytes of connections in any pieces, and filter chains against comparing all of them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from conformance import client_hellos
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import ConfigError, ConnectionInspector, FilterChainTable, ProtocolError
from fastpath.models import (
    CidrRange,
    ConnectionSourceType,
    FilterChain,
    FilterChainMatch,
    HttpInspector,
    ListenerFilter,
    ProxyProtocol,
    TlsInspector,
)

# --- pieces ----------------------------------------------------------------------------------------------------------

PROXY = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02"
LINES = (b"PROXY TCP4 ", b"1.2.3.4 ", b"::1 ", b"1 ", b"2\r\n", b"PROXY UNKNOWN", b"\r\n", b"GET ", b"/ ", b"HTTP/1.1")
RECORDS = (b"\x16\3\1", b"\x15\3\1\0\2\1\x5a", b"\x16\3\1\0\0")
tokens = st.sampled_from((*LINES, *RECORDS, PROXY, PROXY[:13], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
names = st.one_of(st.none(), st.sampled_from((b"a.b", b"", b"a\0", b"\xff")))
hellos = st.builds(
    lambda name, protocols, sizes: client_hellos.hello(name, protocols, sizes),
    names,
    st.lists(st.sampled_from((b"h2", b"x", b"")), max_size=3),
    st.lists(st.integers(0, 30), max_size=4),
)
streams = st.lists(st.one_of(tokens, hellos, st.binary(max_size=6)), max_size=6).map(b"".join)
filters = st.lists(
    st.one_of(
        st.builds(ProxyProtocol, st.booleans(), st.sampled_from(((), (1,), (2,)))),
        st.builds(TlsInspector, st.booleans(), st.sampled_from((300, 16384))),
        st.just(HttpInspector()),
    ),
    max_size=3,
)


def outcome(listener_filters: list[ListenerFilter], data: bytes, cuts: list[int]) -> object:
    """What is known in the end, or why the connection is closed; what comes after a verdict is not given."""
    inspector = ConnectionInspector(listener_filters, source="::1", destination="::2", port=3)
    begin = 0
    try:
        if (found := inspector.receive()) is not None:
            return found
        for end in [*cuts, len(data)]:
            if (found := inspector.receive(data[begin:end])) is not None:
                return found
            begin = end
    except ProtocolError as error:
        return error.code
    return "more", inspector.known


@given(st.data(), filters, streams)
def test_the_verdict_does_not_depend_on_the_pieces(
    data: st.DataObject, listener_filters: list[ListenerFilter], stream: bytes
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    whole = outcome(listener_filters, stream, [])
    assert outcome(listener_filters, stream, cuts) == whole
    assert outcome(listener_filters, stream, list(range(len(stream)))) == whole


@given(streams)
def test_bytes_that_a_filter_did_not_take_are_left(stream: bytes) -> None:
    inspector = ConnectionInspector([ProxyProtocol(allow_requests_without_proxy_protocol=True), TlsInspector()])
    try:
        inspector.receive(stream)
    except ProtocolError:
        return
    assert inspector.data == stream[inspector.known.consumed :]


# --- chains ----------------------------------------------------------------------------------------------------------

ADDRESSES = ("10.0.0.1", "10.0.128.1", "127.0.0.1", "::1", "2001:db8::1")
NAMES = ("a.x", "*.x", "*.a.x", "B.x", "x", "*.", ".x")
PROTOCOLS = ("h2", "x")


def few(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


ranges = st.lists(
    st.builds(CidrRange, st.sampled_from(ADDRESSES), st.sampled_from((0, 8, 17, 32, 33, 128))), max_size=2
).map(tuple)
matches = st.builds(
    FilterChainMatch,
    destination_port=st.sampled_from((None, 1, 2)),
    prefix_ranges=ranges,
    server_names=few(NAMES),
    transport_protocol=st.sampled_from(("", "tls", "raw_buffer")),
    application_protocols=few(PROTOCOLS),
    source_type=st.sampled_from(ConnectionSourceType),
    source_prefix_ranges=ranges,
    source_ports=st.lists(st.sampled_from((1, 2)), max_size=1).map(tuple),
)


def fit_of_ranges(found: tuple[CidrRange, ...], address: str) -> int:
    fits = []
    for each in found:
        prefix, wanted = ip_address(each.address_prefix), ip_address(address)
        length = min(each.prefix_len, prefix.max_prefixlen)
        rest = prefix.max_prefixlen - length
        if prefix.version == wanted.version and int(prefix) >> rest == int(wanted) >> rest:
            fits.append(length + 1)
    return max(fits, default=-1 if found else 0)


def fit_of_names(found: tuple[str, ...], name: str) -> int:
    fits = []
    for each in found:
        key = each.lower().removeprefix("*") if each.startswith("*.") else each.lower()
        if key == name.lower():
            fits.append(1000)
        elif key.startswith(".") and len(key) > 1 and name.lower().endswith(key):
            fits.append(len(key))
    return max(fits, default=-1 if found else 0)


def fits(match: FilterChainMatch, asked: FilterChainMatch, protocols: tuple[str, ...]) -> list[int]:
    """How well a match fits at each step; `asked` has one value of each that a connection has."""
    source, destination = asked.source_prefix_ranges[0].address_prefix, asked.prefix_ranges[0].address_prefix
    local = source in ("127.0.0.1", "::1") or source == destination
    kinds = {ConnectionSourceType.ANY: 0, ConnectionSourceType.SAME_IP_OR_LOOPBACK: 1 if local else -1}
    ranks = [9 - i for i, protocol in enumerate(protocols) if protocol in match.application_protocols]

    def equal(wanted: object, found: object) -> int:
        return 0 if not wanted else 1 if wanted == found else -1

    return [
        equal(match.destination_port, asked.destination_port),
        fit_of_ranges(match.prefix_ranges, destination),
        fit_of_names(match.server_names, asked.server_names[0] if asked.server_names else ""),
        equal(match.transport_protocol, asked.transport_protocol),
        max(ranks, default=-1 if match.application_protocols else 0),
        kinds.get(match.source_type, -1 if local else 1),
        fit_of_ranges(match.source_prefix_ranges, source),
        equal(match.source_ports, asked.source_ports),
    ]


@settings(max_examples=examples(400))
@given(st.lists(matches, max_size=6), st.lists(matches, min_size=1, max_size=6), st.data())
def test_the_chain_is_the_one_that_comparing_finds(
    found: list[FilterChainMatch], asked: list[FilterChainMatch], data: st.DataObject
) -> None:
    chains: list[FilterChain] = []
    for number, match in enumerate(found):
        try:
            FilterChainTable([*chains, FilterChain(str(number), match)])
        except ConfigError:
            continue
        chains.append(FilterChain(str(number), match))
    table = FilterChainTable(chains)
    addresses = st.sampled_from([CidrRange(each) for each in ADDRESSES])
    for question in asked:
        # A connection has an address where a match has ranges.
        one = replace(question, prefix_ranges=(data.draw(addresses),), source_prefix_ranges=(data.draw(addresses),))
        left = list(chains)
        for step in range(8):
            of = [fits(chain.filter_chain_match, one, one.application_protocols)[step] for chain in left]
            best = max(of, default=-1)
            left = [chain for chain, fit in zip(left, of, strict=True) if fit == best >= 0]
        chosen = table.match_connection(
            port=one.destination_port or 0,
            destination=one.prefix_ranges[0].address_prefix,
            sni=one.server_names[0] if one.server_names else None,
            transport_protocol=one.transport_protocol,
            alpn=one.application_protocols,
            source=one.source_prefix_ranges[0].address_prefix,
            source_port=one.source_ports[0] if one.source_ports else 0,
        )
        assert chosen == (left[0] if left else None)
        assert len(left) <= 1
