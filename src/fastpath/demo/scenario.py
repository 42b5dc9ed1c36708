"""What the demo makes of a configuration: ports that are free, upstreams to start, requests to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..models import Cluster, Config, DirectResponse, Endpoint, RedirectAction, Route, RouteAction

__all__ = ["Request", "endpoints", "is_dead", "requests_for", "upstream_name", "with_ports"]

_METADATA = "fastpath.demo"


def endpoints(cluster: Cluster) -> Iterator[Endpoint]:
    """A cluster's endpoints, whatever their locality."""
    for locality in cluster.localities:
        yield from locality.endpoints


def is_dead(endpoint: Endpoint) -> bool:
    """Whether the configuration's metadata ask the demo to have nobody listen there."""
    return endpoint.metadata.get(_METADATA, {}).get("dead") in (True, "true")


def upstream_name(cluster: Cluster, index: int) -> str:
    """v1-a, v1-b, ..."""
    return f"{cluster.name}-{chr(ord('a') + index)}" if index < 26 else f"{cluster.name}-{index}"


def with_ports(config: Config, listener_port: Callable[[int], int], endpoint_port: Callable[[int], int]) -> Config:
    """The configuration with other ports."""
    clusters = tuple(
        replace(
            cluster,
            localities=tuple(
                replace(
                    locality,
                    endpoints=tuple(replace(each, port=endpoint_port(each.port)) for each in locality.endpoints),
                )
                for locality in cluster.localities
            ),
        )
        for cluster in config.clusters
    )
    listeners = tuple(replace(listener, port=listener_port(listener.port)) for listener in config.listeners)
    return replace(config, listeners=listeners, clusters=clusters)


@dataclass(frozen=True)
class Request:
    """Requests of one kind: a path that leads to a route, how many, and the status to expect."""

    path: str
    count: int
    status: int
    route: Route


def requests_for(config: Config, total: int) -> list[Request]:
    """Requests for every route; those that split their traffic get three in four."""
    (configuration,) = config.route_configurations.values()
    routes = [route for host in configuration.virtual_hosts for route in host.routes]
    split = [route for route in routes if isinstance(route.action, RouteAction) and route.action.weighted_clusters]
    plain = [route for route in routes if route not in split]
    shares = [(route, total * 3 // 4 // len(split)) for route in split]
    shares += [(route, total // 4 // len(plain)) for route in plain]
    return [Request(_path(route), max(1, count), _status(route), route) for route, count in shares]


def _path(route: Route) -> str:
    match = route.match
    if match.path is not None:
        return match.path
    prefix = match.prefix if match.prefix is not None else f"{match.path_separated_prefix}/"
    return f"{prefix}items/42?page=1"


def _status(route: Route) -> int:
    if isinstance(route.action, DirectResponse):
        return route.action.status
    return route.action.response_code if isinstance(route.action, RedirectAction) else 200
