"""DestinationRules: which one counts, how they are joined, what their policies do, and what holds without any.

https://istio.io/latest/docs/reference/config/networking/destination-rule/ and
https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/ (locality load balancing).
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from unit.istio_documents import (
    SERVICES,
    ask,
    cluster,
    edge,
    forward,
    gateway,
    inside,
    istio,
    pods,
    refusals,
    route,
    service,
    service_entry,
    to,
    virtual_service,
)

from fastpath import ClusterManager
from fastpath.config import Scope, load
from fastpath.errors import ConfigWarning
from fastpath.models import Cluster, Config, LbPolicy, OutlierDetection, RetryBudget, RetryPolicy


def rule(name: str = "r", host: str = "a", **spec: object) -> dict[str, Any]:
    return istio("DestinationRule", name, host=host, **spec)


def simple(policy: str, **more: object) -> dict[str, Any]:
    return {"loadBalancer": {"simple": policy, **more}}


def loaded(*documents: dict[str, Any], scope: Scope | None = None) -> Config:
    return load([gateway(), virtual_service(route()), *documents, *SERVICES], scope=scope)


def policy(*documents: dict[str, Any], name: str = "default/a:80", scope: Scope | None = None) -> LbPolicy:
    return cluster(loaded(*documents, scope=scope), name).lb_policy


class TestWhichRule:
    def test_that_of_the_client_then_of_the_service_then_of_all(self) -> None:
        host = "s.there.svc.cluster.local"
        rules = {
            "here": inside("here", rule(host=host, trafficPolicy=simple("RANDOM"))),
            "there": inside("there", rule(host=host, trafficPolicy=simple("ROUND_ROBIN"))),
            "istio-system": inside("istio-system", rule(host="*.local", trafficPolicy=simple("LEAST_REQUEST"))),
        }
        other = inside(
            "other", rule(host=host, trafficPolicy={"loadBalancer": {"consistentHash": {"useSourceIp": True}}})
        )
        documents = [inside("there", service("s")), *rules.values(), other]
        scope = Scope(namespace="here")
        assert policy(*documents, name="there/s:80", scope=scope) is LbPolicy.RANDOM
        documents.remove(rules["here"])
        assert policy(*documents, name="there/s:80", scope=scope) is LbPolicy.ROUND_ROBIN
        documents.remove(rules["there"])
        assert policy(*documents, name="there/s:80", scope=scope) is LbPolicy.LEAST_REQUEST

    def test_one_that_is_not_shown_does_not_count(self) -> None:
        hidden = inside("there", rule(host="s.there.svc.cluster.local", exportTo=["."], trafficPolicy=simple("RANDOM")))
        documents = [inside("there", service("s")), hidden]
        for namespace, found in (("there", LbPolicy.RANDOM), ("default", LbPolicy.LEAST_REQUEST)):
            assert policy(*documents, name="there/s:80", scope=Scope(namespace=namespace)) is found

    def test_one_that_selects_the_workload_comes_first(self) -> None:
        rules = [
            rule("all", trafficPolicy=simple("ROUND_ROBIN")),
            rule("some", trafficPolicy=simple("RANDOM"), workloadSelector={"matchLabels": {"app": "x"}}),
        ]
        for app, found in (("x", LbPolicy.RANDOM), ("y", LbPolicy.ROUND_ROBIN)):
            assert policy(*rules, scope=Scope(labels={"app": app})) is found

    def test_gateways_in_the_namespace_of_all_prefer_the_services_own_unless_a_rule_is_kept_there(self) -> None:
        host = "s.there.svc.cluster.local"
        wide = inside("istio-system", rule("wide", host="*.local", trafficPolicy=simple("RANDOM")))
        own = inside("there", rule(host=host, trafficPolicy=simple("ROUND_ROBIN")))
        documents = [inside("there", service("s")), wide, own]
        scope = Scope(namespace="istio-system")
        assert policy(*documents, name="there/s:80", scope=scope) is LbPolicy.ROUND_ROBIN
        wide["spec"]["exportTo"] = ["."]
        assert policy(*documents, name="there/s:80", scope=scope) is LbPolicy.RANDOM
        assert policy(*documents, name="there/s:80", scope=Scope(namespace="else")) is LbPolicy.ROUND_ROBIN

    def test_the_host_counts_before_the_workload(self) -> None:
        some = rule(
            "some", host="*.local", trafficPolicy=simple("RANDOM"), workloadSelector={"matchLabels": {"v": "1"}}
        )
        scope = Scope(namespace="default", labels={"v": "1"})
        assert policy(some, scope=scope) is LbPolicy.RANDOM
        assert policy(some, rule("all", trafficPolicy=simple("ROUND_ROBIN")), scope=scope) is LbPolicy.ROUND_ROBIN

    def test_a_rule_for_other_workloads_leaves_no_room_for_less_particular_ones(self) -> None:
        rules = [
            rule("some", trafficPolicy=simple("RANDOM"), workloadSelector={"matchLabels": {"v": "1"}}),
            rule("all", host="*.local", trafficPolicy=simple("ROUND_ROBIN")),
        ]
        assert policy(*rules, scope=Scope(namespace="default", labels={"v": "2"})) is LbPolicy.LEAST_REQUEST

    def test_a_rule_that_selects_workloads_is_for_its_namespace_alone(self) -> None:
        some = rule(trafficPolicy=simple("RANDOM"), workloadSelector={"matchLabels": {"v": "1"}})
        scope = Scope(namespace="else", labels={"v": "1"})
        assert policy(some, scope=scope) is LbPolicy.LEAST_REQUEST
        found = refusals({**some, "spec": {**some["spec"], "exportTo": ["*"]}}, scope=scope)
        assert any("is for its namespace alone" in each for each in found)

    def test_of_rules_that_are_shown_to_different_ones_the_youngest_counts(self) -> None:
        rules = [
            rule("a", trafficPolicy=simple("RANDOM"), subsets=[{"name": "s", "labels": {}}]),
            rule("b", exportTo=["."], trafficPolicy=simple("ROUND_ROBIN")),
        ]
        config = loaded(*rules, scope=Scope(namespace="default"))
        assert cluster(config, "default/a:80").lb_policy is LbPolicy.ROUND_ROBIN
        assert "default/a:80/s" not in {each.name for each in config.clusters}

    def test_rules_of_one_age_are_ordered_by_name(self) -> None:
        young = rule("a", trafficPolicy=simple("RANDOM"))
        assert policy(rule("b", trafficPolicy=simple("ROUND_ROBIN")), young) is LbPolicy.RANDOM

    def test_rules_of_one_host_are_joined(self) -> None:
        """What the oldest says counts where both say something; there are the subsets of all."""
        pods_ = pods("a", v1="10.0.0.1", v2="10.0.0.2")
        old = rule("z", subsets=[{"name": "one", "labels": {"version": "v1"}}], trafficPolicy=simple("RANDOM"))
        old["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
        young = rule(
            "a",
            trafficPolicy=simple("ROUND_ROBIN"),
            subsets=[{"name": name, "labels": {"version": "v2"}} for name in ("one", "two")],
        )
        config = loaded(young, old, *pods_)
        found = {
            each.name: (each.lb_policy, [host.address for place in each.localities for host in place.endpoints])
            for each in config.clusters
            if each.name.startswith("default/a:80/")
        }
        assert found == {
            "default/a:80/one": (LbPolicy.RANDOM, ["10.0.0.1"]),
            "default/a:80/two": (LbPolicy.RANDOM, ["10.0.0.2"]),
        }


class TestMerging:
    """The rule's settings, a port's, a subset's, a subset's port's: what overrides what."""

    def at(self, subset: dict[str, Any], **top: object) -> Cluster:
        both = [{"name": "s", "labels": {}, "trafficPolicy": subset}]
        return cluster(loaded(rule(trafficPolicy=top, subsets=both)), "default/a:80/s")

    POOL: ClassVar = {"connectionPool": {"tcp": {"maxConnections": 7}}}

    def test_a_subset_overrides_setting_by_setting(self) -> None:
        found = self.at(simple("RANDOM"), **simple("ROUND_ROBIN"), **self.POOL)
        assert (found.lb_policy, found.circuit_breaker.max_connections) == (LbPolicy.RANDOM, 7)

    def test_a_port_of_the_rule_inherits_nothing_and_its_subsets_do(self) -> None:
        port = {"port": {"number": 80}, **self.POOL}
        found = self.at({"outlierDetection": {}}, **simple("RANDOM"), portLevelSettings=[port])
        assert (found.lb_policy, found.circuit_breaker.max_connections) == (LbPolicy.LEAST_REQUEST, 7)
        assert found.outlier_detection is not None

    def test_a_port_of_a_subset_inherits_nothing(self) -> None:
        port = {"port": {"number": 80}, **simple("RANDOM")}
        found = self.at({**simple("ROUND_ROBIN"), "portLevelSettings": [port]}, **self.POOL)
        assert (found.lb_policy, found.circuit_breaker.max_connections) == (LbPolicy.RANDOM, 2**32 - 1)

    def test_a_retry_budget_is_for_all_ports(self) -> None:
        port = {"port": {"number": 80}, **simple("RANDOM")}
        found = self.at({"portLevelSettings": [port]}, retryBudget={"percent": 5}, portLevelSettings=[port])
        assert (found.lb_policy, found.circuit_breaker.retry_budget) == (LbPolicy.RANDOM, RetryBudget(5.0, 3))
        assert any(
            "'retryBudget' is unknown" in each
            for each in refusals(rule(trafficPolicy={"portLevelSettings": [{**port, "retryBudget": {}}]}))
        )

    def test_settings_of_another_port_do_not_count(self) -> None:
        port = {"port": {"number": 81}, **simple("RANDOM")}
        found = self.at({"portLevelSettings": [port]}, **simple("ROUND_ROBIN"))
        assert found.lb_policy is LbPolicy.ROUND_ROBIN


