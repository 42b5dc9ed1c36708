"""Which endpoints of a Service get requests, against a model that says what kube-proxy does sentence by sentence."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import ClusterManager, NoHostAvailable
from fastpath.config import Scope, load

Endpoint = dict[str, Any]

NODES, ZONES = ["n1", "n2", "n3"], ["a", "b", "c"]
told = st.sampled_from([None, True, False])


def names(options: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(options), max_size=2, unique=True)


endpoints = st.lists(
    st.fixed_dictionaries(
        {
            "ready": told,
            "serving": told,
            "terminating": told,
            "node": st.sampled_from([None, *NODES]),
            "zones": names(ZONES),
            "nodes": names(NODES),
        }
    ),
    max_size=6,
)


def documents(found: list[Endpoint], policy: str) -> list[dict[str, Any]]:
    written = []
    for index, each in enumerate(found):
        conditions = {name: each[name] for name in ("ready", "serving", "terminating") if each[name] is not None}
        hints = {
            field: [{"name": name} for name in each[key]]
            for field, key in (("forZones", "zones"), ("forNodes", "nodes"))
            if each[key]
        }
        endpoint: dict[str, Any] = {"addresses": [f"10.0.0.{index}"], "conditions": conditions, "hints": hints}
        written.append(endpoint | ({"nodeName": each["node"]} if each["node"] is not None else {}))
    labels = {"kubernetes.io/service-name": "web"}
    spec = {"internalTrafficPolicy": policy, "ports": [{"port": 80}]}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web-1", "labels": labels},
            "addressType": "IPv4",
            "ports": [{"port": 8080}],
            "endpoints": written,
        },
    ]


def usable(found: list[Endpoint], policy: str, node: str, zone: str) -> set[str]:
    """Of a node in a zone."""
    known = [(f"10.0.0.{index}", each) for index, each in enumerate(found)]
    if policy == "Local":
        known = [(ip, each) for ip, each in known if each["node"] == node]
    ready = [(ip, each) for ip, each in known if each["ready"] is not False]
    if not ready:
        return {ip for ip, each in known if each["serving"] is not False and each["terminating"]}
    if policy == "Cluster":
        for key, place in (("nodes", node), ("zones", zone)):
            hinted = {ip for ip, each in ready if place in each[key]}
            if hinted and all(each[key] for _, each in ready):
                return hinted
    return {ip for ip, _ in ready}


@settings(max_examples=examples(200), deadline=None)
@given(endpoints, st.sampled_from(["Cluster", "Local"]), st.sampled_from(NODES), st.sampled_from(ZONES))
def test_endpoints(found: list[Endpoint], policy: str, node: str, zone: str) -> None:
    (cluster,) = load(documents(found, policy), scope=Scope(node_name=node, zone=zone)).clusters
    live = ClusterManager([cluster], seed=1)[cluster.name]
    picked = set()
    with suppress(NoHostAvailable):
        picked = {live.pick_host().address for _ in range(4 * len(found) + 1)}
    assert picked == usable(found, policy, node, zone)
