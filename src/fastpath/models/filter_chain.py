"""Filter chains and which connections they serve. Source: Envoy v3 API, envoy.config.listener.v3."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field

from .cidr_range import CidrRange
from .model import model
from .network_filter import HttpConnectionManager, TcpProxy
from .position import Position, position_field
from .tls import DownstreamTlsContext

__all__ = ["ConnectionSourceType", "FilterChain", "FilterChainMatch", "NetworkFilter"]

NetworkFilter = HttpConnectionManager | TcpProxy


class ConnectionSourceType(enum.Enum):
    """Where a connection comes from (FilterChainMatch.ConnectionSourceType)."""

    ANY = 0
    SAME_IP_OR_LOOPBACK = 1
    EXTERNAL = 2


@model(frozen=True, slots=True)
class FilterChainMatch:
    """Which connections a filter chain serves; what is not given does not count."""

    destination_port: int | None = None
    prefix_ranges: tuple[CidrRange, ...] = ()
    """Of the destination."""
    server_names: tuple[str, ...] = ()
    """Of the TLS client: "host" or "*.suffix"."""
    transport_protocol: str = ""
    """ "tls" or "raw_buffer"."""
    application_protocols: tuple[str, ...] = ()
    """ALPN: "h2", "http/1.1"."""
    direct_source_prefix_ranges: tuple[CidrRange, ...] = ()
    """Of the peer itself, where a PROXY header names another source."""
    source_type: ConnectionSourceType = ConnectionSourceType.ANY
    source_prefix_ranges: tuple[CidrRange, ...] = ()
    source_ports: tuple[int, ...] = ()
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class FilterChain:
    """What is done with the connections that `filter_chain_match` describes."""

    name: str = ""
    filter_chain_match: FilterChainMatch = FilterChainMatch()
    filters: tuple[NetworkFilter, ...] = ()
    tls: DownstreamTlsContext | None = None
    """None: the bytes are taken as they come."""
    metadata: Mapping[str, object] = field(default_factory=dict)
    """Whatever its owner wants to find again with it."""
    position: Position | None = position_field()
