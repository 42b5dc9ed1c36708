"""Envoy bootstraps: what they mean as models, and how what is wrong with them is told."""

from __future__ import annotations

import copy
import json
import pickle
import time
import tracemalloc
from pathlib import Path

import pytest
import yaml

from fastpath.config import DocumentLimits, load
from fastpath.errors import ConfigError, ConfigErrors, ConfigWarning
from fastpath.models import (
    Cluster,
    Config,
    DirectResponse,
    HashFunction,
    HealthStatus,
    LbPolicy,
    LeastRequestConfig,
    MaglevConfig,
    PathWithEscapedSlashesAction,
    RedirectAction,
    RetryPolicy,
    RingHashConfig,
    RouteAction,
    RouteMatch,
    WeightedCluster,
)

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
DNS_TYPE = "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster"
DNS_CLUSTER = {"name": "envoy.cluster.dns", "typed_config": {"@type": DNS_TYPE}}
PREVIOUS_HOSTS = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"


def listener(routes: list[object], name: str = "web", **manager: object) -> dict[str, object]:
    hosts = [{"name": "all", "domains": ["*"], "routes": routes}]
    config = {
        "@type": HCM,
        "stat_prefix": "web",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
        "route_config": {"name": "web", "virtual_hosts": hosts},
        **manager,
    }
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 8080}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": config}]}],
    }


def cluster(name: str = "one", **fields: object) -> dict[str, object]:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9000}}}}
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {"name": name, "load_assignment": assignment, **fields}


def bootstrap(*routes: object, clusters: list[object] | None = None, **manager: object) -> dict[str, object]:
    found = routes or ({"match": {"prefix": "/"}, "route": {"cluster": "one"}},)
    return {
        "static_resources": {
            "listeners": [listener(list(found), **manager)],
            "clusters": [cluster()] if clusters is None else clusters,
        }
    }


def first_action(config: Config) -> object:
    (configuration,) = config.route_configurations.values()
    return configuration.virtual_hosts[0].routes[0].action


def errors_of(document: object, **options: object) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(document, **options)  # type: ignore[arg-type]
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


