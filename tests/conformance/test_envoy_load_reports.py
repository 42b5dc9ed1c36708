"""Load reports and the weights that hosts earn with them: what Envoy's administration interface says they are."""

from __future__ import annotations

import base64
import json
import math
import struct
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from fastpath import ClusterManager, HeaderList, load, models
from fastpath.balancing.client_side_weights import weight_of
from fastpath.orca import load_report_of

from .balance_oracle import HCM, ROUTER
from .envoy_oracle import KeptConnection, run_envoy
from .ports import free_ports

POLICIES = "type.googleapis.com/envoy.extensions.load_balancing_policies."
HEADER, BINARY = "endpoint-load-metrics", "endpoint-load-metrics-bin"
METRICS = ("named_metrics.x", "utilization.*", "request_cost.z")
CONFIGURED = 77  # before it is reported, the weight of every endpoint


def double(number: int, value: float) -> bytes:
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


def entry(number: int, key: bytes, value: float) -> bytes:
    content = bytes([0x0A, len(key)]) + key + double(2, value)
    return bytes([number << 3 | 2, len(content)]) + content


def encoded(message: bytes) -> str:
    return base64.b64encode(message).decode()


MESSAGE = double(1, 0.5) + double(6, 1000)
TEXTS = [
    "cpu_utilization=0.5,rps_fractional=1000",
    "cpu_utilization:0.5,rps_fractional:1000",
    "cpu_utilization=0.5, rps_fractional=1000",
    "cpu_utilization = 0.5, rps_fractional=1000",
    "cpu_utilization= 0.5,rps_fractional=1000",
    " cpu_utilization=0.5,rps_fractional=1000",
    "cpu_utilization=0.5,,rps_fractional=1000,",
    "cpu_utilization=0.5,rps_fractional=1000,cpu_utilization=0.5",
    "cpu_utilization=0.5,rps_fractional=1000,unknown=1",
    "cpu_utilization=.5,rps_fractional=1e3",
    "cpu_utilization=5.,rps_fractional=+1000",
    "cpu_utilization=0.5,rps_fractional=1e",
    "cpu_utilization=0.5,rps_fractional=.",
    "cpu_utilization=0.5,rps_fractional=--1000",
    "cpu_utilization=0.5,rps_fractional=0x3e8",
    "cpu_utilization=0.5,rps_fractional=0X3E8.8p1",
    "cpu_utilization=0.5,rps_fractional=1_000",
    "cpu_utilization=0.5,rps_fractional=1e400",
    "cpu_utilization=0.5,rps_fractional=inf",
    "cpu_utilization=0.5,rps_fractional=nan",
    "cpu_utilization=0.5,rps_fractional=-1000",
    "cpu_utilization=0.5,rps_fractional=1000,mem_utilization=-1",
    "cpu_utilization=0.5,rps_fractional=1000,mem_utilization=-0",
    "cpu_utilization=0.5,rps_fractional=1000,eps=100",
    "cpu_utilization=0.5,rps_fractional=1000,rps=7",
    "cpu_utilization=0.5,rps_fractional=1000,application_utilization=0.25",
    "cpu_utilization=0.5,rps_fractional=1000,named_metrics.x=0.1,application_utilization=0.25",
    "cpu_utilization=0.5,rps_fractional=1000,named_metrics.y=0.1",
    "cpu_utilization=0.5,rps_fractional=1000,utilization.a=0.2,utilization.b=0.4,application_utilization=0.25",
    "cpu_utilization=0.5,rps_fractional=1000,request_cost.z=0.3",
    "cpu_utilization=0.5,rps_fractional=1000,named_metrics.=1",
    "cpu_utilization=0.5,rps_fractional=1000,named_metrics=1",
    "cpu_utilization:0.5=1,rps_fractional=1000",
    "cpu_utilization=0.5:1,rps_fractional=1000",
    "=0.5,rps_fractional=1000,cpu_utilization=0.5",
    "cpu_utilization=0.5,rps_fractional=",
    "cpu_utilization=0.5,rps_fractional",
    "rps_fractional=1000",
    "cpu_utilization=0.5",
    "cpu_utilization=0.5,rps_fractional=0.1",
    "cpu_utilization=1e-9,rps_fractional=1e9",
]
OBJECTS = [
    '{"cpu_utilization": 0.5, "rps_fractional": 1000}',
    '{"cpuUtilization": 0.5, "rpsFractional": 1000}',
    '{"cpu_utilization": "0.5", "rps_fractional": " 1000"}',
    '{"cpu_utilization": "0.5", "rps_fractional": ""}',
    '{"cpu_utilization": null, "rps_fractional": 1000, "application_utilization": 0.5}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "unknown": 1}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "rps": 7}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "rps": "7"}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "rps": 7.0}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "rps": 7.5}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "rps": -1}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "named_metrics": {"x": 0.1}}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "requestCost": {"z": 0.1}}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "utilization": {"y": "0.1"}}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "utilization": {"x": 1, "x": 2}}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "utilization": null}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "utilization": []}',
    '{"cpu_utilization": true, "rps_fractional": 1000}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000, "cpu_utilization": 0.25}',
    '{"cpu_utilization": 0.5, "rps_fractional": 1000} x',
    '{"cpu_utilization": 0.5, "rps_fractional": "Infinity"}',
    '{"cpu_utilization": NaN, "rps_fractional": 1000, "application_utilization": 0.5}',
    '{"cpu_utilization": -0.5, "rps_fractional": 1000}',
    "[1]",
    "{}",
    "",
]
BINARIES = [
    encoded(MESSAGE),
    encoded(MESSAGE).rstrip("A"),
    encoded(MESSAGE + b"\x08\x01"),  # cpu_utilization as a varint: unknown
    encoded(MESSAGE + bytes([0xFA, 0x01, 1, 65])),
    encoded(MESSAGE[:-1]),
    encoded(MESSAGE[:-1]).rstrip("="),
    encoded(MESSAGE + b"\x00\x01"),
    encoded(MESSAGE + b"\x0d\x00\x00\x00\x00"),
    encoded(MESSAGE + entry(8, b"x", 0.1)),
    encoded(MESSAGE + entry(5, b"x", 0.1) + entry(5, b"x", 0.2)),
    encoded(MESSAGE + entry(4, b"z", 0.1)),
    encoded(MESSAGE + entry(8, b"\xff", 0.1)),
    encoded(MESSAGE + double(7, 500) + double(9, 0.25)),
    "!!!!",
    "",
]
Lines = list[tuple[str, str]]
REPORTS: list[Lines] = [
    *([(HEADER, f"TEXT {text}")] for text in TEXTS),
    *([(HEADER, f"JSON {text}")] for text in OBJECTS),
    *([(HEADER, f"BIN {text}")] for text in BINARIES),
    *([(BINARY, text)] for text in BINARIES),
    [(HEADER, "TEXT")],
    [(HEADER, "text cpu_utilization=0.5,rps_fractional=1000")],
    [(HEADER, TEXTS[0])],
    [(HEADER, "TEXT cpu_utilization=0.5,rps_fractional=2000"), (BINARY, encoded(MESSAGE))],
    [(HEADER, "TEXT cpu_utilization=0.5,rps_fractional=2000"), (BINARY, "!!!!")],
    [(HEADER, "TEXT cpu_utilization=0.5,rps_fractional=2000"), (HEADER, TEXTS[0])],
    [],
]
# Envoy's parser of JSON takes what is none.
LENIENT = ['{"cpu_utilization": 0.5, "rps_fractional": 1000,}', "{'cpu_utilization': 0.5, 'rps_fractional': 1000}"]


