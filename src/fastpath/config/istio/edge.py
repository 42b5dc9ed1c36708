"""What comes through Gateways: a listener and a route configuration for each port of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...models import Config, Listener, Route, RouteConfiguration, TlsRequirement, VirtualHost
from ..kubernetes_listener import http_listener
from ..virtual_hosts import host_rank
from .gateway import Gateway, Server
from .virtual_service import VirtualService

__all__ = ["edge_config"]


def edge_config(gateways: Mapping[str, Gateway], virtual_services: Iterable[VirtualService]) -> Config:
    """The servers of one port, of whatever Gateway, share a listener "0.0.0.0:80" with the routes "http.80"."""
    ports: dict[int, list[tuple[str, Server]]] = {}
    for name, gateway in gateways.items():
        for server in gateway.servers:
            ports.setdefault(server.port, []).append((name, server))
    services = list(virtual_services)
    listeners, configurations = [], {}
    for port, servers in ports.items():
        routes = f"http.{port}"
        configurations[routes] = _configuration(routes, port, servers, services)
        listeners.append(_listener(port, routes, servers))
    return Config(tuple(listeners), configurations)


def _listener(port: int, routes: str, servers: list[tuple[str, Server]]) -> Listener:
    first = servers[0][1]
    for _, server in servers:
        if server.bind != first.bind:
            server.section.error(f"another server of the port {port} is bound to {first.bind}")
    return http_listener(f"{first.bind}:{port}", first.bind, port, routes, first.section.position)


def _configuration(
    name: str, port: int, servers: list[tuple[str, Server]], services: Iterable[VirtualService]
) -> RouteConfiguration:
    """VirtualServices of one host have their routes one after the other, those that take all after the rest."""
    routes: dict[str, list[tuple[bool, Route]]] = {}
    tls: set[str] = set()
    for service in services:
        for gateway, server in servers:
            if gateway not in service.gateways:
                continue
            domains = (each for host in service.hosts for each in server.common_hosts(host, service.item.namespace))
            found = list(service.routes(gateway, port))
            for domain in dict.fromkeys(domains):
                known = routes.setdefault(domain, [])
                known += [each for each in found if each not in known]
                if server.redirects_to_https:
                    tls.add(domain)
    for _, server in servers:
        if server.redirects_to_https:
            for _, host in server.hosts:
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
