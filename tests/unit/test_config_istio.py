"""Istio: every request reaches the destination that Istio's documentation says, and what is not built is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.istio_documents import (
    SERVICES,
    ask,
    cluster,
    cluster_at,
    edge,
    first,
    forward,
    gateway,
    istio,
    pods,
    refusals,
    route,
    service,
    service_entry,
    to,
    virtual_service,
)

from fastpath.config import load
from fastpath.errors import ConfigWarning
from fastpath.models import (
    DenominatorType,
    DirectResponse,
    DiscoveryType,
    FractionalPercent,
    HttpConnectionManager,
    HttpFault,
    LbPolicy,
    RedirectAction,
    RouteAction,
    SlowStartConfig,
    TlsRequirement,
)

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


@pytest.mark.parametrize(
    ("match", "takes", "passes"),
    [
        ({"uri": {"exact": "/p"}}, {"path": "/p?q"}, {"path": "/p/"}),
        ({"uri": {"prefix": "/p"}}, {"path": "/pq"}, {"path": "/P"}),
        ({"uri": {"prefix": "/p"}, "ignoreUriCase": True}, {"path": "/P/q"}, {"path": "/q"}),
        ({"uri": {"regex": "/[0-9]+"}}, {"path": "/12"}, {"path": "/12a"}),
        ({"method": {"exact": "PUT"}}, {"method": "PUT"}, {"method": "GET"}),
        ({"authority": {"prefix": "api."}}, {"host": "api.x"}, {"host": "www.x"}),
        ({"headers": {"v": {"exact": "1"}}}, {"headers": [("v", "1")]}, {"headers": [("v", "2")]}),
        ({"headers": {"v": {}}}, {"headers": [("v", "2")]}, {}),
        ({"withoutHeaders": {"v": {"exact": "1"}}}, {"headers": [("v", "2")]}, {"headers": [("v", "1")]}),
        ({"withoutHeaders": {"v": {"exact": "1"}}}, {}, {"headers": [("v", "1")]}),
        ({"withoutHeaders": {"v": {}}}, {}, {"headers": [("v", "1")]}),
        ({"queryParams": {"v": {"regex": "[0-9]"}}}, {"path": "/?v=1"}, {"path": "/?v=x"}),
        ({"queryParams": {"v": {}}}, {"path": "/?v"}, {"path": "/?w"}),
        ({"gateways": ["web"]}, {}, None),
        ({"port": 80}, {}, None),
    ],
)
def test_matches(match: dict[str, Any], takes: dict[str, Any], passes: dict[str, Any] | None) -> None:
    config = edge(route(to("a"), match=[match]), route(to("b")))
    assert cluster_at(config, **takes) == "default/a:80"
    if passes is not None:
        assert cluster_at(config, **passes) == "default/b:80"


def test_a_match_for_another_gateway_or_port_is_not_of_this_one() -> None:
    matches = [{"port": 81}, {"gateways": ["mesh"]}]
    config = edge(route(to("a"), match=matches), route(to("b")), gateways=["web", "mesh"], hosts=("x.org",))
    assert cluster_at(config, host="x.org") == "default/b:80"


def test_routes_are_tried_in_order_and_any_match_of_a_route_will_do() -> None:
    either = [{"uri": {"prefix": "/1"}}, {"uri": {"prefix": "/2"}}]
    config = edge(route(to("a"), match=either), route(to("b")), route(to("a")))
    assert [cluster_at(config, path) for path in ("/1", "/2", "/3")] == ["default/a:80", "default/a:80", "default/b:80"]


def test_weights() -> None:
    config = edge(route(to("a", weight=3), to("b", weight=1), to("c", port=8080)))
    assert [(each.name, each.weight) for each in forward(config).weighted_clusters] == [
        ("default/a:80", 3),
        ("default/b:80", 1),
    ]


def test_a_route_forwards_rewritten_and_changed_and_with_a_copy() -> None:
    config = edge(
        route(
            to("a"),
            rewrite={"uri": "/new", "authority": "inside"},
            mirror={"host": "b"},
            mirrorPercentage={"value": 12.5},
            timeout="1m1.5s",
            retries={"attempts": 3, "retryOn": "gateway-error,429", "perTryTimeout": "500ms"},
            headers={"request": {"set": {"x": "1"}, "remove": ["y"]}, "response": {"add": {"z": "2"}}},
            fault={"abort": {"httpStatus": 418, "percentage": {"value": 1}}, "delay": {"fixedDelay": "2s"}},
        )
    )
    action, found = forward(config), first(config)
    assert (action.prefix_rewrite, action.host_rewrite_literal, action.timeout) == ("/new", "inside", 61.5)
    (mirror,) = action.request_mirror_policies
    assert mirror.cluster == "default/b:80"
    assert mirror.runtime_fraction is not None
    assert mirror.runtime_fraction.default_value.numerator == 125_000
    assert action.retry_policy is not None
    assert action.retry_policy.retry_on == ("gateway-error", "retriable-status-codes")
    assert action.retry_policy.retriable_status_codes == (429,)
    assert (action.retry_policy.num_retries, action.retry_policy.per_try_timeout) == (3, 0.5)
    assert found.mutations.request_headers_to_remove == ("y",)
    assert [each.key for each in found.mutations.request_headers_to_add] == ["x"]
    assert [each.key for each in found.mutations.response_headers_to_add] == ["z"]
    assert found.fault is not None
    assert (found.fault.abort_status, found.fault.abort_percentage.numerator) == (418, 10_000)
    assert (found.fault.delay, found.fault.delay_percentage.numerator) == (2.0, 0)


def test_a_fault_may_have_a_grpc_status() -> None:
    found = first(edge(route(fault={"abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 100}}}))).fault
    assert found == HttpFault(
        abort_grpc_status=14, abort_percentage=FractionalPercent(1_000_000, DenominatorType.MILLION)
    )


def test_a_route_that_says_nothing_has_no_timeout_and_two_retries() -> None:
    action = forward(edge(route()))
    assert action.timeout == 0.0
    assert action.retry_policy is not None
    assert action.retry_policy.num_retries == 2
    assert action.retry_policy.previous_hosts
    assert forward(edge(route(retries={"attempts": 0}))).retry_policy is None


def test_retries_can_be_sent_to_localities_not_tried_yet() -> None:
    policy = forward(edge(route(retries={"attempts": 1, "retryRemoteLocalities": True}))).retry_policy
    assert policy is not None
    assert policy.previous_priorities == 2


def test_percentages_as_they_were_written_before() -> None:
    fault = {"delay": {"fixedDelay": "2s", "percent": 5}}
    config = edge(route(fault=fault, mirror={"host": "b"}, mirrorPercent=30))
    found = first(config).fault
    assert found is not None
    assert found.delay_percentage.numerator == 50_000
    (mirror,) = forward(config).request_mirror_policies
    assert mirror.runtime_fraction is not None
    assert mirror.runtime_fraction.default_value.numerator == 300_000
    assert forward(edge(route(mirror={"host": "b"}, mirrorPercent=0))).request_mirror_policies == ()


def test_headers_of_the_only_destination_are_changed_after_those_of_the_route() -> None:
    def changes(value: str) -> dict[str, Any]:
        return {"request": {"set": {"x": value}, "remove": [value]}, "response": {"add": {"y": value}}}

    config = edge(route(to("a", headers=changes("there")), headers=changes("here")))
    assert forward(config).cluster == "default/a:80"
    found = first(config).mutations
    assert [each.value for each in found.request_headers_to_add] == ["here", "there"]
    assert [each.value for each in found.response_headers_to_add] == ["here", "there"]
    assert found.request_headers_to_remove == ("here", "there")


def test_a_header_that_istio_passes_over_is_no_condition() -> None:
    with pytest.warns(ConfigWarning, match=r"match\[0\].headers.uri: Istio passes over the header 'uri'"):
        config = edge(route(match=[{"headers": {"uri": {"exact": "/never"}}}]))
    assert cluster_at(config) == "default/a:80"


def test_setting_the_host_rewrites_it() -> None:
    config = edge(route(headers={"request": {"set": {"Host": "h"}}}))
    assert forward(config).host_rewrite_literal == "h"
    assert first(config).mutations.request_headers_to_add == ()


def test_several_mirrors() -> None:
    mirrors = [to("b"), to("a", percentage={"value": 0}), to("c", port=80, percentage={"value": 50})]
    found = forward(edge(route(mirrors=mirrors))).request_mirror_policies
    assert [each.cluster for each in found] == ["default/b:80", "default/c:80"]


def test_answers_of_the_gateway_itself() -> None:
    redirect = {"uri": "/new", "authority": "there", "scheme": "https", "port": 8443, "redirectCode": 307}
    action = first(edge({"redirect": redirect})).action
    assert isinstance(action, RedirectAction)
    assert (action.path_redirect, action.host_redirect, action.port_redirect) == ("/new", "there", 8443)
    assert (action.scheme_redirect, action.response_code) == ("https", 307)
    action = first(edge({"directResponse": {"status": 503, "body": {"string": "later"}}})).action
    assert isinstance(action, DirectResponse)
    assert (action.status, action.body) == (503, b"later")


@pytest.mark.parametrize(
    ("port", "redirect", "expected"),
    [
        (80, {"derivePort": "FROM_PROTOCOL_DEFAULT"}, None),
        (8080, {"derivePort": "FROM_PROTOCOL_DEFAULT"}, None),
        (8080, {"derivePort": "FROM_REQUEST_PORT"}, 8080),
        (80, {"derivePort": "FROM_REQUEST_PORT"}, None),
        (80, {"derivePort": "FROM_REQUEST_PORT", "scheme": "https"}, 80),
        (443, {"derivePort": "FROM_REQUEST_PORT", "scheme": "https"}, None),
        (8080, {"port": 80}, None),
        (8080, {"port": 443}, 443),
        (8080, {"port": 443, "scheme": "https"}, None),
        (8080, {"port": 9090}, 9090),
    ],
)
def test_the_port_of_a_redirect(port: int, redirect: dict[str, Any], expected: int | None) -> None:
    """A port that the scheme implies is not written."""
    server = gateway(port={"number": port, "name": "http", "protocol": "HTTP"})
    config = load([server, virtual_service({"redirect": {"uri": "/new", **redirect}}), *SERVICES])
    action = config.route_configurations[f"http.{port}"].virtual_hosts[0].routes[0].action
    assert isinstance(action, RedirectAction)
    assert action.port_redirect == expected


def test_a_gateway_serves_the_hosts_that_it_has_in_common_with_virtual_services() -> None:
    config = load(
        [
            gateway("*.x.org", "default/y.org", "other/z.org"),
            virtual_service(route(to("a")), name="all"),
            virtual_service(route(to("b")), name="one", hosts=("www.x.org", "w.org")),
            *SERVICES,
        ]
    )
    hosts = ("w.x.org", "www.x.org:80", "y.org", "z.org", "w.org")
    assert [cluster_at(config, host=host) for host in hosts] == [
        "default/a:80",
        "default/b:80",
        "default/a:80",
        None,
        None,
    ]
    (listener,) = config.listeners
    assert (listener.address, listener.port) == ("0.0.0.0", 80)


def test_virtual_services_of_one_host_are_joined_and_what_takes_all_comes_last() -> None:
    config = load(
        [
            gateway(),
            virtual_service(route(to("a")), name="early"),
            virtual_service(route(to("b"), match=[{"uri": {"prefix": "/b"}}]), name="late"),
            *SERVICES,
        ]
    )
    assert (cluster_at(config, "/b"), cluster_at(config, "/c")) == ("default/b:80", "default/a:80")


def test_a_server_can_send_all_to_https() -> None:
    config = load([gateway(tls={"httpsRedirect": True}), virtual_service(route()), *SERVICES])
    (host,) = config.route_configurations["http.80"].virtual_hosts
    assert host.require_tls is TlsRequirement.ALL


def test_the_mesh_has_a_table_for_each_port_and_a_host_for_each_service() -> None:
    split = virtual_service(route(to("b")), hosts=("a",), gateways=["mesh"])
    config = load([split, *SERVICES])
    assert sorted(config.route_configurations) == ["80", "8080"]
    assert config.listeners == ()
    for host in ("a", "a.default", "a.default.svc", "a.default.svc.cluster.local:80"):
        assert cluster_at(config, host=host, table="80") == "default/b:80"
    assert cluster_at(config, host="b", table="80") == "default/b:80"
    assert cluster_at(config, host="c", table="8080") == "default/c:8080"
    assert cluster_at(config, host="elsewhere", table="80") is None


def test_names_of_the_pods_of_a_headless_service() -> None:
    headless = {**service("b"), "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]}}
    mesh = [virtual_service(route(to("a")), hosts=(name,), gateways=["mesh"], name=name) for name in ("b", "c")]
    config = load([*mesh, headless, service("a"), service("c")])
    for host in ("b-0.b.default.svc.cluster.local", "b-0.b.default", "b-0.b", "b"):
        assert cluster_at(config, host=host, table="80") == "default/a:80"
    assert cluster_at(config, host="c-0.c", table="80") is None


def test_wildcards_within_the_first_label() -> None:
    hosts = ("*-api.x.org", "*foo.com", "*.y.org")
    config = load([gateway(*hosts), virtual_service(route(to("a")), hosts=hosts), *SERVICES])
    for host in ("v1-api.x.org", "afoo.com", "b.foo.com", "a.y.org"):
        assert cluster_at(config, host=host) == "default/a:80"
    for host in ("api.x.org", "v1.x.org", "foo.com", "y.org"):
        assert cluster_at(config, host=host) is None
    rules = [
        istio("DestinationRule", name, host=f"{host}.default.svc.cluster.local", trafficPolicy={"loadBalancer": how})
        for name, host, how in (
            ("any", "*", {"simple": "ROUND_ROBIN"}),
            ("svc", "*-svc", {"simple": "RANDOM"}),
            ("longer", "*y-svc", {"consistentHash": {"useSourceIp": True}}),
        )
    ]
    config = load([*rules, service("one-svc"), service("my-svc"), service("other")])
    policies = {each.name: each.lb_policy for each in config.clusters}
    assert policies == {
        "default/one-svc:80": LbPolicy.RANDOM,
        "default/my-svc:80": LbPolicy.RING_HASH,
        "default/other:80": LbPolicy.ROUND_ROBIN,
    }
    for host in ("**.x.org", "*-.x.org", "-api.x.org", "a*.x.org"):
        assert any("expected a host name" in each for each in refusals(gateway(host)))


def test_faults_take_place_where_requests_come_in() -> None:
    fault = {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}
    tls = {"mode": "SIMPLE", "credentialName": "one"}
    ports = [
        {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["*"], "tls": tls},
        {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]},
    ]
    config = load(
        [
            istio("Gateway", "web", servers=ports),
            virtual_service(route(fault=fault), tcp=[route()], hosts=("x.org",), gateways=["web", "mesh"]),
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "one"},
                "type": "kubernetes.io/tls",
                "stringData": {"tls.crt": "-----BEGIN CERTIFICATE-----", "tls.key": "-----BEGIN PRIVATE KEY-----"},
            },
            *SERVICES,
        ]
    )
    filters = [each for one in config.listeners for chain in one.filter_chains for each in chain.filters]
    managers = [each for each in filters if isinstance(each, HttpConnectionManager)]
    assert {each.route_config_name.partition(".")[0] for each in managers} == {"https", "http", "80", "8080"}
    assert all(each.fault is not None for each in managers)


def test_the_mesh_does_not_take_what_is_for_a_gateway_alone() -> None:
    assert list(edge(route(to("b")), hosts=("a",)).route_configurations) == ["http.80"]


def test_a_host_that_is_no_service_is_one_of_the_mesh_at_port_80() -> None:
    config = load([virtual_service(route(), hosts=("shop.example",), gateways=["mesh"]), *SERVICES])
    assert cluster_at(config, host="shop.example", table="80") == "default/a:80"


def test_subsets_are_chosen_by_the_labels_of_pods() -> None:
    rule = istio(
        "DestinationRule",
        "a",
        host="a",
        trafficPolicy={"loadBalancer": {"simple": "RANDOM"}},
        subsets=[
            {"name": "old", "labels": {"version": "v1"}},
            {
                "name": "new",
                "labels": {"version": "v2"},
                "trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}},
            },
            {"name": "none", "labels": {"version": "v3"}},
        ],
    )
    split = route(to("a", "old", weight=1), to("a", "new", weight=1))
    config = load([gateway(), virtual_service(split), rule, *SERVICES, *pods("a", v1="10.0.0.1", v2="10.0.0.2")])
    assert [each.name for each in forward(config).weighted_clusters] == ["default/a:80/old", "default/a:80/new"]
    found = {
        each.name: [endpoint.address for locality in each.localities for endpoint in locality.endpoints]
        for each in config.clusters
        if each.name.startswith("default/a:")
    }
    assert found == {
        "default/a:80": ["10.0.0.1", "10.0.0.2"],
        "default/a:80/old": ["10.0.0.1"],
        "default/a:80/new": ["10.0.0.2"],
        "default/a:80/none": [],
    }
    assert cluster(config, "default/a:80/old").lb_policy is LbPolicy.RANDOM
    assert cluster(config, "default/a:80/new").lb_policy is LbPolicy.ROUND_ROBIN


def warming(simple: str, **fields: Any) -> dict[str, Any]:
    return istio("DestinationRule", "r", host="a", trafficPolicy={"loadBalancer": {"simple": simple, **fields}})


def warmed(simple: str, **fields: Any) -> Any:
    config = load([gateway(), virtual_service(route()), warming(simple, **fields), *SERVICES])
    return cluster(config, "default/a:80")


def test_hosts_warm_up() -> None:
    found = warmed("ROUND_ROBIN", warmupDurationSecs="9s")
    assert found.round_robin.slow_start == SlowStartConfig(9.0)
    assert found.least_request.slow_start is None
    told = {"duration": "30s", "minimumPercent": 5, "aggression": 2.5}
    found = warmed("LEAST_REQUEST", warmup=told, warmupDurationSecs="9s")
    assert found.least_request.slow_start == SlowStartConfig(30.0, 2.5, 5.0)
    assert found.round_robin.slow_start is None


def test_without_a_rule_a_cluster_is_as_istio_builds_it() -> None:
    found = cluster(edge(route()), "default/a:80")
    assert (found.lb_policy, found.connect_timeout) == (LbPolicy.LEAST_REQUEST, 10.0)
    assert found.circuit_breaker.max_requests == 2**32 - 1
    assert found.outlier_detection is None


def test_traffic_policy() -> None:
    policy = {
        "loadBalancer": {"consistentHash": {"httpHeaderName": "user", "maglev": {"tableSize": 101}}},
        "connectionPool": {
            "tcp": {"maxConnections": 5, "connectTimeout": "30ms"},
            "http": {"http1MaxPendingRequests": 6, "http2MaxRequests": 7, "maxRetries": 8},
        },
        "outlierDetection": {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 3, "minHealthPercent": 40},
        "portLevelSettings": [{"port": {"number": 8080}, "loadBalancer": {"simple": "RANDOM"}}],
    }
    rule = istio("DestinationRule", "c", host="c.default.svc.cluster.local", trafficPolicy=policy)
    config = load([gateway(), virtual_service(route(to("c", port=80))), rule, *SERVICES])
    found, other = cluster(config, "default/c:80"), cluster(config, "default/c:8080")
    assert (found.lb_policy, found.maglev.table_size, found.connect_timeout) == (LbPolicy.MAGLEV, 101, 0.03)
    limits = found.circuit_breaker
    assert (limits.max_connections, limits.max_pending_requests, limits.max_requests, limits.max_retries) == (
        5,
        6,
        7,
        8,
    )
    assert found.outlier_detection is not None
    assert found.outlier_detection.enforcing_consecutive_5xx == 0
    assert found.outlier_detection.enforcing_consecutive_gateway_failure == 100
    assert found.outlier_detection.enforcing_success_rate == 0
    assert found.healthy_panic_threshold == 40.0
    (hash_policy,) = forward(config).hash_policy
    assert hash_policy.header == "user"
    # The settings of a port inherit nothing.
    assert (other.lb_policy, other.connect_timeout, other.outlier_detection) == (LbPolicy.RANDOM, 10.0, None)


def test_the_longest_wildcard_rule_counts() -> None:
    rules = [
        istio("DestinationRule", name, host=host, trafficPolicy={"loadBalancer": {"simple": simple}})
        for name, host, simple in (("r1", "*.local", "RANDOM"), ("r2", "*.default.svc.cluster.local", "ROUND_ROBIN"))
    ]
    config = load([gateway(), virtual_service(route()), *rules, *SERVICES])
    assert cluster(config, "default/a:80").lb_policy is LbPolicy.ROUND_ROBIN


def test_a_service_entry_is_a_host_with_subsets_by_its_endpoints_labels() -> None:
    endpoints = [
        {"address": "10.0.0.1", "labels": {"version": "v1"}, "weight": 2, "locality": "r/z"},
        {"address": "10.0.0.2", "labels": {"version": "v2"}, "ports": {"http": 99}},
    ]
    rule = istio("DestinationRule", "r", host="api.example", subsets=[{"name": "new", "labels": {"version": "v2"}}])
    split = virtual_service(route(to("api.example", "new")), hosts=("api.example",), gateways=["mesh"])
    config = load([service_entry(endpoints=endpoints), rule, split])
    assert cluster_at(config, host="api.example", table="80") == "default/api.example:80/new"
    first_locality, second = cluster(config, "default/api.example:80").localities
    assert (first_locality.region, first_locality.zone) == ("r", "z")
    assert [(each.address, each.port, each.weight) for each in first_locality.endpoints] == [("10.0.0.1", 8080, 2)]
    (chosen,) = cluster(config, "default/api.example:80/new").localities
    assert chosen.endpoints == second.endpoints
    assert (chosen.endpoints[0].address, chosen.endpoints[0].port) == ("10.0.0.2", 99)


def test_a_service_entry_to_look_up_has_its_own_host_or_endpoints() -> None:
    found = cluster(load(service_entry(resolution="DNS")), "default/api.example:80")
    assert found.type is DiscoveryType.STRICT_DNS
    assert [(each.address, each.port) for each in found.localities[0].endpoints] == [("api.example", 8080)]
    found = cluster(load(service_entry(resolution="DNS", endpoints=[{"address": "b.example"}])), found.name)
    assert found.localities[0].endpoints[0].address == "b.example"


@pytest.mark.parametrize(
    ("http", "path", "reason"),
    [
        ({}, "spec.http[0]", "has no action"),
        (route(rewrit={"uri": "/"}), "spec.http[0]", 'did you mean "rewrite"'),
        (route(match=[{"sourceLabels": {"a": "b"}}]), "spec.http[0].match[0]", "say with Scope.labels"),
        (route(match=[{"uri": {"exact": "/", "prefix": "/"}}]), "match[0].uri", "exclude each other"),
        (route(match=[{"uri": {"prefix": "x"}}]), "match[0].uri", "begins with '/'"),
        (route(match=[{"headers": {"@request.auth.claims.a": {"exact": "b"}}}]), "match[0].headers", "of a JWT"),
        (route(match=[{"withoutHeaders": {"@request.auth.claims.a": {}}}]), "match[0].withoutHeaders", "of a JWT"),
        (route(to("a"), to("b")), "spec.http[0]", "the weights of the destinations"),
        (route(timeout="5"), "http[0].timeout", "a duration such as"),
        (route(retries={"attempts": 1, "retryOn": "sometimes"}), "retries.retryOn", "'sometimes' is unknown"),
        (route(headers={"request": {"set": {":path": "/"}}}), "request.set.:path", "may be changed"),
        (route(fault={"abort": {"grpcStatus": "14"}}), "fault.abort.grpcStatus", "expected one of OK, CANCELLED"),
        (route(fault={"abort": {"grpcStatus": "OK", "httpStatus": 503}}), "fault.abort", "exclude each other"),
        (route(fault={"abort": {}}), "fault.abort", "one of httpStatus, grpcStatus is needed"),
        (route(fault={"abort": {"http2Error": "x"}}), "fault.abort.http2Error", "abort with httpStatus"),
        ({"redirect": {"port": 1, "derivePort": "FROM_REQUEST_PORT"}}, "redirect", "port and derivePort exclude"),
        ({"redirect": {"uri": "/", "redirectCode": 200}}, "redirect", "expected a redirectCode"),
        ({"redirect": {"uri": "/"}, "directResponse": {"status": 200}}, "spec.http[0]", "exclude each other"),
        ({"redirect": {"redirectCode": 302}}, "spec.http[0].redirect", "changes nothing"),
        ({"redirect": {"scheme": "ftp"}}, "redirect.scheme", "expected one of http, https"),
        (
            {"redirect": {"uri": "/"}, "rewrite": {"uri": "/"}},
            "spec.http[0]",
            "redirect and rewrite exclude each other",
        ),
        (
            {"directResponse": {"status": 200}, "fault": {"delay": {"fixedDelay": "1s"}}},
            "spec.http[0]",
            "directResponse and fault exclude each other",
        ),
        (route(rewrite={"uriRegexRewrite": {"match": "/x"}}), "rewrite.uriRegexRewrite", '"rewrite" is missing'),
        (route(retries={"attempts": 0, "retryOn": "5xx"}), "retries", "retryOn has no use without attempts"),
        (route(retries={"attempts": 1, "retryOn": "5xx,599"}), "retries.retryOn", "'599' is unknown"),
        (route(headers={"request": {"set": {"Host": "a"}, "add": {":authority": "b"}}}), "add.:authority", "set twice"),
        (route(to("*")), "destination.host", "one host"),
        (route(match=[{"uri": {"regex": "*"}}]), "match[0].uri", "no regular expression"),
        (route(match=[{"headers": {"h": {"regex": ""}}}]), "headers.h.regex", "must not be empty"),
        (route(match=[{"uri": {"prefix": ""}}]), "match[0].uri", "a prefix must not be empty"),
        (route(match=[{"method": {"prefix": ""}}]), "match[0].method", "a prefix must not be empty"),
    ],
)
def test_refused_routes(http: dict[str, Any], path: str, reason: str) -> None:
    found = refusals(gateway(), virtual_service(http))
    assert any(path in each and reason in each for each in found), found


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (virtual_service(route(), tls=[{}]), '"match" is missing'),
        (virtual_service(), "has no http, tls or tcp routes"),
        (virtual_service(route(), hosts=("*.x.org", "a.x.org")), "*.x.org and a.x.org have hosts in common"),
        (virtual_service(route(), gateways=["mesh"]), "the host '*' is for gateways only"),
        (virtual_service(route(), exportTo=["*", "x"]), "stand alone"),
        (virtual_service(route(), exportTo=["default", "."]), "names a namespace twice"),
        (virtual_service(route(), exportTo=["~"]), "expected a namespace"),
        (gateway(name="more", tls={"mode": "SIMPLE"}), "'mode' is not supported"),
        (istio("Gateway", "more", selector={}, servers=[]), "the selector differs"),
        (service_entry(resolution="ANY"), "expected one of STATIC, DNS"),
        (service_entry(resolution="NONE", endpoints=[{"address": "10.0.0.1"}]), "endpoints have no use"),
        (service_entry(resolution="DNS", hosts=["*.example"]), "a wildcard cannot be looked up"),
        (service_entry(resolution="DNS", workloadSelector={}), "has no labels"),
        (service_entry(resolution="DNS", addresses=["192.0.2.0/24"]), "are for the resolutions NONE and STATIC"),
        (
            service_entry(
                hosts=["a.example", "b.example"],
                ports=[{"number": 1, "name": "tcp", "protocol": "TCP"}],
                resolution="DNS",
            ),
            "several hosts cannot be told from each other",
        ),
        (
            service_entry(ports=[{"number": 1, "name": "x", "protocol": "SPDY"}]),
            "expected one of HTTP, HTTPS",
        ),
        (service_entry(endpoints=[{"address": "b.example"}]), "expected an IP address"),
        (istio("EnvoyFilter", "s"), "the kind 'EnvoyFilter' of networking.istio.io is unknown or not supported"),
        (istio("DestinationRule", "r", host="a", trafficPolicy={"loadBalancer": {"simple": 1}}), "expected a string"),
        (warming("RANDOM", warmupDurationSecs="9s"), "hosts warm up with simple LEAST_REQUEST or ROUND_ROBIN only"),
        (warming("ROUND_ROBIN", warmup={}), '"duration" is missing'),
        (warming("ROUND_ROBIN", warmup={"duration": "1s", "aggression": 0.5}), "expected a number from 1"),
        (warming("ROUND_ROBIN", warmup={"duration": "1s", "minimumPercent": 101}), "expected a number from 0 to 100"),
        (
            istio("DestinationRule", "r", host="a", trafficPolicy={"loadBalancer": {"simple": "PASSTHROUGH"}}),
            "expected one of",
        ),
        (
            istio(
                "DestinationRule",
                "r",
                host="a",
                trafficPolicy={"loadBalancer": {"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 100}}}},
            ),
            "prime",
        ),
    ],
)
def test_refused_objects(document: dict[str, Any], reason: str) -> None:
    found = refusals(gateway(), document)
    assert any(reason in each for each in found), found


def test_of_two_virtual_services_of_the_mesh_for_one_host_the_older_one_counts() -> None:
    both = [virtual_service(route(to(name)), name=name, hosts=("b",), gateways=["mesh"]) for name in ("b", "a")]
    config = load([*both, *SERVICES])
    assert cluster_at(config, host="b", table="80") == "default/a:80"
    (status,) = [each for each in config.statuses if list(each.refusals())]
    assert (status.name, status.conditions[0].reason) == ("b", "ConflictingMeshGatewayVirtualServiceHosts")
    assert "default/a has the host b.default.svc.cluster.local too" in status.conditions[0].message


def test_a_subset_needs_to_know_the_pods() -> None:
    rule = istio("DestinationRule", "a", host="a", subsets=[{"name": "old", "labels": {"version": "v1"}}])
    found = refusals(rule, pods("a", v1="10.0.0.1")[0])
    assert any("spec.subsets[0]" in each and "the Pod a-v1 behind 10.0.0.1:8080 is not there" in each for each in found)


def test_the_example_is_the_canary_of_the_others() -> None:
    config = load(EXAMPLES / "canary-istio.yaml")
    canary = ask(config, "/shop/x", table="http.10000")
    assert canary.route.name == "canary"
    hosts = config.route_configurations["http.10000"].virtual_hosts
    (action,) = (each.action for each in hosts[0].routes if each.name == "canary")
    assert isinstance(action, RouteAction)
    assert [each.weight for each in action.weighted_clusters] == [90, 10]
