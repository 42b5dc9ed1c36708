"""PROXY headers, TLS ClientHellos and HTTP versions, out of the first bytes of a connection.

The parsers look at all bytes that have arrived so far, and consume none of them. They return None while more bytes are
needed, NOT_THIS when the bytes are something else, and the result otherwise; they raise RemoteProtocolError when what
began well is broken. The outcome does not depend on the pieces in which the bytes arrive.

Sources: haproxy.org's proxy-protocol.txt; RFC 8446, 4.1.2; RFC 9113, 3.4; Envoy's listener filters.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from fastpath import _inspect

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "NOT_THIS",
    "ClientHello",
    "ClientHelloReader",
    "HttpDetector",
    "HttpVersion",
    "IPAddress",
    "NotThis",
    "ProxyHeader",
    "detect_http",
    "parse_client_hello",
    "parse_proxy_header",
]

IPAddress = IPv4Address | IPv6Address


class NotThis(enum.Enum):
    """The type of NOT_THIS."""

    NOT_THIS = "these bytes are something else"


NOT_THIS: Final = NotThis.NOT_THIS


class ProxyHeader(NamedTuple):
    """A PROXY protocol header. Without addresses (LOCAL, UNKNOWN, a Unix socket) the connection's own ones count."""

    version: int
    source: IPAddress | None
    source_port: int
    destination: IPAddress | None
    destination_port: int
    local: bool
    """The proxy's own connection, as for a health check."""
    datagram: bool
    length: int
    """Bytes of the header; what follows is the connection's."""
    tlvs: bytes
    """Type-length-value triples, well-formed; see `iter_tlvs`."""

    def iter_tlvs(self) -> Iterator[tuple[int, bytes]]:
        """The triples as pairs of type and value."""
        at = 0
        while at < len(self.tlvs):
            end = at + 3 + int.from_bytes(self.tlvs[at + 1 : at + 3], "big")
            yield self.tlvs[at], self.tlvs[at + 3 : end]
            at = end


class ClientHello(NamedTuple):
    """What a TLS client offers. Lists of numbers are bytes, two for each number unless said otherwise."""

    server_name: str | None
    """As sent; None without the extension. Bytes that are not ASCII are surrogates."""
    application_protocols: tuple[bytes, ...]
    """ALPN, in the client's order."""
    max_version: int
    """The highest TLS version, 0x0304 for 1.3."""
    legacy_version: int
    cipher_suites: bytes
    versions: bytes
    """Of supported_versions; this and the following are empty when absent or malformed."""
    groups: bytes
    signature_algorithms: bytes
    point_formats: bytes
    """One byte each."""
    extensions: bytes
    """All of them as they were sent; see `iter_extensions`."""
    length: int
    """Bytes of the records that hold the message."""

    def iter_extensions(self) -> Iterator[tuple[int, bytes]]:
        """Type and content of each, in the client's order: what fingerprints are made of."""
        return iter(_inspect.iter_extensions(self.extensions))


class HttpVersion(enum.Enum):
    """What a plain connection speaks."""

    HTTP_1_0 = 10
    HTTP_1_1 = 11
    HTTP_2 = 20


def parse_proxy_header(data: Buffer, /) -> ProxyHeader | NotThis | None:
    """A PROXY protocol header, version 1 or 2, at the beginning of the bytes. A CRC32C that is there is checked."""
    found = _inspect.parse_proxy_header(data)
    if found is None:
        return None
    if found is False:
        return NOT_THIS
    version, _, datagram, local, source, source_port, destination, destination_port, length, tlvs = found
    return ProxyHeader(
        version,
        ip_address(source) if source else None,
        source_port,
        ip_address(destination) if destination else None,
        destination_port,
        local,
        datagram,
        length,
        tlvs,
    )


class ClientHelloReader:
    """Reads the ClientHello of one connection, in any number of records, complete in at most 16 KiB.

    `read` is given all bytes so far, and does not look twice at what it has seen. max_size: fewer bytes than 16 KiB.
    Of RemoteProtocolErrors, those with the code "inspect_tls" are about bytes that Envoy does not take for TLS;
    "inspect_tls_refused" says that it ends the connection.
    """

    def __init__(self, max_size: int = 0):
        self._reader = _inspect.ClientHelloReader(max_size)

    def read(self, data: Buffer, /) -> ClientHello | NotThis | None:
        """What is known by now."""
        found = self._reader.read(data)
        if found is None:
            return None
        if found is False:
            return NOT_THIS
        name, *others = found
        return ClientHello(None if name is None else name.decode("ascii", "surrogateescape"), *others)  # type: ignore[arg-type]


def parse_client_hello(data: Buffer, /) -> ClientHello | NotThis | None:
    """A TLS ClientHello at the beginning of the bytes; see ClientHelloReader."""
    return ClientHelloReader().read(data)


class HttpDetector:
    """Tells the HTTP version of one connection. `read` is given all bytes so far; a line has at most 64 KiB."""

    def __init__(self) -> None:
        self._detector = _inspect.HttpDetector()

    def read(self, data: Buffer, /) -> HttpVersion | NotThis | None:
        """What is known by now."""
        found = self._detector.read(data)
        if found is None:
            return None
        return NOT_THIS if found is False else HttpVersion(found)


def detect_http(data: Buffer, /) -> HttpVersion | NotThis | None:
    """Which HTTP begins here: HTTP/2's connection preface, or a request line of HTTP/1."""
    return HttpDetector().read(data)
