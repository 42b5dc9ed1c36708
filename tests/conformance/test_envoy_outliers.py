"""Outlier detection against a real Envoy: the same answers of the same hosts give the same counters."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conformance.envoy_oracle import KeptConnection, run_envoy
from conformance.ports import free_ports

from fastpath import ClusterManager, load
from fastpath.models import OutlierEjectionType

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


@dataclass(frozen=True)
class Case:
    """What each host of a cluster answers (0: nothing listens there), and when that makes it an outlier."""

    name: str
    answers: tuple[int, ...]
    detection: dict[str, Any]
    requests: int = 60


CASES = [
    Case("row", (200, 200, 503), {"max_ejection_percent": 50}),
    Case("row_of_500", (200, 200, 500), {"max_ejection_percent": 50, "consecutive_5xx": 3}),
    Case("share", (200, 200, 503), {}),
    Case("always_one", (200, 500, 500), {"max_ejection_percent": 0, "always_eject_one_host": True}),
    Case("two_of_three", (200, 500, 503), {"max_ejection_percent": 67}),
    Case("half_of_three", (200, 500, 500), {"max_ejection_percent": 50}),
    Case("exact_share", (200, 500, 500, 500), {"max_ejection_percent": 50}),
    Case("gateway", (200, 200, 503), {"max_ejection_percent": 50, "enforcing_consecutive_gateway_failure": 100}),
    Case(
        "gateway_sooner",
        (200, 502, 500),
        {"max_ejection_percent": 100, "consecutive_gateway_failure": 2, "enforcing_consecutive_gateway_failure": 100},
    ),
    Case("not_enforced", (200, 503), {"max_ejection_percent": 100, "enforcing_consecutive_5xx": 0}),
    Case("never", (200, 503), {"max_ejection_percent": 100, "consecutive_5xx": 0}),
    Case("refused", (200, 200, 0), {"max_ejection_percent": 50}),
    Case("refused_split", (200, 500, 0), {"max_ejection_percent": 100, "split_external_local_origin_errors": True}),
    Case("all", (500, 503), {"max_ejection_percent": 100}),
]

FLIPPING = 0  # instead of a status: 200 and 500 in turn


def rates(name: str, *answers: int, **detection: Any) -> Case:
    """Intervals are Envoy's, so that one may end anywhere in a round. A host has then one request more than another,
    and an interval either counts each of them as often as is asked for, five times or more, or judges none: it asks for
    as many hosts as there are. Half of the answers of a host that flips fail, or two or three of five."""
    volumes = {"success_rate_request_volume": 5, "failure_percentage_request_volume": 5}
    fewest = max(len(answers), 5)
    hosts = {"success_rate_minimum_hosts": fewest, "failure_percentage_minimum_hosts": fewest}
    fields = {"consecutive_5xx": 0, "interval": f"{INTERVAL}s", "max_ejection_percent": 100}
    return Case(name, answers, {**fields, **volumes, **hosts, **detection})


INTERVAL = 1
RATES = [
    # Rates of 100 and 50: 91.7 on average, and 1.9 deviations below that are 56.3; with two that fail it is 38.6. With
    # 60 it is 65, with 40 and 60 it is 37.2.
    rates("one_below", 200, 200, 200, 200, 200, FLIPPING),
    rates("two_below", 200, 200, 200, 200, FLIPPING, FLIPPING),
    rates("too_few", 200, 200, 200, FLIPPING),
    rates(
        "share_of_failures",
        *(200, 200, 200, 200, FLIPPING, FLIPPING),
        failure_percentage_threshold=40,
        enforcing_failure_percentage=100,
    ),
    rates("share_not_enforced", 200, 200, 200, 200, FLIPPING, failure_percentage_threshold=40),
]
JUDGED = {case.name for case in RATES if case.name != "too_few"}

NAMES = {
    OutlierEjectionType.CONSECUTIVE_5XX: "consecutive_5xx",
    OutlierEjectionType.CONSECUTIVE_GATEWAY_FAILURE: "consecutive_gateway_failure",
    OutlierEjectionType.CONSECUTIVE_LOCAL_ORIGIN_FAILURE: "consecutive_local_origin_failure",
}
RATE_NAMES = {
    OutlierEjectionType.SUCCESS_RATE: "success_rate",
    OutlierEjectionType.FAILURE_PERCENTAGE: "failure_percentage",
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: Counter[str] = Counter()


def start(status: int) -> Server:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            server.asked[self.path] += 1  # each cluster has a path, and turns of its own
            self.send_response(status or (200, 500)[server.asked[self.path] % 2])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def cluster(name: str, ports: list[int], detection: dict[str, Any]) -> dict[str, Any]:
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports
    ]
    return {
        "name": name,
        "connect_timeout": "1s",
        "outlier_detection": detection,
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def document(clusters: list[dict[str, Any]], port: int, admin: int) -> dict[str, Any]:
    routes = [{"match": {"prefix": f"/{each['name']}/"}, "route": {"cluster": each["name"]}} for each in clusters]
    # Envoy holds changes of health back for up to a second, to merge them; here each counts at once.
    merging = {"common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"}}
    manager = {
        "@type": HCM,
        "stat_prefix": "web",
        "http_filters": [ROUTER],
        "route_config": {"name": "web", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
    }
    listener = {
        "name": "web",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
        "static_resources": {"listeners": [listener], "clusters": [{**each, **merging} for each in clusters]},
    }


class Oracle:
    """A running Envoy with a cluster for each case, and the statuses of its hosts by port."""

    def __init__(self, port: int, admin: int, clusters: dict[str, dict[str, Any]], statuses: dict[int, int]) -> None:
        self.connection = KeptConnection(port)
        self.main_thread = KeptConnection(admin)
        self.admin = admin
        self.clusters = clusters
        self.statuses = statuses

    def settle(self) -> None:
        """Ejecting is the main thread's affair: return when it has done what there was."""
        self.main_thread.get(b"/ready")

    def counters(self, name: str) -> dict[str, int]:
        stats = self._told(f"stats?format=json&filter=cluster.{name}.outlier_detection")["stats"]
        return {stat["name"].rpartition(".")[2]: stat["value"] for stat in stats}

    def judged(self) -> set[str]:
        """The clusters whose last interval had enough requests to enough hosts for comparing their rates."""
        listed = self._told("clusters?format=json")["cluster_statuses"]
        return {each["name"] for each in listed if "success_rate_ejection_threshold" in each}

    def _told(self, what: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/{what}", timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    servers = {status: [start(status) for _ in range(5)] for status in (200, 500, 502, 503)}
    flipping = [start(FLIPPING) for _ in range(2)]
    port, admin, dead = free_ports(3)
    statuses = {server.server_port: status for status, group in servers.items() for server in group}
    clusters = {}
    for case in (*CASES, BRIEF):
        free = {status: list(group) for status, group in servers.items()}
        ports = [free[status].pop().server_port if status else dead for status in case.answers]
        clusters[case.name] = cluster(case.name, ports, case.detection)
    for case in RATES:
        good, bad = iter(servers[200]), iter(flipping)
        ports = [next(good if status else bad).server_port for status in case.answers]
        clusters[case.name] = cluster(case.name, ports, case.detection)
    directory: Path = tmp_path_factory.mktemp("envoy")
    try:
        with run_envoy(document(list(clusters.values()), port, admin), [port, admin], directory):
            made = Oracle(port, admin, clusters, statuses)
            yield made
            made.connection.close()
            made.main_thread.close()
    finally:
        for group in (*servers.values(), flipping):
            for server in group:
                server.shutdown()
                server.server_close()


BRIEF = Case(
    "brief",
    (200, 200, 503),
    {"max_ejection_percent": 50, "interval": "0.05s", "base_ejection_time": "0.3s"},
)


def fastpath_counters(oracle: Oracle, case: Case, seed: int) -> tuple[dict[str, int], int]:
    """Counters by Envoy's names after the case's requests, and how many of these failed."""
    config = load({"static_resources": {"clusters": [oracle.clusters[case.name]]}})
    live = ClusterManager(config.clusters, seed=seed, clock=lambda: 0.0)[case.name]
    failed = 0
    for _ in range(case.requests):
        if not any(not host.flags for host in live.hosts):
            failed += 1
            continue
        with live.pick() as pick:
            status = oracle.statuses.get(pick.host.port)
            failed += status != 200
            pick.report(status) if status else pick.report(reset="connect-failure")
    stats = live.outlier_stats
    found = {
        "ejections_active": stats.ejections_active,
        "ejections_enforced_total": stats.ejections_enforced_total,
        "ejections_overflow": stats.ejections_overflow,
    }
    for kind, name in NAMES.items():
        found[f"ejections_detected_{name}"] = stats.ejections_detected[kind.value]
        found[f"ejections_enforced_{name}"] = stats.ejections_enforced[kind.value]
    return found, failed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_hosts_are_ejected(oracle: Oracle, case: Case) -> None:
    failed = 0
    for _ in range(case.requests):
        status, _ = oracle.connection.get(f"/{case.name}/".encode())
        if status != 200:
            failed += 1
            oracle.settle()
    counters = oracle.counters(case.name)
    # Where Envoy's worker has begun in the round is not known, so it is one of these.
    possible = [fastpath_counters(oracle, case, seed) for seed in range(12)]
    assert ({name: counters[name] for name in possible[0][0]}, failed) in possible


def own_rates(oracle: Oracle, case: Case) -> tuple[dict[str, bool], int]:
    """Which outliers a single interval shows, and how many hosts are ejected then."""
    now = 0.0
    config = load({"static_resources": {"clusters": [oracle.clusters[case.name]]}})
    live = ClusterManager(config.clusters, seed=0, clock=lambda: now)[case.name]
    for number in range(100 * len(case.answers)):
        with live.pick() as pick:
            status = case.answers[live.hosts.index(pick.host)]
            pick.report(status or (200, 500)[number // len(case.answers) % 2])
    now = float(INTERVAL)
    live.tick()
    stats = live.outlier_stats
    found = {}
    for kind, name in RATE_NAMES.items():
        found[f"ejections_detected_{name}"] = stats.ejections_detected[kind.value] > 0
        found[f"ejections_enforced_{name}"] = stats.ejections_enforced[kind.value] > 0
    return found, stats.ejections_active


def test_rates_make_the_same_outliers(oracle: Oracle) -> None:
    expected = {case.name: own_rates(oracle, case) for case in RATES}

    def seen(name: str) -> tuple[dict[str, bool], int]:
        counters = oracle.counters(name)
        return {each: counters[each] > 0 for each in expected[name][0]}, counters["ejections_active"]

    # Until an interval was full of requests for each; on a busy machine it takes more of them.
    judged: set[str] = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for case in RATES:
            for _ in case.answers:
                oracle.connection.get(f"/{case.name}/".encode())
        judged |= oracle.judged()
        if judged >= JUDGED and all(seen(name) == wanted for name, wanted in expected.items()):
            break
    assert {name: seen(name) for name in expected} == expected
    assert judged & expected.keys() == JUDGED


def test_the_host_comes_back_in_time(oracle: Oracle) -> None:
    failed: list[tuple[float, float]] = []
    deadline = time.monotonic() + 20
    while len(failed) < 6 and time.monotonic() < deadline:
        asked = time.monotonic()
        if oracle.connection.get(b"/brief/")[0] != 200:
            failed.append((asked, time.monotonic()))
            oracle.settle()
    assert 0.3 <= failed[5][1] - failed[4][0] < 3  # whatever the machine does in between

    now = 0.0
    config = load({"static_resources": {"clusters": [oracle.clusters["brief"]]}})
    manager = ClusterManager(config.clusters, seed=0, clock=lambda: now)
    live, own_failed = manager["brief"], []
    while len(own_failed) < 6 and now < 5:
        now += 0.001
        manager.tick()
        with live.pick() as pick:
            status = oracle.statuses[pick.host.port]
            pick.report(status)
            if status != 200:
                own_failed.append(now)
    assert 0.3 <= own_failed[5] - own_failed[4] < 0.36
