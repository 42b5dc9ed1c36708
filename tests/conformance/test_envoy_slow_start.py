"""Slow start: what a host that has just joined gets, as time goes by, of a real Envoy and of this library."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fastpath import ClusterManager, load

from .balance_oracle import HCM, ROUTER
from .envoy_oracle import KeptConnection, run_envoy
from .ports import free_ports

WINDOW = 2.0
MOMENTS = (0.1, 0.6, 1.2, 1.7, WINDOW + 0.2)
"""Seconds since the host joined, when shares are counted."""
PICKS = 90
NEW = "127.0.1.3"


def cluster(policy: str, weights: tuple[int, int, int] = (1, 1, 1), **slow_start: Any) -> dict[str, Any]:
    config = {"slow_start_config": {"slow_start_window": f"{WINDOW}s", **slow_start}}
    return {"lb_policy": policy.upper(), f"{policy}_lb_config": config, "weights": weights}


def aggression(value: float) -> dict[str, Any]:
    return {"aggression": {"default_value": value, "runtime_key": "aggression"}}


CASES: Mapping[str, dict[str, Any]] = {
    "evenly": cluster("round_robin"),
    "fast_at_first": cluster("round_robin", **aggression(2.0)),
    "slow_at_first": cluster("round_robin", **aggression(0.5)),
    "no_sense": cluster("round_robin", **aggression(0.0)),
    "half_at_least": cluster("round_robin", min_weight_percent={"value": 50}),
    # With nothing at least, the first turn comes when the moment says at which Envoy's worker heard of the host.
    "little_at_least": cluster("round_robin", min_weight_percent={"value": 5}),
    "with_weights": cluster("round_robin", (3, 1, 4)),
    "least_request": cluster("least_request"),
    "least_request_with_weights": cluster("least_request", (3, 1, 4), **aggression(2.0)),
    "zero_window": {
        **cluster("round_robin"),
        "round_robin_lb_config": {"slow_start_config": {"slow_start_window": "0s"}},
    },
}


def assignment(name: str, hosts: int, port: int) -> dict[str, Any]:
    endpoints = [
        {
            "endpoint": {"address": {"socket_address": {"address": f"127.0.1.{number + 1}", "port_value": port}}},
            "load_balancing_weight": weight,
        }
        for number, weight in enumerate(CASES[name]["weights"][:hosts])
    ]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}


def write_endpoints(directory: Path, name: str, hosts: int, port: int) -> Path:
    """Envoy looks again when a file is moved into the place of the old one."""
    resource = {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        **assignment(name, hosts, port),
    }
    file, draft = directory / f"{name}.json", directory / f"{name}.draft"
    draft.write_text(json.dumps({"resources": [resource]}))
    os.replace(draft, file)
    return file


def said(name: str) -> dict[str, Any]:
    """The cluster without its endpoints."""
    return {
        "name": name,
        "connect_timeout": "1s",
        **{key: each for key, each in CASES[name].items() if key != "weights"},
    }


def bootstrap(directory: Path, port: int, server: int, admin: int) -> dict[str, Any]:
    def listener(name: str, address: str, port: int, host: Mapping[str, Any]) -> dict[str, Any]:
        routes = {"name": name, "virtual_hosts": [{"name": name, "domains": ["*"], **host}]}
        manager = {"@type": HCM, "stat_prefix": name, "http_filters": [ROUTER], "route_config": routes}
        filters = [{"name": "hcm", "typed_config": manager}]
        socket = {"socket_address": {"address": address, "port_value": port}}
        return {"name": name, "address": socket, "filter_chains": [{"filters": filters}]}

    def told(name: str) -> dict[str, Any]:
        path = {"path": str(write_endpoints(directory, name, 2, server))}
        source = {"path_config_source": path, "resource_api_version": "V3"}
        return {**said(name), "type": "EDS", "eds_cluster_config": {"eds_config": source}}

    chosen = {"header": {"key": "x-chosen", "value": "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}
    routes = [{"match": {"prefix": f"/{name}/"}, "route": {"cluster": name}} for name in CASES]
    answer = {"routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}
    return {
        "node": {"id": "n", "cluster": "c"},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
        "static_resources": {
            "listeners": [
                listener("front", "127.0.0.1", port, {"routes": routes, "response_headers_to_add": [chosen]}),
                listener("back", "0.0.0.0", server, answer),
            ],
            "clusters": [told(name) for name in CASES],
        },
    }


def wait_for_hosts(admin: int, hosts: int) -> float:
    """When every cluster has so many."""
    deadline = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/stats?filter=membership_total&format=json") as answer:
            found = {each["name"]: each["value"] for each in json.load(answer)["stats"]}
        if all(found.get(f"cluster.{name}.membership_total") == hosts for name in CASES):
            return time.monotonic()
        assert time.monotonic() < deadline, found
        time.sleep(0.005)


Sample = Mapping[str, Sequence[tuple[float, str]]]
"""By cluster: when a request was answered, and by whom."""


def sample(connection: KeptConnection) -> Sample:
    found: dict[str, list[tuple[float, str]]] = {name: [] for name in CASES}
    for _ in range(PICKS):
        for name, picks in found.items():
            status, fields = connection.get(f"/{name}/".encode())
            assert status == 200
            picks.append((time.monotonic(), fields[b"x-chosen"].decode()))
    return found


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, Sequence[Sample]]:
    """When the hosts had joined, and what Envoy did at each of the moments."""
    directory = tmp_path_factory.mktemp("slow_start")
    port, server, admin = free_ports(3)
    connection = KeptConnection(port)
    with run_envoy(bootstrap(directory, port, server, admin), [port, server, admin], directory):
        started = wait_for_hosts(admin, 2)
        time.sleep(max(0.0, started + WINDOW + 0.1 - time.monotonic()))
        for name in CASES:
            write_endpoints(directory, name, 3, server)
        joined = wait_for_hosts(admin, 3)
        found = []
        for moment in MOMENTS:
            time.sleep(max(0.0, joined + moment - time.monotonic()))
            found.append(sample(connection))
        connection.close()
    return joined, found


def ours(name: str, joined: float, picks: Sequence[Sequence[tuple[float, str]]]) -> list[Counter[str]]:
    """What this library chooses at the very times at which Envoy did."""
    now = joined - 10 * WINDOW
    clock: Callable[[], float] = lambda: now  # noqa: E731

    def model(hosts: int) -> Any:
        return load(
            {"static_resources": {"clusters": [{**said(name), "load_assignment": assignment(name, hosts, 80)}]}}
        )

    (before,), (after,) = model(2).clusters, model(3).clusters
    made = ClusterManager([before], seed=5, clock=clock)[name]
    now = joined
    made.update(after)
    counts = []
    for moment in picks:
        count: Counter[str] = Counter()
        for when, _ in moment:
            now = when
            count[made.pick_host().address] += 1
        counts.append(count)
    return counts


@pytest.mark.parametrize("name", CASES)
def test_a_host_that_joins_gets_what_envoy_gives_it(samples: tuple[float, Sequence[Sample]], name: str) -> None:
    joined, found = samples
    picks = [each[name] for each in found]
    theirs = [Counter(host for _, host in moment) for moment in picks]
    own = ours(name, joined, picks)
    for moment, envoys, these in zip(MOMENTS, theirs, own, strict=True):
        for host in envoys | these:
            assert abs(envoys[host] - these[host]) <= 4, (moment, theirs, own)
    if name != "zero_window":
        assert theirs[0][NEW] < theirs[-1][NEW]
