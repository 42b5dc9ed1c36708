"""Requests name the hosts that they want to go to, in header fields or in metadata."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fastpath import (
    Cluster,
    ClusterManager,
    ConfigError,
    Dispatcher,
    NoHostAvailable,
    RouteTable,
    models,
    parse_request,
)
from fastpath.models import (
    Endpoint,
    HealthStatus,
    LbPolicy,
    LocalityEndpoints,
    MetadataKey,
    OverrideHostConfig,
    OverrideHostSource,
)

HEADER = OverrideHostSource("X-To")
METADATA = OverrideHostSource(metadata=MetadataKey("envoy.lb", ("to", "hosts")))


def model(*sources: OverrideHostSource, hosts: int = 4, **fields: Any) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port + 1) for port in range(hosts))
    return models.Cluster(
        "c",
        (LocalityEndpoints((*endpoints, Endpoint("::1", 9, health_status=HealthStatus.UNHEALTHY))),),
        override_host=OverrideHostConfig(sources),
        **fields,
    )


def make(*sources: OverrideHostSource, **fields: Any) -> Cluster:
    return ClusterManager([model(*sources, **fields)], seed=1)["c"]


def head(*lines: str) -> bytes:
    return "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""]).encode("latin-1")


def taken(cluster: Cluster, *lines: str, metadata: Any = None) -> list[str]:
    request = parse_request(head(*lines))
    assert request is not None
    hosts = cluster.override_hosts(request, metadata)
    return [str(host) for host in iter(hosts.take, None)]


def test_hosts_are_taken_one_after_the_other() -> None:
    cluster = make(HEADER, METADATA)
    named = {"envoy.lb": {"to": {"hosts": "10.0.0.1:3, 10.0.0.1:1"}}}
    assert taken(cluster) == []
    assert taken(cluster, "x-to: 10.0.0.1:2") == ["10.0.0.1:2"]
    assert taken(cluster, "x-to: 10.0.0.7:2,[::1]:9,,10.0.0.1:4 ,\xff") == ["[::1]:9", "10.0.0.1:4"]
    assert taken(cluster, "x-to: 10.0.0.1:2", "x-to: 10.0.0.1:4") == ["10.0.0.1:2"]
    assert taken(cluster, metadata=named) == ["10.0.0.1:3", "10.0.0.1:1"]
    assert taken(cluster, "x-to: 10.0.0.1:2", metadata=named) == ["10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:1"]


@pytest.mark.parametrize(
    "metadata",
    [{}, {"envoy.lb": {}}, {"envoy.lb": {"to": "10.0.0.1:1"}}, {"envoy.lb": {"to": {"hosts": ["10.0.0.1:1"]}}}],
)
def test_metadata_that_is_no_text_names_nothing(metadata: Any) -> None:
    assert taken(make(METADATA), metadata=metadata) == []


def test_updates_decide_about_later_attempts() -> None:
    cluster = make(HEADER)
    request = parse_request(head("x-to: 10.0.0.1:1,10.0.0.1:2,10.0.0.1:5"))
    assert request is not None
    hosts = cluster.override_hosts(request)
    assert str(hosts.take()) == "10.0.0.1:1"
    cluster.update(replace(model(HEADER, hosts=5), override_host=None))
    first = cluster.find_host("10.0.0.1:2")
    assert hosts.take() is first
    assert str(hosts.take()) == "10.0.0.1:5"
    assert hosts.take() is None
    assert taken(cluster, "x-to: 10.0.0.1:1") == []


def test_a_request_counts_at_the_host_until_it_is_given_back() -> None:
    cluster = make(HEADER)
    host = cluster.find_host("[::1]:9")
    assert host is not None
    with cluster.acquire(host) as pick:
        assert (pick.host, host.active_requests) == (host, 1)
        pick.report(200)
    assert (host.active_requests, host.stats.success) == (0, 1)
    with pytest.raises(TypeError):
        cluster.acquire(None)  # type: ignore[arg-type]
    assert cluster.find_host("10.0.0.1:77") is None


def test_one_call_takes_the_first_host_that_is_named() -> None:
    clusters = ClusterManager([model(HEADER, METADATA, lb_policy=LbPolicy.RING_HASH)], seed=1)
    route = models.Route(
        models.RouteMatch(prefix="/"),
        models.RouteAction(cluster="c", hash_policy=(models.HashPolicy(header="x-user"),)),
    )
    dispatcher = Dispatcher(RouteTable([models.VirtualHost("v", ("*",), (route,))]), clusters)

    def port(*lines: str, metadata: Any = None) -> int:
        found = dispatcher.dispatch(head(*lines), metadata=metadata)
        assert found is not None
        assert found.host is not None
        return found.host.port

    fallback = clusters["c"].pick_host(hash_key="u").port
    assert port("x-to: 10.0.0.1:9,[::1]:9,10.0.0.1:2", "x-user: u") == 9
    assert port("x-to: 10.0.0.1:2", "x-user: u") == 2
    assert port("x-to: 10.0.0.9:2", "x-user: u") == fallback
    assert port("x-user: u", metadata={"envoy.lb": {"to": {"hosts": "10.0.0.1:3"}}}) == 3


def test_an_empty_cluster_has_no_host_whatever_is_named() -> None:
    empty = replace(model(HEADER), localities=())
    clusters = ClusterManager([empty], seed=1)
    route = models.Route(models.RouteMatch(prefix="/"), models.RouteAction(cluster="c"))
    dispatcher = Dispatcher(RouteTable([models.VirtualHost("v", ("*",), (route,))]), clusters)
    with pytest.raises(NoHostAvailable):
        dispatcher.dispatch(head("x-to: 10.0.0.1:1"))


@pytest.mark.parametrize(
    ("sources", "path"),
    [
        ((), "sources"),
        ((HEADER, OverrideHostSource()), "sources[1]"),
        ((OverrideHostSource("a", METADATA.metadata),), "sources[0]"),
        ((OverrideHostSource("\u00e9"),), "sources[0].header"),
        ((OverrideHostSource(metadata=MetadataKey("a", ())),), "sources[0].metadata.path"),
    ],
)
def test_what_makes_no_sense_is_refused(sources: tuple[OverrideHostSource, ...], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(*sources)
    assert caught.value.path == f"clusters[0].override_host.{path}"
    cluster = make(HEADER)
    with pytest.raises(ConfigError) as caught:
        cluster.update(model(*sources))
    assert caught.value.path == f"override_host.{path}"
    assert taken(cluster, "x-to: 10.0.0.1:2") == ["10.0.0.1:2"]
