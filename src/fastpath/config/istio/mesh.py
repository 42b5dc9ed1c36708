"""What workloads of the mesh send to Services: routes for each port of one, and who gets other connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ...models import (
    Config,
    DirectResponse,
    HashPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from ..kubernetes_service import Service
from ..virtual_hosts import host_rank
from .client import Client
from .destinations import Destinations, Target
from .gateway import common_host
from .outbound import outbound_listener
from .protocols import Protocol, protocol_of
from .retries import default_retries
from .sidecar import Sidecar
from .virtual_service import MESH, VirtualService

__all__ = ["mesh_config"]

_PORT_OF_OTHERS = 80
_BAD_GATEWAY = 502


def mesh_config(
    virtual_services: Sequence[VirtualService], destinations: Destinations, sidecar: Sidecar | None, client: Client
) -> Config:
    """Route configurations by the port's number, as Istio names them. Nothing, when no object is about the mesh.

    There is a listener when VirtualServices have routes for connections.
    """
    services = [each for each in virtual_services if MESH in each.gateways and _is_shown(each, client)]
    if not services and sidecar is None:
        return Config()
    _refuse_repeated_hosts(services)
    mesh = _Mesh(services, destinations, sidecar, client)
    configurations = mesh.configurations()
    if not any(each.tls or each.tcp for each in services):
        return Config(route_configurations=configurations)
    listener = outbound_listener(mesh.ports(), configurations, destinations)
    return Config((listener,), configurations)


def _is_shown(service: VirtualService, client: Client) -> bool:
    if client.namespace is None:
        if service.exports.namespaces is not None and client.gateways:
            service.item.error(
                "exportTo shows it to some namespaces: say with Scope.namespace whose configuration this is"
            )
        return service.exports.namespaces is None
    return service.exports.reach(client.namespace)


class _Mesh:
    def __init__(
        self,
        services: Sequence[VirtualService],
        destinations: Destinations,
        sidecar: Sidecar | None,
        client: Client,
    ):
        self._services = services
        self._destinations = destinations
        self._sidecar = sidecar
        self._client = client
        self._by_host: dict[str, list[tuple[str, int, VirtualService]]] = {}
        """Of a host, and under "" those of wildcards; each with its place among all."""
        for index, each in enumerate(services):
            for host in each.hosts:
                key = "" if host.startswith("*") else host
                self._by_host.setdefault(key, []).append((host, index, each))

    def ports(self) -> Iterator[tuple[str, Service, int, VirtualService | None]]:
        """Hosts that are reached, each with one of its ports and the VirtualService that counts there."""
        for host, service in self._destinations.services():
            for port in service.ports:
                if self._destinations.target(host, port.port) is None:
                    continue
                if self._sidecar is None or self._sidecar.imports(port.port, service.namespace, (host,)):
                    yield host, service, port.port, self._service_of(host, port.port)

    def configurations(self) -> dict[str, RouteConfiguration]:
        hosts: dict[int, list[VirtualHost]] = {}
        aliases = dict(self._aliases())
        for host, service, number, found in self.ports():
            port = service.find_port(number)
            target = self._destinations.target(host, number)
            if port is None or target is None or protocol_of(port) in (Protocol.TLS, Protocol.TCP):
                continue
            routes = tuple(route for _, route in found.routes(MESH, number)) if found is not None else ()
            routes = routes or (_route_to(target, service),)
            hosts.setdefault(number, []).append(VirtualHost(f"{host}:{number}", (host, *aliases[host]), routes))
        for host, each in self._hosts_of_none():
            routes = tuple(route for _, route in each.routes(MESH, _PORT_OF_OTHERS))
            if routes:
                name = f"{host}:{_PORT_OF_OTHERS}"
                hosts.setdefault(_PORT_OF_OTHERS, []).append(VirtualHost(name, (host,), routes))
        return {
            str(port): RouteConfiguration(
                str(port), (*found, *self._others(found)), ignore_port_in_host_matching=True, validate_clusters=False
            )
            for port, found in sorted(hosts.items())
        }

    def _hosts_of_none(self) -> Iterator[tuple[str, VirtualService]]:
        """Hosts of VirtualServices that are no Service's."""
        known = [host for host, _ in self._destinations.services()]
        for each in self._services:
            for host in each.hosts:
                is_reached = self._sidecar is None or self._imports(each, _PORT_OF_OTHERS)
                if is_reached and not any(common_host(host, name) == name for name in known):
                    yield host, each

    def _others(self, known: list[VirtualHost]) -> Iterator[VirtualHost]:
        """What becomes of requests for other hosts, where the Sidecar says so."""
        if self._sidecar is None or any("*" in each.domains for each in known):
            return
        if self._sidecar.egress_proxy is not None:
            yield VirtualHost("allow_any", ("*",), (_route_to(self._sidecar.egress_proxy),))
        elif self._sidecar.registry_only:
            route = Route(RouteMatch(prefix="/"), DirectResponse(_BAD_GATEWAY), "block_all")
            yield VirtualHost("block_all", ("*",), (route,))

    def _imports(self, service: VirtualService, port: int) -> bool:
        return self._sidecar is None or self._sidecar.imports(port, service.item.namespace, service.hosts)

    def _service_of(self, host: str, port: int) -> VirtualService | None:
        """The VirtualService for the host, or else for the longest wildcard that covers it."""
        fitting = [
            (host_rank(name), index, each)
            for name, index, each in (*self._by_host.get(host, ()), *self._by_host.get("", ()))
            if common_host(name, host) == host and self._imports(each, port)
        ]
        return min(fitting, key=lambda each: each[:2])[2] if fitting else None

    def _aliases(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Shorter names of each host; a bare name is the client's namespace's, or that of the only one that has it."""
        services = list(self._destinations.services())
        names = Counter(service.name for _, service in services)
        own = {service.name for _, service in services if service.namespace == self._client.namespace}
        for host, service in services:
            if "." in service.name:  # of a ServiceEntry
                yield host, ()
                continue
            longer = f"{service.name}.{service.namespace}"
            is_own = service.namespace == self._client.namespace
            is_bare = is_own or (names[service.name] == 1 and service.name not in own)
            yield host, (f"{longer}.svc", longer, *((service.name,) if is_bare else ()))


def _refuse_repeated_hosts(services: Sequence[VirtualService]) -> None:
    """The mesh takes the routes of one VirtualService for a host."""
    seen: dict[str, VirtualService] = {}
    for each in services:
        for host in each.hosts:
            first = seen.setdefault(host, each)
            if first is not each:
                each.item.error(f"another VirtualService of the mesh, {first.item.full_name}, has the host {host}")


def _route_to(target: Target, service: Service | None = None) -> Route:
    policies: tuple[HashPolicy, ...] = (target.hash_policy,) if target.hash_policy is not None else ()
    retries = default_retries(stays=bool(policies))
    action = RouteAction(target.cluster, timeout=0.0, retry_policy=retries, hash_policy=policies)
    return Route(RouteMatch(prefix="/"), action, "default", position=service.position if service is not None else None)
