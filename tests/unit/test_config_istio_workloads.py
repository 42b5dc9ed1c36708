"""Workloads, and what a Sidecar lets them reach.

https://istio.io/latest/docs/reference/config/networking/workload-entry/, service-entry/ and sidecar/.
"""

from __future__ import annotations

from typing import Any

import pytest
from unit.istio_documents import (
    SERVICES,
    ask,
    cluster,
    cluster_at,
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

from fastpath.config import Scope, load
from fastpath.errors import ConfigWarning
from fastpath.models import Config, DirectResponse, DiscoveryType


def workload(name: str, address: str, labels: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    return istio("WorkloadEntry", name, address=address, labels=labels or {}, **spec)


def endpoints(config: Config, name: str) -> list[tuple[str, int]]:
    return [(each.address, each.port) for place in cluster(config, name).localities for each in place.endpoints]


def pod(name: str, address: str, *, ready: bool = True, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "status": {"podIP": address, "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


class TestWorkloadEntries:
    ENTRY = service_entry(workloadSelector={"labels": {"app": "x"}})
    NAME = "default/api.example:80"

    def test_a_service_entry_selects_them_by_labels(self) -> None:
        config = load(
            [
                self.ENTRY,
                workload("one", "10.0.0.1", {"app": "x", "v": "1"}, weight=3, locality="r/z/s"),
                workload("two", "10.0.0.2", {"app": "x"}, ports={"http": 99}),
                workload("other", "10.0.0.3", {"app": "y"}),
                inside("there", workload("far", "10.0.0.4", {"app": "x"})),
            ]
        )
        # The port is the workload's own for that name, else the target, else the number.
        assert endpoints(config, self.NAME) == [("10.0.0.1", 8080), ("10.0.0.2", 99)]
        first = cluster(config, self.NAME).localities[0]
        assert (first.region, first.zone, first.sub_zone, first.endpoints[0].weight) == ("r", "z", "s", 3)

    def test_labels_of_the_object_count_as_well(self) -> None:
        entry = workload("one", "10.0.0.1")
        entry["metadata"]["labels"] = {"app": "x"}
        assert endpoints(load([self.ENTRY, entry]), self.NAME) == [("10.0.0.1", 8080)]

    def test_none_is_selected(self) -> None:
        assert endpoints(load([self.ENTRY]), self.NAME) == []

    def test_pods_are_selected_too(self) -> None:
        config = load([self.ENTRY, pod("p", "10.0.0.8", app="x"), pod("q", "10.0.0.9", app="y"), pod("r", "", app="x")])
        assert endpoints(config, self.NAME) == [("10.0.0.8", 8080)]

    def test_the_port_of_a_pod_is_its_own_of_that_name(self) -> None:
        named = pod("p", "10.0.0.8", app="x")
        named["spec"] = {"containers": [{"ports": [{"name": "http", "containerPort": 99}, {"containerPort": 1}]}]}
        assert endpoints(load([self.ENTRY, named]), self.NAME) == [("10.0.0.8", 99)]

    def test_the_port_of_a_workload_of_a_service_is_its_own_of_that_name(self) -> None:
        spec = {"selector": {"app": "x"}, "ports": [{"name": "web", "port": 80, "targetPort": 8080}]}
        workloads = [
            workload("v", "10.0.0.1", {"app": "x"}, ports={"web": 99}),
            workload("w", "10.0.0.2", {"app": "x"}),
        ]
        config = load([{**service("s"), "spec": spec}, *workloads])
        assert endpoints(config, "default/s:80") == [("10.0.0.1", 99), ("10.0.0.2", 8080)]

    def test_a_pod_that_is_not_ready_gets_nothing(self) -> None:
        config = load([self.ENTRY, pod("p", "10.0.0.8", ready=False, app="x"), pod("q", "10.0.0.9", app="x")])
        assert endpoints(config, self.NAME) == [("10.0.0.9", 8080)]

    def test_names_are_looked_up(self) -> None:
        entry = service_entry(resolution="DNS", workloadSelector={"labels": {"app": "x"}})
        config = load([entry, workload("one", "vm.example", {"app": "x"})])
        assert cluster(config, self.NAME).type is DiscoveryType.STRICT_DNS
        assert endpoints(config, self.NAME) == [("vm.example", 8080)]

    def test_subsets(self) -> None:
        rule = istio("DestinationRule", "r", host="api.example", subsets=[{"name": "new", "labels": {"v": "2"}}])
        entries = [workload(f"w{v}", f"10.0.0.{v}", {"app": "x", "v": v}) for v in "12"]
        assert endpoints(load([self.ENTRY, rule, *entries]), f"{self.NAME}/new") == [("10.0.0.2", 8080)]

    def test_a_service_has_them_beside_its_pods(self) -> None:
        """https://istio.io/latest/docs/examples/virtual-machines/ and blog/2020/workload-entry/."""
        spec = {"selector": {"app": "x"}, "ports": [{"name": "p80", "port": 80, "targetPort": "web"}]}
        split = virtual_service(
            route(to("a", "old", weight=1), to("a", "new", weight=1)), gateways=["mesh"], hosts=("a",)
        )
        subsets = [{"name": name, "labels": {"version": v}} for name, v in (("old", "v1"), ("new", "v2"))]
        config = load(
            [
                {**service("a"), "spec": spec},
                *pods("a", v1="10.0.0.1"),
                workload("vm", "10.9.0.1", {"app": "x", "version": "v2"}, ports={"web": 8090}),
                istio("DestinationRule", "a", host="a", subsets=subsets),
                split,
            ]
        )
        assert endpoints(config, "default/a:80") == [("10.0.0.1", 8080), ("10.9.0.1", 8090)]
        assert endpoints(config, "default/a:80/old") == [("10.0.0.1", 8080)]
        assert endpoints(config, "default/a:80/new") == [("10.9.0.1", 8090)]

    @pytest.mark.parametrize(
        ("documents", "reason"),
        [
            ([ENTRY, workload("w", "vm.example", {"app": "x"})], "an IP address for the resolution STATIC"),
            ([workload("w", "unix:///x")], "expected a host name"),
            ([workload("w", "10.0.0.1", network="n")], "'network' is not supported"),
            ([workload("w", "10.0.0.1", locality="a/b/c/d")], "a locality is region/zone/subzone"),
            ([service_entry(workloadSelector={"labels": {"a": "b"}}, endpoints=[{"address": "1.2.3.4"}])], "exclude"),
            (
                [service_entry(resolution="DNS_ROUND_ROBIN", endpoints=[{"address": "a.b"}, {"address": "c.d"}])],
                "takes one endpoint",
            ),
            ([service_entry(endpoints=[{"address": "1.2.3.4"}], addresses=["x"])], "an IP address or a range"),
        ],
    )
    def test_refused(self, documents: list[dict[str, Any]], reason: str) -> None:
        found = refusals(*documents)
        assert any(reason in each for each in found), found

    def test_one_without_the_port_that_a_service_asks_for_is_left_out(self) -> None:
        documents = [
            {**service("w"), "spec": {"selector": {"app": "x"}, "ports": [{"port": 80, "targetPort": "web"}]}},
            workload("w", "10.0.0.1", {"app": "x"}),
            {**workload("v", "10.0.0.2", {"app": "x"}, ports={"web": 8080})},
        ]
        with pytest.warns(ConfigWarning, match="has no port named 'web', which w asks for"):
            config = load(documents)
        assert endpoints(config, "default/w:80") == [("10.0.0.2", 8080)]

    def test_one_name_looked_up_for_one_address(self) -> None:
        assert cluster(load(service_entry(resolution="DNS_ROUND_ROBIN")), self.NAME).type is DiscoveryType.LOGICAL_DNS


def entry(name: str, *addresses: str, **spec: object) -> dict[str, Any]:
    found = service_entry(endpoints=[{"address": each} for each in addresses], **spec)
    return {**found, "metadata": {"name": name}}


def conflicts(config: Config) -> list[tuple[str, str, str]]:
    return [
        (f"{status.namespace}/{status.name}", found.reason, found.message)
        for status in config.statuses
        for _, found in status.refusals()
    ]


class TestServiceEntries:
    NAME = "default/api.example:80"

    def test_nobody_is_there_yet(self) -> None:
        assert endpoints(load(entry("e")), self.NAME) == []

    def test_without_a_resolution_requests_would_go_where_they_were_bound_for(self) -> None:
        found = entry("e")
        del found["spec"]["resolution"], found["spec"]["endpoints"]
        ((name, reason, message),) = conflicts(load(found))
        assert (name, reason) == ("default/e", "UnsupportedValue")
        assert "the resolution NONE" in message

    def test_hosts_with_a_wildcard(self) -> None:
        other = virtual_service(route(to("a")), hosts=("x.example",), gateways=["mesh"])
        for resolution, address in (("STATIC", "10.0.0.1"), ("DNS", "www.example")):
            config = load([entry("e", address, hosts=["*.example"], resolution=resolution), other, *SERVICES])
            assert endpoints(config, "default/*.example:80") == [(address, 8080)]
            assert cluster_at(config, host="y.example", table="80") == "default/*.example:80"
            assert cluster_at(config, host="x.example", table="80") == "default/a:80"

    def test_protocols_as_they_are_written(self) -> None:
        ports = [
            {"number": number, "name": f"p{number}", **({"protocol": protocol} if protocol else {})}
            for number, protocol in ((80, "http"), (81, "Tls"), (82, "redis"), (83, ""))
        ]
        config = load([entry("e", "10.0.0.1", ports=ports), virtual_service(route(), hosts=("x",), gateways=["mesh"])])
        assert sorted(config.route_configurations) == ["80", "83"]

    def test_entries_of_one_namespace_for_a_host_are_one(self) -> None:
        more = [{"number": 443, "name": "tls", "protocol": "TLS"}, {"number": 80, "name": "http", "protocol": "HTTP"}]
        config = load([entry("a", "10.0.0.1", "10.0.0.2"), entry("b", "10.0.0.2", "10.0.0.3", ports=more)])
        assert endpoints(config, self.NAME) == [
            ("10.0.0.1", 8080),
            ("10.0.0.2", 8080),
            ("10.0.0.2", 80),
            ("10.0.0.3", 80),
        ]
        assert endpoints(config, "default/api.example:443") == [("10.0.0.2", 443), ("10.0.0.3", 443)]
        assert conflicts(config) == []

    def test_a_host_is_that_of_the_workloads_namespace_or_of_the_oldest(self) -> None:
        entries = [inside(place, entry(f"of-{place}", f"10.0.0.{index}")) for index, place in enumerate("yxz")]
        for namespace, found, lost in (("z", "z", "xy"), ("default", "x", "yz")):
            config = load([*entries, *SERVICES], scope=Scope(namespace=namespace))
            assert [each.name for each in config.clusters if "api.example" in each.name] == [f"{found}/api.example:80"]
            message = f"{found}/of-{found} has the host api.example too, and counts"
            assert conflicts(config) == [(f"{each}/of-{each}", "ConflictingHosts", message) for each in lost]

    def test_a_service_comes_before_entries_for_its_host(self) -> None:
        config = load([entry("e", "10.0.0.1", hosts=["a.default.svc.cluster.local"]), *SERVICES])
        assert not [each for each in config.clusters if "svc.cluster.local" in each.name]
        assert conflicts(config) == [
            ("default/e", "ConflictingHosts", "a Service has the host a.default.svc.cluster.local")
        ]


def sidecar(*hosts: str, name: str = "default", **spec: object) -> dict[str, Any]:
    return istio("Sidecar", name, **({"egress": [{"hosts": list(hosts)}]} if hosts else {}), **spec)


class TestSidecars:
    DOCUMENTS = (
        *SERVICES,
        inside("prod", service("p")),
        inside("prod", service("q")),
        service_entry(endpoints=[{"address": "10.0.0.1"}]),
    )
    HOSTS = ("a.default", "b.default", "p.prod", "q.prod", "api.example")

    def reached(self, *documents: dict[str, Any], scope: Scope | None = None) -> list[str]:
        config = load([*documents, *self.DOCUMENTS], scope=scope)
        return [host for host in self.HOSTS if cluster_at(config, host=host, table="80") is not None]

    @pytest.mark.parametrize(
        ("hosts", "reached"),
        [
            (("*/*",), HOSTS),
            (("./*",), ("a.default", "b.default", "api.example")),
            (("prod/*",), ("p.prod", "q.prod")),
            (("prod/p.prod.svc.cluster.local", "./api.example"), ("p.prod", "api.example")),
            (("*/*.prod.svc.cluster.local",), ("p.prod", "q.prod")),
            (("default/*.example",), ("api.example",)),
            (("prod/api.example", "prod/p.prod.svc.cluster.local"), ("p.prod",)),
            (("~/*", "./a.default.svc.cluster.local"), ("a.default",)),
        ],
    )
    def test_egress_hosts(self, hosts: tuple[str, ...], reached: tuple[str, ...]) -> None:
        assert self.reached(sidecar(*hosts)) == list(reached)

    def test_without_egress_all_is_reached(self) -> None:
        assert self.reached(sidecar()) == list(self.HOSTS)

    def test_hosts_of_a_port(self) -> None:
        egress = [
            {"port": {"number": 8080, "protocol": "HTTP", "name": "e"}, "hosts": ["./c.default.svc.cluster.local"]},
            {"hosts": ["prod/*"]},
        ]
        config = load([istio("Sidecar", "s", egress=egress), *self.DOCUMENTS])
        assert cluster_at(config, host="c", table="8080") == "default/c:8080"
        assert cluster_at(config, host="c", table="80") is None
        assert cluster_at(config, host="p.prod", table="80") == "prod/p:80"

    def test_a_virtual_service_is_imported_by_its_namespace_and_hosts(self) -> None:
        split = virtual_service(
            route(to("b.default.svc.cluster.local")), hosts=("p.prod.svc.cluster.local",), gateways=["mesh"]
        )
        for place, found in (("prod", "default/b:80"), ("default", "prod/p:80")):
            config = load([sidecar("prod/*"), inside(place, split), *self.DOCUMENTS], scope=Scope(namespace="default"))
            assert cluster_at(config, host="p.prod", table="80") == found

    def test_hosts_that_are_not_imported_are_nobodys(self) -> None:
        """A VirtualService that is imported for one host has its routes for all."""
        wild = inside(
            "prod", virtual_service(route(to("a.default.svc.cluster.local")), hosts=("*.example",), gateways=["mesh"])
        )
        assert self.reached(wild, sidecar("prod/*"), scope=Scope(namespace="default")) == [*self.HOSTS[2:]]
        both = virtual_service(route(to("a")), hosts=("a", "p.prod.svc.cluster.local"), gateways=["mesh"])
        config = load(
            [both, sidecar("./a.default.svc.cluster.local"), *self.DOCUMENTS], scope=Scope(namespace="default")
        )
        assert cluster_at(config, host="p.prod.svc.cluster.local", table="80") == "default/a:80"
        assert cluster_at(config, host="p.prod", table="80") is None

    def test_which_one_counts(self) -> None:
        documents = [
            sidecar("./a.default.svc.cluster.local", name="wide"),
            sidecar("./b.default.svc.cluster.local", name="own", workloadSelector={"labels": {"app": "x"}}),
            inside("istio-system", sidecar("prod/*")),
        ]
        for scope, found in (
            (Scope(namespace="default", labels={"app": "x", "v": "1"}), ["b.default"]),
            (Scope(namespace="default", labels={"app": "y"}), ["a.default"]),
            (Scope(namespace="prod", labels={}), ["p.prod", "q.prod"]),
        ):
            assert self.reached(*documents, scope=scope) == found

    def test_one_of_another_namespace_does_not_count(self) -> None:
        split = virtual_service(route(), hosts=("a",), gateways=["mesh"])
        assert self.reached(split, sidecar("./*"), scope=Scope(namespace="prod")) == list(self.HOSTS)

    def test_what_one_does_not_say_is_that_of_the_next(self) -> None:
        documents = [
            sidecar("prod/*", name="own", workloadSelector={"labels": {"app": "x"}}),
            sidecar(name="wide", outboundTrafficPolicy={"mode": "REGISTRY_ONLY"}),
            inside("istio-system", sidecar("./*", outboundTrafficPolicy={"mode": "ALLOW_ANY"})),
        ]
        scope = Scope(namespace="default", labels={"app": "x"})
        config = load([*documents, *self.DOCUMENTS], scope=scope)
        assert cluster_at(config, host="p.prod", table="80") == "prod/p:80"
        assert isinstance(ask(config, host="a.default", table="80").route.action, DirectResponse)

    def test_hosts_that_are_not_reached(self) -> None:
        def other(**policy: object) -> Any:
            config = load([sidecar("prod/*", outboundTrafficPolicy=policy), *self.DOCUMENTS])
            return ask(config, host="elsewhere.example", table="80")

        refused = other(mode="REGISTRY_ONLY")
        assert isinstance(refused.route.action, DirectResponse)
        assert refused.route.action.status == 502
        assert other(mode="ALLOW_ANY") is None
        sent = other(mode="ALLOW_ANY", egressProxy={"host": "b", "port": {"number": 80}})
        assert sent.cluster == "default/b:80"
        assert sent.route.action.retry_policy is None

    @pytest.mark.parametrize(
        ("documents", "reason"),
        [
            ([sidecar("prod")], "expected namespace/host"),
            ([sidecar("a/b/c")], "expected namespace/host"),
            ([istio("Sidecar", "s", egress=[{"hosts": []}])], "has no hosts"),
            ([istio("Sidecar", "s", egress=[{"hosts": ["*/*"]}] * 2)], "several egress listeners have no port"),
            ([sidecar("*/*", ingress=[{}])], "'ingress' is not supported"),
            ([sidecar("*/*", inboundConnectionPool={})], "'inboundConnectionPool' is not supported"),
            ([istio("Sidecar", "s", egress=[{"hosts": ["*/*"], "bind": "1.2.3.4"}])], "'bind' is not supported"),
            ([istio("Sidecar", "s", egress=[{"hosts": ["*/*"], "captureMode": "NONE"}])], "captureMode NONE"),
            ([sidecar("*/*", outboundTrafficPolicy={"egressProxy": {"host": "a"}})], '"port" is missing'),
            (
                [sidecar("*/*", outboundTrafficPolicy={"egressProxy": {"host": "a", "port": {"number": 80}}})],
                "the mode ALLOW_ANY is needed",
            ),
            (
                [istio("Sidecar", "s", egress=[{"hosts": ["*/*"]}, {"hosts": ["*/*"], "port": {"number": 1}}])],
                "the last",
            ),
            ([istio("Sidecar", "s", egress=[{"hosts": ["*/*"], "port": {"number": 1}}] * 2)], "have one port"),
            ([sidecar("*/*", name="s"), sidecar("*/*", name="t")], "another Sidecar, default/s"),
            ([sidecar("*/*"), inside("prod", sidecar("*/*"))], "say with Scope.namespace"),
            (
                [sidecar("*/*"), sidecar("*/*", name="s", workloadSelector={"labels": {"a": "b"}})],
                "say with Scope.labels",
            ),
        ],
    )
    def test_refused(self, documents: list[dict[str, Any]], reason: str) -> None:
        found = refusals(*documents)
        assert any(reason in each for each in found), found