def policy(**config: Any) -> dict[str, Any]:
    kind = POLICIES + "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin"
    typed = {"@type": kind, "blackout_period": "0s", "weight_update_period": "0.1s", **config}
    return {"policies": [{"typed_extension_config": {"name": "x", "typed_config": typed}}]}


def listener(name: str, port: int, routes: list[dict[str, Any]]) -> dict[str, Any]:
    host = {"name": name, "domains": ["*"], "routes": routes}
    chosen = {"header": {"key": "x-chosen", "value": "%UPSTREAM_REMOTE_PORT%"}}
    manager = {
        "@type": HCM,
        "stat_prefix": name,
        "http_filters": [ROUTER],
        "route_config": {"name": name, "virtual_hosts": [host], "response_headers_to_add": [chosen]},
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name,
        "address": address,
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }


def answer(path: str, lines: Lines) -> dict[str, Any]:
    added = [
        {"header": {"key": key, "value": value.replace("%", "%%")}, "keep_empty_value": True} for key, value in lines
    ]
    return {"match": {"path": path}, "direct_response": {"status": 200}, "response_headers_to_add": added}


def cluster(name: str, ports: Sequence[int], balanced: Mapping[str, Any]) -> dict[str, Any]:
    endpoints = [
        {
            "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
            "load_balancing_weight": CONFIGURED,
        }
        for port in ports
    ]
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    return {
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": assignment,
        "load_balancing_policy": balanced,
    }


