"""What the first bytes of a connection say, however they are cut, and which filter chain serves it."""

from __future__ import annotations

import random
import socket
import ssl
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from conformance import client_hellos as hello

from fastpath import (
    NOT_THIS,
    ClientHello,
    ClientHelloReader,
    ConfigError,
    ConnectionInspector,
    FilterChainTable,
    HttpDetector,
    HttpVersion,
    InspectedConnection,
    ProxyHeader,
    RemoteProtocolError,
    detect_http,
    parse_client_hello,
    parse_proxy_header,
)
from fastpath.models import (
    CidrRange,
    Config,
    ConnectionSourceType,
    FilterChain,
    FilterChainMatch,
    HttpInspector,
    Listener,
    ListenerFilter,
    OriginalDst,
    ProxyProtocol,
    TlsInspector,
)

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
        (b"PROXY TCP4 255.255.255.254 0.0.0.1 0 65535\r\n", ("255.255.255.254", 0), ("0.0.0.1", 65535)),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 0002 \t \r\n", ("1.2.3.4", 1), ("5.6.7.8", 2)),
        (b"PROXY TCP6 ::1 2001:db8::7:8 1 2\r\n", ("::1", 1), ("2001:db8::7:8", 2)),
        (b"PROXY TCP6 1:2:3:4:5:6:7:8 ::9 1 2\r\n", ("1:2:3:4:5:6:7:8", 1), ("::9", 2)),
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
        b"PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n",
        b"PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
        b"PROXY UNKNOWNX\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\nx\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rx\r\n",
        b"PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 0.0.0.0 5.6.7.8 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 224.0.0.1 1 2\r\n",
        b"PROXY TCP4 255.255.255.255 5.6.7.8 1 2\r\n",
        b"PROXY TCP6 :: ::1 1 2\r\n",
        b"PROXY TCP6 ::1 ff02::1 1 2\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 -0\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2" + b"\n" * 80,
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
    for family, body in ((0x11, ADDRESSES), (0x99, b""), (0x11, b"not addresses"), (0x11, ADDRESSES + b"\1\0\5")):
        local = outcome(parse_proxy_header, v2(0, family, body))
        assert (local.local, local.source, local.tlvs, local.length) == (True, None, b"", 16 + len(body))


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
        v2(1, 0x10, ADDRESSES),
        v2(1, 0x11, bytes(4) + ADDRESSES[4:]),
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
    found = outcome(parse_client_hello, data)
    assert isinstance(found, ClientHello)
    assert (found.server_name, found.application_protocols) == ("a.example.com", (b"h2", b"http/1.1"))
    assert (found.max_version, found.legacy_version, found.length) == (0x0304, 0x0303, len(data))
    plain = outcome(parse_client_hello, hello_of(None, []))
    assert (plain.server_name, plain.application_protocols) == (None, ())


@pytest.mark.parametrize("sizes", [(1,), (1, 2), (3, 1), (4,), (5, 100), (1,) * 50, (100, 100)])
def test_a_hello_in_several_records(sizes: tuple[int, ...]) -> None:
    whole = hello_of("b.example", ["h2"])
    cut = in_records(whole[5:], *sizes)
    found, other = outcome(parse_client_hello, cut), parse_client_hello(whole)
    assert isinstance(other, ClientHello)
    assert found == other._replace(length=len(cut))
    assert outcome(ClientHelloReader().read, cut) == found


@pytest.mark.parametrize(
    "data", [b"GET /", b"\x17\x03\x01\0\x05hello", b"\x16\x02", b"\x16\x03\x01\0\x05\x02\0\0\x01x"]
)
def test_something_else_is_not_a_hello(data: bytes) -> None:
    assert outcome(parse_client_hello, data) is NOT_THIS


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x41\x41\x01",  # a record of more than 16384 + 320 bytes
        in_records(b"\x01\0\x40\x01"),  # a message of more than 16384
        in_records(hello.message(hello.server_name(b"a")), 10)[:15] + b"\x17\x03\x01\0\x01x",
        in_records(hello.message(hello.server_name(b"a")) + b"x"),
        in_records(hello.message(hello.server_name(b"a\0"))),
        in_records(hello.message(hello.server_name(b""))),
        in_records(hello.message(hello.server_name(b"a" * 256))),
        in_records(hello.message(hello.extension(0, b"\0\x08\0\0\x01a\0\0\x01b"))),
        in_records(hello.message(hello.server_name(b"a") * 2)),
        in_records(hello.message(b"".join(hello.extension(i, b"") for i in (*range(900, 930), 927)))),
        in_records(hello.message(b"", session=bytes(33))),
        in_records(hello.message(b"", ciphers=b"x")),
        in_records(hello.message(b"", compressions=b"")),
        in_records(hello.message(b"", after=b"x")),
        in_records(hello.message(hello.extension(0xFE0D, b""))),
        b"\x15\x03\x01\0\x02\x02\x28",
        b"\x15\x03\x01\0\x02\x01\x5a" * 5,
        b"\x16\x03\x01\0\0" * 33,
    ],
)
def test_what_is_no_client_hello_after_all(data: bytes) -> None:
    assert outcome(parse_client_hello, data) == "inspect_tls"


def test_hellos_that_are_too_large_too_old_or_withdrawn() -> None:
    def padded(size: int) -> bytes:
        return in_records(hello.message(hello.server_name(b"a") + hello.extension(21, bytes(size))))

    most = 16384 - len(padded(0))
    for size in (most, most - 1):
        assert parse_client_hello(padded(size)).length == 16384 - most + size  # type: ignore[union-attr]
    with pytest.raises(RemoteProtocolError, match="too large"):
        parse_client_hello(padded(most + 1))
    for version in (0x0300, 0x0305, 0xFEFD):
        assert outcome(parse_client_hello, in_records(hello.message(b"", version=version))) == "inspect_tls_refused"
    assert outcome(parse_client_hello, b"\x15\x03\x01\0\x02\x01\0") == "inspect_tls_refused"
    limited = ClientHelloReader(300)
    assert limited.read(hello_of("a", [])[:299]) is None
    for _ in range(2):
        with pytest.raises(RemoteProtocolError) as caught:
            limited.read(hello_of("a", []))
        assert caught.value.code == "inspect_tls_refused"


def test_warnings_and_empty_records_are_passed_over() -> None:
    message = hello.message(hello.server_name(b"a"))
    warning = b"\x15\x03\x01\0\x02\x01\x5a"
    data = warning * 4 + in_records(message[:9]) + in_records(b"") * 32 + warning * 4 + in_records(message[9:])
    assert outcome(parse_client_hello, data).server_name == "a"


def test_fields_that_fingerprints_are_made_of() -> None:
    extensions = (
        hello.extension(0x1A1A, b"")
        + hello.server_name(b"\xffa")
        + hello.extension(10, b"\0\x04\x2a\x2a\0\x1d")
        + hello.extension(11, b"\x01\0")
        + hello.extension(13, b"\0\x02\x04\x03")
        + hello.versions((0x3A3A, 0x0304, 0x0303))
    )
    found = outcome(parse_client_hello, in_records(hello.message(extensions, ciphers=b"\x13\x01\x13\x02")))
    assert (found.server_name, found.cipher_suites, found.max_version) == ("\udcffa", b"\x13\x01\x13\x02", 0x0304)
    assert (found.groups, found.point_formats, found.signature_algorithms) == (b"\x2a\x2a\0\x1d", b"\0", b"\x04\x03")
    assert found.versions == b"\x3a\x3a\x03\x04\x03\x03"
    assert [kind for kind, _ in found.iter_extensions()] == [0x1A1A, 0, 10, 11, 13, 43]
    plain = outcome(parse_client_hello, in_records(hello.message(None)))
    assert (plain.groups, plain.versions, plain.max_version, list(plain.iter_extensions())) == (b"", b"", 0x0303, [])


