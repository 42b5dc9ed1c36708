"""Network filters: the HTTP connection manager and the TCP proxy (envoy.extensions.filters.network)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..models import (
    HttpConnectionManager,
    NetworkFilter,
    PathWithEscapedSlashesAction,
    RouteConfiguration,
    TcpProxy,
    TcpProxyCluster,
)
from .envoy_fault import read_http_fault
from .envoy_process import check_config_source
from .envoy_route import read_route_configuration
from .envoy_stateful_session import read_stateful_session
from .envoy_types import (
    FAULT_FILTER,
    HTTP_CONNECTION_MANAGER,
    HTTP_FAULT,
    ROUTER,
    SESSION_FILTER,
    STATEFUL_SESSION,
    TCP_PROXY,
)
from .fields import UINT32_MAX, Section
from .node import shorten

__all__ = ["Place", "read_network_filter"]


@dataclass(frozen=True)
class Place:
    """Where a chain stands, and where its inline routes go."""

    routes: dict[str, RouteConfiguration]
    listener: str
    chain: str


def read_network_filter(section: Section, place: Place) -> NetworkFilter | None:
    """The filter of a chain."""
    section.string("name", required=True)
    found = section.typed_one_of("typed_config", (HTTP_CONNECTION_MANAGER, TCP_PROXY))
    section.end()
    if found is None:
        return None
    kind, config = found
    model = _read_tcp_proxy(config) if kind == TCP_PROXY else _read_http_connection_manager(config, place)
    config.end()
    return model


def _read_tcp_proxy(proxy: Section) -> TcpProxy:
    proxy.string("stat_prefix", required=True)
    proxy.one_of("cluster specifier", "cluster", "weighted_clusters")
    weighted = proxy.section("weighted_clusters")
    clusters: list[TcpProxyCluster] = []
    if weighted is not None:
        for section in weighted.sections("clusters"):
            name = section.string("name", required=True)
            clusters.append(TcpProxyCluster(name, section.integer("weight", 1) or 0))
            if section.get("weight") is None:
                section.error('"weight" is missing')
            section.end()
        if not clusters:
            weighted.error("has no clusters")
        if sum(cluster.weight for cluster in clusters) > UINT32_MAX:
            weighted.error(f"the weights sum to more than {UINT32_MAX}")
        weighted.end()
    return TcpProxy(
        cluster=proxy.string("cluster"),
        weighted_clusters=tuple(clusters),
        idle_timeout=proxy.duration("idle_timeout"),
        position=proxy.position,
    )


def _read_http_connection_manager(manager: Section, place: Place) -> HttpConnectionManager:
    manager.string("stat_prefix", required=True)
    filters = _read_http_filters(manager)
    codec = manager.string("codec_type", "AUTO")
    if codec not in ("AUTO", "HTTP1"):
        manager.error(f"the codec {codec} is not supported; supported are AUTO and HTTP1")
    options = manager.section("common_http_protocol_options")
    idle_timeout = None
    if options is not None:
        idle_timeout = options.duration("idle_timeout")
        options.end()
    if manager.boolean("strip_any_host_port") and manager.boolean("strip_matching_host_port"):
        manager.error("strip_any_host_port and strip_matching_host_port exclude each other")
    return HttpConnectionManager(
        normalize_path=manager.boolean("normalize_path"),
        merge_slashes=manager.boolean("merge_slashes"),
        path_with_escaped_slashes_action=_read_escaped_slashes(manager),
        strip_any_host_port=manager.boolean("strip_any_host_port"),
        strip_matching_host_port=manager.boolean("strip_matching_host_port"),
        strip_trailing_host_dot=manager.boolean("strip_trailing_host_dot"),
        upgrade_types=tuple(_read_upgrades(manager)),
        request_headers_timeout=manager.duration("request_headers_timeout"),
        idle_timeout=idle_timeout,
        route_config_name=_read_routes(manager, place),
        **filters,
        position=manager.position,
    )


def _read_escaped_slashes(manager: Section) -> PathWithEscapedSlashesAction:
    """IMPLEMENTATION_SPECIFIC_DEFAULT is what Envoy keeps unchanged, unless its runtime says otherwise."""
    value = manager.get("path_with_escaped_slashes_action")
    if value is None or value.raw in (0, "IMPLEMENTATION_SPECIFIC_DEFAULT"):
        return PathWithEscapedSlashesAction.KEEP_UNCHANGED
    return value.enum(PathWithEscapedSlashesAction) or PathWithEscapedSlashesAction.KEEP_UNCHANGED


def _read_upgrades(manager: Section) -> Iterator[str]:
    seen: set[str] = set()
    for section in manager.sections("upgrade_configs"):
        kind = section.string("upgrade_type").lower()
        if kind in seen:
            section.error(f'there is another upgrade_type "{shorten(kind)}"')
        seen.add(kind)
        enabled = section.boolean("enabled", default=True)
        section.end()
        if kind == "connect":
            section.error("CONNECT is not supported")
        elif enabled:
            yield kind


def _read_routes(manager: Section, place: Place) -> str:
    """The name of the routes, which stand here or are told by RDS."""
    manager.one_of("route specifier", "route_config", "rds")
    inline = manager.section("route_config")
    if inline is not None:
        return _read_inline_routes(inline, place)
    rds = manager.section("rds")
    if rds is None:
        return ""
    name = rds.string("route_config_name", required=True)
    check_config_source(rds.section("config_source", required=True))
    rds.end()
    return name


def _read_inline_routes(section: Section, place: Place) -> str:
    """Keep routes under their name; when others share it and differ, under name@listener or name@listener#chain."""
    configuration = read_route_configuration(section)
    longer = f"{configuration.name}@{place.listener}"
    for key in (configuration.name, longer, f"{longer}#{place.chain}"):
        if place.routes.setdefault(key, configuration) == configuration:
            return key
    section.error(f'there is another route configuration named "{configuration.name}"')
    return ""


def _read_http_filters(manager: Section) -> dict[str, Any]:
    """What the filters say before the router, which comes last."""
    filters = manager.sections("http_filters")
    if not filters:
        manager.error("expected HTTP filters, of which the router is the last")
    found: dict[str, Any] = {}
    for section in filters[:-1]:
        _read_http_filter(section, found)
    for section in filters[-1:]:
        section.string("name", required=True)
        router = section.typed("typed_config", ROUTER)
        if router is not None:
            router.end()
        section.end()
    return found


def _read_http_filter(section: Section, found: dict[str, Any]) -> None:
    """Its name is what the routes' own settings refer to."""
    name = section.string("name", required=True)
    typed = section.typed_one_of("typed_config", (HTTP_FAULT, STATEFUL_SESSION))
    section.end()
    if typed is None:
        return
    kind, config = typed
    field, expected = ("fault", FAULT_FILTER) if kind == HTTP_FAULT else ("stateful_session", SESSION_FILTER)
    if name and name != expected:
        section.error(f'expected the filter\'s name "{expected}", found {shorten(name)!r}')
    if field in found:
        section.error(f"there is another filter of this type, {expected}")
    found[field] = read_http_fault(config) if kind == HTTP_FAULT else read_stateful_session(config)
