"""What a real Envoy does with requests: many route configurations in one process, and an upstream that echoes."""

from __future__ import annotations

import copy
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

EXTENSIONS = "type.googleapis.com/envoy.extensions.filters"
Document = dict[str, Any]


class Echo(socketserver.StreamRequestHandler):
    """Answers each request head with itself as the body."""

    def handle(self) -> None:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            answer = b"HTTP/1.1 200 OK\r\nx-upstream: 1\r\nx-m-u: up\r\ncontent-length: %d\r\n\r\n" % len(head)
            self.wfile.write(answer + head)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def echo_upstream() -> Iterator[int]:
    """The port of an upstream that runs until the block ends."""
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def cluster(name: str, port: int) -> Document:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
    return {
        "name": name,
        "connect_timeout": "5s",
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def listener(name: str, port: int, routes: Document, manager: Mapping[str, Any]) -> Document:
    config = {
        "@type": f"{EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "codec_type": "HTTP1",
        "route_config": {"name": name, **routes},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{EXTENSIONS}.http.router.v3.Router"},
            }
        ],
        **manager,
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": config}]}
        ],
    }


def bootstrap(listeners: Sequence[Document], clusters: Sequence[Document]) -> Document:
    return {"static_resources": {"listeners": list(listeners), "clusters": list(clusters)}}


def told(name: str, value: str) -> Document:
    """A response header that tells something. Only Envoy's copy of a configuration has it."""
    return {"header": {"key": f"x-told-{name}", "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def telling(document: Document) -> Document:
    """Envoy's copy of a bootstrap: its routes tell their names; CONNECT and WebSockets are let through to them."""
    copied = copy.deepcopy(document)
    for item in copied["static_resources"]["listeners"]:
        manager = item["filter_chains"][0]["filters"][0]["typed_config"]
        manager["upgrade_configs"] = [{"upgrade_type": name} for name in ("CONNECT", "websocket")]
        routes = manager["route_config"]
        tells = [told("route", "%ROUTE_NAME%"), told("cluster", "%UPSTREAM_CLUSTER%")]
        routes["response_headers_to_add"] = [*routes.get("response_headers_to_add", ()), *tells]
        for host in routes["virtual_hosts"]:
            host["response_headers_to_add"] = [*host.get("response_headers_to_add", ()), told("host", host["name"])]
    return copied


@dataclass
class Response:
    """What came back, header names in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def get(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


class Client:
    """Sends requests as they are, on a connection that it keeps while Envoy does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._received = b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._received = b""

    def ask(self, request: bytes) -> Response:
        changes_protocol = request.startswith(b"CONNECT ") or b"\r\nupgrade:" in request.lower()
        if changes_protocol:  # what comes after it is not a request any more
            self.close()
        try:
            return self._ask(request)
        finally:
            if changes_protocol:
                self.close()

    def _ask(self, request: bytes) -> Response:
        for attempt in range(2):
            fresh = self._socket is None
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(("127.0.0.1", self._port), 10)
                self._socket.sendall(request)
                return self._read()
            except ConnectionError:
                self.close()
                if fresh or attempt:
                    raise
        raise AssertionError("unreachable")

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._received:
            self._more()
        part, _, self._received = self._received.partition(mark)
        return part

    def _more(self) -> None:
        assert self._socket is not None
        # Otherwise an answer in two parts waits for the kernel's delayed acknowledgement of the first.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("closed in the middle of an answer")
        self._received += data

    def _read(self) -> Response:
        status, *lines = self._until(b"\r\n\r\n").split(b"\r\n")
        pairs = (line.partition(b":") for line in lines)
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        response = Response(int(status.split()[1]), headers, b"")
        if response.get(b"transfer-encoding") == b"chunked":
            while size := int(self._until(b"\r\n"), 16):
                response.body += self._take(size)
                self._take(2)
            self._take(2)
        else:
            response.body = self._take(int(response.get(b"content-length") or 0))
        if response.get(b"connection") == b"close":
            self.close()
        return response

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            self._more()
        data, self._received = self._received[:size], self._received[size:]
        return data


@dataclass
class Envoys:
    """Envoy with one listener for each configuration."""

    document: Document
    ports: list[int]
    clients: dict[int, Client] = field(default_factory=dict)

    def ask(self, index: int, request: bytes) -> Response:
        client = self.clients.setdefault(index, Client(self.ports[index]))
        return client.ask(request)


@contextmanager
def envoy_with(
    configurations: Sequence[tuple[Document, Mapping[str, Any]]], clusters: Sequence[str], directory: Path
) -> Iterator[Envoys]:
    """Run Envoy with a listener for each pair of route configuration and further connection manager's fields."""
    ports = free_ports(len(configurations))
    with echo_upstream() as upstream:
        document = bootstrap(
            [listener(f"r{i}", ports[i], routes, more) for i, (routes, more) in enumerate(configurations)],
            [cluster(name, upstream) for name in clusters],
        )
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "document.json").write_text(json.dumps(document, indent=1))
        with run_envoy(telling(document), ports, directory):
            envoys = Envoys(document, ports)
            try:
                yield envoys
            finally:
                for client in envoys.clients.values():
                    client.close()
