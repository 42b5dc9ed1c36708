"""What workloads of the mesh send to Services: routes for each port of one, and who gets other connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...models import (
    Config,
    DirectResponse,
    ObjectStatus,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from ..kubernetes_service import Service, ServicePort
from ..virtual_hosts import host_rank
from .client import Client
from .destinations import DOMAIN, Destinations
from .gateway import common_host
from .outbound import outbound_listener
from .protocols import Protocol, protocol_of
from .retries import default_retries
from .sidecar import Sidecar
from .unresolved import refusal
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
    own = frozenset({client.namespace or ""})
    services.sort(key=lambda each: each.exports.distance(each.item.namespace, own))
    statuses = tuple(_conflicts(services))
    mesh = _Mesh(services, destinations, sidecar, client)
    configurations = mesh.configurations()
    if not any(each.tls or each.tcp for each in services):
        return Config(route_configurations=configurations, statuses=statuses)
    listener = outbound_listener(mesh.ports(), configurations, destinations)
    return Config((listener,), configurations, statuses=statuses)


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
        self._hosts = frozenset(host for host, _, _ in self._reached())
        self._names = Counter(name for name, namespace in map(_parts, self._hosts) if namespace)
        self._known_routes: dict[tuple[int, int], tuple[Route, ...]] = {}
        self._by_host: dict[str, list[tuple[str, int]]] = {}
        """Hosts of VirtualServices by themselves, and under "" those with wildcards; each with its place among all."""
        for index, each in enumerate(services):
            for host in each.hosts:
                key = "" if host.startswith("*") else host
                self._by_host.setdefault(key, []).append((host, index))

    def ports(self) -> Iterator[tuple[str, Service, int, tuple[VirtualService, ...]]]:
        """Hosts that are reached, each with one of its ports and the VirtualServices that have a host in common."""
        for host, service, port in self._reached():
            found = sorted({index for _, index in self._fitting(host, port.port)})
            yield host, service, port.port, tuple(self._services[index] for index in found)

    def configurations(self) -> dict[str, RouteConfiguration]:
        reached: dict[int, list[tuple[str, Service]]] = {}
        for host, service, port in self._reached():
            if protocol_of(port) not in (Protocol.TLS, Protocol.TCP):
                reached.setdefault(port.port, []).append((host, service))
        if any(self._virtual_hosts(_PORT_OF_OTHERS, ())):
            reached.setdefault(_PORT_OF_OTHERS, [])
        tables = ((port, tuple(self._virtual_hosts(port, found))) for port, found in sorted(reached.items()))
        return {
            str(port): RouteConfiguration(
                str(port), (*found, *self._others(found)), ignore_port_in_host_matching=True, validate_clusters=False
            )
            for port, found in tables
        }

    def _virtual_hosts(self, port: int, reached: Sequence[tuple[str, Service]]) -> Iterator[VirtualHost]:
        """Those of VirtualServices, the oldest first, then Services without one. A domain is the first one's."""
        by_service: dict[int, list[tuple[str, Service]]] = {}
        others: list[tuple[str, Service]] = []
        for place in reached:
            chosen = self._chosen(place[0], port)
            (others if chosen is None else by_service.setdefault(chosen, [])).append(place)
        domains = _Domains(host for host, _ in reached)
        # Hosts that are no Service's are there where another host of theirs is.
        indices = range(len(self._services)) if port == _PORT_OF_OTHERS else sorted(by_service)
        for index in indices:
            routes = self._routes(index, port)
            for host in self._hosts_of_none(index, port) if routes else ():
                yield from domains.virtual_host(host, port, (), routes)
            for host, service in by_service.get(index, ()):
                yield from domains.virtual_host(host, port, self._aliases(host, service), routes)
        for host, service in others:
            yield from domains.virtual_host(
                host, port, self._aliases(host, service), (self._default(host, service, port),)
            )

    def _reached(self) -> Iterator[tuple[str, Service, ServicePort]]:
        for host, service in self._destinations.services():
            for port in service.ports:
                is_there = port.protocol == "TCP" and self._destinations.target(host, port.port) is not None
                if is_there and (self._sidecar is None or self._sidecar.imports(port.port, service.namespace, host)):
                    yield host, service, port

    def _default(self, host: str, service: Service, port: int) -> Route:
        """All goes to the Service. Istio's retries look for another host then, even where requests are hashed."""
        target = self._destinations.target(host, port)
        policy = self._destinations.hash_policy(host, port=port)
        action = RouteAction(
            target.cluster if target is not None else "",
            timeout=0.0,
            retry_policy=default_retries(),
            hash_policy=(policy,) if policy is not None else (),
        )
        return Route(RouteMatch(prefix="/"), action, "default", position=service.position)

    def _routes(self, index: int, port: int) -> tuple[Route, ...]:
        key = index, port
        if key not in self._known_routes:
            self._known_routes[key] = tuple(route for _, route in self._services[index].routes(MESH, port))
        return self._known_routes[key]

    def _hosts_of_none(self, index: int, port: int) -> Iterator[str]:
        """Hosts of a VirtualService that are no Service's."""
        service = self._services[index]
        for host in service.hosts if self._imports(service, port) else ():
            covers = host.startswith("*") and any(common_host(host, name) == name for name in self._hosts)
            if not (covers or host in self._hosts):
                yield host

    def _others(self, known: Iterable[VirtualHost]) -> Iterator[VirtualHost]:
        """What becomes of requests for other hosts, where the Sidecar says so."""
        if self._sidecar is None or any("*" in each.domains for each in known):
            return
        if self._sidecar.egress_proxy is not None:
            action = RouteAction(self._sidecar.egress_proxy.cluster, timeout=0.0)
            yield VirtualHost("allow_any", ("*",), (Route(RouteMatch(prefix="/"), action, "allow_any"),))
        elif self._sidecar.registry_only:
            route = Route(RouteMatch(prefix="/"), DirectResponse(_BAD_GATEWAY), "block_all")
            yield VirtualHost("block_all", ("*",), (route,))

    def _imports(self, service: VirtualService, port: int) -> bool:
        return self._sidecar is None or self._sidecar.imports_any(port, service.item.namespace, service.hosts)

    def _fitting(self, host: str, port: int) -> list[tuple[str, int]]:
        """VirtualServices with a host that is or covers this one: that host, and the place among all."""
        return [
            (name, index)
            for name, index in (*self._by_host.get(host, ()), *self._by_host.get("", ()))
            if common_host(name, host) == host and self._imports(self._services[index], port)
        ]

    def _chosen(self, host: str, port: int) -> int | None:
        """The first VirtualService for the host itself that has routes at the port, or else, when none is for it, that
        of the longest wildcard that covers it."""
        fitting = sorted(self._fitting(host, port), key=lambda each: (host_rank(each[0]), each[1]))
        exact = [index for name, index in fitting if name == host] or [index for _, index in fitting[:1]]
        return next((index for index in exact if self._routes(index, port)), None)

    def _aliases(self, host: str, service: Service) -> tuple[str, ...]:
        """Shorter names, others that stand for it with theirs, its addresses, and names of a headless one's pods."""
        addresses = [f"[{each}]" if ":" in each else each for each in service.addresses if "/" not in each]
        others = [name for each in self._destinations.aliases(host) for name in (each, *self._short_names(each))]
        names = (*self._short_names(host), *others)
        pods = [f"*.{each}" for each in (host, *names)] if service.headless else []
        return (*names, *addresses, *pods)

    def _short_names(self, host: str) -> tuple[str, ...]:
        """A bare one in the client's namespace, or else the only one of all."""
        name, namespace = _parts(host)
        if not namespace:
            return ()
        known = self._client.namespace
        is_bare = self._names[name] < 2 if known is None else namespace == known
        longer = f"{name}.{namespace}"
        return (f"{longer}.svc", longer, *((name,) if is_bare else ()))


