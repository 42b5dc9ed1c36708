"""Active checks against a real Envoy: the same answers leave the same flags, after each check."""

from __future__ import annotations

import json
import random
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

from fastpath import ClusterManager, load
from fastpath.health import HealthChecker
from fastpath.models import HostFlag

LENGTH = 30
ANSWERS = {
    "passed": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "other": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
    "degraded": b"HTTP/1.1 200 OK\r\nX-Envoy-Degraded: true\r\nContent-Length: 2\r\n\r\nok",
    "failed": b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\nok",
    "retriable": b"HTTP/1.1 503 X\r\nContent-Length: 2\r\n\r\nok",
    "malformed": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    "closed": b"",
}
FLAGS = {
    "failed_active_health_check": HostFlag.FAILED_ACTIVE_HC,
    "failed_active_degraded_check": HostFlag.DEGRADED_ACTIVE_HC,
    "active_hc_timeout": HostFlag.ACTIVE_HC_TIMEOUT,
}


class Server(ThreadingHTTPServer):
    """Answers one check after the other from its script, and notes what Envoy thought before each."""

    daemon_threads = True

    def __init__(self, script: list[str], admin: int, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.admin, self.name = script, admin, name
        self.heads: list[list[tuple[str, str]]] = []
        self.flags: list[HostFlag] = []
        self.turn = threading.Lock()
        self.done = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        server = self.server
        with server.turn:
            server.heads.append([(self.path, ""), *self.headers.items()])
            server.flags.append(flags_of(server.admin, server.name))
            at = len(server.flags) - 1
        if at >= len(server.script):
            server.done.set()
        answer = ANSWERS[server.script[min(at, len(server.script) - 1)]]
        self.wfile.write(answer)
        self.close_connection = b"\r\nContent-Length: 2" not in answer

    def log_message(self, *args: object) -> None:
        pass


def flags_of(admin: int, name: str) -> HostFlag:
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/clusters?format=json", timeout=10) as answer:
        clusters = {each["name"]: each for each in json.load(answer)["cluster_statuses"]}
    status = clusters[name]["host_statuses"][0]["health_status"]
    flags = HostFlag(0)
    for field, flag in FLAGS.items():
        flags |= flag if status.get(field) else HostFlag(0)
    return flags


def cluster(name: str, port: int, check: dict[str, Any]) -> dict[str, Any]:
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    return {
        "name": name,
        "connect_timeout": "1s",
        "health_checks": [check],
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
    }


def check_of(number: int) -> dict[str, Any]:
    return {
        "timeout": "5s",
        "interval": "0.01s",
        "no_traffic_interval": "0.01s",
        "unhealthy_threshold": 1 + number % 3,
        "healthy_threshold": 1 + number // 3 % 3,
        "reuse_connection": number % 2 == 0,
        "http_health_check": {
            "path": f"/health?number={number}",
            "host": "" if number % 2 else "checked.example",
            "retriable_statuses": [{"start": 503, "end": 504}],
            "receive": [{"text": b"ok".hex()}],
            "request_headers_to_add": [{"header": {"key": "x-number", "value": str(number)}}],
        },
    }


def own_flags(document: dict[str, Any], script: list[str]) -> tuple[list[HostFlag], bytes]:
    """Before each check, and the request of a check."""
    now = 0.0
    config = load({"static_resources": {"clusters": [document]}})
    live = ClusterManager(config.clusters, clock=lambda: now)[document["name"]]
    checker = HealthChecker(live, live.model.health_checks[0])
    told = []
    request = b""
    for answer in (*script, script[-1]):
        told.append(live.hosts[0].flags)
        now = checker.next_due() or now
        (check,) = checker.take_due()
        request = check.probe.outgoing
        result = check.probe.receive(ANSWERS[answer]) or check.probe.receive(b"")
        assert result is not None
        checker.finish(check, result)
    return told, request


def test_the_same_answers_leave_the_same_flags(tmp_path: Path) -> None:
    draw = random.Random(4)
    (admin,) = free_ports(1)
    servers = []
    for number in range(9):
        script = draw.choices(list(ANSWERS), weights=[8, 1, 2, 1, 4, 1, 3], k=LENGTH)
        servers.append(Server(script, admin, f"c{number}"))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
    clusters = [cluster(each.name, each.server_port, check_of(number)) for number, each in enumerate(servers)]
    bootstrap = {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
        "static_resources": {"clusters": clusters},
    }
    try:
        with run_envoy(bootstrap, [admin], tmp_path):
            assert all(server.done.wait(20) for server in servers)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
    for server, document in zip(servers, clusters, strict=True):
        told, request = own_flags(document, server.script)
        assert server.flags[: len(told)] == told, (document["health_checks"], server.script)
        _, *lines = request.decode().removesuffix("\r\n\r\n").split("\r\n")
        own = [(request.split()[1].decode(), ""), *(tuple(line.split(": ")) for line in lines)]
        assert sorted(server.heads[0]) == sorted(own)
