"""Filter chains, and the connections that they are for (envoy.config.listener.v3.FilterChain)."""

from __future__ import annotations

from ...models import FilterChain, FilterChainMatch
from .cidr_range import write_ranges
from .fields import Json, changed, member
from .metadata import write_metadata
from .network_filter import Routes, write_network_filter
from .tls import write_transport_socket

__all__ = ["write_filter_chain"]


def write_filter_chain(chain: FilterChain, routes: Routes) -> Json:
    """A FilterChain."""
    return {
        **changed(chain, "name"),
        **member("filter_chain_match", _write_match(chain.filter_chain_match)),
        "filters": [write_network_filter(each, routes) for each in chain.filters],
        **member("transport_socket", None if chain.tls is None else write_transport_socket(chain.tls)),
        **changed(chain, "metadata", write=write_metadata),
    }


def _write_match(match: FilterChainMatch) -> Json:
    ranges = ("prefix_ranges", "direct_source_prefix_ranges", "source_prefix_ranges")
    return {
        **changed(match, "destination_port", "server_names", "transport_protocol", "application_protocols"),
        **changed(match, "source_type", "source_ports"),
        **changed(match, *ranges, write=write_ranges),
    }