@pytest.mark.parametrize("content", [b"", b"\0\0", b"\0\x01\0", b"\0\x03\x02h2x", b"\0\x05\x02h2\x02x"])
def test_a_malformed_protocol_list_is_as_none(content: bytes) -> None:
    assert (
        outcome(parse_client_hello, in_records(hello.message(hello.extension(16, content)))).application_protocols == ()
    )


def test_mutated_hellos_never_do_anything_else() -> None:
    rng, whole = random.Random(1), hello_of("d.example", ["h2", "x"])
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            found = parse_client_hello(bytes(data))
        except RemoteProtocolError as error:
            assert error.code in ("inspect_tls", "inspect_tls_refused")  # noqa: PT017
        else:
            assert found is None or found is NOT_THIS or isinstance(found, ClientHello)


# --- HTTP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"GET / HTTP/1.1\r\n", HttpVersion.HTTP_1_1),
        (b"PRI * HTTP/1.1\r\n", HttpVersion.HTTP_1_1),
        (b"M-SEARCH * HTTP/1.0\n", HttpVersion.HTTP_1_0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HttpVersion.HTTP_2),
        (b"GET / HTTP/2.0\r\n", HttpVersion.HTTP_1_0),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rx", HttpVersion.HTTP_1_0),
        (b"GET /\r\n", HttpVersion.HTTP_1_0),
        (b"GET /HTTP/1.1\r\n", HttpVersion.HTTP_1_1),
        (b"GET\t/\x01HTTP/1.1 \x0b\r\n", HttpVersion.HTTP_1_1),
        (b"A" * 300 + b" * HTTP/1.1\n", HttpVersion.HTTP_1_1),
        (b"GET a+b.c-1://u@h:8/?x HTTP/1.1\n", HttpVersion.HTTP_1_1),
        (b"CONNECT [::1]:443 HTTP/1.1\n", HttpVersion.HTTP_1_1),
        (b"CONNECT ? HTTP/1.1\n", HttpVersion.HTTP_1_1),
        (b"connect h:443 HTTP/1.1\n", NOT_THIS),
        (b"GET 1a://h HTTP/1.1\n", NOT_THIS),
        (b"GET a://h@@ HTTP/1.1\n", NOT_THIS),
        (b"GET a://h^ HTTP/1.1\n", NOT_THIS),
        (b"GET /\x7f HTTP/1.1\n", NOT_THIS),
        (b"GET\0/ HTTP/1.1\n", NOT_THIS),
        (b"GET \x01/\n", NOT_THIS),
        (b"GET / HTTP/11.1\r\n", NOT_THIS),
        (b"GET / http/1.1\r\n", NOT_THIS),
        (b"GET / x HTTP/1.1\r\n", NOT_THIS),
        (b"GET / HTTP/1.1\rx\r\n", NOT_THIS),
        (b"GET \r\n", NOT_THIS),
        (b" GET / HTTP/1.1\r\n", NOT_THIS),
        (b"\r\n", NOT_THIS),
        (b"*3\r\n$3", NOT_THIS),
        (b"{", NOT_THIS),
        (b"\x16\x03\x01", NOT_THIS),
        (b"A" * 31 + b"\x01", NOT_THIS),
        (b"A" * 32 + b"\x01/ HTTP/1.1\n", HttpVersion.HTTP_1_1),
        (b"GET /HTTP/1.1 \r\n", HttpVersion.HTTP_1_0),
        (b"A" * 33, None),
        (b"GET", None),
        (b"GET / HTTP/1.1\r", None),
        (b"PRI * HTTP/2.0\r\n\r\nSM", None),
        (b"", None),
    ],
)
def test_which_http(data: bytes, version: object) -> None:
    assert outcome(detect_http, data) is version
    assert outcome(HttpDetector().read, data) is version


