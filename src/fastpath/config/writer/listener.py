"""Listeners and listener filters (envoy.config.listener.v3, envoy.extensions.filters.listener)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import FilterChain, HttpInspector, Listener, ListenerFilter, ProxyProtocol, TlsInspector
from ..envoy_types import HTTP_INSPECTOR, ORIGINAL_DST, PROXY_PROTOCOL, TLS_INSPECTOR
from .address import write_socket_address
from .fields import Json, changed, duration, extension, member
from .filter_chain import write_filter_chain
from .network_filter import Routes

__all__ = ["write_listener"]


def write_listener(listener: Listener, routes: Routes) -> Json:
    """A Listener."""
    return {
        **member("name", listener.name),
        "address": write_socket_address(listener.address, listener.port),
        **member("listener_filters", [_write_listener_filter(each) for each in listener.listener_filters]),
        **changed(listener, "listener_filters_timeout", write=duration),
        **changed(listener, "continue_on_listener_filters_timeout"),
        **member("filter_chains", [write_filter_chain(each, routes) for each in listener.filter_chains]),
        **_write_default(listener.default_filter_chain, routes),
    }


def _write_default(chain: FilterChain | None, routes: Routes) -> Json:
    return {} if chain is None else {"default_filter_chain": write_filter_chain(chain, routes)}


def _write_listener_filter(model: ListenerFilter) -> Json:
    if isinstance(model, TlsInspector):
        inspector = changed(model, "close_connection_on_client_hello_parsing_errors", "max_client_hello_size")
        return extension("envoy.filters.listener.tls_inspector", TLS_INSPECTOR, inspector)
    if isinstance(model, ProxyProtocol):
        return extension("envoy.filters.listener.proxy_protocol", PROXY_PROTOCOL, _write_proxy_protocol(model))
    if isinstance(model, HttpInspector):
        return extension("envoy.filters.listener.http_inspector", HTTP_INSPECTOR, {})
    return extension("envoy.filters.listener.original_dst", ORIGINAL_DST, {})


def _write_proxy_protocol(model: ProxyProtocol) -> Json:
    return {
        **changed(model, "allow_requests_without_proxy_protocol"),
        **changed(model, "disallowed_versions", write=_write_versions),
    }


def _write_versions(versions: Iterable[int]) -> list[str]:
    return [f"V{version}" for version in versions]
