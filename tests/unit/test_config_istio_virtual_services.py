"""Several VirtualServices: delegates, hosts in common, who sees them, at gateways and in the mesh.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate and
https://istio.io/latest/docs/ops/best-practices/traffic-management/ (split large virtual services).
"""

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
    refusals,
    route,
    service,
    service_entry,
    to,
    virtual_service,
)

from fastpath.config import Scope, load
from fastpath.errors import ConfigWarning
from fastpath.models import Config, RedirectAction, RouteAction


def delegating(match: object = None, name: str = "part", **fields: object) -> dict[str, Any]:
    return {"delegate": {"name": name}, **({"match": match} if match else {}), **fields}


def uri(**how: str) -> dict[str, Any]:
    return {"uri": how}


def with_part(root: dict[str, Any], *http: object, **spec: object) -> Config:
    return load([gateway(), virtual_service(root, route(to("c", port=80))), part(*http, **spec), *SERVICES])


class TestDelegates:
    def test_the_example_of_the_documentation(self) -> None:
        documents = [
            gateway(),
            virtual_service(
                {"match": [uri(prefix="/productpage")], "delegate": {"name": "productpage", "namespace": "nsa"}},
                {"match": [uri(prefix="/reviews")], "delegate": {"name": "reviews", "namespace": "nsb"}},
                hosts=("bookinfo.com",),
            ),
            inside(
                "nsa",
                part(
                    route(to("productpage-v1.nsa.svc.cluster.local"), match=[uri(prefix="/productpage/v1/")]),
                    route(to("productpage.nsa.svc.cluster.local")),
                    name="productpage",
                ),
            ),
            inside("nsb", part(route(to("reviews.nsb.svc.cluster.local")), name="reviews")),
            *(inside("nsa", service(name)) for name in ("productpage", "productpage-v1")),
            inside("nsb", service("reviews")),
        ]
        config = load(documents)
        paths = ("/productpage/v1/x", "/productpage", "/reviews/1", "/other")
        assert [cluster_at(config, path, host="bookinfo.com") for path in paths] == [
            "nsa/productpage-v1:80",
            "nsa/productpage:80",
            "nsb/reviews:80",
            None,
        ]

    @pytest.mark.parametrize(
        ("root", "own", "takes", "passes"),
        [
            (uri(prefix="/p"), uri(prefix="/p/q"), {"path": "/p/q/r"}, {"path": "/p"}),
            (uri(prefix="/p"), uri(exact="/p/q"), {"path": "/p/q"}, {"path": "/p/q/r"}),
            (uri(exact="/p"), uri(exact="/p"), {"path": "/p"}, {"path": "/q"}),
            (uri(prefix="/p"), {"method": {"exact": "PUT"}}, {"path": "/p", "method": "PUT"}, {"path": "/p"}),
            (
                {"headers": {"a": {"exact": "1"}}},
                {"headers": {"b": {"exact": "2"}}},
                {"headers": [("a", "1"), ("b", "2")]},
                {"headers": [("b", "2")]},
            ),
            (
                {"queryParams": {"a": {"prefix": "1"}}},
                {"queryParams": {"a": {"exact": "12"}}},
                {"path": "/?a=12"},
                {"path": "/?a=1"},
            ),
            (
                {"withoutHeaders": {"a": {}}},
                uri(prefix="/p"),
                {"path": "/p"},
                {"path": "/p", "headers": [("a", "1")]},
            ),
            ({"port": 80}, uri(prefix="/p"), {"path": "/p"}, {"path": "/"}),
            ({"ignoreUriCase": False}, uri(prefix="/p"), {"path": "/p"}, {"path": "/"}),
            ({"gateways": ["web"]}, uri(prefix="/p"), {"path": "/p"}, {"path": "/"}),
            ({}, {"sourceNamespace": "default", **uri(prefix="/p")}, {"path": "/p"}, {"path": "/"}),
        ],
    )
    def test_a_request_matches_both(
        self, root: dict[str, Any], own: dict[str, Any], takes: dict[str, Any], passes: dict[str, Any]
    ) -> None:
        config = with_part(delegating([root]), route(to("b"), match=[own]))
        assert cluster_at(config, **takes) == "default/b:80"
        assert cluster_at(config, **passes) == "default/c:80"

    @pytest.mark.parametrize(
        ("root", "own"),
        [
            (uri(prefix="/p/q"), uri(prefix="/p")),
            (uri(prefix="/p"), uri(prefix="/x")),
            (uri(prefix="/p"), uri(exact="/x")),
            (uri(exact="/p"), uri(prefix="/p")),
            (uri(exact="/p"), uri(exact="/x")),
            (uri(regex="/p.*"), uri(prefix="/p")),
            (uri(prefix="/p"), uri(regex="/p.*")),
            ({"method": {"exact": "GET"}}, {"method": {"exact": "PUT"}}),
            ({"headers": {"a": {"exact": "1"}}}, {"headers": {"a": {"exact": "2"}}}),
            ({"queryParams": {"a": {"exact": "1"}}}, {"queryParams": {"a": {"exact": "2"}}}),
            ({"port": 80}, {"port": 81}),
            ({"sourceNamespace": "default"}, uri(prefix="/p")),
            ({**uri(prefix="/p"), "ignoreUriCase": True}, uri(prefix="/p")),
        ],
    )
    def test_a_match_outside_the_roots_makes_the_route_void(self, root: dict[str, Any], own: dict[str, Any]) -> None:
        with pytest.warns(
            ConfigWarning, match=r"http\[0\]: ignored, since its match is not within that of .*http\[0\]"
        ):
            config = with_part(delegating([root]), route(to("b"), match=[own]))
        assert cluster_at(config, "/p") == "default/c:80"

    def test_each_match_is_joined_with_each_that_it_is_within(self) -> None:
        roots = [uri(prefix="/1"), uri(prefix="/2")]
        own = [uri(prefix="/1/a"), {"headers": {"x": {"exact": "y"}}}]
        config = with_part(delegating(roots), route(to("b"), match=own))
        asked = [("/1/a", []), ("/1/b", []), ("/1/b", [("x", "y")]), ("/2", [("x", "y")]), ("/3", [("x", "y")])]
        assert [cluster_at(config, path, headers=headers) for path, headers in asked] == [
            "default/b:80",
            "default/c:80",
            "default/b:80",
            "default/b:80",
            "default/c:80",
        ]

    def test_without_a_match_of_its_own_the_roots_counts(self) -> None:
        config = with_part(delegating([uri(prefix="/p")], name="part"), route(to("b")))
        assert (cluster_at(config, "/p"), cluster_at(config, "/")) == ("default/b:80", "default/c:80")

    def test_what_the_delegate_does_not_say_is_the_roots(self) -> None:
        root = delegating(
            timeout="5s",
            retries={"attempts": 0},
            rewrite={"uri": "/root"},
            headers={"request": {"set": {"x": "root"}}},
        )
        config = with_part({**root, "name": "r"}, route(to("b"), name="d", timeout="1s"), name="part")
        action = forward(config)
        assert (action.timeout, action.retry_policy, action.prefix_rewrite) == (1.0, None, "/root")
        found = ask(config).route
        assert found.name == "r-d"
        assert [each.value for each in found.mutations.request_headers_to_add] == ["root"]

    def test_a_delegate_may_have_what_does_not_go_with_the_roots(self) -> None:
        fault = {"abort": {"httpStatus": 503, "percentage": {"value": 100}}}
        root = delegating(fault=fault, rewrite={"uri": "/x"}, mirror={"host": "b"})
        config = with_part(root, {"redirect": {"uri": "/new"}}, route(to("a"), mirrors=[to("c", port=80)]))
        routes = config.route_configurations["http.80"].virtual_hosts[0].routes
        assert isinstance(routes[0].action, RedirectAction)
        assert routes[0].fault is not None
        config = with_part(root, route(to("a"), mirrors=[to("c", port=80)]))
        assert [each.cluster for each in forward(config).request_mirror_policies] == ["default/b:80", "default/c:80"]

    def test_a_delegate_can_answer_itself(self) -> None:
        config = with_part(delegating(), {"redirect": {"uri": "/new"}})
        assert isinstance(config.route_configurations["http.80"].virtual_hosts[0].routes[0].action, RedirectAction)

    def test_short_hosts_are_those_of_the_delegates_namespace(self) -> None:
        config = load(
            [
                gateway(),
                virtual_service({"delegate": {"name": "part", "namespace": "there"}}),
                inside("there", part(route(to("a")))),
                inside("there", service("a")),
                *SERVICES,
            ]
        )
        assert cluster_at(config) == "there/a:80"

    def test_two_roots_may_share_a_delegate(self) -> None:
        config = with_part(delegating([uri(prefix="/1")]), route(to("b")))
        assert cluster_at(config, "/1") == "default/b:80"
        both = virtual_service(delegating([uri(prefix="/1")]), delegating([uri(prefix="/2")]))
        config = load([gateway(), both, part(route(to("b"))), *SERVICES])
        assert (cluster_at(config, "/1"), cluster_at(config, "/2")) == ("default/b:80", "default/b:80")

    @pytest.mark.parametrize(
        ("root", "delegate", "reason"),
        [
            (delegating(route=[to("a")]), part(route()), "route and delegate exclude each other"),
            (delegating(redirect={"uri": "/"}), part(route()), "redirect and delegate exclude each other"),
            (delegating(), part(delegating(name="other")), "a delegate has no delegates"),
            (delegating(), part(route(), gateways=["web"]), "gateways are those of the VirtualService that delegates"),
            (delegating(), part(route(), tcp=[{"route": [to("a")]}]), "tcp are those of the VirtualService"),
            (delegating(), part(), "has neither hosts nor http routes"),
        ],
    )
    def test_refused(self, root: dict[str, Any], delegate: dict[str, Any], reason: str) -> None:
        found = refusals(gateway(), virtual_service(root), delegate)
        assert any(reason in each for each in found), found


