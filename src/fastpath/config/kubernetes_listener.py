"""Listeners and filter chains as Ingress, Gateway API and Istio need them."""

from __future__ import annotations

from collections.abc import Iterable

from ..models import (
    DownstreamTlsContext,
    FilterChain,
    FilterChainMatch,
    HttpConnectionManager,
    HttpFault,
    Listener,
    Position,
    StatefulSession,
    TcpProxy,
    TlsCertificate,
    TlsInspector,
)

__all__ = ["http_listener", "http_manager", "https_chain", "tcp_listener", "tls_chain", "tls_listener"]


def http_manager(
    routes: str, position: Position | None = None, *, sessions: bool = False, faults: bool = False
) -> HttpConnectionManager:
    """HTTP with the route configuration `routes`, which may have sessions and faults."""
    return HttpConnectionManager(
        routes,
        normalize_path=True,
        upgrade_types=("websocket",),
        fault=HttpFault() if faults else None,
        stateful_session=StatefulSession() if sessions else None,
        position=position,
    )


def http_listener(
    name: str,
    address: str,
    port: int,
    routes: str,
    position: Position | None = None,
    *,
    sessions: bool = False,
    faults: bool = False,
) -> Listener:
    """Plain HTTP with the route configuration `routes`."""
    manager = http_manager(routes, position, sessions=sessions, faults=faults)
    chain = FilterChain(filters=(manager,), position=position)
    return Listener(name, address, port, (chain,), position=position)


def https_chain(
    host: str,
    certificates: TlsCertificate | tuple[TlsCertificate, ...],
    routes: str,
    position: Position | None = None,
    *,
    sessions: bool = False,
) -> FilterChain:
    """HTTP inside TLS for the clients that name `host`; "*" is for all."""
    certificates = certificates if isinstance(certificates, tuple) else (certificates,)
    tls = DownstreamTlsContext(certificates, alpn_protocols=("http/1.1",), position=position)
    manager = http_manager(routes, position, sessions=sessions)
    return FilterChain(f"https {host}", _match(host, position), (manager,), tls, position=position)


def tls_chain(
    host: str, proxy: TcpProxy, tls: DownstreamTlsContext | None = None, position: Position | None = None
) -> FilterChain:
    """Bytes of TLS for the clients that name `host`: decrypted here, or passed on as they are."""
    return FilterChain(f"tls {host}", _match(host, position), (proxy,), tls, position=position)


def _match(host: str, position: Position | None) -> FilterChainMatch:
    names = () if host == "*" else (host,)
    return FilterChainMatch(server_names=names, transport_protocol="tls", position=position)


def tls_listener(
    name: str, address: str, port: int, chains: Iterable[FilterChain], position: Position | None = None
) -> Listener:
    """TLS, the chain chosen by the name that the client asks for."""
    return Listener(name, address, port, tuple(chains), listener_filters=(TlsInspector(),), position=position)


def tcp_listener(name: str, address: str, port: int, proxy: TcpProxy, position: Position | None = None) -> Listener:
    """Bytes of any kind."""
    return Listener(name, address, port, (FilterChain(filters=(proxy,), position=position),), position=position)
