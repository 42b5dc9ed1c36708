"""What comes through Gateways: a listener for each port of theirs, with its routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...models import (
    Config,
    FilterChain,
    FilterChainMatch,
    Listener,
    NetworkFilter,
    ObjectStatus,
    Route,
    RouteConfiguration,
    TcpProxy,
    TlsRequirement,
    VirtualHost,
)
from ..kubernetes_listener import http_listener, http_manager, tcp_listener, tls_listener
from ..virtual_hosts import host_rank
from .client import Client
from .gateway import Gateway, Server
from .unresolved import refusal
from .virtual_service import VirtualService

__all__ = ["edge_config"]

Place = tuple[Gateway, Server]


def edge_config(gateways: Mapping[str, Gateway], virtual_services: Iterable[VirtualService], client: Client) -> Config:
    """The servers of one port, of whatever Gateway, share a listener "0.0.0.0:80".

    Those that speak plain HTTP share the routes "http.80", or "http.80.127.0.0.1" when they are bound to another
    address than the first; each that decrypts HTTPS has routes of its own, "https.443.name.gateway.namespace", as
    Istio names them.
    """
    ports: dict[tuple[int, str], list[Place]] = {}
    for gateway in gateways.values():
        for server in gateway.servers:
            ports.setdefault((server.port, server.bind), []).append((gateway, server))
    edge = _Edge(list(virtual_services), client)
    for (port, _), places in ports.items():
        edge.add_port(port, places)
    return Config(tuple(edge.listeners), edge.configurations, statuses=tuple(edge.statuses))


class _Edge:
    def __init__(self, services: Sequence[VirtualService], client: Client):
        self._services = services
        self._client = client
        self._by_gateway: dict[str, list[VirtualService]] = {}
        self.listeners: list[Listener] = []
        self.configurations: dict[str, RouteConfiguration] = {}
        self.statuses: list[ObjectStatus] = []

    def add_port(self, port: int, places: list[Place]) -> None:
        first = places[0][1]
        places = list(self._without_conflicts(places))
        name, position = f"{first.bind}:{port}", first.section.position
        if first.layer == "HTTP":
            routes = f"http.{port}"
            if routes in self.configurations:
                routes = f"{routes}.{first.bind}"
            self.configurations[routes] = self._configuration(routes, port, places)
            self.listeners.append(http_listener(name, first.bind, port, routes, position, faults=True))
        elif first.layer == "TCP":
            proxy = next((proxy for place in places for proxy in self._tcp_proxies(*place)), None)
            if proxy is not None:
                self.listeners.append(tcp_listener(name, first.bind, port, proxy, position))
        else:
            taken = {host for _, each in places if not each.tls.passes_through for host in each.host_names()}
            chains = [chain for place in places for chain in self._chains(*place, taken)]
            if chains:
                self.listeners.append(tls_listener(name, first.bind, port, chains, position))

    def _chains(self, gateway: Gateway, server: Server, taken: set[str]) -> Iterator[FilterChain]:
        """What is done with connections that name one of the server's hosts. `taken`: names that have a chain."""
        name = (
            f"{server.protocol.lower()}.{server.port}.{server.port_name}.{gateway.item.name}.{gateway.item.namespace}"
        )
        if server.tls.passes_through:
            for service, hosts, proxy in self._tls_proxies(gateway, server):
                repeated = taken.intersection(hosts)
                if repeated:
                    message = f"the server name {min(repeated)} has a route already at the port {server.port}"
                    self.statuses.append(refusal(service.item, "ConflictingServerNames", message))
                    continue
                taken.update(hosts)
                yield _chain(f"{name} {hosts[0]}", hosts, proxy, server)
        elif server.protocol == "HTTPS":
            self.configurations[name] = self._configuration(name, server.port, [(gateway, server)])
            manager = http_manager(name, server.section.position, faults=True)
            yield _chain(name, server.host_names(), manager, server)
        else:
            for proxy in self._tcp_proxies(gateway, server):
                yield _chain(name, server.host_names(), proxy, server)
                break

    def _tls_proxies(
        self, gateway: Gateway, server: Server
    ) -> Iterator[tuple[VirtualService, tuple[str, ...], TcpProxy]]:
        for service in self._bound(gateway, server):
            for match, proxy in service.tls_proxies(gateway.item.full_name, server.port):
                names = (
                    common for name in match.sni_hosts for common in server.common_hosts(name, service.item.namespace)
                )
                hosts = tuple(dict.fromkeys(names))
                if hosts:
                    yield service, hosts, proxy

    def _tcp_proxies(self, gateway: Gateway, server: Server) -> Iterator[TcpProxy]:
        for service in self._bound(gateway, server):
            for _, proxy in service.tcp_proxies(gateway.item.full_name, server.port):
                yield proxy

    def _bound(self, gateway: Gateway, server: Server) -> Iterator[VirtualService]:
        """The VirtualServices that name the gateway and have a host in common with the server.

        Those that few see come first, and then the oldest.
        """
        name, own = gateway.item.full_name, self._client.namespaces_of(gateway.item.namespace)
        if name not in self._by_gateway:
            found = [each for each in self._services if self._is_at(gateway, each)]
            found.sort(key=lambda each: each.exports.distance(each.item.namespace, own))
            self._by_gateway[name] = found
        return (each for each in self._by_gateway[name] if any(self._hosts(server, each)))

    def _is_at(self, gateway: Gateway, service: VirtualService) -> bool:
        is_shown = self._client.is_shown_at(gateway.item.namespace, service.exports)
        return is_shown and gateway.item.full_name in service.gateways

    @staticmethod
    def _hosts(server: Server, service: VirtualService) -> Iterator[str]:
        """What both have in common."""
        for host in service.hosts:
            yield from server.common_hosts(host, service.item.namespace)

    def _without_conflicts(self, places: list[Place]) -> Iterator[Place]:
        """The first server says what is spoken; bytes are its alone. Of servers with TLS for one host the first counts,
        with all its hosts."""
        first, seen = places[0][1], set[tuple[str, str]]()
        for gateway, server in places:
            conflict = ""
            if server.layer != first.layer or (first.layer == "TCP" and server is not first):
                conflict = f"speaks {first.protocol}"
            elif first.layer == "TLS":
                names = () if server.tls.passes_through else server.host_names()
                hosts = {*server.hosts, *(("", host) for host in names)}
                if not seen.isdisjoint(hosts):
                    conflict = f"has the host {min(seen & hosts)[1]}"
                else:
                    seen |= hosts
            if conflict:
                message = f"another server of the port {server.port} {conflict}"
                self.statuses.append(refusal(gateway.item, "ConflictingGateways", message))
            else:
                yield gateway, server

    def _configuration(self, name: str, port: int, places: list[Place]) -> RouteConfiguration:
        """VirtualServices of one host have their routes one after the other, those that take all after the rest."""
        routes: dict[str, list[tuple[bool, Route]]] = {}
        tls: set[str] = set()
        for gateway, server in places:
            for service in self._bound(gateway, server):
                scheme = "https" if server.protocol == "HTTPS" else "http"
                found = list(service.routes(gateway.item.full_name, port, scheme))
                for domain in dict.fromkeys(self._hosts(server, service)) if found else ():
                    known = routes.setdefault(domain, [])
                    known += [each for each in found if each not in known]
                    if server.tls.redirects_to_https:
                        tls.add(domain)
        for _, server in places:
            if server.tls.redirects_to_https:
                for host in server.host_names():
                    routes.setdefault(host, [])
                    tls.add(host)
        hosts = (
            VirtualHost(
                domain,
                (domain,),
                tuple(route for _, route in sorted(found, key=lambda each: each[0])),
                require_tls=TlsRequirement.ALL if domain in tls else TlsRequirement.NONE,
            )
            for domain, found in sorted(routes.items(), key=lambda each: (host_rank(each[0]), each[0]))
        )
        return RouteConfiguration(name, tuple(hosts), ignore_port_in_host_matching=True, validate_clusters=False)


def _chain(name: str, hosts: tuple[str, ...], what: NetworkFilter, server: Server) -> FilterChain:
    position = server.section.position
    names = () if "*" in hosts else hosts
    match = FilterChainMatch(server_names=names, transport_protocol="tls", position=position)
    return FilterChain(name, match, (what,), server.tls.context, position=position)