class TestOneHost:
    def test_at_a_gateway_routes_are_joined_and_catch_alls_come_last(self) -> None:
        old = virtual_service(
            route(to("a"), match=[uri(prefix="/a")]), route(to("c", port=80)), name="z", hosts=("x.org",)
        )
        old["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z"
        young = virtual_service(route(to("b"), match=[uri(prefix="/a/b")]), route(to("b")), name="a", hosts=("x.org",))
        config = load([gateway(), young, old, *SERVICES])
        hosts = config.route_configurations["http.80"].virtual_hosts
        assert len(hosts) == 1
        clusters = [each.action.cluster for each in hosts[0].routes if isinstance(each.action, RouteAction)]
        assert clusters == ["default/a:80", "default/b:80", "default/c:80", "default/b:80"]

    def test_what_takes_all_is_told_by_its_text(self) -> None:
        """A regular expression that happens to take every path stays in its place."""
        for regex, found in ((".*", "default/b:80"), ("/.*", "default/a:80")):
            services = [
                virtual_service(route(to("a"), match=[uri(regex=regex)]), name="a"),
                virtual_service(route(to("b"), match=[uri(prefix="/b")]), name="b"),
            ]
            assert cluster_at(load([gateway(), *services, *SERVICES]), "/b") == found

    def test_routes_of_an_older_gateway_come_first(self) -> None:
        services = [
            virtual_service(route(to("a"), match=[uri(prefix="/x")]), name="a", gateways=["late"]),
            virtual_service(route(to("b"), match=[uri(prefix="/")]), name="b", gateways=["early"]),
            virtual_service(route(to("c", port=80), match=[{"headers": {"h": {}}}]), name="c", gateways=["early"]),
        ]
        config = load([gateway(name="early"), gateway(name="late"), *services, *SERVICES])
        assert cluster_at(config, "/x", headers=[("h", "1")]) == "default/c:80"
        assert (cluster_at(config, "/x"), cluster_at(config, "/y")) == ("default/a:80", "default/b:80")

    def test_the_name_of_a_match_follows_that_of_its_route(self) -> None:
        named = route(to("a"), name="r", match=[{"name": "m", **uri(prefix="/1")}, uri(prefix="/2")])
        config = edge(named, route(match=[{"name": "alone"}]))
        assert [ask(config, path).route.name for path in ("/1", "/2", "/3")] == ["r.m", "r", ".alone"]

    def test_a_route_behind_a_catch_all_is_never_reached(self) -> None:
        assert cluster_at(edge(route(), route(to("b"), match=[uri(prefix="/b")])), "/b") == "default/a:80"


class TestVisibility:
    def visible(self, exports: list[str], scope: Scope | None = None) -> list[str | None]:
        """At a gateway in default, and in the mesh: where x goes by a VirtualService of another namespace."""
        document = inside(
            "there",
            virtual_service(
                route(to("a.default.svc.cluster.local")),
                hosts=("x.org",),
                gateways=["default/web", "mesh"],
                exportTo=exports,
            ),
        )
        config = load([gateway(), document, *SERVICES], scope=scope)
        tables = [name for name in ("http.80", "80") if name in config.route_configurations]
        return [cluster_at(config, host="x.org", table=name) for name in tables]

    def test_everywhere(self) -> None:
        assert self.visible(["*"]) == self.visible([]) == ["default/a:80", "default/a:80"]

    def test_in_its_own_namespace(self) -> None:
        assert self.visible(["."], Scope(namespace="there")) == ["default/a:80", "default/a:80"]
        assert self.visible(["."], Scope(namespace="default")) == [None]
        assert self.visible(["default"], Scope(namespace="default")) == ["default/a:80", "default/a:80"]

    def test_a_gateway_is_where_its_gateway_is(self) -> None:
        documents = [gateway(), virtual_service(route(), exportTo=["."]), *SERVICES]
        assert cluster_at(load(documents)) == "default/a:80"
        hidden = inside("there", virtual_service(route(to("a.default.svc.cluster.local")), gateways=["default/web"]))
        hidden["spec"]["exportTo"] = ["."]
        assert cluster_at(load([gateway(), hidden, *SERVICES])) is None

    def test_whose_configuration_it_is_must_be_known(self) -> None:
        documents = [
            inside("there", virtual_service(route(to("b")), hosts=("b",), gateways=["mesh"], exportTo=["."])),
            inside("there", service("b")),
        ]
        assert any("say with Scope.namespace" in each for each in refusals(*documents))

    def test_a_service_entry(self) -> None:
        hidden = inside("there", service_entry(endpoints=[{"address": "10.0.0.1"}], exportTo=["."]))
        split = virtual_service(route(), hosts=("a",), gateways=["mesh"])
        for namespace, found in (("there", "there/api.example:80"), ("default", None)):
            config = load([hidden, split, *SERVICES], scope=Scope(namespace=namespace))
            assert cluster_at(config, host="api.example", table="80") == found

    def test_sources_are_known_beforehand(self) -> None:
        http = [
            route(to("b"), match=[{"sourceLabels": {"app": "x"}, "sourceNamespace": "default"}]),
            route(to("c", port=80), match=[{"sourceNamespace": "there"}]),
            route(to("a")),
        ]
        documents = [virtual_service(*http, hosts=("a",), gateways=["mesh"]), *SERVICES]
        for labels, namespace, found in (
            ({"app": "x", "v": "1"}, "default", "default/b:80"),
            ({"app": "y"}, "default", "default/a:80"),
            ({"app": "x"}, "there", "default/c:80"),
        ):
            scope = Scope(namespace=namespace, labels=labels)
            assert cluster_at(load(documents, scope=scope), host="a.default", table="80") == found

    def test_a_match_that_names_gateways_does_not_ask_for_sources(self) -> None:
        match = {"gateways": ["mesh"], "sourceLabels": {"app": "x"}, "sourceNamespace": "there"}
        http = [route(to("b"), match=[match]), route(to("a"))]
        documents = [virtual_service(*http, hosts=("a",), gateways=["mesh"]), *SERVICES]
        config = load(documents, scope=Scope(namespace="default", labels={"app": "y"}))
        assert cluster_at(config, host="a", table="80") == "default/b:80"


class TestNames:
    def test_hosts_are_compared_in_small_letters(self) -> None:
        documents = [gateway("*.Shop.example"), virtual_service(route(), hosts=("WWW.shop.example",)), *SERVICES]
        assert cluster_at(load(documents), host="www.shop.example") == "default/a:80"

    @pytest.mark.parametrize("name", ["web", "./web", "default/web", "web.default", "web.default.svc.cluster.local"])
    def test_of_a_gateway(self, name: str) -> None:
        matched = route(to("a"), match=[{"gateways": [name]}])
        assert cluster_at(edge(matched, gateways=[name])) == "default/a:80"


class TestMesh:
    def test_a_service_has_its_addresses_for_names(self) -> None:
        own = {**service("a"), "spec": {"clusterIP": "10.0.0.9", "ports": [{"name": "http", "port": 80}]}}
        entry = service_entry(
            endpoints=[{"address": "10.9.0.1"}], addresses=["192.0.2.1", "2001:db8::1", "198.51.100.0/24"]
        )
        config = load([virtual_service(route(), hosts=("a",), gateways=["mesh"]), own, entry])
        assert cluster_at(config, host="10.0.0.9", table="80") == "default/a:80"
        for address in ("192.0.2.1", "192.0.2.1:80", "[2001:db8::1]"):
            assert cluster_at(config, host=address, table="80") == "default/api.example:80"
        assert cluster_at(config, host="198.51.100.7", table="80") is None

    def test_a_host_of_the_clusters_domain_has_short_names_whatever_it_is(self) -> None:
        entry = service_entry(hosts=["vm.default.svc.cluster.local"], endpoints=[{"address": "10.9.0.1"}])
        config = load([virtual_service(route(), hosts=("a",), gateways=["mesh"]), entry, *SERVICES])
        for host in ("vm", "vm.default", "vm.default.svc"):
            assert cluster_at(config, host=host, table="80") == "default/vm.default.svc.cluster.local:80"

    def test_another_name_of_a_service(self) -> None:
        alias = {**service("s"), "spec": {"type": "ExternalName", "externalName": "b.default.svc.cluster.local"}}
        config = load([virtual_service(route(to("s")), hosts=("a",), gateways=["mesh"]), alias, *SERVICES])
        for host in ("a", "b", "s", "s.default.svc.cluster.local"):
            assert cluster_at(config, host=host, table="80") == "default/b:80"
        own = virtual_service(route(to("a")), hosts=("s",), gateways=["mesh"])
        config = load([own, alias, *SERVICES])
        hosts = ("s.default.svc.cluster.local", "s.default", "b")
        found = [cluster_at(config, host=host, table="80") for host in hosts]
        assert found == ["default/a:80", "default/b:80", "default/b:80"]

    def test_a_bare_name_of_another_namespace_is_none(self) -> None:
        documents = [inside("there", service("far")), virtual_service(route(), hosts=("a",), gateways=["mesh"])]
        config = load([*documents, *SERVICES], scope=Scope(namespace="default"))
        assert cluster_at(config, host="far", table="80") is None
        assert cluster_at(config, host="far.there", table="80") == "there/far:80"

    def test_a_host_that_is_no_service_is_at_the_ports_of_the_others(self) -> None:
        both = virtual_service(route(to("a", port=80)), hosts=("c", "shop.example"), gateways=["mesh"])
        config = load([both, *SERVICES])
        for table in ("80", "8080"):
            assert cluster_at(config, host="shop.example", table=table) == "default/a:80"

    def test_a_name_that_a_virtual_service_has_is_no_short_name(self) -> None:
        """It is the VirtualService that speaks of a.default; the Service of that name has its other names."""
        config = load([virtual_service(route(to("b")), hosts=("a.default",), gateways=["mesh"]), *SERVICES])
        hosts = ("a.default", "a.default.svc.cluster.local", "a")
        assert [cluster_at(config, host=host, table="80") for host in hosts] == [
            "default/b:80",
            "default/a:80",
            "default/a:80",
        ]

    def test_where_the_older_one_has_no_route_the_younger_one_counts(self) -> None:
        old = virtual_service(route(to("a"), match=[{"port": 81}]), name="a", hosts=("b",), gateways=["mesh"])
        young = virtual_service(route(to("c", port=80)), name="b", hosts=("b",), gateways=["mesh"])
        assert cluster_at(load([old, young, *SERVICES]), host="b", table="80") == "default/c:80"

    def test_what_a_namespace_keeps_to_itself_comes_before_what_all_see(self) -> None:
        public = virtual_service(route(to("a")), name="a", hosts=("b",), gateways=["mesh"])
        private = virtual_service(route(to("c", port=80)), name="b", hosts=("b",), gateways=["mesh"], exportTo=["."])
        config = load([public, private, *SERVICES], scope=Scope(namespace="default"))
        assert cluster_at(config, host="b", table="80") == "default/c:80"

    def test_without_a_port_a_destination_is_at_the_only_one_of_its_service(self) -> None:
        other = {**service("o"), "spec": {"ports": [{"name": "http", "port": 9000}]}}
        split = virtual_service(route(to("o")), hosts=("a",), gateways=["mesh"])
        assert cluster_at(load([split, other, *SERVICES]), host="a", table="80") == "default/o:9000"
        other["spec"]["ports"].append({"name": "dns", "port": 53, "protocol": "UDP"})
        assert cluster_at(load([split, other, *SERVICES]), host="a", table="80") == "default/o:80"

    def test_gateways_do_not_see_what_is_for_the_mesh_and_the_other_way_round(self) -> None:
        http = [
            route(to("b"), match=[{"gateways": ["mesh"], **uri(prefix="/m")}]),
            route(to("b"), match=[{"gateways": ["web"], **uri(prefix="/g")}]),
            route(to("c", port=80)),
        ]
        documents = [
            gateway(),
            virtual_service(*http, hosts=("a.default.svc.cluster.local",), gateways=["web", "mesh"]),
        ]
        config = load([*documents, *SERVICES])
        host = "a.default.svc.cluster.local"
        for table, paths in (("http.80", ("/g", "/m")), ("80", ("/m", "/g"))):
            assert [cluster_at(config, each, host, table=table) for each in paths] == ["default/b:80", "default/c:80"]

    def test_where_a_virtual_service_has_no_route_it_does_not_count(self) -> None:
        """At a gateway, less particular hosts have their routes then; in the mesh, all goes to the Service."""
        only = virtual_service(
            route(to("b", port=80), match=[{"port": 8080}]), name="v", hosts=("c",), gateways=["mesh"]
        )
        assert cluster_at(load([only, *SERVICES]), host="c", table="80") == "default/c:80"
        assert cluster_at(load([only, *SERVICES]), host="c", table="8080") == "default/b:80"
        elsewhere = virtual_service(route(to("b"), match=[{"port": 81}]), name="v", hosts=("a.x.org",))
        bytes_ = istio("VirtualService", "t", hosts=["b.x.org"], gateways=["web"], tcp=[{"route": [to("b")]}])
        config = load([gateway(), elsewhere, bytes_, virtual_service(route(), hosts=("*.x.org",)), *SERVICES])
        assert [cluster_at(config, host=host) for host in ("a.x.org", "b.x.org")] == ["default/a:80"] * 2

    def test_without_a_port_a_destination_has_the_one_that_the_request_came_to(self) -> None:
        config = load([virtual_service(route(to("c")), hosts=("c",), gateways=["mesh"]), *SERVICES])
        assert [cluster_at(config, host="c", table=port) for port in ("80", "8080")] == [
            "default/c:80",
            "default/c:8080",
        ]

    def test_a_bare_name_is_that_of_the_workloads_namespace(self) -> None:
        documents = [
            virtual_service(route(), hosts=("b",), gateways=["mesh"]),
            inside("there", service("a")),
            *SERVICES,
        ]
        for namespace, found in (("default", "default/a:80"), ("there", "there/a:80"), ("else", None)):
            config = load(documents, scope=Scope(namespace=namespace))
            assert cluster_at(config, host="a", table="80") == found
