"""What Istio's objects name and is not there: the share that it has is answered with 503, and the status tells it."""

from __future__ import annotations

from typing import Any

import pytest
from unit.istio_documents import (
    SERVICES,
    ask,
    cluster_at,
    edge,
    forward,
    gateway,
    inside,
    istio,
    part,
    route,
    to,
    virtual_service,
)

from fastpath import ClusterManager
from fastpath.config import load
from fastpath.models import Config


def told(config: Config, kind: str = "VirtualService", name: str = "vs") -> str:
    """The message of an object's status, "" when all is there."""
    (status,) = [each for each in config.statuses if (each.kind, each.name) == (kind, name)]
    (condition,) = status.conditions
    assert condition.type == "ResolvedRefs"
    assert condition.status == (condition.reason == "ResolvedRefs") == (condition.message == "")
    assert condition.status or condition.reason == "ReferencedResourceNotFound"
    return condition.message


@pytest.mark.parametrize(
    ("destination", "cluster", "reason"),
    [
        (to("nobody"), "nobody.default.svc.cluster.local:80", "route[0].destination.host: there is no Service with"),
        (to("api.example", port=443), "api.example:443", "there is no Service with the host 'api.example'"),
        (to("api.example", "v1", 443), "api.example:443/v1", "there is no Service with the host 'api.example'"),
        (to("a", "v9"), "default/a:80/v9", "route[0].destination: a.default.svc.cluster.local has no subset 'v9'"),
        (to("a", port=81), "default/a:81", "has no port 81; it has 80"),
    ],
)
def test_a_destination_that_is_not_there(destination: dict[str, Any], cluster: str, reason: str) -> None:
    config = edge(route(destination))
    assert cluster_at(config) == cluster
    assert cluster not in ClusterManager(config.clusters)
    assert forward(config).cluster_not_found_response_code == 503
    assert reason in told(config)


def test_others_have_their_share() -> None:
    config = edge(route(to("a", weight=1), to("nobody", weight=3)))
    shares = [(each.name, each.weight) for each in forward(config).weighted_clusters]
    assert shares == [("default/a:80", 1), ("nobody.default.svc.cluster.local:80", 3)]


def test_a_port_that_none_of_several_is() -> None:
    server = gateway(port={"number": 9000, "name": "http", "protocol": "HTTP"})
    config = load([server, virtual_service(route(to("c"))), *SERVICES])
    assert cluster_at(config, table="http.9000") == "default/c:9000"
    assert "has no port 9000; it has 80, 8080" in told(config)


def test_a_similar_name_is_suggested() -> None:
    rules = istio("DestinationRule", "r", host="a", subsets=[{"name": "stable"}])
    config = load([gateway(), virtual_service(route(to("a", "stabel"))), rules, *SERVICES])
    assert 'did you mean "stable"?' in told(config)
    assert told(config, "DestinationRule", "r") == ""


def test_a_mirror_that_is_not_there() -> None:
    config = edge(route(to("a"), mirror={"host": "nobody"}))
    assert cluster_at(config) == "default/a:80"
    assert "mirror.host: there is no Service" in told(config)


def test_a_gateway_that_is_not_there() -> None:
    config = load([gateway(), virtual_service(route(), gateways=["wab", "web"]), *SERVICES])
    assert cluster_at(config) == "default/a:80"
    assert "spec.gateways[0]: there is no Gateway 'default/wab'; did you mean \"default/web\"?" in told(config)


def test_a_match_for_a_gateway_that_the_virtual_service_does_not_name_takes_nothing() -> None:
    config = edge(route(to("a"), match=[{"gateways": ["other"]}]), route(to("b")))
    assert cluster_at(config) == "default/b:80"
    assert "names the gateway 'other', which the VirtualService does not" in told(config)


def test_a_rule_for_a_host_that_is_not_there_has_no_effect() -> None:
    config = load([istio("DestinationRule", "r", host="aa"), *SERVICES])
    assert len(config.clusters) == 4
    assert "no Service with the host 'aa.default.svc.cluster.local'" in told(config, "DestinationRule", "r")


def test_a_delegate_that_is_not_there_has_no_routes() -> None:
    delegating = {"match": [{"uri": {"prefix": "/x"}}], "delegate": {"name": "part"}}
    config = edge(delegating, route(to("b")))
    assert cluster_at(config, "/x") == "default/b:80"
    assert "there is no VirtualService 'default/part' without hosts" in told(config)


def test_a_delegate_that_is_not_shown_has_no_routes() -> None:
    delegating = {"delegate": {"name": "part", "namespace": "there"}}
    hidden = inside("there", part(route(), exportTo=["."]))
    config = load([gateway(), virtual_service(delegating, route(to("b"))), hidden, *SERVICES])
    assert cluster_at(config) == "default/b:80"
    assert "is not shown to the namespace default (exportTo)" in told(config)


def test_a_delegate_tells_what_it_names_itself() -> None:
    config = load([gateway(), virtual_service({"delegate": {"name": "part"}}), part(route(to("nobody"))), *SERVICES])
    assert told(config) == ""
    assert "there is no Service" in told(config, name="part")


def test_connections_for_what_is_not_there() -> None:
    server = gateway(port={"number": 9000, "name": "tcp", "protocol": "TCP"})
    service = istio("VirtualService", "vs", hosts=["*"], gateways=["web"], tcp=[{"route": [to("nobody")]}])
    config = load([server, service, *SERVICES])
    (listener,) = config.listeners
    assert getattr(listener.filter_chains[0].filters[0], "cluster", None) == "nobody.default.svc.cluster.local:9000"
    assert "there is no Service" in told(config)


def test_the_mesh_is_told_alike() -> None:
    config = load([virtual_service(route(to("nobody")), hosts=("a",), gateways=["mesh"]), *SERVICES])
    assert ask(config, host="a", table="80").cluster == "nobody.default.svc.cluster.local:80"
    assert "there is no Service" in told(config)
