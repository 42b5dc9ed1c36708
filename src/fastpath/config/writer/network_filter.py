"""Network filters: the HTTP connection manager and the TCP proxy (envoy.extensions.filters.network)."""

from __future__ import annotations

from collections.abc import Callable

from ...models import HttpConnectionManager, NetworkFilter, TcpProxy, TcpProxyCluster
from ..envoy_types import (
    FAULT_FILTER,
    HTTP_CONNECTION_MANAGER,
    HTTP_FAULT,
    ROUTER,
    SESSION_FILTER,
    STATEFUL_SESSION,
    TCP_PROXY,
)
from .fault import write_http_fault
from .fields import Json, changed, duration, extension, member
from .stateful_session import write_stateful_session

__all__ = ["Routes", "write_network_filter"]

Routes = Callable[[HttpConnectionManager], Json]
"""The field that says which routes a connection manager has."""


def write_network_filter(model: NetworkFilter, routes: Routes) -> Json:
    """The filter of a chain."""
    if isinstance(model, TcpProxy):
        return extension("envoy.filters.network.tcp_proxy", TCP_PROXY, _write_tcp_proxy(model))
    manager = {"stat_prefix": "http", **_write_manager(model), **routes(model)}
    return extension("envoy.filters.network.http_connection_manager", HTTP_CONNECTION_MANAGER, manager)


def _write_tcp_proxy(proxy: TcpProxy) -> Json:
    clusters = [_write_share(each) for each in proxy.weighted_clusters]
    return {
        "stat_prefix": "tcp",
        **changed(proxy, "cluster"),
        **member("weighted_clusters", member("clusters", clusters)),
        **changed(proxy, "idle_timeout", write=duration),
    }


def _write_share(cluster: TcpProxyCluster) -> Json:
    return {"name": cluster.name, "weight": cluster.weight}


def _write_manager(manager: HttpConnectionManager) -> Json:
    options = changed(manager, "idle_timeout", write=duration)
    return {
        **changed(manager, "normalize_path", "merge_slashes", "path_with_escaped_slashes_action"),
        **changed(manager, "strip_any_host_port", "strip_matching_host_port", "strip_trailing_host_dot"),
        **changed(manager, "request_headers_timeout", write=duration),
        **member("common_http_protocol_options", options),
        **member("upgrade_configs", [{"upgrade_type": kind} for kind in manager.upgrade_types]),
        "http_filters": _write_http_filters(manager),
    }


def _write_http_filters(manager: HttpConnectionManager) -> list[Json]:
    filters = []
    if manager.fault is not None:
        filters.append(extension(FAULT_FILTER, HTTP_FAULT, write_http_fault(manager.fault)))
    if manager.stateful_session is not None:
        session = write_stateful_session(manager.stateful_session)
        filters.append(extension(SESSION_FILTER, STATEFUL_SESSION, session))
    return [*filters, extension("envoy.filters.http.router", ROUTER, {})]
