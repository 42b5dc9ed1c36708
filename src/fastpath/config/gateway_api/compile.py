"""Gateways and the routes attached to them as listeners and route configurations.

Listeners of one port tell requests apart by host: each request belongs to the most specific listener that covers its
host, and to the routes of that listener alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ...models import (
    Config,
    DirectResponse,
    DownstreamTlsContext,
    FilterChain,
    Listener,
    Route,
    RouteConfiguration,
    RouteMatch,
    TcpProxy,
    VirtualHost,
)
from ..kubernetes_listener import http_listener, https_chain, tcp_listener, tls_chain, tls_listener
from ..virtual_hosts import Candidate, build_virtual_hosts, covers, host_rank
from .backends import INVALID_BACKEND
from .gateway import Gateway, GatewayListener, by_port
from .http_route import HttpRoute
from .parents import Attachment
from .stream_route import StreamRoute

__all__ = ["Attached", "compile_gateway"]


@dataclass(slots=True)
class Attached:
    """The routes of one listener, each with its hosts there."""

    http: list[tuple[HttpRoute, Attachment]] = field(default_factory=list)
    stream: list[tuple[StreamRoute, Attachment]] = field(default_factory=list)


Routes = dict[GatewayListener, Attached]


def compile_gateway(gateway: Gateway, routes: Routes) -> Config:
    """The listeners of a Gateway, one for each port."""
    listeners: list[Listener] = []
    configurations: dict[str, RouteConfiguration] = {}
    for port, members in by_port(gateway):
        listener = _listener(f"{gateway.item.full_name}:{port}", gateway.addresses[0], members, routes, configurations)
        if listener is not None:
            listeners.append(listener)
            for address in gateway.addresses[1:]:
                listeners.append(replace(listener, name=f"{listener.name}@{address}", address=address))
    return Config(tuple(listeners), configurations)


def _listener(
    name: str,
    address: str,
    members: list[GatewayListener],
    routes: Routes,
    configurations: dict[str, RouteConfiguration],
) -> Listener | None:
    """That of a port, unless nobody wants its connections."""
    protocol, port, position = members[0].protocol, members[0].port, members[0].position
    if protocol == "HTTP":
        hosts = [each for member in members for each in _virtual_hosts(member, members, routes)]
        configurations[name] = _configuration(name, hosts)
        sessions = any(_has_sessions(routes[member]) for member in members)
        return http_listener(name, address, port, name, position, sessions=sessions)
    if protocol == "TCP":
        proxy = _oldest_proxy(routes[members[0]])
        return tcp_listener(name, address, port, proxy, position) if proxy is not None else None
    return tls_listener(name, address, port, _tls_chains(name, members, routes, configurations), position)


def _has_sessions(attached: Attached) -> bool:
    return any(route.has_sessions for route, _ in attached.http)


def _configuration(name: str, hosts: Iterable[VirtualHost]) -> RouteConfiguration:
    return RouteConfiguration(name, tuple(hosts), ignore_port_in_host_matching=True, validate_clusters=False)


def _owner(domain: str, members: list[GatewayListener]) -> GatewayListener | None:
    """The most specific listener that covers a domain."""
    covering = [each for each in members if covers(each.hostname, domain)]
    return min(covering, key=lambda each: host_rank(each.hostname), default=None)


def _virtual_hosts(listener: GatewayListener, members: list[GatewayListener], routes: Routes) -> Iterator[VirtualHost]:
    """Those of one listener, without the hosts that belong to a more specific one."""
    scheme = listener.protocol.lower()
    candidates = [
        Candidate(domain, (*host_rank(own), *rank), route)
        for http, attachment in routes[listener].http
        for rank, route in http.routes(scheme, listener.port)
        for domain, own in attachment.hosts
    ]
    for host in build_virtual_hosts(candidates, domains=(listener.hostname,)):
        if _owner(host.name, members) is listener:
            yield host


def _tls_chains(
    name: str, members: list[GatewayListener], routes: Routes, configurations: dict[str, RouteConfiguration]
) -> Iterator[FilterChain]:
    for listener in members:
        if listener.protocol == "HTTPS":
            own = f"{name}/{listener.name}"
            hosts = list(_virtual_hosts(listener, members, routes))
            hosts += _misdirected(listener, members)
            configurations[own] = _configuration(own, hosts)
            sessions = _has_sessions(routes[listener])
            yield https_chain(listener.hostname, listener.certificates, own, listener.position, sessions=sessions)
        else:
            tls = None if listener.passthrough else DownstreamTlsContext(listener.certificates)
            for domain, proxy in _stream_domains(listener, members, routes).items():
                yield tls_chain(domain, proxy, tls, listener.position)


def _misdirected(listener: GatewayListener, members: list[GatewayListener]) -> Iterator[VirtualHost]:
    """Requests for another listener's host, on a connection made for this one: 421 (RFC 9110, 15.5.20)."""
    for other in members:
        if other is not listener and other.protocol == "HTTPS":
            route = Route(RouteMatch(prefix="/"), DirectResponse(421), f"misdirected to {listener.name}")
            yield VirtualHost(other.hostname, (other.hostname,), (route,))


def _stream_domains(listener: GatewayListener, members: list[GatewayListener], routes: Routes) -> dict[str, TcpProxy]:
    """Server names of a listener and where they lead.

    Of several routes with a name the one with the most specific hostname of its own has it, then the oldest.
    """
    found: dict[str, TcpProxy] = {}
    candidates = [
        (host_rank(own), route.item.seniority, domain, route.proxy)
        for route, attachment in routes[listener].stream
        for domain, own in attachment.hosts
    ]
    for _, _, domain, proxy in sorted(candidates, key=lambda each: each[:2]):
        if _owner(domain, members) is listener:
            found.setdefault(domain, proxy)
    if any(each is not listener and covers(each.hostname, listener.hostname) for each in members):
        # A name that no route has must not end up with the less specific listener.
        found.setdefault(listener.hostname, TcpProxy(INVALID_BACKEND, position=listener.position))
    return found


def _oldest_proxy(attached: Attached) -> TcpProxy | None:
    routes = sorted((route for route, _ in attached.stream), key=lambda each: each.item.seniority)
    return routes[0].proxy if routes else None