@dataclass
class Envoy:
    """One Envoy with these clusters: a request to `/name` goes to a host of the cluster."""

    document: dict[str, Any]
    admin: int
    connection: KeptConnection

    def get(self, name: str) -> int:
        """The port of the host."""
        status, fields = self.connection.get(f"/{name}".encode())
        assert status == 200
        return int(fields[b"x-chosen"])

    def weights(self) -> dict[str, list[int]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/clusters?format=json") as answered:
            statuses = json.load(answered)["cluster_statuses"]
        return {each["name"]: [host["weight"] for host in each["host_statuses"]] for each in statuses}

    def settled(self, name: str, expected: list[int]) -> None:
        """Weights are these by and by."""
        deadline = time.monotonic() + 5
        while self.weights()[name] != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.weights()[name] == expected


SHARES = {  # by what a host says of itself; the weights that come of it
    "odd": ({"rps_fractional": 100, "cpu_utilization": 1}, {"rps_fractional": 300, "cpu_utilization": 1}, None),
    "even": (
        {"rps_fractional": 10, "cpu_utilization": 1},
        {"rps_fractional": 21, "cpu_utilization": 1},
        None,
        {"rps_fractional": 40, "cpu_utilization": 1},
        {"rps_fractional": 71, "cpu_utilization": 1},
    ),
    "errors": (
        {"rps_fractional": 90, "cpu_utilization": 0.1, "eps": 81},
        {"rps_fractional": 90, "cpu_utilization": 0.1},
    ),
}
SETTINGS: dict[str, dict[str, Any]] = {"errors": {"error_utilization_penalty": 0.7}}
PERIODS = {"blackout": {"blackout_period": "1.5s"}, "expiration": {"weight_expiration_period": "1s"}}


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    most = max(map(len, SHARES.values()))
    front, back, admin, *ports = free_ports(3 + most)
    reports = [*REPORTS, *([(HEADER, f"JSON {text}")] for text in LENIENT)]
    names = [f"report{number}" for number in range(len(reports))]
    named = policy(metric_names_for_computing_utilization=list(METRICS))
    clusters = [cluster(name, [back], named) for name in names]
    clusters += [cluster(name, ports[: len(hosts)], policy(**SETTINGS.get(name, {}))) for name, hosts in SHARES.items()]
    clusters += [cluster(name, [back], policy(**config)) for name, config in PERIODS.items()]
    every = [(HEADER, f"TEXT {TEXTS[0]}")]
    answers = [answer(f"/{name}", lines) for name, lines in zip(names, reports, strict=True)]
    listeners = [
        listener(
            "front", front, [{"match": {"path": f"/{c['name']}"}, "route": {"cluster": c["name"]}} for c in clusters]
        ),
        listener("back", back, answers + [answer(f"/{name}", every) for name in PERIODS]),
    ]
    for number, port in enumerate(ports):
        said = {name: hosts[number] for name, hosts in SHARES.items() if number < len(hosts)}
        routes = [
            answer(f"/{name}", [(HEADER, f"JSON {json.dumps(report)}")] if report else [])
            for name, report in said.items()
        ]
        listeners.append(listener(f"host{number}", port, routes))
    resources = {"static_resources": {"listeners": listeners, "clusters": clusters}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
    bootstrap = {**resources, "admin": {"address": address}}
    with run_envoy(bootstrap, [front, back, admin, *ports], tmp_path_factory.mktemp("envoy")):
        made = Envoy(resources, admin, KeptConnection(front))
        yield made
        made.connection.close()


def earned(lines: Lines) -> int:
    """The weight of a host that reports this; where that says nothing, the median of no weights."""
    try:
        report = load_report_of(HeaderList(lines))
    except ValueError:
        return 1
    return max(1, (report and weight_of(report, METRICS, 0.0)) or 1)


def test_reports_are_read_as_envoy_reads_them(envoy: Envoy) -> None:
    reports = [*REPORTS, *([(HEADER, f"JSON {text}")] for text in LENIENT)]
    for number in range(len(reports)):
        envoy.get(f"report{number}")
    time.sleep(0.5)
    weights = envoy.weights()
    theirs = [weights[f"report{number}"][0] for number in range(len(reports))]
    different = [
        (lines, own, their)
        for lines, own, their in zip(REPORTS, map(earned, REPORTS), theirs, strict=False)
        if own != their
    ]
    assert different == []
    assert len({*theirs}) > 8
    assert theirs[len(REPORTS) :] == [2000, 2000]
    assert [earned([(HEADER, f"JSON {text}")]) for text in LENIENT] == [1, 1]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("name", SHARES)
def test_hosts_get_what_their_reports_earn(envoy: Envoy, name: str) -> None:
    clock = Clock()
    ours = ClusterManager(load(envoy.document).clusters, seed=7, clock=clock)[name]
    assert {host.weight for host in ours.hosts} == {CONFIGURED}
    heard: set[int] = set()
    while len(heard) < len(ours.hosts):
        heard.add(envoy.get(name))
    for host, said in zip(ours.hosts, SHARES[name], strict=True):
        if said is not None:
            ours.report_load(host, load_report_of(HeaderList([(HEADER, f"JSON {json.dumps(said)}")])))
    clock.now += 0.1
    ours.tick()
    weights = [host.weight for host in ours.hosts]
    envoy.settled(name, weights)
    assert len({*weights}) > 1
    picks = 240
    theirs, own = Counter(envoy.get(name) for _ in range(picks)), Counter(ours.pick_host().port for _ in range(picks))
    for host in ours.hosts:
        assert abs(theirs[host.port] - own[host.port]) <= 2
        assert math.isclose(own[host.port] / picks, host.weight / sum(weights), abs_tol=0.02)


def test_a_weight_counts_after_the_blackout_and_until_it_expires(envoy: Envoy) -> None:
    weights = {}
    envoy.get("blackout")
    envoy.get("expiration")
    envoy.settled("expiration", [2000])
    assert envoy.weights()["blackout"] == [1]
    time.sleep(1.6)
    weights = envoy.weights()
    assert (weights["blackout"], weights["expiration"]) == ([2000], [1])


def test_the_loaded_models_are_what_the_clusters_say(envoy: Envoy) -> None:
    by_name = {each.name: each for each in load(envoy.document).clusters}
    config = by_name["blackout"].client_side_weighted_round_robin
    assert (config.blackout_period, config.weight_update_period) == (1.5, 0.1)
    assert by_name["odd"].lb_policy is models.LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN
