"""Filter chains, and the connections that they are for (envoy.config.listener.v3.FilterChain)."""

from __future__ import annotations

from ..models import ConnectionSourceType, FilterChain, FilterChainMatch
from .envoy_cidr_range import read_ranges
from .envoy_metadata import read_metadata
from .envoy_network_filter import Place, read_network_filter
from .envoy_tls import read_transport_socket
from .fields import Section

__all__ = ["read_filter_chain"]


def read_filter_chain(section: Section, place: Place) -> FilterChain:
    """One FilterChain with one filter, which ends it."""
    filters = list(section.sections("filters"))
    if len(filters) != 1:
        section.error(f"expected one filter, an HTTP connection manager or a TCP proxy, found {len(filters)}")
    models = [read_network_filter(each, place) for each in filters]
    chain = FilterChain(
        name=section.string("name"),
        filter_chain_match=_read_match(section),
        filters=tuple(model for model in models if model is not None),
        tls=read_transport_socket(section),
        metadata=read_metadata(section),
        position=section.position,
    )
    section.end()
    return chain


def _read_match(parent: Section) -> FilterChainMatch:
    section = parent.section("filter_chain_match")
    if section is None:
        return FilterChainMatch()
    ports = [value.integer(1, 65535) for value in section.items("source_ports")]
    match = FilterChainMatch(
        destination_port=section.integer("destination_port", 1, 65535),
        prefix_ranges=read_ranges(section, "prefix_ranges"),
        server_names=_read_strings(section, "server_names"),
        transport_protocol=section.string("transport_protocol"),
        application_protocols=_read_strings(section, "application_protocols"),
        direct_source_prefix_ranges=read_ranges(section, "direct_source_prefix_ranges"),
        source_type=section.enum("source_type", ConnectionSourceType, ConnectionSourceType.ANY),
        source_prefix_ranges=read_ranges(section, "source_prefix_ranges"),
        source_ports=tuple(port for port in ports if port is not None),
        position=section.position,
    )
    section.end()
    return match


def _read_strings(section: Section, name: str) -> tuple[str, ...]:
    return tuple(value.string() for value in section.items(name))
