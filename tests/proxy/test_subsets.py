"""Routes that choose among the hosts of a cluster by their metadata."""

from __future__ import annotations

from typing import Any


def wanted(**metadata: object) -> dict[str, Any]:
    return {"metadata_match": {"filter_metadata": {"envoy.lb": metadata}}}


def endpoint(port: int, **metadata: object) -> dict[str, Any]:
    return {
        "endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}},
        "metadata": {"filter_metadata": {"envoy.lb": metadata}},
    }


async def test_a_route_goes_to_the_hosts_of_its_subset(lab: Any) -> None:
    blue, green, dev = [await lab.upstream() for _ in range(3)]
    endpoints = [
        endpoint(blue.port, version="blue", stage="prod"),
        endpoint(green.port, version="green", stage="prod"),
        endpoint(dev.port, version="green", stage="dev"),
    ]
    split = {"clusters": [{"name": "one", "weight": 1, **wanted(version="green")}]}
    routes = [
        {"match": {"prefix": "/blue"}, "route": {"cluster": "one", **wanted(version="blue", stage="prod")}},
        {"match": {"prefix": "/split"}, "route": {"weighted_clusters": split, **wanted(version="blue", stage="dev")}},
        {"match": {"prefix": "/"}, "route": {"cluster": "one", **wanted(version="red")}},
    ]
    cluster = {
        "load_assignment": {"cluster_name": "one", "endpoints": [{"lb_endpoints": endpoints}]},
        "lb_subset_config": {"subset_selectors": [{"keys": ["version", "stage"]}]},
    }
    await lab.gateway({"one": []}, routes, cluster=cluster)
    for path, status in (("/blue", 200), ("/blue", 200), ("/split", 200), ("/red", 503)):
        assert (await lab.fetch(lab.get(path))).status == status
    assert [len(each.requests) for each in (blue, green, dev)] == [2, 0, 1]
