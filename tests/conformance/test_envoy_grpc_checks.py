"""Checks by gRPC: answers of all kinds leave the same flags and counters as a real Envoy's checks do."""

from __future__ import annotations

import asyncio
import json
import struct
import urllib.request
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from fastpath import ClusterManager, load
from fastpath.health_runner import HealthRunner
from fastpath.models import HostFlag
from fastpath.wire_format import fields_of

GRPC = (("content-type", "application/grpc"),)
HEAD = ((":status", "200"), *GRPC)
OK = (("grpc-status", "0"),)


def frame(message: bytes, flags: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flags, len(message) if length is None else length) + message


SERVING = frame(b"\x08\x01")
Answer = Callable[[H2Connection, int], object]


def answer(*data: bytes, head: Any = HEAD, trailers: Any = OK) -> Answer:
    """Head, data and trailers; without trailers the last of the others ends the stream."""

    def send(connection: H2Connection, stream: int) -> None:
        parts = len(data) + (trailers is not None)
        connection.send_headers(stream, head, end_stream=not parts)
        for number, each in enumerate(data, 1):
            connection.send_data(stream, each, end_stream=number == parts)
        if trailers is not None:
            connection.send_headers(stream, trailers, end_stream=True)

    return send


def going_away(code: int, last: int = 2**31 - 1) -> Answer:
    """The end of the connection is announced before the answer."""

    def send(connection: H2Connection, stream: int) -> None:
        answer(SERVING)(connection, stream)
        answered = connection.data_to_send()
        connection.close_connection(code, last_stream_id=last)
        connection._data_to_send += answered

    return send


def nothing(connection: H2Connection, stream: int) -> None:
    pass


ANSWERS: dict[str, Answer | None] = {
    "serving": answer(SERVING),
    "in pieces": answer(SERVING[:3], SERVING[3:6], SERVING[6:]),
    "more fields": answer(frame(b"\x08\x01\x12\x01a\x1d\x00\x00\x00\x00")),
    "last counts": answer(frame(b"\x08\x02\x08\x01")),
    "kind": answer(SERVING, head=((":status", "200"), ("content-type", "application/grpc+proto"))),
    "empty before": answer(frame(b""), SERVING),
    "not serving": answer(frame(b"\x08\x02")),
    "unknown": answer(frame(b"")),
    "service unknown": answer(frame(b"\x08\x03")),
    "no message": answer(),
    "two messages": answer(SERVING, SERVING),
    "compressed": answer(frame(b"\x08\x01", 1)),
    "bad flags": answer(frame(b"\x08\x01", 2)),
    "malformed": answer(frame(b"\x08")),
    "short": answer(frame(b"\x08\x01", length=9)),
    "no trailers": answer(SERVING, trailers=None),
    "head alone": answer(head=HEAD, trailers=None),
    "trailers alone": answer(head=(*HEAD, ("grpc-status", "5")), trailers=None),
    "fine alone": answer(head=(*HEAD, ("grpc-status", "0")), trailers=None),
    "failed": answer(SERVING, trailers=(("grpc-status", "14"),)),
    "no status": answer(SERVING, trailers=(("x-a", "0"),)),
    "bad status": answer(SERVING, trailers=(("grpc-status", "a"),)),
    "503": answer(SERVING, head=((":status", "503"), *GRPC)),
    "503 alone": answer(head=((":status", "503"), *GRPC, ("grpc-status", "0")), trailers=None),
    "html": answer(SERVING, head=((":status", "200"), ("content-type", "text/html"))),
    "no type": answer(SERVING, head=((":status", "200"),)),
    "grpc-web": answer(SERVING, head=((":status", "200"), ("content-type", "application/grpc-web"))),
    "reset": lambda connection, stream: connection.reset_stream(stream, 2),
    "going away": going_away(0),
    "going away after this": going_away(0, 1),
    "going away before this": going_away(0, 0),
    "gone": going_away(2),
    "silent": nothing,
    "closed": None,
}
# Of a server of grpcio's: whether a service is there, and well.
SERVICES = {
    "": health_pb2.HealthCheckResponse.SERVING,
    "good": health_pb2.HealthCheckResponse.SERVING,
    "bad": health_pb2.HealthCheckResponse.NOT_SERVING,
    "missing": None,
}


