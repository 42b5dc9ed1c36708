"""The listener for what a workload sends, wherever it was bound for: a filter chain for each port of each Service.

Connections are told apart by the port and the address that they were meant for, and by the server name of TLS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ...models import (
    CidrRange,
    FilterChain,
    FilterChainMatch,
    HttpInspector,
    Listener,
    NetworkFilter,
    OriginalDst,
    RouteConfiguration,
    TcpProxy,
    TlsInspector,
)
from ..kubernetes_listener import http_manager
from ..kubernetes_service import Service
from .destinations import Destinations
from .protocols import Protocol, protocol_of
from .ranges import to_cidr
from .virtual_service import MESH, VirtualService

__all__ = ["outbound_listener"]

_NAME, _ADDRESS, _PORT = "virtualOutbound", "0.0.0.0", 15001
_HTTP_VERSIONS = ("http/1.0", "http/1.1", "h2c")

Place = tuple[str, Service, int, tuple[VirtualService, ...]]


def outbound_listener(
    places: Iterable[Place], configurations: Mapping[str, RouteConfiguration], destinations: Destinations
) -> Listener:
    """Istio's listener for redirected connections. What none of its chains takes is closed."""
    chains = [chain for place in places for chain in _chains(*place, destinations)]
    # HTTP goes by the host that requests name, wherever it was bound for.
    chains += [_http_chain(int(name), ()) for name in configurations]
    filters = (OriginalDst(), TlsInspector(), HttpInspector())
    return Listener(_NAME, _ADDRESS, _PORT, tuple(_without_overlaps(chains)), listener_filters=filters)


def _without_overlaps(chains: Iterable[FilterChain]) -> Iterator[FilterChain]:
    """Of several chains for a server name at an address the first counts; the others are left with what is free."""
    taken: set[tuple[object, ...]] = set()
    for chain in chains:
        match = chain.filter_chain_match
        free: dict[tuple[str, ...], list[CidrRange | None]] = {}
        for place in match.prefix_ranges or (None,):
            told = (match.destination_port, place, match.transport_protocol, match.application_protocols)
            keys = {name: (*told, name) for name in match.server_names or ("",)}
            names = tuple(name for name, key in keys.items() if key not in taken)
            taken.update(keys.values())
            if names:
                free.setdefault(names, []).append(place)
        for names, places in free.items():
            own = replace(
                match,
                prefix_ranges=tuple(each for each in places if each is not None),
                server_names=tuple(name for name in names if name),
            )
            yield replace(chain, filter_chain_match=own)


def _chains(
    host: str, service: Service, port: int, virtual_services: Iterable[VirtualService], destinations: Destinations
) -> Iterator[FilterChain]:
    """Those of a port, the more particular ones first."""
    found = service.find_port(port)
    target = destinations.target(host, port)
    if found is None or target is None or (target.missing and protocol_of(found) is not Protocol.HTTP):
        return
    ranges = tuple(each for text in service.addresses if (each := to_cidr(text)) is not None)
    protocol = protocol_of(found)
    if protocol is Protocol.HTTP:
        yield _http_chain(port, ranges)
        return
    if protocol is Protocol.ANY:
        yield _http_chain(port, ranges, _HTTP_VERSIONS)
    name = f"{host}:{port}"
    proxy = TcpProxy(target.cluster, idle_timeout=target.idle_timeout, position=service.position)
    if protocol is Protocol.TLS:
        chains = [chain for each in virtual_services for chain in _tls_chains(name, port, ranges, each)]
        # Without an address of its own a host is told by its name.
        is_alone = "." not in service.name or any("/" not in each for each in service.addresses)
        yield from chains or [_chain(name, port, ranges, proxy, () if is_alone else (host,))]
        return
    for virtual_service in virtual_services:
        for match, chosen in virtual_service.tcp_proxies(MESH, port):
            yield _chain(name, port, match.subnets or ranges, chosen)
            if not match.subnets:
                return
    yield _chain(name, port, ranges, proxy)


def _tls_chains(
    name: str, port: int, ranges: tuple[CidrRange, ...], virtual_service: VirtualService
) -> Iterator[FilterChain]:
    for match, proxy in virtual_service.tls_proxies(MESH, port):
        yield _chain(f"{name} {', '.join(match.sni_hosts)}", port, match.subnets or ranges, proxy, match.sni_hosts)


def _http_chain(port: int, ranges: tuple[CidrRange, ...], versions: tuple[str, ...] = ()) -> FilterChain:
    match = FilterChainMatch(destination_port=port, prefix_ranges=ranges, application_protocols=versions)
    return FilterChain(f"http {port}", match, (http_manager(str(port), faults=True),))


def _chain(
    name: str, port: int, ranges: tuple[CidrRange, ...], what: NetworkFilter, server_names: tuple[str, ...] = ()
) -> FilterChain:
    names = () if "*" in server_names else server_names
    match = FilterChainMatch(
        destination_port=port,
        prefix_ranges=ranges,
        server_names=names,
        transport_protocol="tls" if server_names else "",
        position=what.position,
    )
    return FilterChain(name, match, (what,), position=what.position)
