"""Checks by gRPC without a network: frames in any pieces, and what is no answer."""

from __future__ import annotations

import struct
import sys
from itertools import pairwise
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from hypothesis import given
from hypothesis import strategies as st

from fastpath import ClusterManager, ConfigError, load, models
from fastpath.config import to_dict
from fastpath.health import CheckResult, HealthChecker
from fastpath.health.grpc_probe import GrpcProbe
from fastpath.models import GrpcHealthCheck, HeaderAppendAction, HeaderValueOption, HealthCheck, HostFlag
from fastpath.proxy import Gateway

PASSED, FAILED, NETWORK = CheckResult.PASSED, CheckResult.FAILED, CheckResult.NETWORK
HEAD = [(":status", "200"), ("content-type", "application/grpc")]
SERVING = b"\0\0\0\0\2\x08\1"


class Server:
    """The other side of one probe."""

    def __init__(self, check: GrpcHealthCheck | None = None, timeout: float = 1.5) -> None:
        self.probe = GrpcProbe(check or GrpcHealthCheck(), "shop", timeout)
        self.connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.connection.initiate_connection()
        self.events = self.connection.receive_data(self.probe.outgoing)

    def answer(self, *data: bytes, status: str = "0") -> bytes:
        self.connection.send_headers(1, HEAD)
        for each in data:
            self.connection.send_data(1, each)
        self.connection.send_headers(1, [("grpc-status", status)], end_stream=True)
        return self.connection.data_to_send()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


def test_the_request() -> None:
    metadata = (
        HeaderValueOption("X-A", "1"),
        HeaderValueOption("user-agent", "me", HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    )
    server = Server(GrpcHealthCheck("s" * 200, "b.example", metadata), 0.25)
    (head,) = [event for event in server.events if isinstance(event, RequestReceived)]
    assert dict(head.headers) == {
        ":method": "POST",
        ":scheme": "http",
        ":authority": "b.example",
        ":path": "/grpc.health.v1.Health/Check",
        "content-type": "application/grpc",
        "te": "trailers",
        "user-agent": "me",
        "x-a": "1",
        "grpc-timeout": "250m",
    }
    (data,) = [event.data for event in server.events if isinstance(event, DataReceived)]
    assert data == b"\0" + struct.pack(">I", 203) + b"\x0a\xc8\1" + b"s" * 200
    (head,) = [event for event in Server().events if isinstance(event, RequestReceived)]
    assert dict(head.headers)[":authority"] == "shop"


@given(st.lists(st.integers(0, 120), max_size=8), st.sampled_from([SERVING, b"\0\0\0\0\2\x08\2", b""]))
def test_answers_in_pieces(cuts: list[int], message: bytes) -> None:
    server = Server()
    parts = pieces(server.answer(message[:4], message[4:]), cuts)
    results = [server.probe.receive(part) for part in parts]
    assert results == [None] * (len(parts) - 1) + [PASSED if message == SERVING else FAILED]


def test_settings_are_acknowledged() -> None:
    server = Server()
    assert server.probe.receive(server.connection.data_to_send()) is None
    assert server.probe.outgoing.endswith(b"\0\0\0\4\1\0\0\0\0")
    assert server.probe.receive(server.answer(SERVING)) is PASSED


@pytest.mark.parametrize(
    ("last", "error", "result"), [(2**31 - 1, 0, PASSED), (1, 0, PASSED), (0, 0, NETWORK), (1, 2, NETWORK)]
)
def test_the_end_of_a_connection_that_lets_the_call_go_on(last: int, error: int, result: CheckResult) -> None:
    server = Server()
    start = server.connection.data_to_send()
    away = b"\0\0\x08\7\0\0\0\0\0" + struct.pack(">II", last, error)
    assert server.probe.receive(start + away + server.answer(SERVING)) is result
    assert GrpcProbe.reusable is False


@given(st.binary(max_size=80))
def test_what_is_no_answer(data: bytes) -> None:
    probe = GrpcProbe(GrpcHealthCheck(), "c", 1)
    assert probe.receive(data) in (None, NETWORK, FAILED)
    assert probe.receive(b"") is NETWORK


def test_messages_and_frames_have_an_end() -> None:
    server = Server()
    assert server.probe.receive(b"\xff\xff\xff\0\0\0\0\0\1" + b"a" * 20000) is NETWORK
    server = Server()
    server.connection.send_headers(1, HEAD)
    results = [server.probe.receive(server.connection.data_to_send())]
    for _ in range(7):
        server.connection.send_data(1, b"\0\0\1\0\0" if len(results) == 1 else b"a" * 16000)
        results.append(server.probe.receive(server.connection.data_to_send()))
        server.connection.receive_data(server.probe.outgoing)
        if results[-1] is not None:
            break
    assert results[-1] is FAILED


def model(**fields: Any) -> models.Cluster:
    localities = (models.LocalityEndpoints((models.Endpoint("10.0.0.1", 80),)),)
    checks = (HealthCheck(1, 5, 3, 2, GrpcHealthCheck("s")),)
    return models.Cluster("c", localities, health_checks=checks, http2=True, **fields)


def test_a_checker_counts_what_a_server_says() -> None:
    cluster = ClusterManager([model()])["c"]
    checker = HealthChecker(cluster, cluster.model.health_checks[0])
    (check,) = checker.take_due()
    assert isinstance(check.probe, GrpcProbe)
    checker.finish(check, PASSED)
    assert cluster.hosts[0].flags == HostFlag(0)


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h2.connection", None)
    cluster = ClusterManager([model()])["c"]
    with pytest.raises(ImportError, match=r"fastpath\[grpc\]"):
        HealthChecker(cluster, cluster.model.health_checks[0])
    assert cluster.hosts[0].flags == HostFlag(0)


def test_the_gateway_refuses_hosts_of_http2() -> None:
    config = models.Config(clusters=(model(),))
    assert load(to_dict(config)) == config
    with pytest.raises(ConfigError, match="the gateway speaks HTTP/1 to hosts"):
        Gateway(config)