def test_a_request_line_has_at_most_64_kib() -> None:
    line = b"GET /" + b"a" * 65521 + b" HTTP/1.1\n"
    detector = HttpDetector()
    assert detector.read(line[:65535]) is None
    assert detector.read(line) is HttpVersion.HTTP_1_1
    detector = HttpDetector()
    with pytest.raises(RemoteProtocolError, match="longer than 65536") as caught:
        detector.read(line.replace(b" ", b"a "))
    assert caught.value.code == "inspect_http"


# --- listener filters ------------------------------------------------------------------------------------------------

PROXY_LINE = b"PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n"
ALL_FILTERS = (ProxyProtocol(), TlsInspector(), HttpInspector())


def inspected(filters: Iterable[ListenerFilter], data: bytes, size: int = 1) -> InspectedConnection | None:
    """What comes of bytes that arrive in pieces; once something has come of them, no more are given."""
    inspector = ConnectionInspector(filters, destination="127.0.0.1", port=80, source="127.0.0.9", source_port=9)
    found = inspector.receive()
    at = 0
    while found is None and at < len(data):
        found = inspector.receive(data[at : at + size])
        at += size
    if found is not None:
        assert inspector.data == data[found.consumed : at]
    return found


@pytest.mark.parametrize("size", [1, 2, 7, 100, 10000])
def test_tls_behind_a_proxy_header(size: int) -> None:
    found = inspected(ALL_FILTERS, PROXY_LINE + hello_of("a.example", ["h2"]), size)
    assert found is not None
    assert (str(found.source), found.source_port, str(found.destination), found.port) == (
        "1.2.3.4",
        1000,
        "5.6.7.8",
        443,
    )
    assert (str(found.direct_source), found.consumed) == ("127.0.0.9", len(PROXY_LINE))
    assert (found.transport_protocol, found.server_name, found.application_protocols) == ("tls", "a.example", (b"h2",))
    assert found.proxy_header is not None
    assert found.client_hello is not None


@pytest.mark.parametrize(
    ("data", "protocols"),
    [
        (b"GET / HTTP/1.1\r\n", (b"http/1.1",)),
        (b"GET / HTTP/1.0\r\n", (b"http/1.0",)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (b"h2c",)),
        (b"*1\r\n$4\r\nPING\r\n", ()),
        (in_records(hello.message(hello.server_name(b""))), ()),
    ],
)
def test_what_is_not_tls_is_plain(data: bytes, protocols: tuple[bytes, ...]) -> None:
    found = inspected(ALL_FILTERS[1:], data)
    assert found is not None
    assert (found.transport_protocol, found.application_protocols) == ("raw_buffer", protocols)
    assert (str(found.source), found.port, found.consumed) == ("127.0.0.9", 80, 0)


def test_without_filters_nothing_is_waited_for() -> None:
    found = inspected((OriginalDst(),), b"")
    assert found == ConnectionInspector((), destination="127.0.0.1", port=80, source="127.0.0.9", source_port=9).known
    assert inspected(ALL_FILTERS, b"") is None


def test_a_silent_client_is_gone_on_with_by_what_is_known() -> None:
    inspector = ConnectionInspector(Listener("l", "::", 1, listener_filters=ALL_FILTERS), source="::9")
    assert inspector.receive(PROXY_LINE + b"\x16") is None
    assert (str(inspector.known.source), inspector.known.transport_protocol) == ("1.2.3.4", "raw_buffer")
    assert inspector.data == b"\x16"