def matching(routes: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """A virtual host with routes by the value of a header."""
    kinds = "type.googleapis.com/envoy"
    header = {"@type": f"{kinds}.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": "x"}
    entries = {
        value: {
            "action": {"name": "a", "typed_config": {"@type": f"{kinds}.config.route.v3.RouteList", "routes": found}}
        }
        for value, found in routes.items()
    }
    tree = {"input": {"name": "i", "typed_config": header}, "exact_match_map": {"map": entries}}
    return {"name": "all", "domains": ["*"], "matcher": {"matcher_tree": tree}}


def write(directory: Path, text: str | bytes, name: str = "envoy.yaml") -> Path:
    file = directory / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


class TestMeaning:
    def test_example(self) -> None:
        config = load(Path(__file__).parents[2] / "examples" / "canary.yaml")
        assert [(entry.name, entry.port) for entry in config.listeners] == [("web", 10000)]
        (manager,) = config.listeners[0].http_connection_managers()
        assert manager.normalize_path
        assert manager.request_headers_timeout == 10.0
        (host,) = config.route_configurations["shop"].virtual_hosts
        assert [route.name for route in host.routes] == ["health", "moved", "beta", "canary"]
        assert host.routes[0].action == DirectResponse(200, b"ok\n")
        assert host.routes[1].action == RedirectAction(308, prefix_rewrite="/shop/")
        canary = host.routes[3].action
        assert isinstance(canary, RouteAction)
        assert canary.weighted_clusters == (WeightedCluster("v1", 90), WeightedCluster("v2", 10))
        assert canary.retry_policy == RetryPolicy(
            retry_on=("connect-failure",),
            num_retries=2,
            previous_hosts=True,
            host_selection_retry_max_attempts=5,
            back_off_base_interval=0.002,
            back_off_max_interval=0.01,
        )
        assert [endpoint.weight for endpoint in config.clusters[0].localities[0].endpoints] == [2, 1, 1]

    def test_yaml_json_and_python_agree(self, tmp_path: Path) -> None:
        document = bootstrap()
        as_yaml = load(write(tmp_path, yaml.safe_dump(document)))
        as_json = load(write(tmp_path, json.dumps(document, indent=1), "envoy.json"))
        sniffed = load(write(tmp_path, json.dumps(document), "envoy.conf"))
        assert load(document) == as_yaml == as_json == sniffed

    def test_positions_are_kept_but_not_compared(self, tmp_path: Path) -> None:
        text = json.dumps(bootstrap(), indent=1)
        config = load(write(tmp_path, text, "a.json"))
        position = config.clusters[0].position
        assert position is not None
        assert (position.path, position.file) == ("static_resources.clusters[0]", str(tmp_path / "a.json"))
        line = text.split("\n")[(position.line or 0) - 1]
        assert line[(position.column or 0) - 1] == "{"
        assert config == load(bootstrap())

    def test_camel_case(self) -> None:
        document = bootstrap({"match": {"prefix": "/"}, "route": {"cluster": "one", "prefixRewrite": "/x"}})
        clusters = document["static_resources"]["clusters"]  # type: ignore[index]
        clusters[0]["connectTimeout"] = "0.25s"
        clusters[0]["lbPolicy"] = "LEAST_REQUEST"
        config = load({"staticResources": document["static_resources"]})
        assert config.clusters[0].connect_timeout == 0.25
        assert config.clusters[0].lb_policy is LbPolicy.LEAST_REQUEST
        assert first_action(config) == RouteAction("one", prefix_rewrite="/x")

    def test_a_policy_that_envoy_does_not_have(self) -> None:
        (error,) = errors_of(bootstrap(clusters=[cluster(lb_policy="PICK_FIRST")]))
        assert "ROUND_ROBIN, LEAST_REQUEST, RING_HASH, RANDOM, MAGLEV, LOAD_BALANCING_POLICY_CONFIG, found" in error

    def test_the_same_field_in_both_spellings(self) -> None:
        document = bootstrap(clusters=[cluster(connect_timeout="1s", connectTimeout="2s")])
        assert errors_of(document) == [
            'static_resources.clusters[0]: "connect_timeout" and "connectTimeout" are the same field; give it once'
        ]

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("1.5s", 1.5), ("0s", 0.0), ("3600s", 3600.0), ("0.000000001s", 1e-9), ("-0s", 0.0)],
    )
    def test_durations(self, text: str, seconds: float) -> None:
        config = load(bootstrap({"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": text}}))
        assert first_action(config) == RouteAction("one", timeout=seconds)

    def test_enum_by_number_and_null_means_unset(self) -> None:
        config = load(bootstrap(clusters=[cluster(lb_policy=5, connect_timeout=None)]))
        assert config.clusters[0].lb_policy is LbPolicy.MAGLEV
        assert config.clusters[0].connect_timeout == 5.0

    def test_endpoints(self) -> None:
        def endpoint(port: int, **fields: object) -> dict[str, object]:
            address = {"socket_address": {"address": "::1", "port_value": port}}
            return {"endpoint": {"address": address, "hostname": "a"}, **fields}

        assignment = {
            "cluster_name": "one",
            "endpoints": [
                {
                    "locality": {"region": "eu", "zone": "b", "sub_zone": "c"},
                    "load_balancing_weight": 3,
                    "lb_endpoints": [
                        endpoint(1, load_balancing_weight="7", health_status="DRAINING"),
                        endpoint(2, metadata={"filter_metadata": {"envoy.lb": {"version": "v1", "canary": True}}}),
                    ],
                },
                {"priority": 1, "lb_endpoints": [endpoint(3)]},
            ],
        }
        first, second = load(bootstrap(clusters=[cluster(load_assignment=assignment)])).clusters[0].localities
        assert (first.region, first.zone, first.sub_zone, first.weight) == ("eu", "b", "c", 3)
        assert (first.endpoints[0].weight, first.endpoints[0].health_status) == (7, HealthStatus.DRAINING)
        assert first.endpoints[1].metadata == {"envoy.lb": {"version": "v1", "canary": True}}
        assert (second.priority, second.endpoints[0].address) == (1, "::1")

    def test_direct_response_bytes_and_redirect(self) -> None:
        config = load(
            bootstrap(
                {"match": {"path": "/a"}, "direct_response": {"status": 204, "body": {"inline_bytes": "aGk="}}},
                {"match": {"path": "/b"}, "redirect": {"host_redirect": "x.example", "response_code": 1}},
            )
        )
        (host,) = config.route_configurations["web"].virtual_hosts
        assert host.routes[0].action == DirectResponse(204, b"hi")
        assert host.routes[1].action == RedirectAction(302, host_redirect="x.example")

    def test_separated_prefix_without_case(self) -> None:
        match = {"path_separated_prefix": "/api", "case_sensitive": False}
        (host,) = (
            load(bootstrap({"match": match, "route": {"cluster": "one"}})).route_configurations["web"].virtual_hosts
        )
        assert host.routes[0].match == RouteMatch(path_separated_prefix="/api", case_sensitive=False)
        assert RouteMatch(prefix="/").case_sensitive

    @pytest.mark.parametrize(("value", "percent"), [(35, 35.0), ("12.5", 12.5), (0.5, 0.5), (None, 0.0)])
    def test_panic_threshold(self, value: object, percent: float) -> None:
        common = {"healthy_panic_threshold": {"value": value}}
        config = load(bootstrap(clusters=[cluster(common_lb_config=common)]))
        assert config.clusters[0].healthy_panic_threshold == percent

    def test_options_of_balancing_policies(self) -> None:
        def read(**fields: object) -> Cluster:
            return load(bootstrap(clusters=[cluster(**fields)])).clusters[0]

        least_request = {"choice_count": 3, "active_request_bias": {"default_value": 0.5}}
        ring_hash = {"minimum_ring_size": 64, "hash_function": "MURMUR_HASH_2"}
        assert read(least_request_lb_config=least_request).least_request == LeastRequestConfig(3, 0.5)
        expected = RingHashConfig(64, hash_function=HashFunction.MURMUR_HASH_2)
        assert read(ring_hash_lb_config=ring_hash).ring_hash == expected
        assert read(maglev_lb_config={"table_size": "131071"}).maglev == MaglevConfig(131071)
        assert read(maglev_lb_config={}).maglev == MaglevConfig()
        with pytest.raises(ConfigError, match="only one lb_config is allowed"):
            read(maglev_lb_config={}, ring_hash_lb_config={})

    def test_upgrades_and_escaped_slashes(self) -> None:
        upgrades = [{"upgrade_type": "WebSocket"}, {"upgrade_type": "other", "enabled": False}]
        config = load(bootstrap(upgrade_configs=upgrades, path_with_escaped_slashes_action="REJECT_REQUEST"))
        (manager,) = config.listeners[0].http_connection_managers()
        assert manager.upgrade_types == ("websocket",)
        assert manager.path_with_escaped_slashes_action is PathWithEscapedSlashesAction.REJECT_REQUEST
        (default,) = load(bootstrap(path_with_escaped_slashes_action=0)).listeners[0].http_connection_managers()
        assert default.path_with_escaped_slashes_action is PathWithEscapedSlashesAction.KEEP_UNCHANGED

    def test_retry_policy_of_a_virtual_host(self) -> None:
        document = bootstrap()
        manager = document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]  # type: ignore[index]
        host = manager["typed_config"]["route_config"]["virtual_hosts"][0]
        host["retry_policy"] = {"retry_on": "5xx, retriable-status-codes", "retriable_status_codes": [418]}
        kind = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
        host["retry_policy"]["retry_priority"] = {"name": "x", "typed_config": {"@type": kind, "update_frequency": 2}}
        (found,) = load(document).route_configurations["web"].virtual_hosts
        assert found.retry_policy == RetryPolicy(
            ("5xx", "retriable-status-codes"), retriable_status_codes=(418,), previous_priorities=2
        )

    def test_two_listeners_with_different_routes_of_one_name(self) -> None:
        document = bootstrap()
        listeners = document["static_resources"]["listeners"]  # type: ignore[index]
        listeners.append(listener([{"match": {"prefix": "/"}, "direct_response": {"status": 200}}], name="other"))
        config = load(document)
        managers = [next(entry.http_connection_managers()) for entry in config.listeners]
        assert [manager.route_config_name for manager in managers] == ["web", "web@other"]
        assert set(config.route_configurations) == {"web", "web@other"}

    def test_process_fields_are_read_over(self) -> None:
        document = {**bootstrap(), "node": {"id": "x", "cluster": "y"}, "admin": {"access_log": []}}
        assert load(document) == load(bootstrap())


