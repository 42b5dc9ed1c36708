"""Sessions that stay with a host: when a real Envoy lets them, and when it chooses another host or none."""

from __future__ import annotations

import base64
import http.client
from pathlib import Path
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, NoHostAvailable, load

from .balance_oracle import Case, Group, document
from .envoy_oracle import run_envoy
from .ports import free_ports

FILTER = "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession"
STATE = "type.googleapis.com/envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"
GROUPS = (Group("-h"), Group("ud"), Group("--", priority=1))
DRAINED: dict[str, Any] = {"common_lb_config": {"override_host_status": {"statuses": ["UNHEALTHY", "HEALTHY"]}}}
TRIES = 4
CASES = [
    Case("usual", GROUPS),
    Case("other", GROUPS, DRAINED),
    Case("subsets", GROUPS, {"lb_subset_config": {"subset_selectors": [{"keys": ["a"]}]}}),
]


def session_filter(*, strict: bool) -> dict[str, Any]:
    state = {"@type": STATE, "name": "x-session"}
    return {
        "name": "session",
        "typed_config": {
            "@type": FILTER,
            "session_state": {"name": "envoy.http.stateful_session.header", "typed_config": state},
            "strict": strict,
        },
    }


def envoys(port: int, case: Case, key: str) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/{case.name}/", headers={"x-session": base64.b64encode(key.encode()).decode()})
    answer = connection.getresponse()
    connection.close()
    assert answer.status in (200, 503)
    return answer.getheader("x-chosen") if answer.status == 200 else None


def ours(cluster: Cluster, key: str, *, strict: bool) -> str | None:
    try:
        return cluster.pick_host(override_host=key, override_strict=strict).address
    except NoHostAvailable:
        return None


@pytest.mark.parametrize("strict", [True, False])
def test_sessions_stay_where_envoy_lets_them(tmp_path: Path, strict: bool) -> None:
    port, server = free_ports(2)
    configured = document(CASES, port, server)
    clusters = ClusterManager(load({"static_resources": configured["static_resources"]}).clusters, seed=1)
    manager = configured["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"] = [session_filter(strict=strict), *manager["http_filters"]]
    stayed = 0
    with run_envoy(configured, [port, server], tmp_path):
        for case in CASES:
            for number in range(1, 8):
                address = f"127.0.1.{number}"
                key = f"{address}:{server}"
                # More than one, since whoever does not stay may come to the same host by chance.
                theirs = {envoys(port, case, key) for _ in range(TRIES)}
                own = {ours(clusters[case.name], key, strict=strict) for _ in range(TRIES)}
                assert (own == {address}, own == {None}) == (theirs == {address}, theirs == {None}), (case.name, key)
                stayed += own == {address}
    assert stayed == 12
