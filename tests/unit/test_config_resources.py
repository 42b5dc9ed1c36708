"""Envoy's resources by themselves, in a DiscoveryResponse and in a config_dump."""

from __future__ import annotations

import gc
from typing import Any

import pytest

import fastpath
from fastpath.errors import ConfigErrors
from fastpath.models import Cluster, Config, DiscoveryType, Endpoint, LocalityEndpoints

API = "type.googleapis.com/envoy"
HCM = f"{API}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {"name": "r", "typed_config": {"@type": f"{API}.extensions.filters.http.router.v3.Router"}}
ADS: dict[str, Any] = {"ads": {}, "resource_api_version": "V3"}

ROUTES = {
    "@type": f"{API}.config.route.v3.RouteConfiguration",
    "name": "web",
    "virtual_hosts": [
        {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "one"}}]}
    ],
}
CLUSTER = {
    "@type": f"{API}.config.cluster.v3.Cluster",
    "name": "one",
    "type": "EDS",
    "eds_cluster_config": {"service_name": "one-endpoints", "eds_config": ADS},
}
ASSIGNMENT: dict[str, Any] = {
    "@type": f"{API}.config.endpoint.v3.ClusterLoadAssignment",
    "cluster_name": "one-endpoints",
    "endpoints": [
        {"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9}}}}]}
    ],
    "policy": {"overprovisioning_factor": 140},
}
HOSTS = (LocalityEndpoints((Endpoint("127.0.0.1", 9),)),)
LISTENER = {
    "@type": f"{API}.config.listener.v3.Listener",
    "name": "in",
    "address": {"socket_address": {"address": "127.0.0.1", "port_value": 80}},
    "filter_chains": [
        {
            "filters": [
                {
                    "name": "hcm",
                    "typed_config": {
                        "@type": HCM,
                        "stat_prefix": "in",
                        "http_filters": [ROUTER],
                        "rds": {"route_config_name": "web", "config_source": ADS},
                    },
                }
            ]
        }
    ],
}


def part(kind: str, **fields: object) -> dict[str, object]:
    return {"@type": f"{API}.admin.v3.{kind}ConfigDump", **fields}


def dump(**replaced: dict[str, object] | None) -> dict[str, object]:
    parts = {
        "Bootstrap": part("Bootstrap", bootstrap={"node": {"id": "x"}}, last_updated="2026-01-01T00:00:00Z"),
        "Clusters": part(
            "Clusters",
            version_info="1",
            dynamic_active_clusters=[{"version_info": "1", "cluster": CLUSTER}],
            dynamic_warming_clusters=[{"cluster": {**CLUSTER, "name": "cold"}}],
        ),
        "Endpoints": part("Endpoints", dynamic_endpoint_configs=[{"endpoint_config": ASSIGNMENT}]),
        "Listeners": part(
            "Listeners", dynamic_listeners=[{"name": "in", "active_state": {"version_info": "1", "listener": LISTENER}}]
        ),
        "Routes": part("Routes", dynamic_route_configs=[{"version_info": "1", "route_config": ROUTES}]),
        **replaced,
    }
    return {"configs": [each for each in parts.values() if each is not None]}


def errors_of(document: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        fastpath.load(document)
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


def check_whole(config: Config) -> None:
    (cluster,) = config.clusters
    assert (cluster.name, cluster.type, cluster.localities) == ("one", DiscoveryType.EDS, HOSTS)
    (manager,) = config.listeners[0].http_connection_managers()
    assert manager.route_config_name == "web"
    assert list(config.route_configurations) == ["web"]
    match = fastpath.RouteTable.from_config(config, "web").match_parts(method="GET", authority="a", path="/")
    assert match is not None
    assert match.cluster == "one"


def test_a_dump_is_what_is_active() -> None:
    check_whole(fastpath.load(dump()))


def test_clusters_may_share_endpoints_and_inline_ones_are_repeated() -> None:
    shared = {**CLUSTER, "name": "two"}
    inline = {"name": "three", "load_assignment": {**ASSIGNMENT, "cluster_name": "three"}}
    del inline["load_assignment"]["@type"]  # type: ignore[attr-defined]
    clusters = part(
        "Clusters",
        static_clusters=[{"cluster": {"@type": f"{API}.config.cluster.v3.Cluster", **inline}}],
        dynamic_active_clusters=[{"cluster": CLUSTER}, {"cluster": shared}],
    )
    endpoints = part(
        "Endpoints",
        static_endpoint_configs=[{"endpoint_config": {**ASSIGNMENT, "cluster_name": "three"}}],
        dynamic_endpoint_configs=[{"endpoint_config": ASSIGNMENT}, {"endpoint_config": ASSIGNMENT}],
    )
    config = fastpath.load(dump(Clusters=clusters, Endpoints=endpoints))
    assert [(each.name, each.localities) for each in config.clusters] == [
        ("three", HOSTS),
        ("one", HOSTS),
        ("two", HOSTS),
    ]


def test_a_response_holds_resources_in_any_order() -> None:
    response = {"version_info": "7", "nonce": "a", "type_url": "", "resources": [LISTENER, ASSIGNMENT, ROUTES, CLUSTER]}
    check_whole(fastpath.load(response))
    check_whole(fastpath.load({"@type": f"{API}.service.discovery.v3.DiscoveryResponse", **response}))


def test_single_resources() -> None:
    assert list(fastpath.load(ROUTES).route_configurations) == ["web"]
    assert fastpath.load(CLUSTER).clusters == (
        Cluster("one", type=DiscoveryType.EDS, eds_service_name="one-endpoints"),
    )
    alone = (Cluster("one-endpoints", type=DiscoveryType.EDS, localities=HOSTS),)
    assert fastpath.load(ASSIGNMENT).clusters == alone
    assert fastpath.load({"clusterName": "one-endpoints", "endpoints": ASSIGNMENT["endpoints"]}).clusters == alone


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (
            dump(Endpoints=None),
            "configs[1].dynamic_active_clusters[0].cluster: the dump has no endpoints: "
            "take it with /config_dump?include_eds",
        ),
        (
            dump(Routes=None),
            "configs[3].dynamic_listeners[0].active_state.listener.filter_chains[0].filters[0].typed_config: "
            'there is no route configuration named "web"',
        ),
        (
            dump(Clusters=part("Clusters")),
            "configs[4].dynamic_route_configs[0].route_config.virtual_hosts[0].routes[0].route: "
            'there is no cluster named "one"',
        ),
        (dump(x=part("Ecds")), "configs[5].@type: the type 'envoy.admin.v3.EcdsConfigDump' is not supported"),
        (
            dump(x=part("ScopedRoutes", dynamic_scoped_route_configs=[{}])),
            "configs[5]: scoped routes are not supported",
        ),
        ({"resources": [{"name": "x"}]}, 'resources[0]: "@type" is missing'),
        ({"resources": [ROUTES, ROUTES]}, 'resources[1]: there is another route configuration named "web"'),
        (
            {"resources": [ASSIGNMENT, {**ASSIGNMENT, "endpoints": []}]},
            'resources[1]: there is another assignment for the cluster "one-endpoints"',
        ),
        (
            {**ASSIGNMENT, "policy": {"overprovisioning_factor": 0}},
            "policy.overprovisioning_factor: expected an integer from 1 to 4294967295, found 0",
        ),
        ({"@type": f"{API}.config.core.v3.Node"}, "@type: the type 'envoy.config.core.v3.Node' is not supported"),
    ],
)
def test_refused(document: dict[str, object], error: str) -> None:
    assert error in errors_of(document)


def test_the_policy_of_an_assignment_is_its_clusters() -> None:
    assignment = {**ASSIGNMENT, "policy": {"overprovisioning_factor": 100, "weighted_priority_health": True}}
    (cluster,) = fastpath.load(assignment).clusters
    assert (cluster.overprovisioning_factor, cluster.weighted_priority_health) == (100, True)


def test_the_garbage_collector_is_left_as_it_was() -> None:
    fastpath.load(ROUTES)
    assert gc.isenabled()
    errors_of({"resources": [{}]})
    assert gc.isenabled()
    gc.disable()
    try:
        fastpath.load(ROUTES)
        assert not gc.isenabled()
    finally:
        gc.enable()