class TestRefusals:
    def test_all_errors_at_once_with_places_and_suggestions(self, tmp_path: Path) -> None:
        text = """\
static_resources:
  clusters:
  - name: one
    conect_timeout: 1s
    lb_policy: ROUND_ROBBIN
    load_assignment:
      cluster_name: one
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: localhost, port_value: 70000 } } }
"""
        file = write(tmp_path, text)
        with pytest.raises(ConfigErrors) as caught:
            load(file)
        assert [str(error) for error in caught.value.errors] == [
            f"{file}:4:5: static_resources.clusters[0]: the field 'conect_timeout' is unknown or not supported; "
            'did you mean "connect_timeout"?',
            f"{file}:5:16: static_resources.clusters[0].lb_policy: expected one of ROUND_ROBIN, LEAST_REQUEST, "
            "RING_HASH, RANDOM, MAGLEV, LOAD_BALANCING_POLICY_CONFIG, found the string 'ROUND_ROBBIN'; "
            'did you mean "ROUND_ROBIN"?',
            f"{file}:10:50: static_resources.clusters[0].load_assignment.endpoints[0].lb_endpoints[0].endpoint"
            ".address.socket_address: expected an IP address, found 'localhost'",
            f"{file}:10:84: static_resources.clusters[0].load_assignment.endpoints[0].lb_endpoints[0].endpoint"
            ".address.socket_address.port_value: expected an integer from 0 to 65535, found 70000",
        ]
        assert str(caught.value).count("\n") == 3
        assert isinstance(caught.value, ConfigError)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    def test_lenient_warns_about_unknown_fields_only(self) -> None:
        document = bootstrap(clusters=[cluster(use_tcp_for_dns_lookups=True)])
        with pytest.warns(ConfigWarning, match="use_tcp_for_dns_lookups"):
            config = load(document, lenient=True)
        assert config == load(bootstrap())
        document = bootstrap(clusters=[cluster(lb_policy="NONE", connect_timeout=1)])
        assert len(errors_of(document, lenient=True)) == 2

    @pytest.mark.parametrize(
        ("route", "reason"),
        [
            ({"route": {"cluster": "one"}}, '"match" is missing'),
            (
                {"match": {}, "route": {"cluster": "one"}},
                "has no path specifier: one of prefix, path, path_separated_prefix, safe_regex, connect_matcher",
            ),
            (
                {"match": {"prefix": "/", "path": "/"}, "route": {"cluster": "one"}},
                "prefix and path exclude each other: only one path specifier is allowed",
            ),
            ({"match": {"prefix": "/"}}, "has no action: one of route, redirect, direct_response is needed"),
            ({"match": {"prefix": 5}, "route": {"cluster": "one"}}, "expected a string (quote it to make it text), "),
            (
                {"match": {"prefix": "/"}, "route": {}},
                "has no cluster specifier: one of cluster, cluster_header, weighted_clusters",
            ),
            ({"match": {"prefix": "/"}, "route": {"cluster": "on"}}, 'no cluster named "on"; did you mean "one"?'),
            ({"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "1m"}}, "expected a duration"),
            ({"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": 5}}, "expected a duration"),
            ({"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "-1s"}}, "is not negative"),
            (
                {"match": {"prefix": "/"}, "route": {"cluster": "one", "host_rewrite_literal": "a\r\nX: 1"}},
                "must not hold control characters",
            ),
            (
                {"match": {"prefix": "/"}, "route": {"cluster": "one", "prefix_rewrite": "/a\0"}},
                "must not hold control characters",
            ),
            (
                {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [{"name": "one"}]}}},
                "the weights must sum to 1 up to 4294967295, found 0",
            ),
            (
                {
                    "match": {"prefix": "/"},
                    "route": {"weighted_clusters": {"clusters": [{"name": "one", "weight": 4294967295}] * 2}},
                },
                "the weights must sum to 1 up to 4294967295, found 8589934590",
            ),
            (
                {
                    "match": {"prefix": "/"},
                    "route": {"weighted_clusters": {"clusters": [{"name": "one", "weight": 0.5}]}},
                },
                "expected an integer, found the number 0.5",
            ),
            (
                {"match": {"prefix": "/"}, "route": {"cluster": "one", "retry_policy": {"retry_on": "conect-failure"}}},
                "the condition 'conect-failure' is unknown; did you mean \"connect-failure\"?",
            ),
            (
                {
                    "match": {"prefix": "/"},
                    "route": {
                        "cluster": "one",
                        "retry_policy": {
                            "retry_host_predicate": [{"name": "x", "typed_config": {"@type": ROUTER}}],
                        },
                    },
                },
                f'expected the type "{PREVIOUS_HOSTS}" or ',
            ),
            ({"match": {"prefix": "/"}, "direct_response": {"status": 99}}, "expected an integer from 200 to 599"),
            (
                {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_bytes": "!"}}},
                "expected base64",
            ),
            (
                {"match": {"prefix": "/"}, "redirect": {"path_redirect": "/a", "prefix_rewrite": "/b"}},
                "path_redirect and prefix_rewrite exclude each other",
            ),
            ({"match": {"prefix": "/"}, "redirect": {"response_code": "TEAPOT"}}, "expected one of MOVED_PERMANENTLY"),
            ("route", "expected an object, found the string 'route'"),
        ],
    )
    def test_routes(self, route: object, reason: str) -> None:
        found = errors_of(bootstrap(route))
        assert any(reason in error for error in found), found

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"name": ""}, "must not be empty"),
            ({"type": "ORIGINAL_DST"}, "ORIGINAL_DST is not supported; supported are STATIC"),
            (
                {"type": "LOGICAL_DNS", "load_assignment": {"cluster_name": "one"}},
                "LOGICAL_DNS has exactly one endpoint",
            ),
            ({"type": "EDS"}, "a cluster of type EDS needs eds_cluster_config"),
            ({"type": "EDS", "eds_cluster_config": {}}, '"eds_config" is missing'),
            ({"eds_cluster_config": {"eds_config": {"ads": {}}}}, "eds_cluster_config in a cluster of type STATIC"),
            ({"type": "STRICT_DNS", "dns_refresh_rate": "0.001s"}, "dns_refresh_rate must be more than 1 ms"),
            ({"type": "STRICT_DNS", "dns_failure_refresh_rate": {}}, '"base_interval" is missing'),
            (
                {"dns_failure_refresh_rate": {"base_interval": "2s", "max_interval": "1s"}},
                "max_interval is below base_interval",
            ),
            ({"type": "STATIC", "cluster_type": DNS_CLUSTER}, "only one may be set"),
            ({"cluster_type": {"name": "redis", "typed_config": {"@type": "a/b.C"}}}, DNS_TYPE),
            (
                {"cluster_type": {"name": "envoy.cluster.eds"}},
                "without a typed_config expected one of envoy.cluster.dns,",
            ),
            ({"cluster_type": {"name": "envoy.cluster.stat"}}, 'did you mean "envoy.cluster.static"?'),
            ({"cluster_type": {}}, '"name" is missing'),
            (
                {
                    "cluster_type": {"name": "envoy.cluster.strict_dns"},
                    "common_lb_config": {"consistent_hashing_lb_config": {"use_hostname_for_hashing": True}},
                },
                "a cluster with a cluster_type cannot use_hostname_for_hashing",
            ),
            ({"lb_policy": 6}, "6 is not supported"),
            ({"lb_policy": 99}, "expected one of ROUND_ROBIN"),
            ({"connect_timeout": "0s"}, "connect_timeout must be more than 0"),
            ({"common_lb_config": {"healthy_panic_threshold": {"value": 101}}}, "expected a number from 0 to 100"),
            ({"common_lb_config": {"healthy_panic_threshold": {"value": "NaN"}}}, "expected a number, found"),
            ({"least_request_lb_config": {"choice_count": 1}}, "choice_count"),
            ({"least_request_lb_config": {"active_request_bias": {"default_value": -1}}}, "expected a number from 0"),
            ({"least_request_lb_config": {"active_request_bias": {"default_value": "NaN"}}}, "expected a number"),
            (
                {"least_request_lb_config": {"slow_start_config": {"min_weight_percent": {"value": 101}}}},
                "expected a number from 0 to 100",
            ),
            ({"round_robin_lb_config": {"slow_start_config": {"slow_start_window": "-1s"}}}, "not negative"),
            ({"common_lb_config": {"zone_aware_lb_config": {"force_local_zone": {}}}}, "force_local_zone"),
            (
                {"common_lb_config": {"zone_aware_lb_config": {}, "locality_weighted_lb_config": {}}},
                "has both zone_aware_lb_config and locality_weighted_lb_config",
            ),
            ({"ring_hash_lb_config": {"maximum_ring_size": 8388609}}, "maximum_ring_size"),
            ({"ring_hash_lb_config": {"maximum_ring_size": 1023}}, "minimum_ring_size is above maximum_ring_size"),
            ({"maglev_lb_config": {"table_size": 65536}}, "table_size 65536 is not a prime"),
            ({"maglev_lb_config": {"table_size": 5000077}}, "table_size"),
            ({"load_assignment": []}, "expected an object, found a list"),
            ({"load_assignment": {"cluster_name": "one", "endpoints": {}}}, "expected a list, found an object"),
        ],
    )
    def test_clusters(self, fields: dict[str, object], reason: str) -> None:
        found = errors_of(bootstrap(clusters=[cluster(), {**cluster("two"), **fields}]))
        assert any(reason in error for error in found), found

    @pytest.mark.parametrize("weight", [0, -1, 2**32, "x", 1.5, True])
    def test_endpoint_weights(self, weight: object) -> None:
        broken = copy.deepcopy(cluster())
        broken["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["load_balancing_weight"] = weight  # type: ignore[index]
        (error,) = errors_of(bootstrap(clusters=[broken]))
        assert ".load_balancing_weight: expected an integer" in error

    def test_endpoint_weights_must_fit_together(self) -> None:
        broken = copy.deepcopy(cluster())
        endpoints = broken["load_assignment"]["endpoints"][0]["lb_endpoints"]  # type: ignore[index]
        endpoints[0]["load_balancing_weight"] = 2**32 - 1
        endpoints.append({**endpoints[0], "load_balancing_weight": 1})
        (error,) = errors_of(bootstrap(clusters=[broken]))
        assert "the endpoints' weights sum to more than 4294967295" in error

    def test_address_with_nul(self) -> None:
        broken = copy.deepcopy(cluster())
        lb_endpoint = broken["load_assignment"]["endpoints"][0]["lb_endpoints"][0]  # type: ignore[index]
        lb_endpoint["endpoint"]["address"]["socket_address"]["address"] = "127.0.0.1\0"
        (error,) = errors_of(bootstrap(clusters=[broken]))
        assert error.endswith("expected an IP address, found '127.0.0.1\\x00'")

    @pytest.mark.parametrize(
        ("manager", "reason"),
        [
            ({"@type": ROUTER}, f'expected the type "{HCM}"'),
            ({"http_filters": []}, "expected HTTP filters, of which the router is the last"),
            ({"codec_type": "HTTP2"}, "the codec HTTP2 is not supported"),
            ({"stat_prefix": None}, '"stat_prefix" is missing'),
            ({"upgrade_configs": [{"upgrade_type": "CONNECT"}]}, "CONNECT is not supported"),
            ({"path_with_escaped_slashes_action": "KEEP"}, "expected one of KEEP_UNCHANGED, REJECT_REQUEST"),
            ({"rds": {}}, "route_config and rds exclude each other"),
            ({"rds": {}, "route_config": None}, '"route_config_name" is missing'),
            ({"route_config": None}, "has no route specifier"),
            ({"merge_slashes": "yes"}, "expected true or false, found the string 'yes'"),
        ],
    )
    def test_connection_manager(self, manager: dict[str, object], reason: str) -> None:
        found = errors_of(bootstrap(**manager))
        assert any(reason in error for error in found), found

    def test_duplicate_names(self) -> None:
        document = bootstrap(clusters=[cluster(), cluster()])
        assert errors_of(document) == ['static_resources.clusters[1]: there is another cluster named "one"']

    def test_nothing_to_load(self) -> None:
        assert errors_of({}) == [': has no "static_resources", so there is nothing to load']

    def test_values_that_no_document_holds(self) -> None:
        with pytest.raises(ConfigError, match=r"static_resources: a document holds no set"):
            load({"static_resources": set()})
        with pytest.raises(ConfigError, match="keys are strings, found int"):
            load({1: 2})  # type: ignore[dict-item]
        for source in ({"node": {"id": "\ud800"}}, {"node": {"id": {"\ud800": 1}}}, {"node": {"id": ["é", "\udfff"]}}):
            with pytest.raises(ConfigError, match=r"^node\.id(\[1\])?: the text holds half of a surrogate pair$"):
                load(source)
        cycle: dict[str, object] = {}
        cycle["static_resources"] = cycle
        with pytest.raises(ConfigError, match="nested deeper than 100 levels"):
            load(cycle)


class TestDocuments:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "envoy.yaml:1:1: the document is empty"),
            ("# nothing\n", "envoy.yaml:1:1: the document is empty"),
            ("5", "expected an object, found the integer 5"),
            ("- a\n", "expected an object, found a list"),
            ("a: [1, 2", "envoy.yaml:2:1: not YAML: while parsing a flow sequence"),
            ("a:\n\tb: 1\n", "envoy.yaml:2:1: not YAML: while scanning for the next token"),
            ("a: b\0", "envoy.yaml:1:5: not YAML: control characters are not allowed"),
            (b"a: 1\nb: \xff\n", "envoy.yaml:2:4: byte 0xff is not valid UTF-8"),
            ("a: 1\n---\nb: 1\n", "envoy.yaml:3:1: an Envoy configuration stands alone"),
            ("a: 1\na: 2\n", "envoy.yaml:2:1: the key 'a' stands here twice (first in line 1)"),
            ("a: *b\n", "envoy.yaml:1:4: the alias *b has no anchor"),
            ("a: &b [*b]\n", "envoy.yaml:1:8: the alias *b contains itself"),
            ("a: &b {c: {d: [1, *b]}}\n", "envoy.yaml:1:19: the alias *b contains itself"),
            ("!!python/object/apply:os.system ['false']", "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
            ("? [a]\n: b\n", "a key is a string, found a list"),
            ("{? {a: 1} : b}", "a key is a string, found an object"),
        ],
    )
    def test_yaml(self, tmp_path: Path, text: str | bytes, reason: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(write(tmp_path, text))
        assert reason in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{"a": 1', "envoy.json:1:8: not JSON: expected comma or end, the document ends"),
            ('{"a": 1} x', "envoy.json:1:10: not JSON: the document has ended, found 'x'"),
            ('{"a": 1,}', "envoy.json:1:9: not JSON: expected key, found '}'"),
            ('{"a" 1}', "envoy.json:1:6: not JSON: expected colon, found the integer 1"),
            ('{"a": [1, }', "envoy.json:1:11: not JSON: expected value, found '}'"),
            ('{"a": [1}', "envoy.json:1:9: not JSON: expected comma or end, found '}'"),
            ("{'a': 1}", "envoy.json:1:2: not JSON: expected key or }, found \"'a': 1}\""),
            ('{"a": 01}', "envoy.json:1:7: not JSON: expected value, found '01}'"),
            ('{"a": NaN}', "envoy.json:1:7: not JSON: expected value, found 'NaN}'"),
            ('{"a": "\n"}', "envoy.json:1:8: not JSON: Invalid control character at"),
            ('{"a": "\\x"}', "envoy.json:1:8: not JSON: Invalid \\escape"),
            ('{"a": "b', "envoy.json:1:7: not JSON: Unterminated string starting at"),
            ('{"a": "\\ud800"}', "envoy.json:1:7: not JSON: half of a surrogate pair"),
            ('{"a": 1,\n "a": 2}', "envoy.json:2:2: the key 'a' stands here twice (first in line 1)"),
            ("", "envoy.json:1:1: not JSON: expected value, the document ends"),
            ("[", "envoy.json:1:2: not JSON: expected value or ], the document ends"),
            ("}", "envoy.json:1:1: not JSON: expected value, found '}'"),
        ],
    )
    def test_json(self, tmp_path: Path, text: str, reason: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(write(tmp_path, text, "envoy.json"))
        assert reason in str(caught.value)

    def test_aliases_that_stay_small_are_fine(self, tmp_path: Path) -> None:
        document = yaml.safe_dump(bootstrap()).replace("port_value: 9000", "port_value: &port 9000")
        assert "&port" in document
        assert load(write(tmp_path, document)) == load(bootstrap())

    def test_unreadable_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
            load(tmp_path / "absent.yaml")

    def test_file_beyond_the_limit(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="has 100 bytes, the limit is 99"):
            load(write(tmp_path, "#" * 100), limits=DocumentLimits(max_bytes=99))

    @pytest.mark.parametrize("is_wrong", [True, False])
    def test_a_long_name_is_not_repeated_by_all_that_is_below_it(self, tmp_path: Path, *, is_wrong: bool) -> None:
        """A megabyte of name, and hundreds of models and errors with a path through it."""
        name = "k" * 1_000_000
        wrong = {"wrong": 1} if is_wrong else {}
        routes = [{"match": {"prefix": "/"}, "route": {"cluster": "a"}, **wrong} for _ in range(300)]
        file = write(tmp_path, json.dumps({"name": "r", "virtual_hosts": [matching({name: routes})]}), "tree.json")
        tracemalloc.start()
        if is_wrong:
            with pytest.raises(ConfigErrors) as caught:
                load(file)
            assert len(caught.value.errors) == 300
            assert len(str(caught.value)) < 300_000
        else:
            config = load(file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 64 * 1024 * 1024
        if not is_wrong:
            position = config.route_configurations["r"].virtual_hosts[0].routes[299].position
            assert position is not None
            assert position.path.endswith("routes[299]")
            assert len(position.path) < 1000

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("[" * 100_000, "flow.yaml"),
            ("- " * 100_000, "block.yaml"),
            ("{a: " * 100_000, "map.yaml"),
            ("[" * 100_000, "deep.json"),
            ('{"a":' * 100_000, "map.json"),
            ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(20)
            ), "laughs.yaml"),
            ("k" * 1_000_000 + ": 1\n", "key.yaml"),
            ('{"' + "k" * 1_000_000 + '": 1}', "key.json"),
            ('{"a": "' + "\\n" * 500_000 + '"}', "escapes.json"),
            ("? " + "k" * 1_000_000 + "\n: 1\n", "explicit.yaml"),
            ("a: " + "9" * 1_000_000 + "\n", "digits.yaml"),
            ('{"a": ' + "9" * 1_000_000 + "}", "digits.json"),
            ("static_resources: {" + ", ".join(f"unknown{i}: 1" for i in range(20_000)) + "}", "unknown.yaml"),
        ],
        ids=lambda value: value if len(value) < 20 else "",
    )  # fmt: skip
    def test_hostile_documents_are_refused_quickly_and_cheaply(self, tmp_path: Path, text: str, name: str) -> None:
        file = write(tmp_path, text, name)
        del text
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(ConfigError) as caught:
            load(file)
        seconds = time.process_time() - began
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert seconds < 10  # more than linear would take minutes; sanitizers alone cost a factor of ten
        assert peak < 64 * 1024 * 1024
        assert len(str(caught.value)) < 300_000
