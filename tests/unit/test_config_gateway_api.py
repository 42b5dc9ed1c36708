"""Gateway API: decisions and statuses, feature by feature as the API's conformance suite names them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fastpath import ClusterManager, FilterChainTable, Match, Request, RouteTable, actions
from fastpath.config import Scope, load
from fastpath.errors import ConfigErrors
from fastpath.models import (
    Condition,
    Config,
    DirectResponse,
    HashPolicyCookie,
    HeaderMutations,
    HttpConnectionManager,
    ObjectStatus,
    RedirectAction,
    RouteAction,
    StatefulSession,
    TcpProxy,
)

Document = dict[str, Any]


def obj(kind: str, name: str, spec: object, namespace: str = "infra", **metadata: object) -> Document:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def listener(name: str = "http", port: int = 80, protocol: str = "HTTP", **fields: object) -> Document:
    return {"name": name, "port": port, "protocol": protocol, **fields}


def everywhere(**fields: object) -> Document:
    return {"allowedRoutes": {"namespaces": {"from": "All"}, **fields}}


def gateway(*listeners: object, name: str = "gw", **spec: object) -> Document:
    return obj("Gateway", name, {"gatewayClassName": "fast", "listeners": list(listeners) or [listener()], **spec})


def parent(name: str = "gw", **fields: object) -> Document:
    return {"name": name, **fields}


def route(*rules: object, kind: str = "HTTPRoute", name: str = "route", **fields: Any) -> Document:
    namespace, created = fields.pop("namespace", "infra"), fields.pop("created", None)
    spec = {"parentRefs": [parent()], "rules": list(rules), **fields}
    return obj(kind, name, spec, namespace, creationTimestamp=created)


def backend(name: str, port: int = 80, **fields: object) -> Document:
    return {"name": name, "port": port, **fields}


def rule(*backends: object, **fields: object) -> Document:
    return {"backendRefs": [backend(each) if isinstance(each, str) else each for each in backends], **fields}


def on_path(value: str, kind: str = "PathPrefix") -> Document:
    return {"path": {"type": kind, "value": value}}


def to(name: str, *matches: object) -> Document:
    """A rule that sends what `matches` take to a Service."""
    return rule(name, matches=list(matches))


def service(name: str, namespace: str = "infra", **spec: object) -> Document:
    ports = {"ports": [{"port": 80}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**ports, **spec},
    }


def secret(name: str, namespace: str = "infra", certificate: str = "-----BEGIN CERTIFICATE-----") -> Document:
    data = {"tls.crt": certificate, "tls.key": "-----BEGIN PRIVATE KEY-----"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": namespace},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def grant(kind: str, target: str, source_namespace: str, namespace: str, name: str | None = None) -> Document:
    group = "gateway.networking.k8s.io"
    target_spec = {"group": "", "kind": target, **({"name": name} if name is not None else {})}
    spec = {"from": [{"group": group, "kind": kind, "namespace": source_namespace}], "to": [target_spec]}
    return obj("ReferenceGrant", "grant", spec, namespace) | {"apiVersion": "gateway.networking.k8s.io/v1beta1"}


SERVICES = [service(name) for name in ("v1", "v2", "v3", "v4")]


def configured(*documents: object) -> Config:
    return load([*SERVICES, *documents])  # type: ignore[list-item]


def matched(config: Config, host: str = "example.com", path: str = "/", **request: Any) -> Match | None:
    request = {"method": "GET", **request}
    return RouteTable.from_config(config, request.pop("table", "infra/gw:80"), seed=1).match_parts(
        authority=host, path=path, **request
    )


def reached(config: Config, host: str = "example.com", path: str = "/", **request: Any) -> str | int:
    """The Service that a request reaches, or the status that it is answered with."""
    match = matched(config, host, path, **request)
    if match is None:
        return 404
    action = match.route.action
    if isinstance(action, DirectResponse):
        return action.status
    return str(match.cluster).removeprefix("infra/").removesuffix(":80")


def status_of(config: Config, kind: str, name: str) -> ObjectStatus:
    (found,) = [each for each in config.statuses if (each.kind, each.name) == (kind, name)]
    return found


def verdicts(conditions: tuple[Condition, ...]) -> dict[str, tuple[bool, str]]:
    return {each.type: (each.status, each.reason) for each in conditions}


def route_verdicts(config: Config, name: str = "route", kind: str = "HTTPRoute") -> dict[str, tuple[bool, str]]:
    (found,) = status_of(config, kind, name).parents
    return verdicts(found.conditions)


def listener_verdicts(config: Config, index: int = 0) -> dict[str, tuple[bool, str]]:
    return verdicts(status_of(config, "Gateway", "gw").listeners[index].conditions)


def errors_of(*documents: object) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        configured(*documents)
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


ACCEPTED, RESOLVED = (True, "Accepted"), (True, "ResolvedRefs")


class TestSimple:
    def test_same_namespace(self) -> None:
        config = configured(gateway(), route(rule("v1")))
        assert reached(config) == "v1"
        assert route_verdicts(config) == {"Accepted": ACCEPTED, "ResolvedRefs": RESOLVED}
        assert [(each.name, each.address, each.port) for each in config.listeners] == [("infra/gw:80", "0.0.0.0", 80)]
        status = status_of(config, "Gateway", "gw")
        assert verdicts(status.conditions) == {"Accepted": ACCEPTED, "Programmed": (True, "Programmed")}
        (seen,) = status.listeners
        assert (seen.attached_routes, seen.supported_kinds) == (1, ("HTTPRoute", "GRPCRoute"))
        assert verdicts(seen.conditions) == {
            "Accepted": ACCEPTED,
            "ResolvedRefs": RESOLVED,
            "Programmed": (True, "Programmed"),
            "Conflicted": (False, "NoConflicts"),
        }

    def test_cluster_and_table_go_together(self) -> None:
        endpoints = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "v1-x", "namespace": "infra", "labels": {"kubernetes.io/service-name": "v1"}},
            "addressType": "IPv4",
            "ports": [{"port": 8080}],
            "endpoints": [{"addresses": ["10.0.0.1"]}],
        }
        config = configured(gateway(), route(rule("v1")), endpoints)
        match = matched(config)
        assert match is not None
        assert ClusterManager(config.clusters)[str(match.cluster)].pick_host().address == "10.0.0.1"

    def test_several_files_of_several_classes(self) -> None:
        classes = [obj("GatewayClass", name, {"controllerName": "example.com/gateway"}) for name in ("fast", "slow")]
        documents = [*SERVICES, *classes, gateway(), route(rule("v1"))]
        assert len(load(documents).listeners) == 1
        assert len(load(documents, scope=Scope(gateway_class="fast")).listeners) == 1
        other = load(documents, scope=Scope(gateway_class="slow"))
        assert other.listeners == ()
        pending = status_of(other, "Gateway", "gw").conditions
        assert verdicts(pending) == {"Accepted": (False, "Pending"), "Programmed": (False, "Pending")}
        assert pending[0].message == 'its class "fast" is not served here'
        assert route_verdicts(other)["Accepted"] == (False, "NoMatchingParent")
        assert verdicts(status_of(other, "GatewayClass", "slow").conditions) == {"Accepted": ACCEPTED}

    def test_class_with_parameters(self) -> None:
        reference = {"group": "a", "kind": "B", "name": "c"}
        spec = {"controllerName": "example.com/gateway", "parametersRef": reference}
        config = configured(obj("GatewayClass", "fast", spec))
        assert verdicts(status_of(config, "GatewayClass", "fast").conditions) == {
            "Accepted": (False, "InvalidParameters")
        }

    def test_gateway_with_parameters(self) -> None:
        infrastructure = {"labels": {"a": "b"}, "parametersRef": {"group": "a", "kind": "B", "name": "c"}}
        config = configured(gateway(infrastructure=infrastructure), route(rule("v1")))
        assert verdicts(status_of(config, "Gateway", "gw").conditions) == {
            "Accepted": (False, "InvalidParameters"),
            "Programmed": (False, "Invalid"),
        }
        assert config.listeners == ()

    def test_address(self) -> None:
        config = configured(gateway(addresses=[{"type": "IPAddress", "value": "10.1.1.1"}]), route(rule("v1")))
        assert config.listeners[0].address == "10.1.1.1"
        addresses = [{"value": "10.1.1.1"}, {"value": "10.1.1.2"}, {"value": "fd00::1"}]
        config = configured(gateway(addresses=addresses), route(rule("v1")))
        assert [(each.name, each.address, each.port) for each in config.listeners] == [
            ("infra/gw:80", "10.1.1.1", 80),
            ("infra/gw:80@10.1.1.2", "10.1.1.2", 80),
            ("infra/gw:80@fd00::1", "fd00::1", 80),
        ]
        assert len(config.route_configurations) == 1
        config = configured(gateway(addresses=[{"type": "Hostname", "value": "gw.example.com"}]))
        assert verdicts(status_of(config, "Gateway", "gw").conditions)["Accepted"] == (False, "UnsupportedAddress")
        assert config.listeners == ()


class TestMatching:
    CONFIG = configured(
        gateway(),
        route(
            to("v1", on_path("/"), {"headers": [{"name": "version", "value": "one"}]}),
            to("v2", on_path("/v2"), {"headers": [{"name": "Version", "value": "two"}]}),
            to("v3", {**on_path("/v2"), "headers": [{"name": "version", "value": "three"}]}),
            to("v4", on_path("/v2/exact", "Exact")),
        ),
    )

    @pytest.mark.parametrize(
        ("path", "headers", "expected"),
        [
            ("/", [], "v1"),
            ("/example", [], "v1"),
            ("/v2", [], "v2"),
            ("/v2/", [], "v2"),
            ("/v2/example", [], "v2"),
            ("/v2example", [], "v1"),
            ("/v2/exact", [], "v4"),
            ("/v2/exact/", [], "v2"),
            ("/", [("version", "one")], "v1"),
            ("/", [("VERSION", "two")], "v2"),
            ("/foo/v2/example", [], "v1"),
            ("/v2/", [("version", "three")], "v3"),
        ],
    )
    def test_paths_and_headers(self, path: str, headers: list[tuple[str, str]], expected: str) -> None:
        assert reached(self.CONFIG, path=path, headers=headers) == expected

    def test_query_and_method(self) -> None:
        config = configured(
            gateway(),
            route(
                to("v1", {"queryParams": [{"name": "animal", "value": "whale"}]}),
                to("v2", {"queryParams": [{"name": "animal", "type": "RegularExpression", "value": "dol.+"}]}),
                to("v3", {"method": "POST"}),
                to("v4", {"method": "POST", "headers": [{"name": "a", "type": "RegularExpression", "value": "b+"}]}),
            ),
        )
        assert reached(config, path="/?animal=whale") == "v1"
        assert reached(config, path="/?animal=dolphin") == "v2"
        assert reached(config, path="/?animal=dog") == 404
        assert reached(config, method="POST") == "v3"
        assert reached(config, method="POST", headers=[("a", "bbb")]) == "v4"
        assert reached(config, method="POST", headers=[("a", "bbc")]) == "v3"
        assert reached(config, method="POST", path="/?animal=whale") == "v3"

    def test_of_equal_names_the_first_counts(self) -> None:
        headers = [{"name": "a", "value": "1"}, {"name": "A", "value": "2"}]
        config = configured(gateway(), route(to("v1", {"headers": headers})))
        assert reached(config, headers=[("a", "1")]) == "v1"
        assert reached(config, headers=[("a", "2")]) == 404

    def test_regular_expressions_take_whole_paths(self) -> None:
        config = configured(
            gateway(), route(to("v1", on_path("/a/[0-9]+", "RegularExpression")), to("v2", on_path("/a")))
        )
        assert [reached(config, path=each) for each in ("/a/12", "/a/12/b", "/a")] == ["v1", "v2", "v2"]

    def test_precedence_across_routes(self) -> None:
        config = configured(
            gateway(),
            route(to("v1", on_path("/")), name="a"),
            route(to("v2", on_path("/match")), name="b"),
            route(to("v3", {**on_path("/match"), "method": "GET"}), name="c"),
            route(to("v4", {**on_path("/match"), "headers": [{"name": "x", "value": "y"}]}), name="d"),
        )
        assert reached(config, path="/other") == "v1"
        assert reached(config, path="/match", method="PUT") == "v2"
        assert reached(config, path="/match") == "v3"
        assert reached(config, path="/match", headers=[("x", "y")]) == "v3"
        assert reached(config, path="/match", headers=[("x", "y")], method="PUT") == "v4"

    def test_more_headers_then_more_query_parameters(self) -> None:
        one, two = ({"name": name, "value": "1"} for name in "ab")
        config = configured(
            gateway(),
            route(to("v1", {"headers": [one]}), name="a"),
            route(to("v2", {"headers": [one, two]}), name="b"),
            route(to("v3", {"headers": [one], "queryParams": [one]}), name="c"),
        )
        assert reached(config, headers=[("a", "1"), ("b", "1")], path="/?a=1") == "v2"
        assert reached(config, headers=[("a", "1")], path="/?a=1") == "v3"
        assert reached(config, headers=[("a", "1")]) == "v1"

    def test_oldest_then_first_by_name_then_first_rule(self) -> None:
        aged = [
            route(rule("v1"), name="a", created="2024-02-01T00:00:00Z"),
            route(rule("v2"), name="b", created="2024-01-01T00:00:00Z"),
        ]
        assert reached(configured(gateway(), *aged)) == "v2"
        assert reached(configured(gateway(), route(rule("v3"), name="b"), route(rule("v4"), name="a"))) == "v4"
        assert reached(configured(gateway(), route(rule("v3"), rule("v4")))) == "v3"


class TestHostnames:
    def test_listener_hostname_matching(self) -> None:
        config = configured(
            gateway(
                listener("one", hostname="bar.com"),
                listener("two", hostname="foo.bar.com"),
                listener("three", hostname="*.bar.com"),
                listener("four", hostname="*.foo.com"),
            ),
            route(rule("v1"), name="a", parentRefs=[parent(sectionName="one")]),
            route(rule("v2"), name="b", parentRefs=[parent(sectionName="two")]),
            route(rule("v3"), name="c", parentRefs=[parent(sectionName="three"), parent(sectionName="four")]),
        )
        hosts = {
            "bar.com": "v1",
            "BAR.com:8080": "v1",
            "foo.bar.com": "v2",
            "baz.bar.com": "v3",
            "multiple.prefixes.bar.com": "v3",
            "multiple.prefixes.foo.com": "v3",
            "foo.com": 404,
            "no.matching.host": 404,
        }
        assert {host: reached(config, host) for host in hosts} == hosts

    def test_hostname_intersection(self) -> None:
        config = configured(
            gateway(
                listener("one", hostname="very.specific.com"),
                listener("two", hostname="*.wildcard.io"),
                listener("three", hostname="*.anotherwildcard.io"),
            ),
            route(
                to("v1", on_path("/s1")),
                name="specific",
                hostnames=["non.matching.com", "*.nonmatchingwildcard.io", "very.specific.com"],
            ),
            route(
                to("v2", on_path("/s2")),
                name="wildcard",
                hostnames=["foo.wildcard.io", "bar.wildcard.io", "foo.bar.wildcard.io", "wildcard.io"],
            ),
            route(to("v3", on_path("/s3")), name="same", hostnames=["*.anotherwildcard.io"]),
            route(to("v4", on_path("/s4")), name="covering", hostnames=["*.specific.com"]),
            route(rule("v1"), name="none", hostnames=["specific.but.wrong.com", "wildcard.io"]),
        )
        expected = {
            ("very.specific.com", "/s1"): "v1",
            ("very.specific.com", "/s4"): "v4",
            ("very.specific.com", "/other"): 404,
            ("non.matching.com", "/s1"): 404,
            ("foo.nonmatchingwildcard.io", "/s1"): 404,
            ("foo.wildcard.io", "/s2"): "v2",
            ("foo.bar.wildcard.io", "/s2"): "v2",
            ("baz.wildcard.io", "/s2"): 404,
            ("wildcard.io", "/s2"): 404,
            ("one.anotherwildcard.io", "/s3"): "v3",
            ("one.two.anotherwildcard.io", "/s3"): "v3",
            ("anotherwildcard.io", "/s3"): 404,
            ("other.specific.com", "/s4"): 404,
        }
        assert {key: reached(config, *key) for key in expected} == expected
        assert route_verdicts(config, "none")["Accepted"] == (False, "NoMatchingListenerHostname")
        assert route_verdicts(config, "covering")["Accepted"] == ACCEPTED

    def test_listeners_are_isolated(self) -> None:
        names = {"any": None, "wild": "*.example.com", "sub": "*.foo.example.com", "exact": "abc.foo.example.com"}
        config = configured(
            gateway(*(listener(name, **({"hostname": host} if host else {})) for name, host in names.items())),
            *(
                route(to(backend_name, on_path(f"/{name}")), name=name, parentRefs=[parent(sectionName=name)])
                for name, backend_name in zip(names, ("v1", "v2", "v3", "v4"), strict=True)
            ),
        )
        owners = {"bar.com": "any", "bar.example.com": "wild", "bar.foo.example.com": "sub"}
        owners["abc.foo.example.com"] = "exact"
        for host, owner in owners.items():
            for name in names:
                assert (reached(config, host, f"/{name}") != 404) == (name == owner), (host, name)

    def test_a_host_of_a_narrower_listener_is_not_the_wider_ones(self) -> None:
        config = configured(
            gateway(listener("any"), listener("narrow", hostname="*.example.com")),
            route(rule("v1"), hostnames=["foo.example.com"], parentRefs=[parent(sectionName="any")]),
        )
        assert reached(config, "foo.example.com") == 404

    def test_more_of_the_host_first(self) -> None:
        config = configured(
            gateway(),
            route(rule("v1"), name="exact", hostnames=["foo.example.com"]),
            route(to("v2", on_path("/long/path", "Exact")), name="wild", hostnames=["*.example.com"]),
            route(to("v3", on_path("/only/here")), name="any"),
        )
        assert reached(config, "foo.example.com", "/long/path") == "v1"
        assert reached(config, "bar.example.com", "/long/path") == "v2"
        assert reached(config, "bar.example.com", "/only/here") == "v3"

    def test_hosts_without_a_fitting_rule_fall_to_wider_ones(self) -> None:
        config = configured(
            gateway(),
            route(to("v1", on_path("/a")), name="exact", hostnames=["foo.example.com"]),
            route(rule("v2"), name="any"),
        )
        assert reached(config, "foo.example.com", "/a") == "v1"
        assert reached(config, "foo.example.com", "/b") == "v2"


class TestAttaching:
    def test_cross_namespace(self) -> None:
        apart = route(rule("v1"), namespace="web", parentRefs=[parent(namespace="infra")])
        shut = configured(gateway(), apart, service("v1", "web"))
        assert route_verdicts(shut)["Accepted"] == (False, "NotAllowedByListeners")
        assert reached(shut) == 404
        opened = configured(gateway(listener(**everywhere())), apart, service("v1", "web"))
        assert route_verdicts(opened)["Accepted"] == ACCEPTED
        assert reached(opened) == "web/v1"

    @pytest.mark.parametrize(
        ("selector", "accepted"),
        [
            ({"matchLabels": {"team": "web"}}, True),
            ({"matchLabels": {"team": "db"}}, False),
            ({"matchLabels": {"kubernetes.io/metadata.name": "web"}}, True),
            ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["db", "web"]}]}, True),
            ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["web"]}]}, False),
            ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, True),
            ({"matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]}, True),
            ({"matchLabels": {"team": "web"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]}, False),
            ({}, True),
        ],
    )
    def test_namespaces_by_selector(self, selector: object, *, accepted: bool) -> None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web", "labels": {"team": "web"}}}
        allowed = {"namespaces": {"from": "Selector", "selector": selector}}
        config = configured(
            namespace,
            service("v1", "web"),
            gateway(listener(allowedRoutes=allowed)),
            route(rule("v1"), namespace="web", parentRefs=[parent(namespace="infra")]),
        )
        assert route_verdicts(config)["Accepted"][0] == accepted

    def test_section_name_and_port(self) -> None:
        config = configured(
            gateway(listener("a"), listener("b", 8080)),
            route(rule("v1"), name="by-name", parentRefs=[parent(sectionName="b")]),
            route(rule("v2"), name="by-port", parentRefs=[parent(port=80)]),
            route(rule("v2"), name="nowhere", parentRefs=[parent(sectionName="a", port=8080)]),
        )
        assert reached(config) == "v2"
        assert reached(config, table="infra/gw:8080") == "v1"
        assert route_verdicts(config, "nowhere")["Accepted"] == (False, "NoMatchingParent")
        assert [each.attached_routes for each in status_of(config, "Gateway", "gw").listeners] == [1, 1]

    def test_a_gateway_of_another_group(self) -> None:
        config = configured(gateway(), route(rule("v1"), parentRefs=[parent(group="networking.istio.io")]))
        assert reached(config) == 404
        assert route_verdicts(config)["Accepted"] == (False, "NoMatchingParent")

    def test_missing_gateway(self) -> None:
        config = configured(route(rule("v1"), parentRefs=[parent("other")]))
        assert route_verdicts(config)["Accepted"] == (False, "NoMatchingParent")

    def test_attached_to_both_listeners_once_each(self) -> None:
        config = configured(
            gateway(listener("a"), listener("b", 8080)),
            route(rule("v1"), parentRefs=[parent(sectionName="a"), parent(sectionName="b"), parent()]),
        )
        assert [each.attached_routes for each in status_of(config, "Gateway", "gw").listeners] == [1, 1]
        assert len(status_of(config, "HTTPRoute", "route").parents) == 3


class TestReferences:
    def test_missing_backend(self) -> None:
        config = configured(gateway(), route(to("v9", on_path("/a")), to("v1", on_path("/b"))))
        assert [reached(config, path=each) for each in ("/a", "/b")] == [500, "v1"]
        (found,) = status_of(config, "HTTPRoute", "route").parents
        assert found.conditions == (
            Condition("Accepted", status=True, reason="Accepted"),
            Condition("ResolvedRefs", False, "BackendNotFound", 'there is no Service "infra/v9"'),
        )

    def test_wrong_kind(self) -> None:
        config = configured(gateway(), route(rule({"group": "other.io", "kind": "Bucket", "name": "a", "port": 80})))
        assert reached(config) == 500
        assert route_verdicts(config) == {"Accepted": ACCEPTED, "ResolvedRefs": (False, "InvalidKind")}

    def test_external_names_are_not_led_to(self) -> None:
        config = configured(gateway(), route(rule("out")), service("out", type="ExternalName", externalName="a.com"))
        assert reached(config) == 500

    def test_no_backends(self) -> None:
        assert reached(configured(gateway(), route({}))) == 500
        assert reached(configured(gateway(), route(rule(backend("v1", weight=0))))) == 500

    @pytest.mark.parametrize(
        ("granted", "permitted"),
        [
            (None, False),
            (grant("HTTPRoute", "Service", "infra", "db"), True),
            (grant("HTTPRoute", "Service", "infra", "db", "store"), True),
            (grant("HTTPRoute", "Service", "infra", "db", "other"), False),
            (grant("GRPCRoute", "Service", "infra", "db"), False),
            (grant("HTTPRoute", "Secret", "infra", "db"), False),
            (grant("HTTPRoute", "Service", "web", "db"), False),
            (grant("HTTPRoute", "Service", "infra", "infra"), False),
        ],
    )
    def test_grants(self, granted: Document | None, *, permitted: bool) -> None:
        documents = [gateway(), route(rule(backend("store", namespace="db"))), service("store", "db")]
        config = configured(*documents, *([granted] if granted is not None else []))
        assert reached(config) == ("db/store" if permitted else 500)
        assert route_verdicts(config)["ResolvedRefs"] == (RESOLVED if permitted else (False, "RefNotPermitted"))


CORS: Document = {"type": "CORS", "cors": {"allowOrigins": ["https://a.example.com"]}}

HOST: Document = {"name": "HOST", "value": "a.com"}


class TestUnsupported:
    @pytest.mark.parametrize(
        "fields",
        [
            {"filters": [CORS]},
            {"backendRefs": [backend("v1", filters=[CORS])]},
            {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["Host"]}}]},
            {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [HOST]}}]},
            {"matches": [on_path("/a"), on_path("/a(", "RegularExpression")]},
            {"matches": [{"headers": [{"name": "a", "type": "RegularExpression", "value": "(?=b)"}]}]},
            {"matches": [{"queryParams": [{"name": "a", "type": "RegularExpression", "value": "*"}]}]},
        ],
    )
    def test_a_rule_is_left_out(self, fields: Document) -> None:
        left_out = rule("v1", matches=[on_path("/a")]) | fields
        config = configured(gateway(), route(to("v2", on_path("/b")), left_out, to("v3", on_path("/"))))
        assert [reached(config, path=each) for each in ("/a", "/b")] == ["v3", "v2"]
        assert route_verdicts(config) == {
            "Accepted": ACCEPTED,
            "ResolvedRefs": RESOLVED,
            "PartiallyInvalid": (True, "UnsupportedValue"),
        }
        ((where, refusal),) = status_of(config, "HTTPRoute", "route").refusals()
        assert where == "parent infra/gw"
        assert refusal.message.startswith("Dropped Rule rules[1]: the ")

    def test_a_call_is_left_out(self) -> None:
        """Its two regular expressions are so one by one, not only together."""
        bad = {"method": {"type": "RegularExpression", "service": "a)|(?:b", "method": "c"}}
        good = {"method": {"type": "RegularExpression", "service": "a|b", "method": "c"}}
        config = configured(gateway(), route(to("v1", bad), to("v2", good), kind="GRPCRoute"))
        assert route_verdicts(config, kind="GRPCRoute")["PartiallyInvalid"] == (True, "UnsupportedValue")
        assert reached(config, path="/b/c", method="POST") == "v2"

    def test_one_bad_route_of_many(self) -> None:
        bad = route(to("v1", on_path("/a(", "RegularExpression")), name="bad")
        config = configured(gateway(), bad, route(to("v2", on_path("/b")), name="good"))
        assert reached(config, path="/b") == "v2"
        ((_, refusal),) = status_of(config, "HTTPRoute", "bad").refusals()
        assert (refusal.type, refusal.reason) == ("Accepted", "UnsupportedValue")
        assert refusal.message.endswith("the regular expression '/a(': missing ) for (")

    def test_what_cannot_be_asked_about_is_not_let_through(self) -> None:
        """A rule that was left out would leave its requests to the next one."""
        auth = {"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": backend("v4")}}
        guarded = rule("v1", filters=[auth], matches=[on_path("/admin")])
        config = configured(gateway(), route(guarded, to("v2", on_path("/"))))
        assert [reached(config, path=each) for each in ("/admin", "/")] == [500, "v2"]
        assert route_verdicts(config) == {"Accepted": ACCEPTED, "ResolvedRefs": (False, "UnsupportedValue")}

    def test_no_rule_is_left(self) -> None:
        config = configured(gateway(), route(rule("v1", name="first", filters=[CORS])))
        assert reached(config) == 404
        assert route_verdicts(config) == {"Accepted": (False, "UnsupportedValue"), "ResolvedRefs": RESOLVED}
        (found,) = status_of(config, "HTTPRoute", "route").parents
        assert found.conditions[0].message == "Dropped Rule first: the filter CORS is not supported"
        assert status_of(config, "Gateway", "gw").listeners[0].attached_routes == 0

    def test_a_parent_that_does_not_take_the_route_says_why(self) -> None:
        config = configured(gateway(), route(rule("v1", filters=[CORS]), parentRefs=[parent(sectionName="no")]))
        assert route_verdicts(config)["Accepted"] == (False, "NoMatchingParent")


class TestWeights:
    def test_nine_to_one(self) -> None:
        config = configured(
            gateway(), route(rule(backend("v1", weight=90), backend("v2", weight=10), backend("v3", weight=0)))
        )
        table = RouteTable.from_config(config, seed=7)
        matches = [table.match_parts(method="GET", authority="a", path="/") for _ in range(10_000)]
        counts = {name: sum(each is not None and each.cluster == f"infra/{name}:80" for each in matches) for name in
                  ("v1", "v2", "v3")}  # fmt: skip
        assert counts["v3"] == 0
        assert abs(counts["v2"] - 1000) < 90
        assert counts["v1"] + counts["v2"] == 10_000

    def test_an_invalid_backend_keeps_its_share(self) -> None:
        config = configured(gateway(), route(rule(backend("v1", weight=1), backend("v9", weight=1))))
        match = matched(config)
        assert match is not None
        action = match.route.action
        assert isinstance(action, RouteAction)
        assert [(each.name, each.weight) for each in action.weighted_clusters] == [
            ("infra/v1:80", 1),
            ("invalid-backend", 1),
        ]
        assert action.cluster_not_found_response_code == 500
        assert "invalid-backend" not in ClusterManager(config.clusters)


class TestFilters:
    def test_header_modifiers(self) -> None:
        modifier = {
            "set": [{"name": "X-Set", "value": "100%"}],
            "add": [{"name": "X-Add", "value": "b"}],
            "remove": ["X-Gone"],
        }
        filters = [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": modifier},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": modifier},
        ]
        config = configured(gateway(), route(rule("v1", filters=filters)))
        match = matched(config, headers=[("x-set", "a"), ("x-add", "a"), ("x-gone", "a")])
        assert match is not None
        added = match.route.mutations.request_headers_to_add
        assert [(each.key, each.value, each.append_action.name) for each in added] == [
            ("X-Set", "100%%", "OVERWRITE_IF_EXISTS_OR_ADD"),
            ("X-Add", "b", "APPEND_IF_EXISTS_OR_ADD"),
        ]
        assert match.route.mutations.request_headers_to_remove == ("X-Gone",)
        assert match.route.mutations.response_headers_to_add == added
        assert match.route.mutations.response_headers_to_remove == ("X-Gone",)

    def test_of_equal_names_in_a_modifier_the_first_counts(self) -> None:
        pairs = [{"name": "X-A", "value": "1"}, {"name": "x-a", "value": "2"}, {"name": "X-B", "value": "3"}]
        modifier = {"set": pairs, "add": pairs}
        filters = [{"type": "RequestHeaderModifier", "requestHeaderModifier": modifier}]
        match = matched(configured(gateway(), route(rule("v1", filters=filters))))
        assert match is not None
        added = match.route.mutations.request_headers_to_add
        assert [(each.key, each.value) for each in added] == [("X-A", "1"), ("X-B", "3")] * 2

    def test_header_modifier_of_a_backend(self) -> None:
        modifier = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}
        config = configured(gateway(), route(rule(backend("v1", filters=[modifier]))))
        action = config.route_configurations["infra/gw:80"].virtual_hosts[0].routes[0].action
        assert isinstance(action, RouteAction)
        assert action.weighted_clusters[0].mutations.request_headers_to_add[0].key == "a"

    def test_modifiers_of_a_rule_come_before_those_of_its_backends(self) -> None:
        def modifiers(value: str, *gone: str) -> list[Document]:
            changes = {"set": [{"name": "X-A", "value": value}], "remove": list(gone)}
            return [
                {"type": f"{kind}HeaderModifier", f"{kind.lower()}HeaderModifier": changes}
                for kind in ("Request", "Response")
            ]

        backends = (backend("v1", filters=modifiers("own", "x-b")), backend("v2"))
        both = [{"name": "X-A", "value": "rule"}, {"name": "X-B", "value": "rule"}]
        filters = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": both}}]
        filters += [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": both}}]
        config = configured(gateway(), route(rule(*backends, filters=filters)))
        (found,) = config.route_configurations["infra/gw:80"].virtual_hosts[0].routes
        assert isinstance(found.action, RouteAction)
        assert found.mutations == HeaderMutations()
        one, two = (each.mutations for each in found.action.weighted_clusters)
        for added in (one.request_headers_to_add, one.response_headers_to_add):
            assert [(each.key, each.value) for each in added] == [("X-A", "rule"), ("X-A", "own")]
        for removed in (one.request_headers_to_remove, one.response_headers_to_remove):
            assert removed == ("x-b",)
        for added in (two.request_headers_to_add, two.response_headers_to_add):
            assert [(each.key, each.value) for each in added] == [("X-A", "rule"), ("X-B", "rule")]

    @pytest.mark.parametrize("kind", ["Exact", "PathPrefix"])
    @pytest.mark.parametrize(
        ("written", "asked"),
        [("/%7Efoo", "/~foo"), ("/%7Efoo", "/%7efoo"), ("/a%2Dc", "/a-c"), ("/foo%41", "/fooA"), ("/a%20", "/a%20")],
    )
    def test_paths_may_encode_what_they_need_not(self, kind: str, written: str, asked: str) -> None:
        config = configured(gateway(), route(to("v1", on_path(written, kind))))
        assert reached(config, path=asked) == reached(config, path=written) == "v1"
        assert reached(config, path="/foo") == 404

    def test_filters_of_the_only_backend(self) -> None:
        def rewriting(name: str, **rewrite: object) -> Document:
            return backend(name, filters=[{"type": "URLRewrite", "urlRewrite": rewrite}])

        prefix = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}
        full = {"type": "ReplaceFullPath", "replaceFullPath": "/one"}
        config = configured(
            gateway(),
            route(
                rule(rewriting("v1", path=prefix, hostname="b.example.org"), matches=[on_path("/prefix")]),
                rule(rewriting("v2", path=full), matches=[on_path("/full")]),
                rule(rewriting("v9", path=full), matches=[on_path("/gone")]),
            ),
        )
        found = matched(config, path="/prefix/x")
        assert found is not None
        assert (found.cluster, rewritten(found, "/prefix/x")) == ("infra/v1:80", "/new/x?")
        assert isinstance(found.route.action, RouteAction)
        assert found.route.action.host_rewrite_literal == "b.example.org"
        found = matched(config, path="/full/x")
        assert found is not None
        assert (found.cluster, rewritten(found, "/full/x")) == ("infra/v2:80", "/one?")
        assert reached(config, path="/gone") == 500

    def test_filters_of_several_backends(self) -> None:
        """Each backend gets what its weight says, and only what it gets is changed."""
        redirect = {"type": "RequestRedirect", "requestRedirect": {"hostname": "moved.org", "statusCode": 301}}
        rewrite = {"type": "URLRewrite", "urlRewrite": {"hostname": "b.org"}}
        mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": backend("v4")}}
        header = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}
        config = configured(
            gateway(),
            route(
                rule(
                    backend("v1", weight=5, filters=[redirect]),
                    backend("v2", weight=3, filters=[rewrite, header]),
                    backend("v3", weight=1, filters=[mirror]),
                    backend("v9", weight=1, filters=[mirror]),
                    backend("v3", weight=0, filters=[redirect]),
                ),
                to("v4", on_path("/", "Exact")),
            ),
        )
        assert reached(config, path="/") == "v4"
        table = RouteTable.from_config(config, "infra/gw:80", seed=11)
        counts: dict[object, int] = {}
        for _ in range(10_000):
            found = table.match_parts(method="GET", authority="a", path="/x")
            assert found is not None
            action = found.route.action
            if isinstance(action, RedirectAction):
                assert (action.response_code, action.host_redirect) == (301, "moved.org")
            elif isinstance(action, RouteAction):
                assert action.host_rewrite_literal == ("b.org" if found.cluster == "infra/v2:80" else None)
                mirrors = [each.cluster for each in action.request_mirror_policies]
                assert mirrors == (["infra/v4:80"] if found.cluster == "infra/v3:80" else [])
            what = action.status if isinstance(action, DirectResponse) else found.cluster
            counts[what] = counts.get(what, 0) + 1
        expected: dict[object, int] = {None: 5000, "infra/v2:80": 3000, "infra/v3:80": 1000, 500: 1000}
        assert counts.keys() == expected.keys()
        assert all(abs(counts[each] - expected[each]) < 250 for each in expected), counts

    def test_header_modifiers_of_a_redirecting_backend(self) -> None:
        def modifier(name: str) -> Document:
            return {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": name, "value": "1"}]}}

        redirect = {"type": "RequestRedirect", "requestRedirect": {"port": 8080}}
        own = backend("v1", filters=[redirect, modifier("own")])
        found = matched(configured(gateway(), route(rule(own, filters=[modifier("rule")]))))
        assert found is not None
        assert [each.key for each in found.route.mutations.response_headers_to_add] == ["rule", "own"]

    @pytest.mark.parametrize(
        ("redirect", "port", "expected"),
        [
            ({"hostname": "example.org"}, 80, (302, "http://example.org/a/b?c")),
            ({"hostname": "example.org", "statusCode": 301}, 80, (301, "http://example.org/a/b?c")),
            ({"statusCode": 308}, 80, (308, "http://example.com/a/b?c")),
            ({"scheme": "https"}, 80, (302, "https://example.com/a/b?c")),
            ({"scheme": "https"}, 8080, (302, "https://example.com/a/b?c")),
            ({"scheme": "https", "port": 443}, 80, (302, "https://example.com/a/b?c")),
            ({"scheme": "https", "port": 8443}, 80, (302, "https://example.com:8443/a/b?c")),
            ({"scheme": "http", "port": 80}, 8080, (302, "http://example.com/a/b?c")),
            ({"port": 8083}, 80, (302, "http://example.com:8083/a/b?c")),
            ({"hostname": "example.org"}, 8080, (302, "http://example.org:8080/a/b?c")),
            ({"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}, 80, (302, "http://example.com/x?c")),
            (
                {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/x"}},
                80,
                (302, "http://example.com/x/b?c"),
            ),
            ({"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}, 80, (302, "http://example.com/b?c")),
        ],
    )
    def test_redirects(self, redirect: object, port: int, expected: tuple[int, str]) -> None:
        redirecting = {
            "matches": [on_path("/a")],
            "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
        }
        config = configured(gateway(listener(port=port)), route(redirecting))
        match = matched(config, path="/a/b?c", table=f"infra/gw:{port}")
        assert match is not None
        assert isinstance(match.route.action, RedirectAction)
        answer = actions.direct_answer(match, request_for("/a/b?c"))
        assert answer is not None
        assert (answer.status, dict(answer.headers)[b"location"].decode()) == expected

    @pytest.mark.parametrize(
        ("redirect", "port", "host", "expected"),
        [
            ({"scheme": "https"}, 8080, "example.com:8080", "https://example.com:443/a"),
            ({"scheme": "https"}, 8080, "example.com", "https://example.com/a"),
            ({"scheme": "https", "port": 8443}, 8080, "example.com:8080", "https://example.com:8443/a"),
            ({"scheme": "https", "hostname": "b.org"}, 8080, "example.com:8080", "https://b.org/a"),
            ({"statusCode": 301}, 80, "example.com:30080", "http://example.com:80/a"),
            ({"statusCode": 301}, 8080, "example.com:30080", "http://example.com:8080/a"),
            ({"statusCode": 301}, 80, "[fd00::1]:30080", "http://[fd00::1]:80/a"),
            ({"statusCode": 301}, 80, "[fd00::1]", "http://[fd00::1]/a"),
        ],
    )
    def test_the_port_of_the_request_does_not_count(
        self, redirect: object, port: int, host: str, expected: str
    ) -> None:
        redirecting = {"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}
        match = matched(configured(gateway(listener(port=port)), route(redirecting)), host, table=f"infra/gw:{port}")
        assert match is not None
        answer = actions.direct_answer(match, Request(method=b"GET", target=b"/a", headers=[(b"Host", host.encode())]))
        assert answer is not None
        assert dict(answer.headers)[b"location"].decode() == expected

    def test_redirects_of_an_https_listener_stay_with_https(self) -> None:
        redirecting = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "b.org"}}]}
        tls = {"certificateRefs": [{"name": "one"}]}
        config = configured(
            gateway(listener("a", 443, "HTTPS", tls=tls), listener("b", 8443, "HTTPS", tls=tls)),
            *(secret("one"), route(redirecting)),
        )
        for port, name, expected in ((443, "a", "https://b.org/a"), (8443, "b", "https://b.org:8443/a")):
            match = matched(config, table=f"infra/gw:{port}/{name}")
            assert match is not None
            answer = actions.direct_answer(match, request_for("/a"))
            assert answer is not None
            assert dict(answer.headers)[b"location"].decode() == expected

    @pytest.mark.parametrize(
        ("prefix", "replacement", "path", "expected"),
        # The table of https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier.
        [
            ("/foo", "/xyz", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz/", "/foo/bar", "/xyz/bar"),
            ("/foo/", "/xyz", "/foo/bar", "/xyz/bar"),
            ("/foo/", "/xyz/", "/foo/bar", "/xyz/bar"),
            ("/foo", "/xyz", "/foo", "/xyz"),
            ("/foo", "/xyz", "/foo/", "/xyz/"),
            ("/foo", "", "/foo/bar", "/bar"),
            ("/foo", "", "/foo/", "/"),
            ("/foo", "", "/foo", "/"),
            ("/foo", "/", "/foo/", "/"),
            ("/foo", "/", "/foo", "/"),
            ("/", "/xyz", "/bar", "/xyz/bar"),
            ("/", "/", "/bar", "/bar"),
        ],
    )
    def test_prefix_rewrites(self, prefix: str, replacement: str, path: str, expected: str) -> None:
        modifier = {"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement}
        filters = [{"type": "URLRewrite", "urlRewrite": {"path": modifier}}]
        config = configured(gateway(), route(rule("v1", matches=[on_path(prefix)], filters=filters)))
        match = matched(config, path=f"{path}?q=1")
        assert match is not None
        assert rewritten(match, f"{path}?q=1") == f"{expected}?q=1"

    def test_full_path_and_host_rewrites(self) -> None:
        modifier = {"type": "ReplaceFullPath", "replaceFullPath": r"/one\1"}
        filters = [{"type": "URLRewrite", "urlRewrite": {"hostname": "one.example.org", "path": modifier}}]
        config = configured(gateway(), route(rule("v1", filters=filters)))
        match = matched(config, path="/three?q=1")
        assert match is not None
        assert rewritten(match, "/three?q=1") == r"/one\1?q=1"
        assert isinstance(match.route.action, RouteAction)
        assert match.route.action.host_rewrite_literal == "one.example.org"

    def test_mirrors(self) -> None:
        def mirror(name: str, **share: object) -> Document:
            return {"type": "RequestMirror", "requestMirror": {"backendRef": backend(name), **share}}

        filters = [
            mirror("v2"),
            mirror("v3", percent=20),
            mirror("v4", fraction={"numerator": 1, "denominator": 3}),
            mirror("v9"),
        ]
        config = configured(gateway(), route(rule("v1", filters=filters)))
        match = matched(config)
        assert match is not None
        assert isinstance(match.route.action, RouteAction)
        shares = [
            (each.cluster, each.runtime_fraction.default_value.numerator if each.runtime_fraction else None)
            for each in match.route.action.request_mirror_policies
        ]
        assert shares == [("infra/v2:80", None), ("infra/v3:80", 20), ("infra/v4:80", 333_333)]
        assert route_verdicts(config)["ResolvedRefs"] == (False, "BackendNotFound")

    def test_unknown_extensions_are_not_skipped(self) -> None:
        extension = {"type": "ExtensionRef", "extensionRef": {"group": "a.io", "kind": "Limit", "name": "x"}}
        config = configured(gateway(), route(rule("v1", filters=[extension])))
        assert reached(config) == 500
        assert route_verdicts(config)["ResolvedRefs"] == (False, "InvalidKind")

    @pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
    def test_sessions(self, kind: str) -> None:
        def session(**fields: object) -> Config:
            plain = to("v1", {"headers": [{"name": "plain", "value": "1"}]})
            return configured(gateway(), route(rule("v1", sessionPersistence=fields), plain, kind=kind))

        def session_of(config: Config) -> StatefulSession | None:
            (manager,) = config.listeners[0].filter_chains[0].filters
            assert isinstance(manager, HttpConnectionManager)
            assert manager.stateful_session == StatefulSession()
            plain = matched(config, headers=[("plain", "1")])
            assert plain is not None
            assert plain.route.stateful_session is None
            found = matched(config)
            assert found is not None
            return found.route.stateful_session

        name = "fastpath-infra-route-0"
        assert session_of(session()) == StatefulSession(HashPolicyCookie(name, 0.0, "/"))
        permanent = {"lifetimeType": "Permanent"}
        assert session_of(session(sessionName="s", absoluteTimeout="1h", cookieConfig=permanent)) == StatefulSession(
            HashPolicyCookie("s", 3600.0, "/")
        )
        assert session_of(session(type="Header", sessionName="x-session")) == StatefulSession(header="x-session")
        for unsupported in ({"idleTimeout": "5m"}, {"absoluteTimeout": "1h"}):
            config = session(**unsupported)
            assert route_verdicts(config, kind=kind)["PartiallyInvalid"] == (True, "UnsupportedValue")
            assert reached(config) == 404
        # A session would have to keep its backend, whatever the weights say.
        config = configured(gateway(), route(rule("v1", "v2", sessionPersistence={}), kind=kind))
        assert route_verdicts(config, kind=kind)["Accepted"] == (False, "UnsupportedValue")

    def test_the_cookie_of_a_session_is_for_the_path_of_the_match(self) -> None:
        matches = [on_path("/a/"), on_path("/b", "Exact"), on_path("/c[0-9]*", "RegularExpression")]
        config = configured(gateway(), route(rule("v1", matches=matches, sessionPersistence={})))
        paths = []
        for each in ("/a/x", "/b", "/c1"):
            found = matched(config, path=each)
            assert found is not None
            assert found.route.stateful_session is not None
            assert found.route.stateful_session.cookie is not None
            paths.append(found.route.stateful_session.cookie.path)
        assert paths == ["/a", "/b", "/"]

    def test_without_sessions_there_is_no_filter_for_them(self) -> None:
        (manager,) = configured(gateway(), route(rule("v1"))).listeners[0].filter_chains[0].filters
        assert isinstance(manager, HttpConnectionManager)
        assert manager.stateful_session is None

    def test_timeouts_and_retries(self) -> None:
        timeouts = {"request": "1m30s", "backendRequest": "500ms"}
        retry = {"codes": [503], "attempts": 3, "backoff": "50ms"}
        config = configured(gateway(), route(rule("v1", timeouts=timeouts, retry=retry), to("v2", on_path("/x"))))
        plain, timed = config.route_configurations["infra/gw:80"].virtual_hosts[0].routes
        assert isinstance(timed.action, RouteAction)
        assert timed.action.timeout == 90.0
        policy = timed.action.retry_policy
        assert policy is not None
        assert (policy.per_try_timeout, policy.num_retries, policy.back_off_base_interval) == (0.5, 3, 0.05)
        assert policy.retriable_status_codes == (503,)
        assert isinstance(plain.action, RouteAction)
        assert plain.action.timeout == 0.0

    @pytest.mark.parametrize(
        ("fields", "conditions", "retries"),
        [
            ({}, ("connect-failure",), 2),
            ({"timeouts": {"backendRequest": "1s"}}, ("connect-failure",), 2),
            ({"retry": {}}, ("connect-failure",), 1),
            ({"retry": {"attempts": 0, "codes": [500]}}, ("connect-failure", "retriable-status-codes"), 0),
            ({"retry": {"attempts": 3}, "timeouts": {"request": "1s"}}, ("connect-failure",), 3),
            ({"retry": {"attempts": 3}, "timeouts": {"backendRequest": "1s"}}, ("connect-failure", "reset"), 3),
            ({"retry": {"attempts": 3}, "timeouts": {"backendRequest": "0s"}}, ("connect-failure",), 3),
        ],
    )
    def test_what_is_tried_again(self, fields: Document, conditions: tuple[str, ...], retries: int) -> None:
        """Tries that take too long are, where the rule says how often to try and how long."""
        found = matched(configured(gateway(), route(rule("v1", **fields))))
        assert found is not None
        assert isinstance(found.route.action, RouteAction)
        policy = found.route.action.retry_policy
        assert policy is not None
        assert (policy.retry_on, policy.num_retries) == (conditions, retries)


def request_for(path: str) -> Request:
    return Request(method=b"GET", target=path.encode(), headers=[(b"Host", b"example.com")])


def rewritten(match: Match, path: str) -> str:
    """The path that is sent upstream, and its query."""
    changes = actions.finalize_request(match, request_for(path))
    bare, _, query = path.partition("?")
    changed = changes.path.decode() if changes.path is not None else bare
    return f"{changed}?{changes.query.decode() if changes.query is not None else query}"


class TestGrpcRoutes:
    CONFIG = configured(
        gateway(),
        route(
            to("v1", {"method": {"service": "echo.Echo", "method": "Say"}}),
            to("v2", {"method": {"service": "echo.Echo"}}),
            to("v3", {"method": {"method": "Ping"}}),
            to("v4", {"method": {"type": "RegularExpression", "service": "a\\..*", "method": "[XY]"}}),
            to("v4", {"headers": [{"name": "version", "value": "four"}]}),
            kind="GRPCRoute",
        ),
    )

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/echo.Echo/Say", "v1"),
            ("/echo.Echo/Shout", "v2"),
            ("/echo.EchoTwo/Say", 404),
            ("/other.Service/Ping", "v3"),
            ("/echo.Echo/Ping", "v2"),
            ("/a.b.C/X", "v4"),
            ("/a.b.C/Z", 404),
        ],
    )
    def test_methods(self, path: str, expected: object) -> None:
        assert reached(self.CONFIG, path=path, method="POST") == expected

    def test_headers(self) -> None:
        assert reached(self.CONFIG, path="/x.Y/Z", method="POST", headers=[("version", "four")]) == "v4"
        assert route_verdicts(self.CONFIG, kind="GRPCRoute")["Accepted"] == ACCEPTED

    def test_a_host_is_of_one_kind_of_route(self) -> None:
        http = route(rule("v1"), name="http", hostnames=["*.example.com"], created="2024-01-01T00:00:00Z")
        grpc = route(rule("v2"), kind="GRPCRoute", hostnames=["a.example.com"], created="2024-02-01T00:00:00Z")
        config = configured(gateway(), grpc, http)
        assert reached(config, "a.example.com") == "v1"
        assert route_verdicts(config, "route", "GRPCRoute")["Accepted"] == (False, "HostnameConflict")
        assert status_of(config, "Gateway", "gw").listeners[0].attached_routes == 1
        grpc["metadata"]["creationTimestamp"] = "2023-01-01T00:00:00Z"
        config = configured(gateway(), grpc, http)
        assert route_verdicts(config, "http")["Accepted"] == (False, "HostnameConflict")
        grpc["spec"]["hostnames"] = ["grpc.other.org"]
        config = configured(gateway(), grpc, http)
        assert [reached(config, each) for each in ("grpc.other.org", "a.example.com")] == ["v2", "v1"]

    def test_without_matches(self) -> None:
        config = configured(gateway(), route(rule("v1"), kind="GRPCRoute", hostnames=["grpc.example.com"]))
        assert reached(config, "grpc.example.com", "/a.B/C") == "v1"
        assert reached(config, "example.com", "/a.B/C") == 404

    def test_weights(self) -> None:
        split = rule(backend("v1", weight=9), backend("v2", weight=1), backend("v3", weight=0))
        config = configured(gateway(), route(split, kind="GRPCRoute"))
        found = matched(config, path="/a.B/C")
        assert found is not None
        assert isinstance(found.route.action, RouteAction)
        clusters = [(each.name, each.weight) for each in found.route.action.weighted_clusters]
        assert clusters == [("infra/v1:80", 9), ("infra/v2:80", 1)]

    def test_filters(self) -> None:
        filters = [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "1"}]}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["b"]}},
            {"type": "RequestMirror", "requestMirror": {"backendRef": backend("v2"), "percent": 25}},
        ]
        found = matched(configured(gateway(), route(rule("v1", filters=filters), kind="GRPCRoute")), path="/a.B/C")
        assert found is not None
        assert [each.key for each in found.route.mutations.request_headers_to_add] == ["a"]
        assert found.route.mutations.response_headers_to_remove == ("b",)
        assert isinstance(found.route.action, RouteAction)
        (mirror,) = found.route.action.request_mirror_policies
        assert mirror.cluster == "infra/v2:80"
        assert mirror.runtime_fraction is not None
        share = mirror.runtime_fraction.default_value
        assert share.numerator / share.denominator.denominator == 0.25

    def test_more_of_the_service_then_of_the_method_then_headers(self) -> None:
        """Whatever the order of routes and rules."""
        service_, method = {"service": "shop.Cart"}, {"method": "Add"}
        headers = {"headers": [{"name": "a", "value": "1"}]}
        config = configured(
            gateway(),
            route(to("v4", {"method": method}), to("v3", {"method": service_}), kind="GRPCRoute", name="a"),
            route(
                to("v2", {"method": {**service_, **method}}),
                to("v1", {"method": {**service_, **method}, **headers}),
                kind="GRPCRoute",
                name="b",
            ),
        )
        assert reached(config, path="/shop.Cart/Add", headers=[("a", "1")]) == "v1"
        assert reached(config, path="/shop.Cart/Add") == "v2"
        assert reached(config, path="/shop.Cart/Remove") == "v3"
        assert reached(config, path="/shop.Order/Add") == "v4"

    def test_a_rule_without_matches_comes_last(self) -> None:
        headers = {"headers": [{"name": "a", "value": "1"}]}
        config = configured(gateway(), route(rule("v1"), to("v2", headers), kind="GRPCRoute"))
        assert reached(config, path="/a.B/C", headers=[("a", "1")]) == "v2"
        assert reached(config, path="/a.B/C") == "v1"

    def test_missing_backend(self) -> None:
        """Envoy makes the gRPC status UNAVAILABLE out of 503."""
        config = configured(gateway(), route(rule("v9"), kind="GRPCRoute"))
        assert reached(config, path="/a.B/C") == 503
        assert route_verdicts(config, kind="GRPCRoute")["ResolvedRefs"] == (False, "BackendNotFound")
        for nothing in ({}, rule(backend("v1", weight=0))):
            assert reached(configured(gateway(), route(nothing, kind="GRPCRoute")), path="/a.B/C") == 503
        found = matched(configured(gateway(), route(rule("v1", "v9"), kind="GRPCRoute")), path="/a.B/C")
        assert found is not None
        assert isinstance(found.route.action, RouteAction)
        assert found.route.action.cluster_not_found_response_code == 503


def sni(config: Config, name: str, index: int = 0) -> object:
    """What the filter chain for a server name does: a cluster, or the name of its route configuration."""
    chain = FilterChainTable(config.listeners[index]).match_connection(sni=name, transport_protocol="tls")
    if chain is None:
        return None
    (filter_,) = chain.filters
    if isinstance(filter_, HttpConnectionManager):
        return filter_.route_config_name
    return filter_.cluster or [(each.name, each.weight) for each in filter_.weighted_clusters]


class TestTls:
    HTTPS = gateway(
        listener("any", 443, "HTTPS", tls={"certificateRefs": [{"name": "any"}]}),
        listener("one", 443, "HTTPS", hostname="one.example.com", tls={"certificateRefs": [{"name": "one"}]}),
        listener("wild", 443, "HTTPS", hostname="*.example.com", tls={"certificateRefs": [{"name": "wild"}]}),
    )

    def test_certificates_and_routes_by_server_name(self) -> None:
        config = configured(self.HTTPS, *map(secret, ("any", "one", "wild")), route(rule("v1")))
        assert sni(config, "one.example.com") == "infra/gw:443/one"
        assert sni(config, "two.example.com") == "infra/gw:443/wild"
        assert sni(config, "other.org") == "infra/gw:443/any"
        chain = FilterChainTable(config.listeners[0]).match_connection(sni="one.example.com", transport_protocol="tls")
        assert chain is not None
        assert chain.tls is not None
        assert len(chain.tls.certificates) == 1
        assert FilterChainTable(config.listeners[0]).match_connection(sni="", transport_protocol="raw_buffer") is None

    def test_requests_for_another_listener_are_misdirected(self) -> None:
        config = configured(self.HTTPS, *map(secret, ("any", "one", "wild")), route(rule("v1")))
        tables = {name: f"infra/gw:443/{name}" for name in ("any", "one", "wild")}
        assert reached(config, "one.example.com", table=tables["one"]) == "v1"
        assert reached(config, "two.example.com", table=tables["one"]) == 421
        assert reached(config, "one.example.com", table=tables["wild"]) == 421
        assert reached(config, "other.org", table=tables["any"]) == "v1"
        assert reached(config, "two.example.com", table=tables["any"]) == 421

    @pytest.mark.parametrize(
        ("reference", "reason"),
        [
            ({"name": "missing"}, "InvalidCertificateRef"),
            ({"name": "malformed"}, "InvalidCertificateRef"),
            ({"name": "good", "kind": "ConfigMap"}, "InvalidCertificateRef"),
            ({"name": "good", "group": "example.com"}, "InvalidCertificateRef"),
            ({"name": "apart", "namespace": "certs"}, "RefNotPermitted"),
        ],
    )
    def test_certificates_that_cannot_be_had(self, reference: Document, reason: str) -> None:
        config = configured(
            gateway(listener("https", 443, "HTTPS", tls={"certificateRefs": [reference]}), listener()),
            *(secret("good"), secret("malformed", certificate="Hello world"), secret("apart", "certs")),
            route(rule("v1")),
        )
        assert listener_verdicts(config)["ResolvedRefs"] == (False, reason)
        assert listener_verdicts(config)["Programmed"] == (False, "Invalid")
        assert [each.port for each in config.listeners] == [80]
        assert verdicts(status_of(config, "Gateway", "gw").conditions) == {
            "Accepted": (True, "ListenersNotValid"),
            "Programmed": (True, "Programmed"),
        }

    def test_certificate_of_another_namespace(self) -> None:
        reference = {"name": "apart", "namespace": "certs"}
        granted = grant("Gateway", "Secret", "infra", "certs")
        config = configured(
            gateway(listener("https", 443, "HTTPS", tls={"certificateRefs": [reference]})),
            *(secret("apart", "certs"), granted, route(rule("v1"))),
        )
        assert listener_verdicts(config)["ResolvedRefs"] == RESOLVED
        assert sni(config, "a") == "infra/gw:443/https"

    def test_passthrough(self) -> None:
        tls = {"mode": "Passthrough"}
        config = configured(
            gateway(listener("tls", 443, "TLS", tls=tls), listener("other", 8443, "TLS", hostname="*.b.com", tls=tls)),
            route(rule("v1"), kind="TLSRoute", name="a", hostnames=["a.example.com"]),
            route(rule("v2"), kind="TLSRoute", name="b", hostnames=["*.example.com"]),
            route(
                rule(backend("v3", weight=4), backend("v9", weight=1)),
                kind="TLSRoute",
                name="c",
                hostnames=["*.b.com"],
                parentRefs=[parent(sectionName="other")],
            ),
        )
        assert sni(config, "a.example.com") == "infra/v1:80"
        assert sni(config, "zz.example.com") == "infra/v2:80"
        assert sni(config, "other.org") is None
        assert sni(config, "x.b.com", 1) == [("infra/v3:80", 4), ("invalid-backend", 1)]
        assert config.listeners[0].filter_chains[0].tls is None
        assert route_verdicts(config, "a", "TLSRoute") == {"Accepted": ACCEPTED, "ResolvedRefs": RESOLVED}
        assert route_verdicts(config, "c", "TLSRoute")["ResolvedRefs"] == (False, "BackendNotFound")

    def test_passthrough_ignores_certificates(self) -> None:
        tls = {"mode": "Passthrough", "certificateRefs": [{"name": "missing"}]}
        config = configured(
            gateway(listener("tls", 443, "TLS", tls=tls)), route(rule("v1"), kind="TLSRoute", hostnames=["a.com"])
        )
        assert listener_verdicts(config)["ResolvedRefs"] == RESOLVED
        assert sni(config, "a.com") == "infra/v1:80"

    def test_tls_routes_keep_to_their_listener(self) -> None:
        tls = {"mode": "Passthrough"}
        config = configured(
            gateway(
                listener("wide", 443, "TLS", hostname="*.example.com", tls=tls),
                listener("narrow", 443, "TLS", hostname="a.example.com", tls=tls),
            ),
            route(rule("v1"), kind="TLSRoute", parentRefs=[parent(sectionName="wide")], hostnames=["*.example.com"]),
        )
        assert sni(config, "b.example.com") == "infra/v1:80"
        assert sni(config, "a.example.com") == "invalid-backend"

    def test_the_oldest_tls_route_has_the_name(self) -> None:
        config = configured(
            gateway(listener("tls", 443, "TLS", tls={"mode": "Passthrough"})),
            route(rule("v1"), kind="TLSRoute", name="a", hostnames=["a.com"], created="2024-02-01T00:00:00Z"),
            route(rule("v2"), kind="TLSRoute", name="b", hostnames=["a.com"], created="2024-01-01T00:00:00Z"),
        )
        assert sni(config, "a.com") == "infra/v2:80"

    @pytest.mark.parametrize(
        ("at", "wide", "narrow"),
        [("abc.example.com", "*.example.com", "abc.example.com"), ("*.example.com", "*.com", "*.example.com")],
    )
    def test_the_more_specific_hostname_has_the_name_they_have_in_common(self, at: str, wide: str, narrow: str) -> None:
        config = configured(
            gateway(listener("tls", 443, "TLS", hostname=at, tls={"mode": "Passthrough"})),
            route(rule("v1"), kind="TLSRoute", name="a", hostnames=[wide], created="2024-01-01T00:00:00Z"),
            route(rule("v2"), kind="TLSRoute", name="b", hostnames=[narrow], created="2024-02-01T00:00:00Z"),
        )
        assert sni(config, "abc.example.com") == "infra/v2:80"

    def test_terminated_for_a_tls_route(self) -> None:
        config = configured(
            gateway(listener("tls", 443, "TLS", tls={"certificateRefs": [{"name": "one"}]})),
            *(secret("one"), route(rule("v1"), kind="TLSRoute", hostnames=["a.com"])),
        )
        assert sni(config, "a.com") == "infra/v1:80"
        assert config.listeners[0].filter_chains[0].tls is not None


class TestTcp:
    def test_weights(self) -> None:
        config = configured(
            gateway(listener("redis", 6379, "TCP")),
            route(rule(backend("v1", weight=80), backend("v2", weight=20)), kind="TCPRoute"),
        )
        (filter_,) = config.listeners[0].filter_chains[0].filters
        assert isinstance(filter_, TcpProxy)
        assert [(each.name, each.weight) for each in filter_.weighted_clusters] == [
            ("infra/v1:80", 80),
            ("infra/v2:80", 20),
        ]
        assert route_verdicts(config, kind="TCPRoute") == {"Accepted": ACCEPTED, "ResolvedRefs": RESOLVED}

    def test_the_oldest_route_has_the_port(self) -> None:
        config = configured(
            gateway(listener("redis", 6379, "TCP")),
            route(rule("v1"), kind="TCPRoute", name="a", created="2024-02-01T00:00:00Z"),
            route(rule("v2"), kind="TCPRoute", name="b", created="2024-01-01T00:00:00Z"),
        )
        (filter_,) = config.listeners[0].filter_chains[0].filters
        assert isinstance(filter_, TcpProxy)
        assert filter_.cluster == "infra/v2:80"

    def test_http_routes_do_not_attach(self) -> None:
        config = configured(gateway(listener("redis", 6379, "TCP")), route(rule("v1")))
        assert route_verdicts(config)["Accepted"] == (False, "NotAllowedByListeners")
        assert config.listeners == ()


class TestListeners:
    def test_invalid_route_kinds(self) -> None:
        kinds = [{"kind": "InvalidRoute"}, {"kind": "HTTPRoute"}]
        config = configured(
            gateway(
                listener("none", allowedRoutes={"kinds": kinds[:1]}),
                listener("some", 81, allowedRoutes={"kinds": kinds}),
            )
        )
        none, some = status_of(config, "Gateway", "gw").listeners
        assert (none.supported_kinds, some.supported_kinds) == ((), ("HTTPRoute",))
        for each in (none, some):
            assert verdicts(each.conditions)["ResolvedRefs"] == (False, "InvalidRouteKinds")
        assert [each.port for each in config.listeners] == [81]

    def test_kinds_of_routes_are_narrowed(self) -> None:
        allowed = {"kinds": [{"group": "gateway.networking.k8s.io", "kind": "GRPCRoute"}, {"kind": "GRPCRoute"}]}
        (seen,) = status_of(configured(gateway(listener(allowedRoutes=allowed))), "Gateway", "gw").listeners
        assert seen.supported_kinds == ("GRPCRoute",)
        config = configured(gateway(listener(allowedRoutes=allowed)), route(rule("v1")))
        assert route_verdicts(config)["Accepted"] == (False, "NotAllowedByListeners")

    def test_unsupported_protocol(self) -> None:
        config = configured(gateway(listener("dns", 53, "UDP"), listener()), route(rule("v1")))
        assert listener_verdicts(config)["Accepted"] == (False, "UnsupportedProtocol")
        assert reached(config) == "v1"

    def test_protocols_in_any_letters(self) -> None:
        reference = {"certificateRefs": [{"name": "one"}]}
        config = configured(
            gateway(listener(protocol="http"), listener("https", 443, "hTTps", tls=reference)),
            *(secret("one"), route(rule("v1"))),
        )
        assert [reached(config, table=each) for each in ("infra/gw:80", "infra/gw:443/https")] == ["v1", "v1"]
        assert status_of(config, "Gateway", "gw").listeners[0].supported_kinds == ("HTTPRoute", "GRPCRoute")
        assert any("has no tls" in each for each in errors_of(gateway(listener(protocol="http", tls={}))))

    def test_a_kind_too_many_does_not_make_up_for_a_certificate(self) -> None:
        kinds = [{"kind": "InvalidRoute"}, {"kind": "HTTPRoute"}]
        tls = {"certificateRefs": [{"name": "missing"}]}
        config = configured(gateway(listener("a", 443, "HTTPS", tls=tls, allowedRoutes={"kinds": kinds})))
        assert listener_verdicts(config)["ResolvedRefs"] == (False, "InvalidCertificateRef")
        assert listener_verdicts(config)["Programmed"] == (False, "Invalid")
        assert config.listeners == ()

    def test_overlapping_hostnames(self) -> None:
        """Of listeners that decrypt at one port."""
        hosts = {"a": "a.b.com", "b": "c.d.b.com", "wild": "*.b.com", "parent": "b.com", "away": "other.org"}
        tls = {"certificateRefs": [{"name": "one"}]}
        config = configured(
            gateway(
                *(listener(name, 443, "HTTPS", hostname=host, tls=tls) for name, host in hosts.items()),
                listener("elsewhere", 8443, "HTTPS", hostname="a.b.com", tls=tls),
                listener("passed-on", 8443, "TLS", hostname="*.b.com", tls={"mode": "Passthrough"}),
                listener("terminated", 9443, "TLS", hostname="*.b.com", tls=tls),
                listener("all", 9443, "HTTPS", tls=tls),
                listener("plain", 80, hostname="a.b.com"),
                listener("plain-wild", 80, hostname="*.b.com"),
            ),
            secret("one"),
        )
        overlaps = {
            each.name: verdicts(each.conditions).get("OverlappingTLSConfig")
            for each in status_of(config, "Gateway", "gw").listeners
        }
        found = (True, "OverlappingHostnames")
        assert {name for name, each in overlaps.items() if each is not None} == {"a", "b", "wild", "terminated", "all"}
        assert set(overlaps.values()) == {None, found}
        assert list(status_of(config, "Gateway", "gw").refusals()) == []

    def test_listener_sets_are_not_asked_for(self) -> None:
        config = configured(gateway(allowedListeners={"namespaces": {"from": "All"}}), route(rule("v1")))
        assert reached(config) == "v1"

    def test_protocol_conflict(self) -> None:
        config = configured(gateway(listener("a", 80), listener("b", 80, "TCP"), listener("c", 81)))
        assert listener_verdicts(config)["Conflicted"] == (True, "ProtocolConflict")
        assert listener_verdicts(config, 1)["Accepted"] == (False, "Invalid")
        assert [each.port for each in config.listeners] == [81]

    def test_hostname_conflict(self) -> None:
        """Nobody wins."""
        config = configured(
            gateway(
                listener("a", hostname="a.com"),
                listener("b", hostname="a.com"),
                listener("c", hostname="c.com"),
                listener("d", 6379, "TCP"),
                listener("e", 6379, "TCP"),
            ),
            route(rule("v1")),
        )
        found = [verdicts(each.conditions)["Conflicted"][1] for each in status_of(config, "Gateway", "gw").listeners]
        assert found == ["HostnameConflict", "HostnameConflict", "NoConflicts", "ProtocolConflict", "ProtocolConflict"]
        assert listener_verdicts(config)["Accepted"] == (False, "Invalid")
        assert verdicts(status_of(config, "Gateway", "gw").conditions)["Accepted"] == (True, "ListenersNotValid")
        assert [reached(config, each) for each in ("a.com", "c.com")] == [404, "v1"]
        assert [each.port for each in config.listeners] == [80]

    def test_udp_has_ports_of_its_own(self) -> None:
        config = configured(
            gateway(listener("dns-udp", 53, "UDP"), listener("dns", 53, "TCP"), listener("other", 53, "a.org/x")),
            route(rule("v1"), kind="TCPRoute"),
        )
        assert [each.port for each in config.listeners] == [53]
        for index, accepted in enumerate(((False, "UnsupportedProtocol"), ACCEPTED, (False, "UnsupportedProtocol"))):
            assert listener_verdicts(config, index)["Accepted"] == accepted
            assert listener_verdicts(config, index)["Conflicted"] == (False, "NoConflicts")

    def test_tls_that_is_not_supported(self) -> None:
        """Neither is it left out without a word, nor does it stop the other listeners."""
        reference = {"certificateRefs": [{"name": "one"}]}

        def told(own: Document, **spec: object) -> list[tuple[bool, str]]:
            config = configured(
                gateway(listener(), listener("https", 443, "HTTPS", tls={**reference, **own}), **spec),
                *(secret("one"), route(rule("v1"))),
            )
            assert reached(config) == "v1"
            return [listener_verdicts(config, index)["Accepted"] for index in range(2)]

        unsupported = [ACCEPTED, (False, "UnsupportedValue")]
        assert told({}) == [ACCEPTED, ACCEPTED]
        assert told({"options": {"example.com/minimum": "1.3"}}) == unsupported
        assert told({"frontendValidation": {"caCertificateRefs": []}}) == unsupported
        assert told({}, tls={"frontend": {"default": {"validation": {}}}}) == unsupported

    def test_https_and_tls_share_a_port_by_hostname(self) -> None:
        def sharing(hostname: str | None) -> Config:
            host = {"hostname": hostname} if hostname is not None else {}
            return configured(
                gateway(
                    listener("https", 443, "HTTPS", hostname="*.b.com", tls={"certificateRefs": [{"name": "one"}]}),
                    listener("tls", 443, "TLS", tls={"mode": "Passthrough"}, **host),
                ),
                secret("one"),
                route(rule("v1")),
                route(rule("v2"), kind="TLSRoute", name="tls", hostnames=["a.b.com", "*.b.com"]),
            )

        assert sni(sharing("a.b.com"), "a.b.com") == "infra/v2:80"
        assert sni(sharing("a.b.com"), "c.b.com") == "infra/gw:443/https"
        assert listener_verdicts(sharing("a.b.com"))["Conflicted"] == (False, "NoConflicts")
        assert listener_verdicts(sharing("*.b.com"))["Conflicted"] == (True, "ProtocolConflict")
        assert listener_verdicts(sharing("*.b.com"), 1)["Programmed"] == (False, "Invalid")
        assert sharing("*.b.com").listeners == ()

    def test_nothing_valid(self) -> None:
        config = configured(gateway(listener("dns", 53, "UDP")))
        assert verdicts(status_of(config, "Gateway", "gw").conditions) == {
            "Accepted": (False, "ListenersNotValid"),
            "Programmed": (False, "Invalid"),
        }


class TestRefused:
    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (gateway(listener(), listener()), 'there is another listener named "http"'),
            (gateway(listener(tls={})), "a listener of the protocol HTTP has no tls"),
            (gateway(listener("a", 1, "TCP", hostname="a.com")), "a listener of the protocol TCP has no hostname"),
            (gateway(listener("a", 1, "HTTPS")), '"tls" is missing'),
            (gateway(listener("a", 1, "HTTPS", tls={"mode": "Passthrough"})), "the mode is Terminate"),
            (gateway(listener(port=0)), "from 1 to 65535, found 0"),
            (gateway(listener(hostname="10.0.0.1")), "expected a host name"),
            (gateway(addresses=[{"value": "gw.example.com"}]), "expected an IP address, found 'gw.example.com'"),
            (
                gateway(*(listener(f"l{port}", port) for port in range(1, 66))),
                "a Gateway has 1 to 64 listeners, found 65",
            ),
            (route(rule("v1", matches=[on_path("/" + "a" * 2000)])), "a path has at most 1024 characters, found 2001"),
            (gateway(listener(allowedRoutes={"namespaces": {"from": "Selector"}})), '"selector" is missing'),
            (gateway(frontend=1), "the field 'frontend' is unknown or not supported"),
            (route(rule("v1"), hostnames=["*"]), "expected a host name"),
            (route(rule({"name": "v1"})), '"port" is missing: a Service is referred to with a port'),
            (route(rule(backend("v1", weight=-1))), "from 0 to 1000000, found -1"),
            (route(rule("v1", matches=[on_path("a")])), "a path begins with '/'"),
            (route(rule("v1", matches=[on_path("/a/../b")])), "a path does not hold '/../'"),
            (route(rule("v1", matches=[on_path("/a b")])), "a path holds no characters that URLs do not have"),
            (route(rule("v1", matches=[on_path("/%zz", "Exact")])), "a path holds no characters that URLs do not have"),
            (route(rule("v1", matches=[{"method": "get"}])), "found 'get'"),
            (route(rule("v1", matches=[{"headers": [{"name": "a b", "value": "c"}]}])), "found 'a b'"),
            (route(rule("v1", matches=[{"pth": {}}])), 'did you mean "path"?'),
            (route(rule("v1", filters=[{"type": "Cors"}])), "expected one of RequestHeaderModifier"),
            (route(rule("v1", filters=[{"type": "CORS"}])), '"cors" is missing'),
            (
                route(rule("v1", filters=[{"type": "CORS", "cors": {}}]), kind="GRPCRoute"),
                "a GRPCRoute modifies headers and mirrors, and has no other filters",
            ),
            (
                route({"filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "*.a.com"}}]}),
                "expected one host, found '*.a.com'",
            ),
            (
                route(rule("v1", filters=[{"type": "URLRewrite", "urlRewrite": {"hostname": "*.a.com"}}])),
                "expected one host, found '*.a.com'",
            ),
            (route(rule("v1", name="a"), rule("v2", name="a")), 'there is another rule named "a"'),
            (route(rule("v1", filters=[{"type": "URLRewrite"}])), '"urlRewrite" is missing'),
            (
                route(rule("v1", filters=[{"type": "URLRewrite", "urlRewrite": {}}] * 2)),
                "the filter URLRewrite is there twice",
            ),
            (
                route(rule("v1", filters=[{"type": "RequestRedirect", "requestRedirect": {}}])),
                "a rule with a RequestRedirect has no backendRefs",
            ),
            (
                route({"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": 304}}]}),
                "expected one of 301, 302, 303, 307, 308 as statusCode, found 304",
            ),
            (
                route(
                    rule(
                        "v1",
                        matches=[on_path("/a", "Exact")],
                        filters=[
                            {
                                "type": "URLRewrite",
                                "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
                            }
                        ],
                    )
                ),
                "replacePrefixMatch needs exactly one match, with a PathPrefix",
            ),
            (
                route(
                    rule(
                        backend(
                            "v1",
                            filters=[
                                {
                                    "type": "URLRewrite",
                                    "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
                                }
                            ],
                        ),
                        matches=[on_path("/a"), on_path("/b")],
                    )
                ),
                "replacePrefixMatch needs exactly one match, with a PathPrefix",
            ),
            (route(rule("v1", timeouts={"request": "10"})), 'expected a duration such as "10s" or "1m30s"'),
            (
                route(rule("v1", timeouts={"request": "1s", "backendRequest": "2s"})),
                "backendRequest is longer than request",
            ),
            (
                route(rule("v1", sessionPersistence={"cookieConfig": {"lifetimeType": "Permanent"}})),
                "a permanent cookie needs an absoluteTimeout",
            ),
            (
                route(rule("v1", sessionPersistence={"sessionName": "a b"})),
                "expected the name of a cookie or header as sessionName, found 'a b'",
            ),
            (gateway(tls={"backend": {}}), "the field 'backend' is not supported"),
            (route(kind="TCPRoute"), "expected one rule, found 0"),
            (
                obj("UDPRoute", "a", {}),
                "the kind 'UDPRoute' of gateway.networking.k8s.io is unknown or not supported; did you mean",
            ),
        ],
    )
    def test_refused(self, document: object, reason: str) -> None:
        assert any(reason in error for error in errors_of(document)), errors_of(document)


@pytest.mark.parametrize("kind", ["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute"])
class TestEveryKindOfRoute:
    """What routes have in common."""

    def configured(self, kind: str, *documents: Document, backend_namespace: str = "infra", **fields: Any) -> Config:
        ports = {"TCPRoute": ("TCP", {}), "TLSRoute": ("TLS", {"tls": {"mode": "Passthrough"}})}
        protocol, options = ports.get(kind, ("HTTP", {}))
        target = rule(backend("store", namespace=backend_namespace))
        listeners = [listener("one", 1000, protocol, **options), listener("two", 2000, protocol, **options)]
        return configured(
            gateway(*listeners),
            route(target, kind=kind, **fields),
            service("store", backend_namespace),
            *documents,
        )

    def test_grants(self, kind: str) -> None:
        granted = grant(kind, "Service", "infra", "db")
        other = grant("UDPRoute", "Service", "infra", "db")
        for grants, found in (
            ([granted], RESOLVED),
            ([other], (False, "RefNotPermitted")),
            ([], (False, "RefNotPermitted")),
        ):
            config = self.configured(kind, *grants, backend_namespace="db")
            assert route_verdicts(config, kind=kind) == {"Accepted": ACCEPTED, "ResolvedRefs": found}

    def test_one_listener_or_all(self, kind: str) -> None:
        for fields, attached in (({}, [1, 1]), ({"sectionName": "two"}, [0, 1]), ({"port": 1000}, [1, 0])):
            config = self.configured(kind, parentRefs=[parent(**fields)])
            assert [each.attached_routes for each in status_of(config, "Gateway", "gw").listeners] == attached

    def test_parents_that_do_not_take_it(self, kind: str) -> None:
        for fields, reason in (
            ({"name": "none"}, "NoMatchingParent"),
            ({"sectionName": "three"}, "NoMatchingParent"),
            ({"kind": "Service"}, "NoMatchingParent"),
        ):
            config = self.configured(kind, parentRefs=[parent(**fields)])
            assert route_verdicts(config, kind=kind)["Accepted"] == (False, reason)

    def test_of_another_namespace(self, kind: str) -> None:
        away = {"namespace": "apps", "parentRefs": [parent(namespace="infra")]}
        config = self.configured(kind, backend_namespace="apps", **away)
        assert route_verdicts(config, kind=kind)["Accepted"] == (False, "NotAllowedByListeners")
        assert config.route_configurations == {} or all(
            not host.routes for each in config.route_configurations.values() for host in each.virtual_hosts
        )