class Server:
    """Answers each service's check as ANSWERS says, and keeps what it was asked with."""

    def __init__(self) -> None:
        self.heads: list[list[tuple[str, str]]] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = H2Configuration(client_side=False, header_encoding="utf-8", validate_outbound_headers=False)
        connection = H2Connection(config)
        connection.initiate_connection()
        bodies: dict[int, bytes] = {}
        with suppress(ConnectionError, ProtocolError):  # h2 forgets what it has closed
            writer.write(connection.data_to_send())
            while data := await reader.read(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self.heads.append(list(event.headers))
                        bodies[event.stream_id] = b""
                    elif isinstance(event, DataReceived):
                        bodies[event.stream_id] += event.data
                    elif isinstance(event, StreamEnded):
                        ((_, name, _),) = fields_of(bodies.pop(event.stream_id)[5:])
                        send = ANSWERS[name.decode()]
                        if send is None:
                            return
                        send(connection, event.stream_id)
                writer.write(connection.data_to_send())
        writer.close()


@asynccontextmanager
async def servers() -> AsyncIterator[tuple[Server, int, int]]:
    """The odd one with its port, and the port of grpcio's."""
    odd = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await odd.handle(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    real = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    for name, status in SERVICES.items():
        if status is not None:
            servicer.set(name, status)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, real)
    port = real.add_insecure_port("127.0.0.1:0")
    real.start()
    try:
        yield odd, listening.sockets[0].getsockname()[1], port
    finally:
        real.stop(None)
        listening.close()


def cluster(name: str, port: int, service: str, **check: Any) -> dict[str, Any]:
    kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    http2 = {"@type": f"type.googleapis.com/{kind}", "explicit_http_config": {"http2_protocol_options": {}}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name,
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {kind: http2},
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "health_checks": [
            {
                "timeout": "3s",
                "interval": "0.3s",
                "no_traffic_interval": "0.3s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {"service_name": service, **check},
            }
        ],
    }


Seen = dict[str, tuple[bool, bool, bool, bool]]


def envoys(admin: int, names: list[str]) -> Seen:
    """By cluster: whether the host is failed, and for a timeout; whether checks have failed, and on the network."""

    def text(target: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}{target}") as answered:
            return str(answered.read().decode())

    flags = {
        each["name"]: each["host_statuses"][0]["health_status"]
        for each in json.loads(text("/clusters?format=json"))["cluster_statuses"]
    }
    counted = dict(line.rsplit(": ", 1) for line in text("/stats?filter=health_check").splitlines())
    return {
        name: (
            bool(flags[name].get("failed_active_health_check")),
            bool(flags[name].get("active_hc_timeout")),
            int(counted[f"cluster.{name}.health_check.failure"]) > 0,
            int(counted[f"cluster.{name}.health_check.network_failure"]) > 0,
        )
        for name in names
    }


async def ours(clusters: list[dict[str, Any]]) -> Seen:
    manager = ClusterManager(load({"static_resources": {"clusters": clusters}}).clusters)
    found: Seen = {}
    async with HealthRunner(manager.values()) as runner:
        await asyncio.wait_for(runner.ready(), 10)
        await asyncio.sleep(3)
        for name, live in manager.items():
            flags, stats = live.hosts[0].flags, runner.checkers[name].stats
            found[name] = (
                bool(flags & HostFlag.FAILED_ACTIVE_HC),
                bool(flags & HostFlag.ACTIVE_HC_TIMEOUT),
                stats.failure > 0,
                stats.network_failure > 0,
            )
    return found


async def compare(directory: Path) -> None:
    async with servers() as (odd, odd_port, port):
        (refused, admin) = free_ports(2)
        metadata = [
            {"header": {"key": "x-a", "value": "1"}},
            {"header": {"key": "user-agent", "value": "me"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
        ]
        clusters = [cluster(name.replace(" ", "_"), odd_port, name) for name in ANSWERS]
        clusters += [cluster(f"real_{name}", port, name) for name in SERVICES]
        clusters.append(cluster("refused", refused, "serving"))
        clusters.append(cluster("told", odd_port, "serving", authority="b.example", initial_metadata=metadata))
        names = [each["name"] for each in clusters]
        address = {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
        bootstrap = {"admin": {"address": address}, "static_resources": {"clusters": clusters}}
        with run_envoy(bootstrap, [admin], directory):
            await asyncio.sleep(5)
            theirs = await asyncio.to_thread(envoys, admin, names)
        asked = {json.dumps(sorted(head)) for head in odd.heads}
        odd.heads.clear()
        own = await ours(clusters)
    assert {name: (own[name], theirs[name]) for name in names if own[name] != theirs[name]} == {}
    assert {json.dumps(sorted(head)) for head in odd.heads} == asked
    assert len(asked) == len(ANSWERS) + 1
    assert not theirs["serving"][0]
    assert not theirs["real_good"][0]
    assert theirs["silent"][:2] == (True, True)
    assert {theirs["refused"], theirs["not_serving"]} == {(True, False, True, True), (True, False, True, False)}


def test_answers_count_as_for_envoy(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
