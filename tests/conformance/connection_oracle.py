"""Listeners of a real Envoy, and what becomes of connections to them.

Each filter chain answers with its own name as soon as it has been chosen, so that no TLS has to be spoken to learn
which one it was. Connections say with a PROXY header where they come from and where to.
"""

from __future__ import annotations

import json
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

TYPE = "type.googleapis.com/envoy.extensions."
CLOSED = b""
"""The connection was closed without an answer."""


def extension(kind: str, **fields: object) -> dict[str, Any]:
    return {"name": kind, "typed_config": {"@type": TYPE + kind, **fields}}


PROXY_PROTOCOL = "filters.listener.proxy_protocol.v3.ProxyProtocol"
TLS_INSPECTOR = "filters.listener.tls_inspector.v3.TlsInspector"
HTTP_INSPECTOR = "filters.listener.http_inspector.v3.HttpInspector"


def naming_chain(name: str, match: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A chain that answers with its name and ends the connection."""
    answer = extension("filters.network.direct_response.v3.Config", response={"inline_string": name})
    return {"name": name, "filters": [answer], **({} if match is None else {"filter_chain_match": match})}


def telling_chain(name: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A chain that answers each HTTP request, with header fields made of format strings."""
    manager = extension(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="x",
        http_filters=[extension("filters.http.router.v3.Router")],
        route_config={
            "virtual_hosts": [
                {
                    "name": "v",
                    "domains": ["*"],
                    "response_headers_to_add": [
                        {"header": {"key": key, "value": value}} for key, value in headers.items()
                    ],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                }
            ]
        },
    )
    return {"name": name, "filters": [manager]}


@contextmanager
def envoy_with(listeners: Sequence[Mapping[str, Any]], directory: Path) -> Iterator[list[int]]:
    """Run Envoy with these listeners, whose names and addresses are given here; yields their ports."""
    ports = free_ports(len(listeners))
    documents = [
        {
            "name": str(port),
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            **listener,
        }
        for port, listener in zip(ports, listeners, strict=True)
    ]
    with run_envoy({"static_resources": {"listeners": documents}}, ports, directory):
        yield ports


@contextmanager
def envoy_with_accepted(listeners: Sequence[Mapping[str, Any]], directory: Path) -> Iterator[list[int | None]]:
    """Run Envoy and give it these listeners by file; yields the port of each, None for one that it refuses."""
    *ports, last = free_ports(len(listeners) + 1)
    everything = [*listeners, {"filter_chains": [naming_chain("last")]}]
    resources = [
        {
            "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
            "name": str(port),
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            **listener,
        }
        for port, listener in zip((*ports, last), everything, strict=True)
    ]
    source = directory / "listeners.json"
    source.write_text(json.dumps({"resources": resources}))
    bootstrap = {
        "node": {"id": "x", "cluster": "x"},
        "dynamic_resources": {
            "lds_config": {"path_config_source": {"path": str(source)}, "resource_api_version": "V3"}
        },
    }
    with run_envoy(bootstrap, [last], directory):
        yield [port if _answers(port) else None for port in ports]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 10).close()
    except ConnectionRefusedError:
        return False
    return True


def proxy_header(source: tuple[str, int], destination: tuple[str, int], tlvs: bytes = b"") -> bytes:
    """A PROXY header of version 2."""
    body = ip_address(source[0]).packed + ip_address(destination[0]).packed
    body += struct.pack("!HH", source[1], destination[1]) + tlvs
    family = 0x11 if ip_address(source[0]).version == 4 else 0x21
    return b"\r\n\r\n\0\r\nQUIT\n\x21" + bytes((family,)) + struct.pack("!H", len(body)) + body


def ask(port: int, data: bytes, source: str = "127.0.0.1") -> bytes:
    """What a connection is answered: everything up to its end."""
    with socket.socket() as client:
        client.settimeout(10)
        client.bind((source, 0))
        client.connect(("127.0.0.1", port))
        client.sendall(data)
        return read_all(client)


def read_all(client: socket.socket) -> bytes:
    answer = b""
    try:
        while data := client.recv(65536):
            answer += data
    except ConnectionResetError:
        pass
    return answer


def ask_all(requests: Sequence[tuple[int, bytes]], seconds: float) -> list[bytes | None]:
    """What many connections at once are answered within the time; None for one that is left without an answer.

    The answers end with the first bytes that come, or with the connection.
    """
    answers: list[bytes | None] = [None] * len(requests)
    with selectors.DefaultSelector() as selector:
        for number, (port, data) in enumerate(requests):
            client = socket.create_connection(("127.0.0.1", port), 10)
            client.sendall(data)
            selector.register(client, selectors.EVENT_READ, number)
        deadline = time.monotonic() + seconds
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                client = key.fileobj  # type: ignore[assignment]
                try:
                    answers[key.data] = client.recv(65536)
                except ConnectionResetError:
                    answers[key.data] = CLOSED
                selector.unregister(client)
                client.close()
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return answers
