"""What the gateway knows of a request, for the operators in header values."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastpath import ConnectionInfo, StreamInfo, UpstreamInfo

from ..substitution import Address
from .retry import CONNECT_FAILURE, RESET, TIMEOUT

if TYPE_CHECKING:
    import asyncio

    from fastpath import Match, RouteActions

    from .exchange import Exchange

__all__ = ["connection_info", "note_answer", "note_attempt", "stream_info"]

# Envoy's short names for why the gateway answered by itself.
_FLAGS = {
    CONNECT_FAILURE: "UF",
    RESET: "UC",
    TIMEOUT: "UT",
    "protocol": "UPE",
    "overflow": "UO",
    "no-route": "NR",
    "no-cluster": "NC",
    "no-host": "UH",
    "client-gone": "DC",
    "client-protocol": "DPE",
    "fault": "FI",
}


def connection_info(transport: asyncio.BaseTransport | None, number: int) -> ConnectionInfo:
    """A client's connection."""
    info = ConnectionInfo(id=number)
    if transport is not None:
        info.remote = _address(transport.get_extra_info("peername"))
        info.local = _address(transport.get_extra_info("sockname"))
    return info


def _address(name: object) -> Address | None:
    if isinstance(name, tuple) and len(name) >= 2 and isinstance(name[0], str):
        return Address(name[0], name[1])
    return None


def stream_info(exchange: Exchange, actions: RouteActions) -> StreamInfo:
    """What is known when the request has been routed."""
    now = exchange.gateway.loop.time()
    match = exchange.match
    assert match is not None
    head = actions.head_of(match, exchange.request)
    stream = StreamInfo(head, exchange.downstream.info, start_time=time.time() - (now - exchange.began))
    stream.times["DS_RX_BEG"] = exchange.began
    stream.times["NOW"] = now
    stream.route_name = match.route.name
    stream.route_metadata = match.route.metadata
    stream.virtual_host_name = match.virtual_host.name
    return stream


def note_attempt(stream: StreamInfo, exchange: Exchange, actions: RouteActions, match: Match, attempts: int) -> None:
    """A host was chosen, and the request is about to go there."""
    upstream = stream.upstream
    if upstream is None:
        upstream = stream.upstream = UpstreamInfo(cluster=match.cluster or "", protocol="HTTP/1.1")
    upstream.attempts = attempts
    host = exchange.host
    if host is not None:
        upstream.host = upstream.remote = Address(host.address, host.port)
        upstream.hostname = host.hostname
    stream.head = actions.head_of(match, exchange.request)
    stream.times["NOW"] = exchange.gateway.loop.time()


def note_answer(stream: StreamInfo, exchange: Exchange, status: int, error: str) -> None:
    """A response is here, or the gateway gives one itself because of an error."""
    if not error:
        stream.response_code = status
        stream.response_code_details = "via_upstream"
    flag = _FLAGS.get(error)
    if flag is not None and flag not in stream.response_flags:
        stream.response_flags = (*stream.response_flags, flag)
    stream.bytes_received, stream.bytes_sent = exchange.bytes_received, exchange.bytes_sent
    stream.times["NOW"] = exchange.gateway.loop.time()
