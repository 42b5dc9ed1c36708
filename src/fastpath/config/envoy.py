"""Envoy bootstraps (envoy.config.bootstrap.v3.Bootstrap), or single route configurations, as models.

Read is what the models can say; any other field is an error, since ignoring it would change decisions. The exceptions
are fields that describe the process and not its decisions: `node`, `admin`, `stat_prefix`.
"""

from __future__ import annotations

from ..models import Cluster, Config, Listener, RouteConfiguration, TcpProxy
from .envoy_cluster import read_cluster
from .envoy_listener import read_listener
from .envoy_route import check_clusters_exist, read_route_configuration
from .fields import Problems, Section
from .node import shorten

__all__ = ["read"]

_ROUTE_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration"


def read(outermost: Section, problems: Problems) -> Config:
    """A bootstrap, or a single RouteConfiguration: what has "virtual_hosts", or an "@type" that says so."""
    if _is_route_configuration(outermost):
        return _read_single_routes(outermost)
    return _read_bootstrap(outermost, problems)


def _is_route_configuration(section: Section) -> bool:
    type_url = section.get("@type")
    if type_url is not None:
        return type_url.node.value == f"type.googleapis.com/{_ROUTE_CONFIGURATION}"
    return section.get("virtual_hosts") is not None


def _read_single_routes(section: Section) -> Config:
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
    routes: dict[str, RouteConfiguration] = {}
    listeners = [read_listener(section, routes) for section in static.sections("listeners")]
    static.end()
    _refuse_duplicates("cluster", clusters, problems)
    _refuse_duplicates("listener", listeners, problems)
    names = {cluster.name for cluster in clusters}
    for configuration in routes.values():
        check_clusters_exist(configuration, names, problems)
    for listener in listeners:
        _check_proxies(listener, names, problems)
    return Config(tuple(listeners), routes, tuple(clusters))


def _refuse_duplicates(kind: str, models: list[Cluster] | list[Listener], problems: Problems) -> None:
    seen: set[str] = set()
    for model in models:
        if model.name in seen and model.name:
            problems.add_at(model.position, f'there is another {kind} named "{model.name}"')
        seen.add(model.name)


def _check_proxies(listener: Listener, names: set[str], problems: Problems) -> None:
    """TCP proxies name clusters that exist."""
    for proxy in (each for chain in listener.chains() for each in chain.filters if isinstance(each, TcpProxy)):
        for name in (proxy.cluster, *(share.name for share in proxy.weighted_clusters)):
            if name and name not in names:
                near = problems.suggest(name, sorted(names))
                problems.add_at(proxy.position, f'there is no cluster named "{shorten(name)}"{near}')
