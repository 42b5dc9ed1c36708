"""Names in clusters: the hosts that a real Envoy makes of them, and ours."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from fastpath import ClusterManager, load
from fastpath.discovery import DnsSource, follow

from .envoy_oracle import run_envoy
from .ports import free_ports

# What is resolved here is in every hosts file, or an address already.
ENDPOINTS = [
    [("localhost", 80, 1)],
    [("localhost", 80, 2), ("127.0.0.1", 81, 3)],
    [("127.0.0.1", 82, 1), ("localhost", 80, 7)],
    [("127.0.0.2", 90, 1), ("::1", 90, 1)],
    [("no-such-name.invalid", 80, 1), ("127.0.0.1", 80, 1)],
]
FAMILIES = ["V4_ONLY", "V4_PREFERRED"]  # whether localhost is ::1 too differs between hosts files and resolvers


def cluster(name: str, kind: str, family: str, endpoints: list[tuple[str, int, int]]) -> dict[str, Any]:
    listed = [
        {
            "endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}},
            "load_balancing_weight": weight,
        }
        for address, port, weight in endpoints
    ]
    assignment = {"cluster_name": name, "endpoints": [{"locality": {"zone": "z"}, "lb_endpoints": listed}]}
    return {"name": name, "type": kind, "dns_lookup_family": family, "load_assignment": assignment}


def clusters() -> list[dict[str, Any]]:
    made = []
    for family in FAMILIES:
        made += [cluster(f"strict-{family}-{i}", "STRICT_DNS", family, each) for i, each in enumerate(ENDPOINTS)]
        made += [
            cluster(f"logical-{family}-{i}", "LOGICAL_DNS", family, [each])
            for i, each in enumerate([("localhost", 80, 1), ("127.0.0.1", 81, 4)])
        ]
    return made


Host = tuple[str, int, str, int]


def envoys(port: int, names: list[str]) -> dict[str, set[Host]]:
    """Address, port, hostname and weight of the hosts of each cluster, once all that can be resolved is."""
    deadline = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/clusters?format=json", timeout=5) as answer:
            document = json.load(answer)
        found = {
            each["name"]: {
                (
                    host["address"]["socket_address"]["address"],
                    host["address"]["socket_address"]["port_value"],
                    host.get("hostname", ""),
                    host.get("weight", 1),
                )
                for host in each.get("host_statuses", [])
            }
            for each in document["cluster_statuses"]
        }
        if all(found.get(name) for name in names) or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


async def ours(document: dict[str, Any]) -> dict[str, set[Host]]:
    manager = ClusterManager(load(document).clusters)
    followings = [follow(each, DnsSource(each.model)) for each in manager.values()]
    for following in followings:
        await following.ready()
        await following.close()
    return {
        name: {(host.address, host.port, host.hostname, host.weight) for host in each.hosts}
        for name, each in manager.items()
    }


def test_envoy_has_the_same_hosts(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    listed = clusters()
    document = {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
        "static_resources": {"clusters": listed},
    }
    with run_envoy(document, [port], tmp_path):
        expected = envoys(port, [each["name"] for each in listed])
    found = asyncio.run(ours({"static_resources": document["static_resources"]}))
    assert len(expected) == len(listed)
    assert any(expected.values())
    assert found == expected
