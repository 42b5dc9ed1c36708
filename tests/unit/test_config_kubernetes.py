"""Kubernetes documents: objects out of files, and Services with the clusters that do what kube-proxy does."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from fastpath import ClusterManager, NoHostAvailable
from fastpath.config import Scope, load
from fastpath.errors import ConfigErrors, ConfigWarning
from fastpath.models import Cluster, Config, DiscoveryType, Endpoint, HealthStatus

SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
}


def service(name: str = "web", **spec: object) -> dict[str, Any]:
    document = copy.deepcopy(SERVICE)
    document["metadata"]["name"] = name
    document["spec"] |= spec
    return document


def endpoint(address: str, **fields: object) -> dict[str, object]:
    conditions = {name: fields.pop(name) for name in ("ready", "serving", "terminating") if name in fields}
    return {"addresses": [address], "conditions": conditions, **fields}


def endpoint_slice(*endpoints: object, service: str = "web", name: str = "web-1", port: str = "http") -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": [{"name": port, "port": 8080, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def only_cluster(config: Config) -> Cluster:
    (cluster,) = config.clusters
    return cluster


def endpoints_of(cluster: Cluster) -> list[Endpoint]:
    return [each for locality in cluster.localities for each in locality.endpoints]


def picked(cluster: Cluster) -> set[str]:
    """The hosts that get requests."""
    live = ClusterManager([cluster], seed=1)[cluster.name]
    return {live.pick_host().address for _ in range(200)}


def errors_of(*documents: object, **options: Any) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(documents, **options)  # type: ignore[arg-type]
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


class TestDocuments:
    def test_vocabularies_are_told_apart(self) -> None:
        assert [each.name for each in load(SERVICE).clusters] == ["shop/web:80"]
        envoy: dict[str, Any] = {"static_resources": {"clusters": [{"name": "a"}]}}
        assert [each.name for each in load(envoy).clusters] == ["a"]

    def test_they_do_not_mix(self) -> None:
        envoy: dict[str, Any] = {"static_resources": {"clusters": [{"name": "a"}]}}
        assert errors_of(SERVICE, envoy) == ["[1]: a configuration is Envoy's or of Kubernetes objects, not both"]

    def test_lists_and_streams_say_the_same(self, tmp_path: Path) -> None:
        documents = [SERVICE, endpoint_slice(endpoint("10.1.0.1", ready=True))]
        expected = load(documents)
        assert only_cluster(expected).localities
        listed = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": documents}
        typed = {
            "apiVersion": "v1",
            "kind": "ServiceList",
            "items": [{key: value for key, value in SERVICE.items() if key not in ("apiVersion", "kind")}],
        }
        assert load(listed) == expected
        assert load([typed, documents[1]]) == expected
        stream = tmp_path / "all.yaml"
        stream.write_text("---\n" + yaml.safe_dump_all(documents) + "---\n# nothing here\n")
        assert load(stream) == expected
        as_json = tmp_path / "all.json"
        as_json.write_text(json.dumps(listed))
        assert load(as_json) == expected

    def test_files_and_directories(self, tmp_path: Path) -> None:
        (tmp_path / "1.yaml").write_text(yaml.safe_dump(SERVICE))
        (tmp_path / "2.json").write_text(json.dumps(endpoint_slice(endpoint("10.1.0.1"))))
        (tmp_path / "README.md").write_text("not: a document")
        (tmp_path / ".hidden.yaml").write_text("not: a document")
        config = load(tmp_path)
        assert [each.address for each in endpoints_of(only_cluster(config))] == ["10.1.0.1"]
        assert load([tmp_path / "1.yaml", tmp_path / "2.json"]) == config
        assert load([tmp_path / "1.yaml", endpoint_slice(endpoint("10.1.0.1"))]) == config

    def test_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigErrors, match="the document is empty"):
            load([])
        (tmp_path / "a.yaml").write_text("# templates often render to nothing\n---\n")
        with pytest.raises(ConfigErrors, match=r"a\.yaml:1:1: the document is empty"):
            load(tmp_path)
        (tmp_path / "b.yaml").write_text(yaml.safe_dump(SERVICE))
        assert load(tmp_path) == load(SERVICE)

    def test_directory_without_documents(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigErrors, match=r"holds no file that ends with \.yaml, \.yml, \.json"):
            load(tmp_path)

    def test_all_errors_of_all_files(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  - prot: 80\n    port: 0\n"
        )
        (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: Servce\nmetadata: {name: web}\n")
        (tmp_path / "c.yaml").write_text("a: [")
        with pytest.raises(ConfigErrors) as caught:
            load(tmp_path)
        lines = [str(error).removeprefix(str(tmp_path) + "/") for error in caught.value.errors]
        assert lines == [
            """a.yaml:6:5: spec.ports[0]: the field 'prot' is unknown or not supported; did you mean "port"?""",
            "a.yaml:7:11: spec.ports[0].port: expected an integer from 1 to 65535, found 0",
            """b.yaml:1:1: the kind 'Servce' is unknown or not supported; did you mean "Service"?""",
            "c.yaml:2:1: not YAML: while parsing a flow node did not find expected node content",
        ]

    def test_paths_lead_into_lists(self) -> None:
        broken = service(ports=[{"port": "80"}])
        assert errors_of({"apiVersion": "v1", "kind": "List", "items": [broken]}) == [
            "[0].items[0].spec.ports[0].port: expected an integer, found the string '80'",
        ]
        assert errors_of(SERVICE, {"apiVersion": "v1", "kind": "List", "items": [broken]}) == [
            '[1].items[0]: there is another Service named "shop/web" ([0])',
        ]

    def test_lenient_ignores_unknown_fields(self) -> None:
        with pytest.warns(ConfigWarning, match="the field 'shiny' is unknown"):
            config = load(service(shiny=True), lenient=True)
        assert config == load(SERVICE)

    def test_what_says_nothing_of_traffic_is_left_out(self) -> None:
        others: list[dict[str, object]] = [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1}},
            {"apiVersion": "v1", "kind": "ConfigMap", "data": {}},
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, "spec": {"finalizers": []}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque", "data": {"a": "AA=="}},
        ]
        assert load([*others, SERVICE]) == load(SERVICE)

    def test_what_speaks_of_traffic_and_is_not_read_is_refused(self) -> None:
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a"}}
        assert errors_of(policy) == [
            "[0]: the kind 'NetworkPolicy' of networking.k8s.io is unknown or not supported",
        ]
        with pytest.warns(ConfigWarning, match="the kind 'NetworkPolicy'"):
            assert load([policy, SERVICE], lenient=True) == load(SERVICE)

    def test_names_are_not_those_of_protobuf(self) -> None:
        assert errors_of(service(session_affinity="ClientIP")) == [
            """[0].spec: the field 'session_affinity' is unknown or not supported; did you mean "sessionAffinity"?"""
        ]

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            ({"kind": "Service"}, '[0]: "apiVersion" is missing'),
            ({"apiVersion": "v1"}, '[0]: "kind" is missing'),
            ({"apiVersion": "v1", "kind": "Service"}, '[0]: "metadata" is missing'),
            ({"apiVersion": "v1", "kind": "Service", "metadata": {}}, '[0].metadata: "name" is missing'),
            ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "A b"}}, "found 'A b'"),
            ({"apiVersion": "v1", "kind": 5}, "[0].kind: expected a string"),
            ({"apiVersion": "v1", "kind": "List", "items": [5]}, "[0].items[0]: expected an object"),
        ],
    )
    def test_malformed(self, document: dict[str, object], reason: str) -> None:
        assert any(reason in error for error in errors_of(document))

    def test_timestamps_as_yaml_libraries_give_them(self) -> None:
        dated = copy.deepcopy(SERVICE)
        dated["metadata"]["creationTimestamp"] = datetime(2024, 1, 2, tzinfo=timezone.utc)
        assert load(dated) == load(SERVICE)


class TestService:
    @pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
    def test_ready_endpoints_share_alike(self, kind: str) -> None:
        slices = [endpoint_slice(endpoint("10.1.0.1"), endpoint("10.1.0.2", ready=True))]
        cluster = only_cluster(load([service(type=kind), *slices]))
        assert cluster.name == "shop/web:80"
        assert [(each.address, each.port) for each in endpoints_of(cluster)] == [("10.1.0.1", 8080), ("10.1.0.2", 8080)]
        assert picked(cluster) == {"10.1.0.1", "10.1.0.2"}

    def test_headless(self) -> None:
        cluster = only_cluster(load([service(clusterIP="None"), endpoint_slice(endpoint("10.1.0.1"))]))
        assert picked(cluster) == {"10.1.0.1"}

    def test_external_name(self) -> None:
        cluster = only_cluster(load(service(type="ExternalName", externalName="db.example.com")))
        assert cluster.type is DiscoveryType.STRICT_DNS
        assert endpoints_of(cluster) == [Endpoint("db.example.com", 80, hostname="db.example.com")]

    def test_each_port_is_a_cluster(self) -> None:
        ports = [
            {"name": "http", "port": 80, "targetPort": "web"},
            {"name": "admin", "port": 9000},
            {"name": "dns", "port": 53, "protocol": "UDP"},
        ]
        slices = endpoint_slice(endpoint("10.1.0.1"))
        slices["ports"] = [{"name": "http", "port": 8080}, {"name": "admin", "port": 9001}, {"name": "dns", "port": 53}]
        config = load([service(ports=ports), slices])
        assert [(each.name, endpoints_of(each)[0].port) for each in config.clusters] == [
            ("shop/web:80", 8080),
            ("shop/web:9000", 9001),
        ]

    def test_endpoints_as_before_slices(self) -> None:
        old = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "web", "namespace": "shop"},
            "subsets": [
                {
                    "addresses": [{"ip": "10.1.0.1", "nodeName": "a", "targetRef": {"kind": "Pod", "name": "web-0"}}],
                    "notReadyAddresses": [{"ip": "10.1.0.2"}],
                    "ports": [{"name": "http", "port": 8080}],
                }
            ],
        }
        cluster = only_cluster(load([SERVICE, old]))
        assert picked(cluster) == {"10.1.0.1"}
        assert endpoints_of(cluster)[0].metadata == {"kubernetes": {"node": "a", "pod": "web-0"}}
        # The control plane mirrors Endpoints into slices, and those count.
        both = only_cluster(load([SERVICE, old, endpoint_slice(endpoint("10.1.0.9"))]))
        assert picked(both) == {"10.1.0.9"}

    def test_slices_alone(self) -> None:
        assert picked(only_cluster(load(endpoint_slice(endpoint("10.1.0.1"))))) == {"10.1.0.1"}

    def test_a_slice_without_a_label_is_no_services(self) -> None:
        unlabelled = endpoint_slice(endpoint("10.1.0.1"), name="web")
        del unlabelled["metadata"]["labels"]
        assert picked(only_cluster(load(unlabelled))) == {"10.1.0.1"}
        old = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "web", "namespace": "shop"},
            "subsets": [{"addresses": [{"ip": "10.1.0.9"}], "ports": [{"name": "http", "port": 8080}]}],
        }
        assert picked(only_cluster(load([SERVICE, unlabelled, old]))) == {"10.1.0.9"}

    def test_not_ready_gets_nothing(self) -> None:
        slices = endpoint_slice(endpoint("10.1.0.1"), endpoint("10.1.0.2", ready=False), endpoint("10.1.0.3"))
        assert picked(only_cluster(load([SERVICE, slices]))) == {"10.1.0.1", "10.1.0.3"}

    def test_nobody_is_ready(self) -> None:
        """There is no panic: kube-proxy refuses as well."""
        slices = endpoint_slice(endpoint("10.1.0.1", ready=False), endpoint("10.1.0.2", ready=False))
        with pytest.raises(NoHostAvailable):
            picked(only_cluster(load([SERVICE, slices])))

    def test_terminating_is_drained(self) -> None:
        slices = endpoint_slice(
            endpoint("10.1.0.1", ready=True), endpoint("10.1.0.2", ready=False, serving=True, terminating=True)
        )
        cluster = only_cluster(load([SERVICE, slices]))
        assert [each.health_status for each in endpoints_of(cluster)] == [HealthStatus.HEALTHY, HealthStatus.DRAINING]
        assert picked(cluster) == {"10.1.0.1"}

    def test_all_terminating_but_serving_are_used(self) -> None:
        slices = endpoint_slice(
            endpoint("10.1.0.1", ready=False, serving=True, terminating=True),
            endpoint("10.1.0.2", ready=False, serving=False, terminating=True),
            endpoint("10.1.0.3", ready=False, serving=True, terminating=True),
            endpoint("10.1.0.4", ready=False, serving=False),
        )
        assert picked(only_cluster(load([SERVICE, slices]))) == {"10.1.0.1", "10.1.0.3"}

    def test_serving_is_taken_for_granted(self) -> None:
        """As kube-proxy does: what ends and does not say that it does not serve is used when nothing is ready."""
        slices = endpoint_slice(endpoint("10.1.0.1", ready=False, terminating=True), endpoint("10.1.0.2", ready=False))
        assert picked(only_cluster(load([SERVICE, slices]))) == {"10.1.0.1"}

    def test_ready_while_terminating(self) -> None:
        """As with publishNotReadyAddresses."""
        slices = endpoint_slice(endpoint("10.1.0.1", ready=True, terminating=True, serving=False))
        assert picked(only_cluster(load([service(publishNotReadyAddresses=True), slices]))) == {"10.1.0.1"}

    def test_addresses_after_the_first_mean_nothing(self) -> None:
        slices = endpoint_slice({"addresses": ["10.1.0.1", "10.1.0.2"]})
        assert picked(only_cluster(load([SERVICE, slices]))) == {"10.1.0.1"}

    @pytest.mark.parametrize(
        ("spec", "expected"),
        [
            ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]}, {"10.1.0.1", "10.1.0.3"}),
            ({"clusterIP": "fd00::1"}, {"fd01::1", "fd01::2"}),
            ({"clusterIP": "None", "ipFamilies": ["IPv6", "IPv4"]}, {"fd01::1", "fd01::2"}),
            ({"clusterIP": "None"}, {"10.1.0.1", "10.1.0.3", "fd01::2"}),
            ({"clusterIP": ""}, {"10.1.0.1", "10.1.0.3", "fd01::2"}),
        ],
    )
    def test_pods_of_both_families_count_once(self, spec: dict[str, object], expected: set[str]) -> None:
        def pod(address: str, name: str) -> dict[str, object]:
            return endpoint(address, targetRef={"kind": "Pod", "name": name})

        four = endpoint_slice(pod("10.1.0.1", "web-0"), endpoint("10.1.0.3"))
        six = endpoint_slice(pod("fd01::1", "web-0"), pod("fd01::2", "web-1"), name="web-2") | {"addressType": "IPv6"}
        assert picked(only_cluster(load([service(**spec), six, four]))) == expected
        # Where there is one family, it is used, whatever the Service says.
        assert picked(only_cluster(load([service(**spec), six]))) == {"fd01::1", "fd01::2"}

    def test_updates_keep_counters(self) -> None:
        before = only_cluster(load([SERVICE, endpoint_slice(endpoint("10.1.0.1"), endpoint("10.1.0.2"))]))
        after = only_cluster(load([SERVICE, endpoint_slice(endpoint("10.1.0.1"), endpoint("10.1.0.2", ready=False))]))
        live = ClusterManager([before], seed=1)[before.name]
        held = [live.pick() for _ in range(4)]
        live.update(after)
        assert {live.pick_host().address for _ in range(50)} == {"10.1.0.1"}
        assert sum(pick.host.active_requests for pick in held if pick.host.address == "10.1.0.1") == 4
        for pick in held:
            pick.report(200)

    def test_session_affinity(self) -> None:
        assert only_cluster(load(SERVICE)).client_ip_affinity is None
        assert only_cluster(load(service(sessionAffinity="ClientIP"))).client_ip_affinity == 10800.0
        config = {"clientIP": {"timeoutSeconds": 60}}
        model = only_cluster(load(service(sessionAffinity="ClientIP", sessionAffinityConfig=config)))
        assert model.client_ip_affinity == 60.0

    def test_internal_traffic_stays_on_the_node(self) -> None:
        slices = endpoint_slice(endpoint("10.1.0.1", nodeName="a"), endpoint("10.1.0.2", nodeName="b"))
        documents = [service(internalTrafficPolicy="Local", externalTrafficPolicy="Local"), slices]
        assert picked(only_cluster(load(documents, scope=Scope(node_name="b")))) == {"10.1.0.2"}
        assert picked(only_cluster(load(documents))) == {"10.1.0.1", "10.1.0.2"}
        with pytest.raises(NoHostAvailable):
            picked(only_cluster(load(documents, scope=Scope(node_name="c"))))

    def test_zones_and_hints(self) -> None:
        def hint(zone: str) -> dict[str, object]:
            return {"forZones": [{"name": zone}]}

        slices = endpoint_slice(
            endpoint("10.1.0.1", zone="a", hints=hint("a")), endpoint("10.1.0.2", zone="b", hints=hint("b"))
        )
        everywhere = only_cluster(load([SERVICE, slices]))
        assert [each.zone for each in everywhere.localities] == ["a", "b"]
        assert endpoints_of(everywhere)[0].metadata == {"kubernetes": {"hint_zones": ("a",)}}
        assert picked(everywhere) == {"10.1.0.1", "10.1.0.2"}
        assert picked(only_cluster(load([SERVICE, slices], scope=Scope(zone="b")))) == {"10.1.0.2"}
        # Nothing is hinted at for the zone, or not every endpoint has a hint: hints do not count.
        assert picked(only_cluster(load([SERVICE, slices], scope=Scope(zone="c")))) == {"10.1.0.1", "10.1.0.2"}
        slices["endpoints"].append(endpoint("10.1.0.3", zone="c"))
        assert len(picked(only_cluster(load([SERVICE, slices], scope=Scope(zone="b"))))) == 3

    def test_hints_for_nodes_come_before_those_for_zones(self) -> None:
        def hint(node: str, zone: str) -> dict[str, object]:
            return {"forNodes": [{"name": node}], "forZones": [{"name": zone}]}

        slices = endpoint_slice(
            endpoint("10.1.0.1", hints=hint("n1", "a")),
            endpoint("10.1.0.2", hints=hint("n2", "a")),
            endpoint("10.1.0.3", hints=hint("n3", "b")),
            endpoint("10.1.0.4", ready=False),
        )

        def seen(**scope: str) -> set[str]:
            return picked(only_cluster(load([SERVICE, slices], scope=Scope(**scope))))  # type: ignore[arg-type]

        assert seen(node_name="n2", zone="a") == {"10.1.0.2"}
        assert seen(node_name="other", zone="a") == {"10.1.0.1", "10.1.0.2"}
        assert len(seen(node_name="other", zone="c")) == len(seen()) == 3
        metadata = endpoints_of(only_cluster(load([SERVICE, slices])))[0].metadata
        assert metadata == {"kubernetes": {"hint_zones": ("a",), "hint_nodes": ("n1",)}}
        slices["endpoints"].append(endpoint("10.1.0.5", hints={"forZones": [{"name": "a"}]}))
        assert seen(node_name="n2", zone="a") == {"10.1.0.1", "10.1.0.2", "10.1.0.5"}

    def test_hints_do_not_count_for_the_policy_local(self) -> None:
        slices = endpoint_slice(
            endpoint("10.1.0.1", nodeName="n1", hints={"forZones": [{"name": "a"}]}),
            endpoint("10.1.0.2", nodeName="n1", hints={"forZones": [{"name": "b"}]}),
        )
        documents = [service(internalTrafficPolicy="Local"), slices]
        scope = Scope(node_name="n1", zone="a")
        assert picked(only_cluster(load(documents, scope=scope))) == {"10.1.0.1", "10.1.0.2"}

    def test_the_ready_copy_counts(self) -> None:
        slices = [
            endpoint_slice(endpoint("10.1.0.1", ready=False)),
            endpoint_slice(endpoint("10.1.0.1", ready=True), name="web-2"),
        ]
        assert picked(only_cluster(load([SERVICE, *slices]))) == {"10.1.0.1"}

    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            ({"ports": []}, "[0].spec: has no ports"),
            ({"type": "ClusterIp"}, """found 'ClusterIp'; did you mean "ClusterIP"?"""),
            ({"type": "ExternalName"}, '[0].spec: "externalName" is missing'),
            ({"ports": [{"port": 80}, {"port": 81}]}, '"name" is missing: a Service with several ports names each'),
            ({"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]}, "the port b is there twice"),
            ({"ports": [{"port": 80, "protocol": "HTTP"}]}, "expected one of TCP, UDP, SCTP, found 'HTTP'"),
            ({"ports": [{"port": 80, "targetPort": True}]}, "expected a port's number or name, found the boolean true"),
            ({"sessionAffinity": "Cookie"}, "expected one of None, ClientIP, found 'Cookie'"),
            ({"sessionAffinityConfig": {"clientIP": {}}}, "is for the sessionAffinity ClientIP only"),
            ({"internalTrafficPolicy": "local"}, """did you mean "Local"?"""),
        ],
    )
    def test_refused(self, spec: dict[str, object], reason: str) -> None:
        assert any(reason in error for error in errors_of(service(**spec)))

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"addressType": "FQDN"}, "the addressType FQDN is not supported"),
            ({"addressType": None}, '"addressType" is missing'),
            ({"endpoints": [{"addresses": []}]}, "[0].endpoints[0]: has no addresses"),
            ({"endpoints": [{"addresses": ["web-0"]}]}, "expected an IP address, found 'web-0'"),
            ({"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"redy": True}}]}, """did you mean "ready"?"""),
        ],
    )
    def test_refused_slices(self, fields: dict[str, object], reason: str) -> None:
        assert any(reason in error for error in errors_of(endpoint_slice() | fields))
