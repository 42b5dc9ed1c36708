"""Envoy bootstraps (envoy.config.bootstrap.v3.Bootstrap), or single route configurations, as models.

Read is what the models can say; any other field is an error, since ignoring it would change decisions. The exceptions
are fields that describe the process and not its decisions: `node`, `admin`, `stat_prefix`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from ..models import Cluster, Config, Listener, PathWithEscapedSlashesAction, RouteConfiguration
from . import document
from .envoy_address import read_socket_address
from .envoy_cluster import read_cluster
from .envoy_route import check_clusters_exist, read_route_configuration
from .fields import Problems, Section
from .node import Limits

__all__ = ["load"]

_HTTP_CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTE_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"


def load(
    source: str | os.PathLike[str] | Mapping[str, object], *, lenient: bool = False, limits: Limits | None = None
) -> Config:
    """Read Envoy's configuration from a YAML or JSON file, or from Python mappings as those would give.

    It is a bootstrap, or a single RouteConfiguration: what has "virtual_hosts", or an "@type" that says so.

    All errors of a document are raised together as one ConfigErrors; each has the path into the document and the
    reason, and file, line and column when it came from a file. `lenient` turns unknown and unsupported fields into
    ConfigWarning. `limits` bounds what reading may cost.
    """
    problems = Problems(lenient=lenient)
    root, problems.file = document.read(source, limits or Limits(), problems.errors)
    outermost = problems.root(root)
    config = Config()
    if outermost is not None:
        read = _read_single_routes if _is_route_configuration(outermost) else _read_bootstrap
        config = read(outermost, problems)
    problems.raise_any()
    return config


def _is_route_configuration(section: Section) -> bool:
    type_url = section.get("@type")
    if type_url is not None:
        return type_url.node.value == f"type.googleapis.com/{_ROUTE_CONFIGURATION}"
    return section.get("virtual_hosts") is not None


def _read_single_routes(section: Section, problems: Problems) -> Config:
    configuration = read_route_configuration(section)
    return Config(route_configurations={configuration.name: configuration})


def _read_bootstrap(bootstrap: Section, problems: Problems) -> Config:
    for name in ("node", "admin"):
        bootstrap.section(name)
    static = bootstrap.section("static_resources")
    bootstrap.end()
    if static is None:
        bootstrap.error('has no "static_resources", so there is nothing to load')
        return Config()
    clusters = [read_cluster(section) for section in static.sections("clusters")]
    listeners: list[Listener] = []
    routes: dict[str, RouteConfiguration] = {}
    for section in static.sections("listeners"):
        _read_listener(section, listeners, routes)
    static.end()
    _refuse_duplicates("cluster", clusters, problems)
    _refuse_duplicates("listener", listeners, problems)
    for configuration in routes.values():
        check_clusters_exist(configuration, {cluster.name for cluster in clusters}, problems)
    return Config(tuple(listeners), routes, tuple(clusters))


def _refuse_duplicates(kind: str, models: list[Cluster] | list[Listener], problems: Problems) -> None:
    seen: set[str] = set()
    for model in models:
        if model.name in seen and model.name:
            problems.add_at(model.position, f'there is another {kind} named "{model.name}"')
        seen.add(model.name)


def _read_listener(section: Section, listeners: list[Listener], routes: dict[str, RouteConfiguration]) -> None:
    name = section.string("name")
    address, port = read_socket_address(section)
    chains = list(section.sections("filter_chains"))
    section.end()
    if len(chains) != 1:
        section.error(f"expected one filter chain, found {len(chains)}: choosing among several is not supported")
        return
    filters = list(chains[0].sections("filters"))
    chains[0].string("name")
    chains[0].end()
    if len(filters) != 1:
        chains[0].error(f"expected one filter, the HTTP connection manager, found {len(filters)}")
        return
    filters[0].string("name", required=True)
    manager = filters[0].typed("typed_config", _HTTP_CONNECTION_MANAGER)
    filters[0].end()
    if manager is None:
        return
    manager.string("stat_prefix", required=True)
    _read_http_filters(manager)
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
    route_section = manager.section("route_config", required=True)
    listener = Listener(
        name=name,
        address=address,
        port=port,
        normalize_path=manager.boolean("normalize_path"),
        merge_slashes=manager.boolean("merge_slashes"),
        path_with_escaped_slashes_action=_read_escaped_slashes(manager),
        strip_any_host_port=manager.boolean("strip_any_host_port"),
        strip_matching_host_port=manager.boolean("strip_matching_host_port"),
        strip_trailing_host_dot=manager.boolean("strip_trailing_host_dot"),
        upgrade_types=tuple(_read_upgrades(manager)),
        request_headers_timeout=manager.duration("request_headers_timeout"),
        idle_timeout=idle_timeout,
        route_config_name=_read_inline_routes(route_section, name, routes) if route_section is not None else "",
        position=section.position,
    )
    manager.end()
    listeners.append(listener)


def _read_escaped_slashes(manager: Section) -> PathWithEscapedSlashesAction:
    """IMPLEMENTATION_SPECIFIC_DEFAULT is what Envoy keeps unchanged, unless its runtime says otherwise."""
    value = manager.get("path_with_escaped_slashes_action")
    if value is None or value.node.value in (0, "IMPLEMENTATION_SPECIFIC_DEFAULT"):
        return PathWithEscapedSlashesAction.KEEP_UNCHANGED
    return value.enum(PathWithEscapedSlashesAction) or PathWithEscapedSlashesAction.KEEP_UNCHANGED


def _read_upgrades(manager: Section) -> Iterator[str]:
    for section in manager.sections("upgrade_configs"):
        kind = section.string("upgrade_type", required=True).lower()
        enabled = section.boolean("enabled", default=True)
        section.end()
        if kind == "connect":
            section.error("CONNECT is not supported")
        elif enabled:
            yield kind


def _read_inline_routes(section: Section, listener_name: str, routes: dict[str, RouteConfiguration]) -> str:
    """Keep a listener's routes under their name; under name@listener when another listener's differ but share it."""
    configuration = read_route_configuration(section)
    key = configuration.name
    if routes.get(key, configuration) != configuration:
        key = f"{configuration.name}@{listener_name}"
        if key in routes:
            section.error(f'there is another route configuration named "{configuration.name}"')
    routes[key] = configuration
    return key


def _read_http_filters(manager: Section) -> None:
    filters = list(manager.sections("http_filters"))
    if len(filters) != 1:
        manager.error(f"expected one HTTP filter, the router, found {len(filters)}")
    for section in filters:
        section.string("name", required=True)
        router = section.typed("typed_config", _ROUTER)
        if router is not None:
            router.end()
        section.end()
