"""Hosts that requests name: a real Envoy sends them, and tries them again, where the gateway does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group
from conformance.ports import free_ports
from conformance.retry_oracle import RETRIES, tried_by_both

POLICIES = "type.googleapis.com/envoy.extensions.load_balancing_policies."
HOSTS = (Group("-u-d-"), Group("--", priority=1))


def policy(kind: str, **config: Any) -> dict[str, Any]:
    typed = {"@type": POLICIES + kind, **config}
    return {"policies": [{"typed_extension_config": {"name": "x", "typed_config": typed}}]}


def overriding(*sources: dict[str, Any]) -> dict[str, Any]:
    fallback = policy("ring_hash.v3.RingHash")
    return {
        "load_balancing_policy": policy(
            "override_host.v3.OverrideHost", override_host_sources=list(sources), fallback_policy=fallback
        )
    }


METADATA = {"metadata": {"key": "envoy.lb", "path": [{"key": "x-to"}]}}
CASES = [
    Case("header", HOSTS, overriding({"header": "x-to"}), by_hash=True),
    Case("several", HOSTS, overriding({"header": "X-Also"}, METADATA, {"header": "x-to"}), by_hash=True),
    Case("authority", HOSTS, overriding({"header": ":authority"}), by_hash=True),
    Case("added", HOSTS, overriding({"header": "x-added"}), by_hash=True),
]
# Hosts are named H1 to H7.
LINES = [
    [],
    ["x-to: H3"],
    ["x-to: H2"],  # unhealthy
    ["x-to: H7"],  # of the other priority
    ["x-to: H3,H1"],
    ["x-to: H3,H1,H5,H6,H7"],
    ["x-to:  H3 ,\tH1 , , H4,"],
    ["x-to: 10.9.9.9:80, H4, H3"],
    ["x-to: nonsense, 127.0.1.3, H4:1, [H3], H5"],
    ["x-to: H3,H3,H3"],
    ["x-to:"],
    ["x-to: ,"],
    ["x-to: H3", "x-to: H4"],
    ["X-TO: H4"],
    ["x-also: H1,H2", "x-to: H3"],
    ["x-also: ", "x-to: H3"],
    ["x-added: H1"],
]


def requests(hosts_port: int) -> Iterator[str]:
    for case in CASES:
        for number, lines in enumerate(LINES):
            for key in range(4):
                fields = "".join(f"{line}\r\n" for line in lines)
                authority = "H5" if number % 2 else "a"
                text = f"GET /{case.name}/?key={key}&line={number} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n"
                for host in range(1, 8):
                    text = text.replace(f"H{host}", f"127.0.1.{host}:{hosts_port}")
                yield text


def test_requests_go_to_the_hosts_that_they_name(tmp_path: Path) -> None:
    (hosts_port,) = free_ports(1)
    added = [{"header": {"key": "x-added", "value": f"127.0.1.4:{hosts_port}"}}]
    theirs, ours = tried_by_both(
        CASES,
        lambda case: {**RETRIES, "num_retries": 3},
        list(requests(hosts_port)),
        hosts_port,
        tmp_path,
        request_headers_to_add=added,
    )
    assert len(theirs) == len(CASES) * len(LINES) * 4
    assert {target: (hosts, theirs[target]) for target, hosts in ours.items() if hosts != theirs[target]} == {}
    assert len({tuple(hosts) for hosts in theirs.values()}) > 20
