"""A whole configuration: as a bootstrap, or as the resources that discovery tells."""

from __future__ import annotations

from ...models import Config, DiscoveryType, HttpConnectionManager
from ..envoy_types import CLUSTER, LISTENER, LOAD_ASSIGNMENT, ROUTE_CONFIGURATION
from ..node import shorten
from .cluster import write_assignment, write_cluster
from .discovery import config_source
from .fields import Json, any_of, changed, member, unwritable
from .listener import write_listener
from .route import write_route_configuration

__all__ = ["write_bootstrap", "write_resources"]

_INSTEAD = "resources have one (form resources)"


def write_bootstrap(config: Config) -> Json:
    """A Bootstrap whose listeners hold their routes. It has no place for routes and endpoints that others ask for."""
    _refuse_loose_routes(config)
    _refuse_told_endpoints(config)

    def routes(manager: HttpConnectionManager) -> Json:
        configuration = config.route_configurations.get(manager.route_config_name)
        if configuration is None:
            name = shorten(manager.route_config_name)
            raise unwritable(manager.position, f'there is no route configuration named "{name}"')
        return {"route_config": write_route_configuration(configuration)}

    static = {
        **member("listeners", [write_listener(each, routes) for each in config.listeners]),
        **member("clusters", [write_cluster(each) for each in config.clusters]),
    }
    return {**_write_place(config), "static_resources": static}


def _write_place(config: Config) -> Json:
    locality, name = config.locality, config.local_cluster_name
    return {
        **({} if locality is None else {"node": {"locality": changed(locality, "region", "zone", "sub_zone")}}),
        **({"cluster_manager": {"local_cluster_name": name}} if name else {}),
    }


def _refuse_loose_routes(config: Config) -> None:
    managers = (each for listener in config.listeners for each in listener.http_connection_managers())
    used = {manager.route_config_name for manager in managers}
    for name, configuration in config.route_configurations.items():
        if name not in used:
            reason = f'no listener has the route configuration "{shorten(name)}", so a bootstrap has no place for it'
            raise unwritable(configuration.position, f"{reason}; {_INSTEAD}")


def _refuse_told_endpoints(config: Config) -> None:
    for cluster in config.clusters:
        if cluster.type is DiscoveryType.EDS and write_assignment(cluster) is not None:
            reason = f'a bootstrap has no place for the endpoints of the cluster "{shorten(cluster.name)}" of type EDS'
            raise unwritable(cluster.position, f"{reason}; {_INSTEAD}")


def write_resources(config: Config) -> Json:
    """A DiscoveryResponse of everything but what is said of this program."""
    resources = [any_of(LISTENER, write_listener(each, _rds)) for each in config.listeners]
    for configuration in config.route_configurations.values():
        resources.append(any_of(ROUTE_CONFIGURATION, write_route_configuration(configuration)))
    for cluster in config.clusters:
        resources.append(any_of(CLUSTER, write_cluster(cluster)))
        assignment = write_assignment(cluster) if cluster.type is DiscoveryType.EDS else None
        if assignment is not None:
            resources.append(any_of(LOAD_ASSIGNMENT, assignment))
    return {"resources": resources}


def _rds(manager: HttpConnectionManager) -> Json:
    return {"rds": {"route_config_name": manager.route_config_name, "config_source": config_source()}}