class TestSettings:
    def test_hashing(self) -> None:
        hashing = {
            "httpHeaderName": "user",
            "httpHeaderRegexRewrite": {"match": "^(.).*", "rewrite": "\\1"},
            "minimumRingSize": 64,
        }
        config = loaded(rule(trafficPolicy={"loadBalancer": {"consistentHash": hashing}}))
        (found,) = forward(config).hash_policy
        assert found.header == "user"
        assert found.header_rewrite is not None
        assert (found.header_rewrite.pattern, found.header_rewrite.substitution) == ("^(.).*", "\\1")
        assert cluster(config, "default/a:80").ring_hash.minimum_ring_size == 64

    @pytest.mark.parametrize(
        ("destination", "expected"),
        [
            (to("a"), "rule"),
            (to("a", port=80), "port"),
            (to("a", "plain", 80), "port"),
            (to("a", "own"), "subset"),
            (to("a", "own", 80), "subset port"),
        ],
    )
    def test_what_requests_are_hashed_by(self, destination: dict[str, Any], expected: str) -> None:
        """Settings of a port count for routes that name the port."""

        def by(header: str) -> dict[str, Any]:
            return {"loadBalancer": {"consistentHash": {"httpHeaderName": header}}}

        def at_port(header: str) -> dict[str, Any]:
            return {"portLevelSettings": [{"port": {"number": 80}, **by(header)}]}

        own = {"name": "own", "labels": {}, "trafficPolicy": {**by("subset"), **at_port("subset port")}}
        rules = rule(trafficPolicy={**by("rule"), **at_port("port")}, subsets=[{"name": "plain", "labels": {}}, own])
        config = load([gateway(), virtual_service(route(destination)), rules, *SERVICES])
        assert [each.header for each in forward(config).hash_policy] == [expected]

    def test_without_a_virtual_service_requests_are_hashed_and_tried_again_elsewhere(self) -> None:
        hashed = rule(trafficPolicy={"loadBalancer": {"consistentHash": {"httpHeaderName": "x"}}})
        other = virtual_service(route(), hosts=("b",), gateways=["mesh"])
        found = ask(load([other, hashed, *SERVICES]), host="a", table="80").route.action
        assert [each.header for each in found.hash_policy] == ["x"]
        assert found.retry_policy.previous_hosts

    def test_a_cookie_with_attributes(self) -> None:
        cookie = {"name": "u", "ttl": "0s", "path": "/", "attributes": [{"name": "SameSite", "value": "Strict"}]}
        config = loaded(rule(trafficPolicy={"loadBalancer": {"consistentHash": {"httpCookie": cookie}}}))
        (found,) = forward(config).hash_policy
        assert found.cookie is not None
        assert (found.cookie.ttl, found.cookie.path, found.cookie.attributes) == (0.0, "/", (("SameSite", "Strict"),))

    @pytest.mark.parametrize(
        ("budget", "expected"),
        [
            ({}, RetryBudget(20.0, 3)),
            ({"percent": 12.5, "minRetryConcurrency": 7}, RetryBudget(12.5, 7)),
        ],
    )
    def test_a_retry_budget(self, budget: dict[str, Any], expected: RetryBudget) -> None:
        found = cluster(loaded(rule(trafficPolicy={"retryBudget": budget})), "default/a:80")
        assert found.circuit_breaker.retry_budget == expected

    def test_what_is_done_anyway(self) -> None:
        settings = {
            "tls": {"mode": "DISABLE"},
            "connectionPool": {"http": {"h2UpgradePolicy": "DO_NOT_UPGRADE", "useClientProtocol": False}},
        }
        assert cluster(loaded(rule(trafficPolicy=settings)), "default/a:80").connect_timeout == 10.0

    @pytest.mark.parametrize(
        ("settings", "path"),
        [
            ({"connectionPool": {"tcp": {"tcpKeepalive": {}}}}, "tcp.tcpKeepalive"),
            ({"connectionPool": {"tcp": {"maxConnectionDuration": "1s"}}}, "tcp.maxConnectionDuration"),
            ({"connectionPool": {"http": {"idleTimeout": "1s"}}}, "http.idleTimeout"),
            ({"connectionPool": {"http": {"maxRequestsPerConnection": 1}}}, "http.maxRequestsPerConnection"),
            ({"connectionPool": {"http": {"maxConcurrentStreams": 1}}}, "http.maxConcurrentStreams"),
            ({"connectionPool": {"http": {"http2KeepAlive": {"interval": "1s"}}}}, "http.http2KeepAlive"),
            ({"outlierDetection": {"consecutiveErrors": 7}}, "outlierDetection.consecutiveErrors"),
        ],
    )
    def test_what_has_no_effect_is_told(self, settings: dict[str, Any], path: str) -> None:
        with pytest.warns(ConfigWarning, match=f"trafficPolicy.*{path}: has no effect"):
            found = loaded(rule(trafficPolicy=settings))
        assert cluster(found, "default/a:80").circuit_breaker.max_requests == 2**32 - 1

    def test_retries_of_the_only_destination_stay_where_requests_are_hashed_to(self) -> None:
        hashed = rule(trafficPolicy={"loadBalancer": {"consistentHash": {"httpHeaderName": "x"}}})

        def policy(*destinations: object, **retries: object) -> RetryPolicy:
            more = {"retries": {"attempts": 3, **retries}} if retries else {}
            found = forward(load([gateway(), virtual_service(route(*destinations, **more)), hashed, *SERVICES]))
            assert found.retry_policy is not None
            return found.retry_policy

        assert not policy(to("a")).previous_hosts
        assert not policy(to("a"), retryOn="5xx").previous_hosts
        assert policy(to("a"), retryIgnorePreviousHosts=True).previous_hosts
        assert policy(to("a", weight=1), to("b", weight=1)).previous_hosts

    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            ({"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}}, "h2UpgradePolicy: HTTP/2"),
            ({"connectionPool": {"http": {"useClientProtocol": True}}}, "useClientProtocol: HTTP/2"),
            ({"tls": {"mode": "MUTUAL"}}, "the mode MUTUAL"),
            ({"tunnel": {}}, "'tunnel' is not supported"),
            ({"outlierDetection": {"consecutiveLocalOriginFailures": 1}}, "needs splitExternalLocalOriginErrors"),
            ({"proxyProtocol": {}}, "'proxyProtocol' is not supported"),
            ({"retryBudget": {"percent": 101}}, "from 0 to 100"),
            (
                {"loadBalancer": {"consistentHash": {"useSourceIp": True, "httpHeaderRegexRewrite": {"match": "x"}}}},
                "is for httpHeaderName",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a/*", "to": {"b/*": 99}}]}}},
                "up to 100",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a/*", "to": {"b/*": 100}}]}}},
                "say with Scope.region",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"failover": [{"from": "a", "to": "a"}]}}},
                "a region fails over to another",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"distribute": [], "failover": []}}},
                "distribute and failover exclude each other",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"failover": [{"from": "a/b", "to": "c"}]}}},
                "expected names of regions",
            ),
            (
                {
                    "loadBalancer": {
                        "localityLbSetting": {
                            "failover": [{"from": "a", "to": "b"}],
                            "failoverPriority": ["topology.kubernetes.io/zone"],
                        }
                    }
                },
                "failover and topology.kubernetes.io/zone exclude each other",
            ),
            (
                {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "a", "to": {"a": 100, "b": 0}}]}}},
                "expected an integer from 1 to 100",
            ),
        ],
    )
    def test_refused(self, settings: dict[str, Any], reason: str) -> None:
        found = refusals(rule(trafficPolicy=settings))
        assert any(reason in each for each in found), found

    def test_a_selector_needs_to_know_the_workload(self) -> None:
        found = refusals(rule(workloadSelector={"matchLabels": {"a": "b"}}))
        assert any("say with Scope.labels" in each for each in found)


ENDPOINTS = [
    {"address": f"10.0.0.{index}", "locality": place, "labels": {"v": str(index % 2)}, "weight": weight}
    for index, (place, weight) in enumerate(
        [("r1/z1/s1", 1), ("r1/z1/s2", 1), ("r1/z2", 2), ("r2/z1", 1), ("r3/z1", 3)]
    )
]


class TestLocalities:
    """https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/."""

    def applied(self, *, outliers: bool = True, scope: Scope | None = None, **settings: object) -> Cluster:
        balancer = {"localityLbSetting": settings} if settings else {}
        found = {"loadBalancer": balancer, **({"outlierDetection": {}} if outliers else {})}
        documents = [service_entry(endpoints=ENDPOINTS), rule(host="api.example", trafficPolicy=found)]
        here = scope or Scope(region="r1", zone="z1", sub_zone="s1")
        return cluster(load(documents, scope=here), "default/api.example:80")

    def priorities(self, **more: Any) -> dict[str, int]:
        found = self.applied(**more)
        return {host.address[-1]: place.priority for place in found.localities for host in place.endpoints}

    def test_nearer_ones_first(self) -> None:
        assert self.priorities() == {"0": 0, "1": 1, "2": 2, "3": 3, "4": 3}
        there = Scope(region="r2", zone="z9")
        assert self.priorities(scope=there) == {"0": 1, "1": 1, "2": 1, "3": 0, "4": 1}

    def test_only_when_hosts_that_fail_are_ejected(self) -> None:
        assert set(self.priorities(outliers=False).values()) == {0}
        assert set(self.priorities(enabled=False).values()) == {0}
        assert set(self.priorities(scope=Scope()).values()) == {0}

    def test_the_region_to_fail_over_to(self) -> None:
        found = self.priorities(failover=[{"from": "r1", "to": "r3"}, {"from": "r2", "to": "r1"}])
        assert found == {"0": 0, "1": 1, "2": 2, "3": 4, "4": 3}

    def test_of_two_regions_to_fail_over_to_the_first_counts(self) -> None:
        found = self.priorities(failover=[{"from": "r1", "to": "r3"}, {"from": "r1", "to": "r2"}])
        assert found == {"0": 0, "1": 1, "2": 2, "3": 4, "4": 3}

    def test_labels_in_common(self) -> None:
        keys = ["topology.kubernetes.io/region", "v", "topology.kubernetes.io/zone"]
        scope = Scope(region="r1", zone="z1", labels={"v": "0"})
        assert self.priorities(failoverPriority=keys, scope=scope) == {"0": 0, "2": 1, "1": 2, "3": 3, "4": 3}
        assert self.priorities(failoverPriority=["v=1"], scope=scope) == {"1": 0, "3": 0, "0": 1, "2": 1, "4": 1}

    def test_labels_must_be_known(self) -> None:
        documents = [
            service_entry(endpoints=ENDPOINTS),
            rule(
                host="api.example",
                trafficPolicy={
                    "outlierDetection": {},
                    "loadBalancer": {"localityLbSetting": {"failoverPriority": ["v"]}},
                },
            ),
        ]
        assert any("say with Scope.labels" in each for each in refusals(*documents))

    def test_shares(self) -> None:
        shares = [
            {"from": "r9/*", "to": {"r2/*": 100}},
            {"from": "r1/z1/*", "to": {"r1/z1/*": 70, "r3/*": 30}},
        ]
        found = self.applied(outliers=False, distribute=shares)
        assert found.locality_weighted
        assert {(place.region, place.zone, place.sub_zone): place.weight for place in found.localities} == {
            ("r1", "z1", "s1"): 35,
            ("r1", "z1", "s2"): 35,
            ("r3", "z1", ""): 30,
        }

    def test_shares_of_picks(self) -> None:
        shares = [{"from": "r1/z1/s1", "to": {"r1/*": 80, "r2/*": 20}}]
        found = self.applied(outliers=False, distribute=shares)
        picks = ClusterManager((found,), seed=1)[found.name]
        hosts = [picks.pick_host().address for _ in range(1000)]
        assert hosts.count("10.0.0.3") == 200

    def test_nobody_has_shares_of_another_place(self) -> None:
        found = self.applied(outliers=False, distribute=[{"from": "r9/*", "to": {"r2/*": 100}}])
        assert [place.weight for place in found.localities] == [1, 1, 2, 1, 3]
        assert found.locality_weighted

    def test_only_settings_weight_localities(self) -> None:
        assert not self.applied().locality_weighted
        assert {place.weight for place in self.applied().localities} == {None}
        found = self.applied(failover=[{"from": "r1", "to": "r3"}])
        assert found.locality_weighted
        assert [place.weight for place in found.localities] == [1, 1, 2, 3, 1]

    def test_the_region_to_fail_over_to_after_labels_in_common(self) -> None:
        settings = {"failoverPriority": ["v"], "failover": [{"from": "r1", "to": "r3"}]}
        scope = Scope(region="r1", zone="z1", labels={"v": "0"})
        assert self.priorities(scope=scope, **settings) == {"0": 0, "2": 1, "4": 2, "1": 3, "3": 4}

    def test_all_is_of_one_network_and_the_node_is_known(self) -> None:
        (slice_, *rest) = pods("a", v1="10.0.0.1", v2="10.0.0.2")
        for endpoint, node in zip(slice_["endpoints"], ("n1", "n2"), strict=True):
            endpoint["nodeName"] = node
        keys = ["topology.istio.io/network", "kubernetes.io/hostname"]
        settings = {"outlierDetection": {}, "loadBalancer": {"localityLbSetting": {"failoverPriority": keys}}}
        documents = [slice_, *rest, rule(trafficPolicy=settings)]
        found = cluster(loaded(*documents, scope=Scope(node_name="n2")), "default/a:80")
        assert [(place.priority, place.endpoints[0].address) for place in found.localities] == [
            (0, "10.0.0.2"),
            (1, "10.0.0.1"),
        ]
        assert any("say with Scope.node_name" in each for each in refusals(*documents))

    def test_a_label_says_where_a_workload_is(self) -> None:
        (slice_, first, second) = pods("a", v1="10.0.0.1", v2="10.0.0.2")
        first["metadata"]["labels"]["istio-locality"] = "r1.z1.s1"
        documents = [slice_, first, second, rule(trafficPolicy={"outlierDetection": {}})]
        entry = service_entry(endpoints=[{"address": "10.0.0.9", "labels": {"istio-locality": "r1/z2"}}])
        config = loaded(*documents, entry, scope=Scope(region="r1", zone="z1", sub_zone="s1"))
        found = {place.endpoints[0].address: place.priority for place in cluster(config, "default/a:80").localities}
        assert found == {"10.0.0.1": 0, "10.0.0.2": 1}
        (place,) = cluster(config, "default/api.example:80").localities
        assert (place.region, place.zone) == ("r1", "z2")

    def test_regions_of_pods_are_those_of_their_nodes(self) -> None:
        nodes = [
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": {"topology.kubernetes.io/region": region}},
            }
            for name, region in (("n1", "r1"), ("n2", "r2"))
        ]
        (slice_, *rest) = pods("a", v1="10.0.0.1", v2="10.0.0.2")
        for endpoint, node, zone in zip(slice_["endpoints"], ("n1", "n2"), ("x", "y"), strict=True):
            endpoint.update(nodeName=node, zone=zone)
        documents = [slice_, *rest, *nodes, rule(trafficPolicy={"outlierDetection": {}})]
        found = cluster(loaded(*documents, scope=Scope(region="r2", zone="q")), "default/a:80")
        assert [(place.region, place.zone, place.priority) for place in found.localities] == [
            ("r2", "y", 0),
            ("r1", "x", 1),
        ]


class TestEndpoints:
    def test_what_is_not_ready_is_not_there(self) -> None:
        """So it counts neither for a panic nor for how well a priority is."""
        (slice_, *rest) = pods("a", v1="10.0.0.1", v2="10.0.0.2", v3="10.0.0.3")
        ending = {"ready": False, "serving": True, "terminating": True}
        for endpoint, conditions in zip(slice_["endpoints"], ({"ready": True}, {"ready": False}, ending), strict=True):
            endpoint["conditions"] = conditions
        documents = [slice_, *rest, rule(trafficPolicy={"outlierDetection": {"minHealthPercent": 60}})]
        config = loaded(*documents)
        picks = ClusterManager(config.clusters, seed=1)["default/a:80"]
        assert {picks.pick_host().address for _ in range(50)} == {"10.0.0.1"}
        slice_["endpoints"][0]["conditions"] = ending
        assert cluster(loaded(*documents), "default/a:80").localities == ()

    def test_hints_of_zones_are_for_others(self) -> None:
        (slice_, *rest) = pods("a", v1="10.0.0.1", v2="10.0.0.2")
        for endpoint, zone in zip(slice_["endpoints"], ("x", "y"), strict=True):
            endpoint.update(zone=zone, hints={"forZones": [{"name": zone}]})
        found = cluster(loaded(slice_, *rest, scope=Scope(zone="x")), "default/a:80")
        assert [place.zone for place in found.localities] == ["x", "y"]


class TestDefaults:
    """As the reference documents them; docs/istio.md lists them."""

    def test_routes(self) -> None:
        action = forward(edge(route()))
        retries = action.retry_policy
        assert retries is not None
        assert (action.timeout, retries.num_retries, retries.per_try_timeout) == (0.0, 2, None)
        assert retries.retry_on == ("connect-failure", "refused-stream", "unavailable", "cancelled")
        assert retries.previous_hosts
        assert retries.back_off_base_interval == 0.025

    def test_retries_that_say_how_often_only(self) -> None:
        retries = forward(edge(route(retries={"attempts": 5}))).retry_policy
        assert retries is not None
        assert (retries.num_retries, retries.retry_on) == (
            5,
            ("connect-failure", "refused-stream", "unavailable", "cancelled"),
        )

    def test_clusters(self) -> None:
        found = cluster(edge(route()), "default/a:80")
        limits = found.circuit_breaker
        assert found.lb_policy is LbPolicy.LEAST_REQUEST
        assert (found.connect_timeout, found.healthy_panic_threshold, found.outlier_detection) == (10.0, 0.0, None)
        assert {limits.max_connections, limits.max_pending_requests, limits.max_requests, limits.max_retries} == {
            2**32 - 1
        }

    def test_outlier_detection(self) -> None:
        found = cluster(loaded(rule(trafficPolicy={"outlierDetection": {}})), "default/a:80")
        known = found.outlier_detection
        assert known == OutlierDetection(enforcing_success_rate=0)
        assert (known.consecutive_5xx, known.interval, known.base_ejection_time) == (5, 10.0, 30.0)
        assert (known.max_ejection_percent, known.enforcing_consecutive_gateway_failure) == (10, 0)
        assert found.healthy_panic_threshold == 0.0

    def test_hashing(self) -> None:
        hashing = {"loadBalancer": {"consistentHash": {"useSourceIp": True}}}
        found = cluster(loaded(rule(trafficPolicy=hashing)), "default/a:80")
        assert (found.lb_policy, found.ring_hash.minimum_ring_size) == (LbPolicy.RING_HASH, 1024)
        hashing["loadBalancer"]["consistentHash"]["maglev"] = {}  # type: ignore[assignment]
        assert cluster(loaded(rule(trafficPolicy=hashing)), "default/a:80").maglev.table_size == 65537