@pytest.mark.parametrize(
    ("filters", "data", "code"),
    [
        (ALL_FILTERS, b"GET /", "inspect_proxy"),
        (ALL_FILTERS, b"PROXY TCP4 x\r\n", "inspect_proxy"),
        (ALL_FILTERS, v2(1, 0x31, bytes(216)), "inspect_proxy"),
        (ALL_FILTERS, v2(1, 0x00, b""), "inspect_proxy"),
        ((ProxyProtocol(disallowed_versions=(1,)),), PROXY_LINE, "inspect_proxy"),
        ((ProxyProtocol(disallowed_versions=(2,)),), v2(1, 0x11, ADDRESSES), "inspect_proxy"),
        ((ProxyProtocol(True),), b"PROXY x\r\n", "inspect_proxy"),
        ((TlsInspector(True),), b"GET /", "inspect_tls"),
        ((TlsInspector(True),), in_records(hello.message(hello.server_name(b""))), "inspect_tls"),
        ((TlsInspector(),), in_records(hello.message(b"", version=0x0300)), "inspect_tls_refused"),
        ((TlsInspector(max_client_hello_size=300),), hello_of("a" * 60, ["h2"]), "inspect_tls_refused"),
    ],
)
def test_connections_to_close(filters: tuple[ListenerFilter, ...], data: bytes, code: str) -> None:
    for size in (1, len(data)):
        with pytest.raises(RemoteProtocolError) as caught:
            inspected(filters, data, size)
        assert caught.value.code == code


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"PROXX", b"\r\n\r\nx"])
def test_a_proxy_header_may_be_optional(data: bytes) -> None:
    found = inspected((ProxyProtocol(True),), data)
    assert found is not None
    assert (found.proxy_header, found.consumed) == (None, 0)
    with_it = inspected((ProxyProtocol(True),), PROXY_LINE)
    assert with_it is not None
    assert with_it.port == 443


def test_a_disallowed_version_is_no_header_where_headers_are_optional() -> None:
    found = inspected((ProxyProtocol(True, (1,)),), PROXY_LINE)
    assert found is not None
    assert found.proxy_header is None


def test_chains_are_chosen_by_what_was_seen() -> None:
    listener = Listener(
        "l",
        "127.0.0.1",
        0,
        (
            chain("tls", transport_protocol="tls", server_names=("*.example",)),
            chain("http", application_protocols=("http/1.1", "h2c")),
            chain("opaque", destination_port=443),
        ),
        FilterChain("default"),
        ALL_FILTERS,
    )
    table = FilterChainTable.from_config(Config((listener,)))
    assert FilterChainTable.from_config(Config((listener,)), "l").filter_chains == table.filter_chains
    assert table.default_filter_chain == FilterChain("default")
    outcomes = []
    for data in (hello_of("a.example", []), b"GET / HTTP/1.1\r\n", b"\0\0\0\0"):
        for line in (PROXY_LINE, b"PROXY UNKNOWN\r\n"):
            connection = inspected(listener.listener_filters, line + data)
            assert connection is not None
            found = table.match(connection)
            outcomes.append(found and found.name)
    assert outcomes == ["opaque", "tls", "opaque", "http", "opaque", "default"]
    for name in ("m", None):
        with pytest.raises(ConfigError, match="expected one listener"):
            FilterChainTable.from_config(Config((listener, replace(listener, name="k"))), name)


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
    assert name_of(table, port=80, source="127.0.0.1", destination="1.1.1.1") == "local"
    assert name_of(table, port=80, source="::1", destination="1.1.1.1") == "local"
    assert name_of(table, port=80, source="127.0.0.2", destination="1.1.1.1", source_port=7) == "external"
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
        [chain("a"), chain("b", server_names=("",))],
        [chain("a", server_names=("*.x",)), chain("b", server_names=(".x",))],
        [chain("b", server_names=("*.x", "*.X"))],
        [chain("b", server_names=("a" * 256,))],
        [chain("a", prefix_ranges=(CidrRange("1.2.3.4", 32),)), chain("b", prefix_ranges=(CidrRange("1.2.3.4", 33),))],
        [chain("b", prefix_ranges=(CidrRange("::", 129),))],
        [chain("b", destination_port=0)],
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
