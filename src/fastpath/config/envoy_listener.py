"""Listeners and listener filters (envoy.config.listener.v3, envoy.extensions.filters.listener)."""

from __future__ import annotations

import enum

from ..models import (
    HttpInspector,
    Listener,
    ListenerFilter,
    OriginalDst,
    ProxyProtocol,
    RouteConfiguration,
    TlsInspector,
)
from .envoy_address import read_socket_address
from .envoy_filter_chain import read_filter_chain
from .envoy_network_filter import Place
from .envoy_types import HTTP_INSPECTOR, ORIGINAL_DST, PROXY_PROTOCOL, TLS_INSPECTOR
from .fields import Section

__all__ = ["read_listener"]


class _ProxyVersion(enum.Enum):
    V1 = 0
    V2 = 1


def read_listener(section: Section, routes: dict[str, RouteConfiguration]) -> Listener:
    """One Listener. The routes of its HTTP connection managers go to `routes`."""
    name = section.string("name")
    address, port = read_socket_address(section)
    chains = tuple(
        read_filter_chain(each, Place(routes, name, str(index)))
        for index, each in enumerate(section.sections("filter_chains"))
    )
    default = section.section("default_filter_chain")
    default_chain = read_filter_chain(default, Place(routes, name, "default")) if default is not None else None
    if not chains and default_chain is None:
        section.error("has no filter chain")
    filters = [_read_listener_filter(each) for each in section.sections("listener_filters")]
    timeout = section.duration("listener_filters_timeout")
    listener = Listener(
        name=name,
        address=address,
        port=port,
        filter_chains=chains,
        default_filter_chain=default_chain,
        listener_filters=tuple(model for model in filters if model is not None),
        listener_filters_timeout=15.0 if timeout is None else timeout,
        continue_on_listener_filters_timeout=section.boolean("continue_on_listener_filters_timeout"),
        position=section.position,
    )
    section.end()
    return listener


def _read_listener_filter(section: Section) -> ListenerFilter | None:
    section.string("name", required=True)
    found = section.typed_one_of("typed_config", (TLS_INSPECTOR, HTTP_INSPECTOR, PROXY_PROTOCOL, ORIGINAL_DST))
    section.end()
    if found is None:
        return None
    kind, config = found
    model: ListenerFilter
    if kind == TLS_INSPECTOR:
        model = TlsInspector(
            close_connection_on_client_hello_parsing_errors=config.boolean(
                "close_connection_on_client_hello_parsing_errors"
            ),
            max_client_hello_size=config.integer("max_client_hello_size", 256, 16384) or 16384,
        )
    elif kind == PROXY_PROTOCOL:
        config.string("stat_prefix")
        versions = [value.enum(_ProxyVersion) for value in config.items("disallowed_versions")]
        if set(_ProxyVersion) <= set(versions):
            config.error("disallowed_versions leaves no version")
        model = ProxyProtocol(
            allow_requests_without_proxy_protocol=config.boolean("allow_requests_without_proxy_protocol"),
            disallowed_versions=tuple(version.value + 1 for version in versions if version is not None),
        )
    else:
        model = HttpInspector() if kind == HTTP_INSPECTOR else OriginalDst()
    config.end()
    return model