def _parts(host: str) -> tuple[str, str]:
    """Name and namespace of a host in the cluster's domain; "" of another one."""
    name, _, rest = host.partition(".")
    return name, rest.removesuffix(f".{DOMAIN}") if rest.endswith(f".{DOMAIN}") else ""


class _Domains:
    """What virtual hosts of a port have for domains: each one's first. Names of Services are nobody's short names."""

    def __init__(self, hosts: Iterable[str]):
        self._hosts = frozenset(hosts)
        self._taken: set[str] = set()

    def virtual_host(
        self, host: str, port: int, aliases: tuple[str, ...], routes: tuple[Route, ...]
    ) -> Iterator[VirtualHost]:
        names = dict.fromkeys((host, *(each for each in aliases if each not in self._hosts)))
        free = tuple(each for each in names if each not in self._taken)
        if free:
            self._taken.update(free)
            yield VirtualHost(f"{host}:{port}", free, routes)


def _conflicts(services: Sequence[VirtualService]) -> Iterator[ObjectStatus]:
    """The mesh takes the routes of one VirtualService for a host."""
    seen: dict[str, VirtualService] = {}
    for each in services:
        for host in each.hosts if each.http else ():
            first = seen.setdefault(host, each)
            if first is not each:
                message = f"{first.item.full_name} has the host {host} too, whose routes count in the mesh"
                yield refusal(each.item, "ConflictingMeshGatewayVirtualServiceHosts", message)
                break
