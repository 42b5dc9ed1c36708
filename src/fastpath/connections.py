"""The connection before the request: what its first bytes say, and which filter chain serves it.

The parsers look at all bytes that have arrived so far, and consume none of them. They return None while more bytes are
needed, NOT_THIS when the bytes are something else, and the result otherwise; they raise RemoteProtocolError when what
began well is broken. The outcome does not depend on the pieces in which the bytes arrive.

Sources: haproxy.org's proxy-protocol.txt; RFC 8446, 4.1.2; RFC 9113, 3.4; envoy.config.listener.v3.FilterChainMatch.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from fastpath import _inspect
from fastpath._filter_chain import FilterChainTableBuilder, FilterChainTableSnapshot
from fastpath.errors import ConfigError
from fastpath.models import CidrRange, FilterChain, FilterChainMatch, Position

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "NOT_THIS",
    "ClientHello",
    "FilterChainTable",
    "HttpVersion",
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
    """What a TLS client offers."""

    server_name: str | None
    """As sent; None without the extension."""
    application_protocols: tuple[bytes, ...]
    """ALPN, in the client's order."""
    max_version: int
    """The highest TLS version, 0x0304 for 1.3."""
    legacy_version: int
    cipher_suites: bytes
    """Two bytes each."""
    extensions: bytes
    """All of them as they were sent."""
    length: int
    """Bytes of the records that hold the message."""


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


def parse_client_hello(data: Buffer, /) -> ClientHello | NotThis | None:
    """A TLS ClientHello at the beginning of the bytes, in any number of records, of at most 16 KiB."""
    found = _inspect.parse_client_hello(data)
    if found is None:
        return None
    if found is False:
        return NOT_THIS
    legacy_version, max_version, name, protocols, cipher_suites, extensions, length = found
    server_name = None if name is None else name.decode("ascii", "surrogateescape")
    return ClientHello(server_name, protocols, max_version, legacy_version, cipher_suites, extensions, length)


def detect_http(data: Buffer, /) -> HttpVersion | NotThis | None:
    """Which HTTP begins here: HTTP/2's connection preface, or a request line of HTTP/1."""
    found = _inspect.detect_http(data)
    if found is None:
        return None
    return NOT_THIS if found is False else HttpVersion(found)


class FilterChainTable:
    """Chooses the filter chain for a connection, in Envoy's order of precedence.

    Destination port, destination range, server name, transport protocol, application protocol, range of the peer,
    source type, source range, source port: at each the most specific entry wins, and there is no way back to a less
    specific one. `default_filter_chain` serves what no chain matches.

    Matching is safe in any thread while another one calls `update`. Raises ConfigError, with the path to the chain at
    fault, for two chains that match the same and for names and ranges that are malformed.
    """

    def __init__(self, filter_chains: Iterable[FilterChain], default_filter_chain: FilterChain | None = None):
        self._state = _compile(tuple(filter_chains)), default_filter_chain

    @property
    def filter_chains(self) -> tuple[FilterChain, ...]:
        """What the table was last made of."""
        return self._state[0].chains

    def update(self, filter_chains: Iterable[FilterChain], default_filter_chain: FilterChain | None = None) -> None:
        """Replace all chains at once. Raises ConfigError, and keeps what was live, when the new ones are refused."""
        self._state = _compile(tuple(filter_chains)), default_filter_chain

    def match_connection(
        self,
        *,
        port: int = 0,
        destination: IPAddress | str | None = None,
        sni: str | None = None,
        alpn: Sequence[str | bytes] = (),
        transport_protocol: str = "raw_buffer",
        source: IPAddress | str | None = None,
        source_port: int = 0,
        direct_source: IPAddress | str | None = None,
    ) -> FilterChain | None:
        """The chain that serves a connection, or None: close it.

        port, destination: where the client connected to. None for an address that is not of the internet.
        sni, alpn: of its ClientHello; transport_protocol is "tls" for a connection that began with one.
        source, source_port: the client's, as a PROXY header says if there was one.
        direct_source: the peer's own address; None: the same as `source`.
        """
        snapshot, default = self._state
        protocols = b"".join(_length_and(name) for name in alpn)
        packed_source = _packed(source)
        chain = snapshot.match(
            _packed(destination),
            port,
            (sni or "").encode("utf-8", "surrogateescape"),
            transport_protocol.encode(),
            protocols,
            packed_source if direct_source is None else _packed(direct_source),
            packed_source,
            source_port,
        )
        return default if chain is None else chain


def _length_and(name: str | bytes) -> bytes:
    text = name.encode() if isinstance(name, str) else name
    if not 0 < len(text) < 256:
        raise ValueError("the name of a protocol has 1 to 255 bytes")
    return bytes((len(text),)) + text


def _packed(address: IPAddress | str | None) -> bytes:
    if address is None:
        return b""
    return (ip_address(address) if isinstance(address, str) else address).packed


def _compile(chains: tuple[FilterChain, ...]) -> FilterChainTableSnapshot:
    builder = FilterChainTableBuilder()
    for index, chain in enumerate(chains):
        match = chain.filter_chain_match
        try:
            _add(builder, match)
        except (ConfigError, ValueError, OverflowError) as error:
            reason = error.reason if isinstance(error, ConfigError) else str(error)
            position = match.position or chain.position or Position(f"filter_chains[{index}].filter_chain_match")
            raise ConfigError(
                reason,
                path=position.path,
                source=str(position) or None,
                line=position.line,
                column=position.column,
                code="config_filter_chain",
            ) from None
    return builder.build(chains)


def _add(builder: FilterChainTableBuilder, match: FilterChainMatch) -> None:
    builder.add(
        destination_port=match.destination_port or 0,
        destinations=[_range(item) for item in match.prefix_ranges],
        server_names=[name.encode() for name in match.server_names],
        transport_protocol=match.transport_protocol.encode(),
        application_protocols=[name.encode() for name in match.application_protocols],
        direct_sources=[_range(item) for item in match.direct_source_prefix_ranges],
        source_type=match.source_type.value,
        sources=[_range(item) for item in match.source_prefix_ranges],
        source_ports=list(match.source_ports),
    )


def _range(item: CidrRange) -> tuple[bytes, int]:
    if not 0 <= item.prefix_len <= 128:
        raise ValueError(f"the length of a range is 0 to 128, not {item.prefix_len}")
    return ip_address(item.address_prefix).packed, item.prefix_len
