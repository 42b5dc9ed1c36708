"""Acceptance scenarios at the level of decisions: what tables and chains answer to one intent in every vocabulary.

Scenario 14, endpoints that go away while their file is watched, is in test_watching.py.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from unit import istio_documents as istio
from unit import test_config_gateway_api as gateway_api
from unit import test_config_ingress as ingress

from fastpath import FilterChainTable, RouteTable
from fastpath.config import load
from fastpath.models import Config, HttpConnectionManager
from fastpath.watching import LiveConfig

VOCABULARIES = ("envoy", "gateway api", "istio")


def envoy(*routes: dict[str, Any]) -> dict[str, Any]:
    """A bootstrap whose clusters are v1 and v2."""
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "route_config": {"name": "web", "virtual_hosts": [{"name": "web", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{types}.http.router.v3.Router"},
            }
        ],
    }
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 80}}
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "static_resources": {
            "listeners": [{"name": "web", "address": address, "filter_chains": [chain]}],
            "clusters": [{"name": name, "type": "STATIC"} for name in ("v1", "v2")],
        }
    }


def istio_documents(*http: dict[str, Any]) -> list[dict[str, Any]]:
    """A Service whose Pods are of two versions."""
    subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    return [
        istio.gateway(),
        istio.virtual_service(*http),
        istio.istio("DestinationRule", "shop", host="shop", subsets=subsets),
        istio.service("shop"),
        *istio.pods("shop", v1="10.0.0.1", v2="10.0.0.2"),
    ]


def split(vocabulary: str, *weights: int) -> Config:
    """Requests to v1 and v2 by weight."""
    shares = dict(zip(("v1", "v2"), weights, strict=True))
    if vocabulary == "envoy":
        clusters = [{"name": name, "weight": weight} for name, weight in shares.items()]
        return load(envoy({"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": clusters}}}))
    if vocabulary == "gateway api":
        backends = [gateway_api.backend(name, weight=weight) for name, weight in shares.items()]
        return gateway_api.configured(gateway_api.gateway(), gateway_api.route(gateway_api.rule(*backends)))
    destinations = [istio.to("shop", name, weight=weight) for name, weight in shares.items()]
    return load(istio_documents(istio.route(*destinations)))


def version(cluster: str | None) -> str:
    return next(name for name in ("v1", "v2") if name in (cluster or ""))


def table(config: Config, seed: int = 1) -> RouteTable:
    (name,) = config.route_configurations
    return RouteTable.from_config(config, name, seed=seed)


def ask(routes: RouteTable, **request: Any) -> str:
    match = routes.match_parts(**{"method": "GET", "authority": "shop.example", "path": "/", **request})
    assert match is not None
    return version(match.cluster)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
class TestCanary:
    """Scenario 5."""

    def test_ninety_to_ten(self, vocabulary: str) -> None:
        routes = table(split(vocabulary, 90, 10))
        found = [ask(routes) for _ in range(10_000)]
        assert 910 <= found.count("v2") <= 1090

    def test_a_weight_of_nothing_gets_nothing(self, vocabulary: str) -> None:
        for weights, only in (((100, 0), "v1"), ((0, 100), "v2")):
            routes = table(split(vocabulary, *weights))
            assert {ask(routes) for _ in range(1000)} == {only}

    def test_no_request_fails_while_all_goes_over(self, vocabulary: str) -> None:
        live, after = LiveConfig(split(vocabulary, 90, 10), seed=1), split(vocabulary, 0, 100)
        (name,) = live.tables
        found: list[list[str]] = [[] for _ in range(10)]
        goes_over, is_over = threading.Event(), threading.Event()

        def client(index: int) -> None:
            while not is_over.is_set():
                found[index].append(ask(live.tables[name]))
                time.sleep(0.0002)
                if len(found[index]) == 20:
                    goes_over.set()
            found[index] += [ask(live.tables[name]) for _ in range(50)]

        clients = [threading.Thread(target=client, args=(index,)) for index in range(len(found))]
        for each in clients:
            each.start()
        try:
            assert goes_over.wait(5)
            live.apply(after)
        finally:
            is_over.set()
            for each in clients:
                each.join(5)
        assert all({"v2"} == set(each[-50:]) for each in found)
        assert {"v1", "v2"} == {answer for each in found for answer in each}


class TestHeaderAndCookie:
    """Scenario 6."""

    COOKIE = r"(.*;\s*)?group=beta(;.*)?"

    def config(self, vocabulary: str) -> Config:
        if vocabulary == "envoy":
            header = {"name": "x-canary", "string_match": {"exact": "true"}}
            cookie = {"name": "cookie", "string_match": {"safe_regex": {"regex": self.COOKIE}}}
            routes = [
                {"match": {"prefix": "/", "headers": [condition]}, "route": {"cluster": "v2"}}
                for condition in (header, cookie)
            ]
            return load(envoy(*routes, {"match": {"prefix": "/"}, "route": {"cluster": "v1"}}))
        if vocabulary == "gateway api":
            header = {"name": "x-canary", "value": "true"}
            cookie = {"name": "cookie", "type": "RegularExpression", "value": self.COOKIE}
            matches = [{"headers": [condition]} for condition in (header, cookie)]
            rules = [gateway_api.to("v2", *matches), gateway_api.rule("v1")]
            return gateway_api.configured(gateway_api.gateway(), gateway_api.route(*rules))
        conditions = [{"x-canary": {"exact": "true"}}, {"cookie": {"regex": self.COOKIE}}]
        return load(
            istio_documents(
                istio.route(istio.to("shop", "v2"), match=[{"headers": each} for each in conditions]),
                istio.route(istio.to("shop", "v1")),
            )
        )

    @pytest.mark.parametrize("vocabulary", VOCABULARIES)
    def test_all_of_them_each_way(self, vocabulary: str) -> None:
        routes = table(self.config(vocabulary))
        for headers, expected in (
            ([("x-canary", "true")], "v2"),
            ([("cookie", "a=b; group=beta; c=d")], "v2"),
            ([("cookie", "group=beta")], "v2"),
            ([("cookie", "group=betas")], "v1"),
            ([("x-canary", "false")], "v1"),
            ([], "v1"),
        ):
            assert {ask(routes, headers=headers) for _ in range(100)} == {expected}

    @pytest.mark.parametrize("vocabulary", VOCABULARIES)
    def test_the_header_beats_weights(self, vocabulary: str) -> None:
        routes = table(self.config(vocabulary))
        both = [("x-canary", "true"), ("cookie", "group=alpha")]
        assert {ask(routes, headers=both) for _ in range(100)} == {"v2"}


class TestIngress:
    """Scenario 9, with one set of Ingresses."""

    CONFIG = ingress.configured(
        ingress.ingress(
            ingress.rule(
                ingress.path("a", "/foo", "Exact"),
                ingress.path("b", "/foo", "Prefix"),
                ingress.path("c", "/foo/bar/", "Prefix"),
                ingress.path("d", "/impl", "ImplementationSpecific"),
                host="foo.example.com",
            ),
            ingress.rule(ingress.path("c"), host="*.example.com"),
            tls=[
                {"hosts": ["foo.example.com"], "secretName": "foo"},
                {"hosts": ["*.example.com"], "secretName": "any"},
            ],
            defaultBackend=ingress.target("d"),
        ),
        ingress.secret("foo"),
        ingress.secret("any"),
    )

    @pytest.mark.parametrize(
        ("host", "path", "backend"),
        [
            ("foo.example.com", "/foo", "a:80"),
            ("foo.example.com", "/foo/", "b:80"),
            ("foo.example.com", "/foo/x?y", "b:80"),
            ("foo.example.com", "/foo/bar", "c:80"),
            ("foo.example.com", "/foo/barbar", "b:80"),
            ("foo.example.com", "/impl/x", "d:80"),
            ("foo.example.com:80", "/foo", "a:80"),
            ("bar.example.com", "/foo", "c:80"),
            ("a.bar.example.com", "/foo", "d:80"),
            ("example.com", "/foo", "d:80"),
            ("other.org", "/", "d:80"),
        ],
    )
    def test_backends(self, host: str, path: str, backend: str) -> None:
        assert ingress.backend_of(self.CONFIG, host, path) == backend

    def test_certificates(self) -> None:
        (https,) = [each for each in self.CONFIG.listeners if each.port == 443]
        chains = FilterChainTable(https)
        names = {}
        for host in ("foo.example.com", "bar.example.com", "other.org"):
            chain = chains.match_connection(sni=host, transport_protocol="tls")
            names[host] = chain.name if chain is not None else None
        assert names == {
            "foo.example.com": "https foo.example.com",
            "bar.example.com": "https *.example.com",
            "other.org": None,
        }


class TestGatewayApi:
    """Scenario 10, with one Gateway: what is answered and what is told agree."""

    CONFIG = gateway_api.configured(
        gateway_api.gateway(
            gateway_api.listener(hostname="*.example.com"),
            gateway_api.listener("tls", 443, "TLS", tls={"mode": "Passthrough"}, hostname="*.example.com"),
        ),
        gateway_api.route(
            gateway_api.to("v1", gateway_api.on_path("/one")),
            gateway_api.rule("nobody", matches=[gateway_api.on_path("/lost")]),
            name="http",
            hostnames=["http.example.com"],
        ),
        gateway_api.route(
            gateway_api.rule("v2", matches=[{"method": {"service": "shop.Cart", "method": "Add"}}]),
            kind="GRPCRoute",
            name="grpc",
            hostnames=["grpc.example.com"],
        ),
        gateway_api.route(
            gateway_api.rule("v3"), kind="TLSRoute", name="tls", hostnames=["tls.example.com", "tls.example.org"]
        ),
        gateway_api.route(gateway_api.rule("v4"), name="elsewhere", hostnames=["example.org"]),
        gateway_api.route(
            gateway_api.rule(gateway_api.backend("v1", namespace="other")), name="far", hostnames=["far.example.com"]
        ),
        gateway_api.service("v1", "other"),
    )

    @pytest.mark.parametrize(
        ("host", "path", "reached"),
        [
            ("http.example.com", "/one/x", "v1"),
            ("http.example.com", "/lost", 500),
            ("http.example.com", "/", 404),
            ("grpc.example.com", "/shop.Cart/Add", "v2"),
            ("grpc.example.com", "/shop.Cart/Remove", 404),
            ("example.org", "/", 404),
            ("far.example.com", "/", 500),
        ],
    )
    def test_requests(self, host: str, path: str, reached: object) -> None:
        request = {"method": "POST", "headers": [("content-type", "application/grpc")]}
        assert gateway_api.reached(self.CONFIG, host, path, **request) == reached

    def test_connections(self) -> None:
        names = ("tls.example.com", "tls.example.org", "http.example.com")
        assert [gateway_api.sni(self.CONFIG, name, 1) for name in names] == ["infra/v3:80", None, None]

    @pytest.mark.parametrize(
        ("kind", "name", "told"),
        [
            ("HTTPRoute", "http", {"Accepted": (True, "Accepted"), "ResolvedRefs": (False, "BackendNotFound")}),
            ("GRPCRoute", "grpc", {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}),
            ("TLSRoute", "tls", {"Accepted": (True, "Accepted"), "ResolvedRefs": (True, "ResolvedRefs")}),
            (
                "HTTPRoute",
                "elsewhere",
                {"Accepted": (False, "NoMatchingListenerHostname"), "ResolvedRefs": (True, "ResolvedRefs")},
            ),
            ("HTTPRoute", "far", {"Accepted": (True, "Accepted"), "ResolvedRefs": (False, "RefNotPermitted")}),
        ],
    )
    def test_statuses(self, kind: str, name: str, told: dict[str, Any]) -> None:
        (parent,) = gateway_api.status_of(self.CONFIG, kind, name).parents
        assert gateway_api.verdicts(parent.conditions) == told

    def test_every_listener_is_programmed(self) -> None:
        managers = [each for chain in self.CONFIG.listeners[0].chains() for each in chain.filters]
        assert all(isinstance(each, HttpConnectionManager) for each in managers)
        listeners = gateway_api.status_of(self.CONFIG, "Gateway", "gw").listeners
        assert [(each.name, each.attached_routes) for each in listeners] == [("http", 3), ("tls", 1)]
        assert all(each.status for found in listeners for each in found.conditions if each.type == "Programmed")
