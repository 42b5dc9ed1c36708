"""What workloads of the mesh send to Services: a route configuration for each port that a Service has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...models import Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost
from ..kubernetes_service import Service
from ..virtual_hosts import host_rank
from .destinations import Destinations, Target
from .gateway import common_host
from .retries import DEFAULT_RETRIES
from .virtual_service import MESH, VirtualService

__all__ = ["mesh_routes"]

_PORT_OF_OTHERS = 80


def mesh_routes(
    virtual_services: Iterable[VirtualService], destinations: Destinations
) -> dict[str, RouteConfiguration]:
    """By the port's number, as Istio names them. None, when no VirtualService is for the mesh."""
    services = [each for each in virtual_services if MESH in each.gateways]
    if not services:
        return {}
    _refuse_repeated_hosts(services)
    hosts: dict[int, list[VirtualHost]] = {}
    aliases = dict(_aliases(destinations))
    for host, service in destinations.services():
        for port in service.ports:
            target = destinations.target(host, port.port)
            if target is None:
                continue
            found = _service_of(host, services)
            routes = (
                tuple(route for _, route in found.routes(MESH, port.port))
                if found is not None
                else (_default_route(target, service),)
            )
            hosts.setdefault(port.port, []).append(VirtualHost(f"{host}:{port.port}", (host, *aliases[host]), routes))
    known = {host for host, _ in destinations.services()}
    for each in services:
        for host in each.hosts:
            if not any(common_host(host, name) for name in known):
                routes = tuple(route for _, route in each.routes(MESH, _PORT_OF_OTHERS))
                name = f"{host}:{_PORT_OF_OTHERS}"
                hosts.setdefault(_PORT_OF_OTHERS, []).append(VirtualHost(name, (host,), routes))
    return {
        str(port): RouteConfiguration(
            str(port), tuple(found), ignore_port_in_host_matching=True, validate_clusters=False
        )
        for port, found in sorted(hosts.items())
    }


def _refuse_repeated_hosts(services: Iterable[VirtualService]) -> None:
    """The mesh takes the routes of one VirtualService for a host."""
    seen: dict[str, VirtualService] = {}
    for each in services:
        for host in each.hosts:
            first = seen.setdefault(host, each)
            if first is not each:
                each.item.error(f"another VirtualService of the mesh, {first.item.full_name}, has the host {host}")


def _service_of(host: str, services: Iterable[VirtualService]) -> VirtualService | None:
    """The VirtualService for the host, or else for the longest wildcard that covers it."""
    fitting = [
        (host_rank(name), index, each)
        for index, each in enumerate(services)
        for name in each.hosts
        if common_host(name, host) == host
    ]
    return min(fitting, key=lambda each: each[:2])[2] if fitting else None


def _aliases(destinations: Destinations) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Shorter names of each host; the bare name only where no other namespace has a Service of that name."""
    names = [service.name for _, service in destinations.services()]
    for host, service in destinations.services():
        if "." in service.name:  # of a ServiceEntry
            yield host, ()
            continue
        longer = f"{service.name}.{service.namespace}"
        bare = (service.name,) if names.count(service.name) == 1 else ()
        yield host, (f"{longer}.svc", longer, *bare)


def _default_route(target: Target, service: Service) -> Route:
    hash_policy = (target.hash_policy,) if target.hash_policy is not None else ()
    action = RouteAction(target.cluster, timeout=0.0, retry_policy=DEFAULT_RETRIES, hash_policy=hash_policy)
    return Route(RouteMatch(prefix="/"), action, "default", position=service.position)
