"""Envoy's configuration: a bootstrap, a dump of one that runs, or resources by themselves, as models.

Read is what the models can say; any other field is an error, since ignoring it would change decisions. The exceptions
are fields that describe the process and not its decisions: `node` but for its locality, `admin`, `stat_prefix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..models import Cluster, Config, DiscoveryType, Listener, RouteConfiguration, TcpProxy
from .envoy_cluster import read_assignment, read_cluster
from .envoy_listener import read_listener
from .envoy_resources import collect
from .envoy_route import check_clusters_exist, read_route_configuration, read_virtual_hosts
from .fields import Section
from .node import shorten
from .problems import Problems

__all__ = ["read"]


def read(outermost: Sequence[Section], problems: Problems) -> Config:
    """What the documents say. Where one is whole, it is the only one, and what is referred to must be there."""
    found = collect(outermost)
    clusters = _read_clusters(found.clusters, found.assignments, problems)
    routes: dict[str, RouteConfiguration] = {}
    if found.virtual_hosts:
        routes[""] = read_virtual_hosts(found.virtual_hosts)
    for section in found.routes:
        configuration = read_route_configuration(section)
        if routes.setdefault(configuration.name, configuration) is not configuration:
            section.error(f'there is another route configuration named "{shorten(configuration.name)}"')
    listeners = [read_listener(section, routes) for section in found.listeners]
    for cluster in clusters if found.without_endpoints else ():
        if cluster.type is DiscoveryType.EDS:
            problems.add_at(cluster.position, "the dump has no endpoints: take it with /config_dump?include_eds")
    _refuse_duplicates("cluster", clusters, problems)
    _refuse_duplicates("listener", listeners, problems)
    _check_discovered_routes(listeners, routes, problems)
    if found.whole:
        names = {cluster.name for cluster in clusters}
        _check_local_cluster(found.local_cluster_name, clusters, outermost[0], problems)
        for configuration in routes.values():
            check_clusters_exist(configuration, names, problems)
        for listener in listeners:
            _check_proxies(listener, names, problems)
    return Config(
        tuple(listeners),
        routes,
        tuple(clusters),
        locality=found.locality,
        local_cluster_name=found.local_cluster_name,
    )


def _check_local_cluster(name: str, clusters: Sequence[Cluster], outermost: Section, problems: Problems) -> None:
    """It is one of the clusters, and its hosts have priority 0."""
    found = next((cluster for cluster in clusters if cluster.name == name), None)
    if found is None and name:
        near = problems.suggest(name, sorted(cluster.name for cluster in clusters))
        outermost.error(f'there is no cluster named "{shorten(name)}", which is the local_cluster_name{near}')
    for group in () if found is None else found.localities:
        if group.priority:
            problems.add_at(group.position, "hosts of the local cluster have priority 0")


def _read_clusters(clusters: Sequence[Section], assignments: Sequence[Section], problems: Problems) -> list[Cluster]:
    """Clusters with the endpoints that were assigned to them. An assignment alone is a cluster that EDS tells of."""
    assigned: dict[str, Cluster] = {}
    for section in assignments:
        assignment = read_assignment(section, names=False)
        name = assignment.cluster_name
        alone = Cluster(
            name,
            type=DiscoveryType.EDS,
            localities=assignment.localities,
            position=section.position,
            **assignment.policy._asdict(),
        )
        if assigned.setdefault(name, alone) != alone:  # a dump repeats it for each cluster that asked for it
            section.error(f'there is another assignment for the cluster "{shorten(name)}"')
    models: list[Cluster] = []
    for section in clusters:
        model = read_cluster(section)
        told = assigned.get(model.eds_service_name or model.name) if model.type is DiscoveryType.EDS else None
        models.append(model if told is None else _with_endpoints(model, told))
    used = {model.eds_service_name or model.name for model in models}
    return models + [cluster for name, cluster in assigned.items() if name not in used]


def _with_endpoints(model: Cluster, told: Cluster) -> Cluster:
    return replace(
        model,
        localities=told.localities,
        overprovisioning_factor=told.overprovisioning_factor,
        weighted_priority_health=told.weighted_priority_health,
    )


def _check_discovered_routes(
    listeners: Sequence[Listener], routes: dict[str, RouteConfiguration], problems: Problems
) -> None:
    """Routes that a listener gets from RDS are in the document too: nobody is asked for them."""
    for manager in (manager for listener in listeners for manager in listener.http_connection_managers()):
        name = manager.route_config_name
        if name and name not in routes:
            near = problems.suggest(name, sorted(routes))
            problems.add_at(manager.position, f'there is no route configuration named "{shorten(name)}"{near}')


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
