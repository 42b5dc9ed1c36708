"""Which filter chain serves a connection. Source: envoy.config.listener.v3.FilterChainMatch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, inet_pton

from fastpath._filter_chain import FilterChainTableBuilder, FilterChainTableSnapshot
from fastpath.errors import ConfigError
from fastpath.models import CidrRange, Config, FilterChain, FilterChainMatch, Listener, Position

from .first_bytes import IPAddress
from .inspector import InspectedConnection

__all__ = ["FilterChainTable"]


class FilterChainTable:
    """Chooses the filter chain for a connection, in Envoy's order of precedence.

    Destination port, destination range, server name, transport protocol, application protocol, range of the peer,
    source type, source range, source port: at each the most specific entry wins, and there is no way back to a less
    specific one. `default_filter_chain` serves what no chain matches. A listener gives its chains and its default one.

    Matching is safe in any thread while another one calls `update`. Raises ConfigError, with the path to the chain at
    fault, for two chains that match the same and for names and ranges that are malformed.
    """

    def __init__(
        self, filter_chains: Listener | Iterable[FilterChain], default_filter_chain: FilterChain | None = None
    ):
        self.update(filter_chains, default_filter_chain)

    @classmethod
    def from_config(cls, config: Config, listener_name: str | None = None) -> FilterChainTable:
        """The table of a configuration's listener, whose name may be left out when there is only one."""
        found = [each for each in config.listeners if listener_name is None or each.name == listener_name]
        if len(found) != 1:
            wanted = "" if listener_name is None else f' named "{listener_name}"'
            raise ConfigError(f"expected one listener{wanted}, found {len(found)}")
        return cls(found[0])

    @property
    def filter_chains(self) -> tuple[FilterChain, ...]:
        """What the table was last made of."""
        return self._state[0].chains

    @property
    def default_filter_chain(self) -> FilterChain | None:
        """What serves connections that no chain matches."""
        return self._state[1]

    def update(
        self, filter_chains: Listener | Iterable[FilterChain], default_filter_chain: FilterChain | None = None
    ) -> None:
        """Replace all chains at once. Raises ConfigError, and keeps what was live, when the new ones are refused."""
        if isinstance(filter_chains, Listener):
            default_filter_chain = filter_chains.default_filter_chain
            filter_chains = filter_chains.filter_chains
        self._state = _compile(tuple(filter_chains)), default_filter_chain

    def match(self, connection: InspectedConnection) -> FilterChain | None:
        """The chain that serves a connection as an inspector saw it, or None: close it."""
        return self.match_connection(
            port=connection.port,
            destination=connection.destination,
            sni=connection.server_name,
            alpn=connection.application_protocols,
            transport_protocol=connection.transport_protocol,
            source=connection.source,
            source_port=connection.source_port,
            direct_source=connection.direct_source,
        )

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
    if not isinstance(address, str):
        return address.packed
    try:
        return inet_pton(AF_INET6 if ":" in address else AF_INET, address)
    except OSError:
        return ip_address(address).packed  # one with a scope, or ValueError


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
    if match.destination_port == 0:
        raise ValueError("a port is 0")
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
