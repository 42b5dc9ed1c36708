"""Ingress: every request reaches the backend that the Kubernetes documentation says."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import FilterChainTable, RouteTable
from fastpath.config import Scope, load
from fastpath.errors import ConfigErrors, ConfigWarning
from fastpath.models import Condition, Config, HttpConnectionManager, RouteAction


def path(backend: str, path: str | None = "/", path_type: str = "Prefix", port: object = 80) -> dict[str, Any]:
    found = {"path": path} if path is not None else {}
    return {**found, "pathType": path_type, "backend": target(backend, port)}


def target(backend: str, port: object = 80) -> dict[str, Any]:
    return {"service": {"name": backend, "port": {"name" if isinstance(port, str) else "number": port}}}


def rule(*paths: object, host: str | None = None) -> dict[str, Any]:
    return {**({"host": host} if host is not None else {}), "http": {"paths": list(paths)}}


def ingress(*rules: object, name: str = "web", created: str = "", **spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "creationTimestamp": created or None},
        "spec": {**({"rules": list(rules)} if rules else {}), **spec},
    }


def service(name: str) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80}, {"name": "admin", "port": 8080}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports}}


def secret(name: str) -> dict[str, Any]:
    data = {"tls.crt": "Y2VydA==", "tls.key": "a2V5"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name},
        "data": data,
    }


def ingress_class(name: str, *, default: bool = False) -> dict[str, Any]:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"controller": "example.com/ingress", "parameters": {"kind": "Anything"}},
    }


SERVICES = [service(name) for name in "abcd"]


def configured(*documents: object) -> Config:
    return load([*SERVICES, *documents])  # type: ignore[list-item]


def backend_of(config: Config, host: str, path: str) -> str | None:
    """The Service that a request reaches."""
    match = RouteTable.from_config(config, "ingress").match_parts(method="GET", authority=host, path=path)
    return match.cluster.removeprefix("default/") if match is not None and match.cluster is not None else None


def errors_of(*documents: object) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        configured(*documents)
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


def conditions_of(config: Config, name: str = "web") -> dict[str, Condition]:
    (status,) = [each for each in config.statuses if each.name == name]
    return {condition.type: condition for condition in status.conditions}


class TestPaths:
    @pytest.mark.parametrize(
        ("kind", "paths", "request_path", "reached"),
        # The examples of https://kubernetes.io/docs/concepts/services-networking/ingress/#examples.
        [
            ("Prefix", ["/"], "/any/path", "/"),
            ("Exact", ["/foo"], "/foo", "/foo"),
            ("Exact", ["/foo"], "/bar", None),
            ("Exact", ["/foo"], "/foo/", None),
            ("Exact", ["/foo/"], "/foo", None),
            ("Prefix", ["/foo"], "/foo", "/foo"),
            ("Prefix", ["/foo"], "/foo/", "/foo"),
            ("Prefix", ["/foo/"], "/foo", "/foo/"),
            ("Prefix", ["/foo/"], "/foo/", "/foo/"),
            ("Prefix", ["/aaa/bb"], "/aaa/bbb", None),
            ("Prefix", ["/aaa/bbb"], "/aaa/bbb", "/aaa/bbb"),
            ("Prefix", ["/aaa/bbb/"], "/aaa/bbb", "/aaa/bbb/"),
            ("Prefix", ["/aaa/bbb"], "/aaa/bbb/", "/aaa/bbb"),
            ("Prefix", ["/aaa/bbb"], "/aaa/bbb/ccc", "/aaa/bbb"),
            ("Prefix", ["/aaa/bbb"], "/aaa/bbbxyz", None),
            ("Prefix", ["/", "/aaa"], "/aaa/ccc", "/aaa"),
            ("Prefix", ["/", "/aaa", "/aaa/bbb"], "/aaa/bbb", "/aaa/bbb"),
            ("Prefix", ["/", "/aaa", "/aaa/bbb"], "/ccc", "/"),
            ("Prefix", ["/aaa"], "/ccc", None),
            ("Prefix", ["/foo"], "/FOO", None),
            ("ImplementationSpecific", ["/foo"], "/foo/bar", "/foo"),
            ("ImplementationSpecific", [None], "/foo/bar", None),
        ],
    )
    def test_examples(self, kind: str, paths: list[str | None], request_path: str, reached: str | None) -> None:
        names = dict(zip("abcd", paths, strict=False))
        rules = rule(*(path(name, each, kind) for name, each in names.items()))
        found = backend_of(configured(ingress(rules)), "foo.com", request_path)
        if None in paths:
            assert found == "a:80"
        else:
            assert found == next((f"{name}:80" for name, each in names.items() if each == reached), None)

    def test_exact_beats_prefix(self) -> None:
        config = configured(ingress(rule(path("a", "/foo"), path("b", "/foo", "Exact"), path("c", "/foo/"))))
        assert backend_of(config, "foo.com", "/foo") == "b:80"
        assert backend_of(config, "foo.com", "/foo/bar") in ("a:80", "c:80")

    def test_query_does_not_count(self) -> None:
        assert backend_of(configured(ingress(rule(path("a", "/foo", "Exact")))), "x", "/foo?bar=/") == "a:80"

    def test_longest_path_of_several_ingresses(self) -> None:
        config = configured(
            ingress(rule(path("a", "/")), name="one"),
            ingress(rule(path("b", "/foo")), name="two"),
            ingress(rule(path("c", "/foo/bar")), name="three"),
        )
        assert [backend_of(config, "x", each) for each in ("/", "/foo/x", "/foo/bar")] == ["a:80", "b:80", "c:80"]

    def test_of_the_same_path_the_oldest_wins(self) -> None:
        config = configured(
            ingress(rule(path("a", "/foo")), name="a", created="2024-02-01T00:00:00Z"),
            ingress(rule(path("b", "/foo")), name="b", created="2024-01-01T00:00:00Z"),
            ingress(rule(path("c", "/foo")), name="0"),
        )
        assert backend_of(config, "x", "/foo") == "b:80"


class TestHosts:
    def test_exact(self) -> None:
        config = configured(ingress(rule(path("a"), host="foo.bar.com")))
        assert backend_of(config, "foo.bar.com", "/") == "a:80"
        assert backend_of(config, "FOO.bar.com:8080", "/") == "a:80"
        assert backend_of(config, "bar.com", "/") is None
        assert backend_of(config, "x.foo.bar.com", "/") is None

    @pytest.mark.parametrize(
        ("host", "reached"),
        # The table of https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards.
        [
            ("bar.foo.com", "a:80"),
            ("BAR.foo.com:443", "a:80"),
            ("baz.bar.foo.com", None),
            ("foo.com", None),
            (".foo.com", None),
            ("bar.foo.com.org", None),
        ],
    )
    def test_wildcard_is_one_label(self, host: str, reached: str | None) -> None:
        assert backend_of(configured(ingress(rule(path("a"), host="*.foo.com"))), host, "/") == reached

    def test_exact_before_wildcard_before_any(self) -> None:
        config = configured(
            ingress(
                rule(path("c")),
                rule(path("b"), host="*.foo.com"),
                rule(path("a"), host="bar.foo.com"),
            )
        )
        assert backend_of(config, "bar.foo.com", "/") == "a:80"
        assert backend_of(config, "baz.foo.com", "/") == "b:80"
        assert backend_of(config, "x.baz.foo.com", "/") == "c:80"
        assert backend_of(config, "other.org", "/") == "c:80"

    def test_a_rule_without_host_is_for_all_traffic(self) -> None:
        config = configured(ingress(rule(path("a", "/foo"), host="foo.com"), rule(path("b", "/"))))
        assert backend_of(config, "foo.com", "/foo") == "a:80"
        assert backend_of(config, "foo.com", "/bar") == "b:80"

    def test_rules_of_one_host_add_up(self) -> None:
        config = configured(
            ingress(rule(path("a", "/a"), host="foo.com"), rule(path("b", "/b"), host="foo.com"), name="one"),
            ingress(rule(path("c", "/c"), host="foo.com"), name="two"),
        )
        assert [backend_of(config, "foo.com", each) for each in ("/a", "/b", "/c")] == ["a:80", "b:80", "c:80"]


class TestDefaultBackend:
    def test_alone(self) -> None:
        config = configured(ingress(defaultBackend=target("d")))
        assert backend_of(config, "any.host", "/any/path") == "d:80"

    def test_takes_what_no_rule_takes(self) -> None:
        config = configured(ingress(rule(path("a", "/foo"), host="*.foo.com"), defaultBackend=target("d")))
        assert backend_of(config, "bar.foo.com", "/foo") == "a:80"
        assert backend_of(config, "bar.foo.com", "/bar") == "d:80"
        assert backend_of(config, "x.bar.foo.com", "/foo") == "d:80"
        assert backend_of(config, "other", "/foo") == "d:80"

    def test_each_ingress_has_its_own(self) -> None:
        config = configured(
            ingress(rule(path("a", "/a"), host="a.com"), defaultBackend=target("c"), name="one"),
            ingress(rule(path("b", "/b"), host="b.com"), defaultBackend=target("d"), name="two"),
        )
        assert [backend_of(config, host, "/x") for host in ("a.com", "b.com", "c.com")] == ["c:80", "d:80", "c:80"]

    def test_a_host_without_paths_has_that_of_its_ingress(self) -> None:
        config = configured(
            ingress(defaultBackend=target("c"), name="one"),
            ingress({"host": "b.com"}, {"host": "*.d.com"}, defaultBackend=target("d"), name="two"),
        )
        hosts = ("a.com", "b.com", "x.d.com", "x.y.d.com")
        assert [backend_of(config, host, "/x") for host in hosts] == ["c:80", "d:80", "d:80", "c:80"]

    def test_none(self) -> None:
        assert backend_of(configured(ingress(rule(path("a", "/foo")))), "foo.com", "/bar") is None


class TestBackends:
    def test_port_by_name(self) -> None:
        assert backend_of(configured(ingress(rule(path("a", port="admin")))), "x", "/") == "a:8080"

    def test_requests_go_to_another_endpoint_when_one_is_dead(self) -> None:
        config = configured(ingress(rule(path("a"))))
        action = config.route_configurations["ingress"].virtual_hosts[0].routes[0].action
        assert isinstance(action, RouteAction)
        assert action.retry_policy is not None
        assert action.retry_policy.retry_on == ("connect-failure",)
        assert action.retry_policy.previous_hosts

    def test_missing_service_is_told(self) -> None:
        config = load([service("shop"), ingress(rule(path("shoop")))])
        assert backend_of(config, "x", "/") == "shoop:80"
        assert conditions_of(config)["ResolvedRefs"] == Condition(
            "ResolvedRefs",
            status=False,
            reason="BackendNotFound",
            message="""there is no Service "default/shoop"; did you mean "shop"?""",
        )
        assert conditions_of(configured(ingress(rule(path("a")))))["ResolvedRefs"].status

    def test_missing_port_is_told(self) -> None:
        config = configured(ingress(rule(path("a", port=81))))
        assert (
            conditions_of(config)["ResolvedRefs"].message
            == 'the Service "default/a" has no port 81, only 80 http, 8080 admin'
        )

    def test_a_resource_is_another_controllers(self) -> None:
        """The Ingress is served but for that path, which is answered with 503."""
        resource = {"resource": {"apiGroup": "k8s.example.com", "kind": "StorageBucket", "name": "icons"}}
        document = ingress(
            rule(path("a"), {"path": "/icons", "pathType": "ImplementationSpecific", "backend": resource})
        )
        config = configured(document)
        assert backend_of(config, "x", "/shop") == "a:80"
        missing = backend_of(config, "x", "/icons/a.png")
        assert missing == "StorageBucket/icons"
        assert missing not in {each.name for each in config.clusters}
        found = conditions_of(config)["ResolvedRefs"]
        assert (found.status, found.reason) == (False, "InvalidKind")
        assert found.message == 'only Services are served, not the StorageBucket "default/icons"'


class TestClasses:
    def test_class_that_is_not_there(self) -> None:
        config = configured(ingress_class("ours"), ingress(rule(path("a")), ingressClassName="theirs"))
        assert config.listeners == ()
        assert [(each.status, each.reason) for each in conditions_of(config).values()] == [(False, "OtherClass")]

    def test_class_that_is_there(self) -> None:
        config = configured(ingress_class("ours"), ingress(rule(path("a")), ingressClassName="ours"))
        assert backend_of(config, "x", "/") == "a:80"

    def test_one_class_of_several(self) -> None:
        documents = [
            *SERVICES,
            ingress_class("one", default=True),
            ingress_class("two"),
            ingress(rule(path("a", "/a")), name="a", ingressClassName="one"),
            ingress(rule(path("b", "/b")), name="b", ingressClassName="two"),
            ingress(rule(path("c", "/c")), name="c"),
        ]
        for wanted, reached in (("one", ["a:80", None, "c:80"]), ("two", [None, "b:80", None])):
            config = load(documents, scope=Scope(ingress_class=wanted))
            assert [backend_of(config, "x", each) for each in ("/a", "/b", "/c")] == reached

    def test_of_several_default_classes_the_newest_counts(self) -> None:
        def default(name: str, created: str) -> dict[str, Any]:
            document = ingress_class(name, default=True)
            document["metadata"]["creationTimestamp"] = created
            return document

        first, second = "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"
        for classes, expected in (
            ([default("a", first), default("b", second), default("c", first)], "b"),
            ([default("b", first), default("a", first)], "a"),
        ):
            for wanted in "abc":
                config = load([*SERVICES, *classes, ingress(rule(path("a")))], scope=Scope(ingress_class=wanted))
                assert bool(config.listeners) == (wanted == expected)

    def test_the_annotation_that_came_before_the_field(self) -> None:
        documents = [ingress(rule(path(name, f"/{name}")), name=name) for name in "ab"]
        documents[0]["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "one"}
        documents[1]["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "two"}
        documents[1]["spec"]["ingressClassName"] = "one"
        documents.append(ingress(rule(path("c", "/c")), name="c"))
        for wanted, reached in (("one", ["a:80", "b:80", None]), ("two", [None] * 3)):
            config = load([*SERVICES, ingress_class("two"), *documents], scope=Scope(ingress_class=wanted))
            found = [
                backend_of(config, "x", each) if config.route_configurations else None for each in ("/a", "/b", "/c")
            ]
            assert found == reached

    def test_without_classes_every_ingress_is_served(self) -> None:
        config = configured(ingress(rule(path("a")), ingressClassName="whatever"))
        assert backend_of(config, "x", "/") == "a:80"


class TestCanary:
    @staticmethod
    def canary(weight: str = "10", path_: str = "/shop", **annotations: str) -> dict[str, Any]:
        document = ingress(rule(path("b", path_), host="foo.com"), name="canary")
        names = {"canary": "true", "canary-weight": weight, **annotations}
        document["metadata"]["annotations"] = {f"nginx.ingress.kubernetes.io/{key}": names[key] for key in names}
        return document

    MAIN = ingress(rule(path("a", "/shop"), path("c", "/other"), host="foo.com"))

    def test_a_share_goes_to_another_service(self) -> None:
        table = RouteTable.from_config(configured(self.MAIN, self.canary()), seed=3)
        clusters = [table.match_parts(method="GET", authority="foo.com", path="/shop") for _ in range(10_000)]
        shares = sum(each is not None and each.cluster == "default/b:80" for each in clusters)
        assert abs(shares - 1000) < 90
        match = table.match_parts(method="GET", authority="foo.com", path="/other")
        assert match is not None
        assert match.cluster == "default/c:80"

    def test_total(self) -> None:
        config = configured(self.MAIN, self.canary("1000", **{"canary-weight-total": "1000"}))
        assert backend_of(config, "foo.com", "/shop") == "b:80"

    def test_refused(self) -> None:
        assert errors_of(self.MAIN, self.canary("101")) == [
            "[5]: expected a number from 0 to 100 in nginx.ingress.kubernetes.io/canary-weight, found '101'"
        ]
        assert errors_of(self.MAIN, self.canary(path_="/elsewhere")) == [
            "[5]: no other Ingress has the host foo.com with the path /elsewhere"
        ]
        assert errors_of(self.MAIN, self.canary(**{"canary-by-header": "x"})) == [
            "[5]: the annotation 'nginx.ingress.kubernetes.io/canary-by-header' is not supported"
        ]


class TestTls:
    def test_certificates_by_server_name(self) -> None:
        tls = [{"hosts": ["foo.com"], "secretName": "one"}, {"hosts": ["*.bar.com"], "secretName": "two"}]
        config = configured(secret("one"), secret("two"), ingress(rule(path("a")), tls=tls))
        plain, secure = config.listeners
        assert (plain.port, secure.port) == (80, 443)
        table = FilterChainTable(secure)
        names = {}
        for name in ("foo.com", "x.bar.com", "other.org"):
            chain = table.match_connection(port=443, sni=name, transport_protocol="tls")
            names[name] = chain.name if chain is not None else None
        assert names == {"foo.com": "https foo.com", "x.bar.com": "https *.bar.com", "other.org": None}
        (first, _) = secure.filter_chains
        assert first.tls is not None
        assert first.tls.certificates[0].private_key.inline == b"key"
        (manager,) = first.filters
        assert isinstance(manager, HttpConnectionManager)
        assert manager.route_config_name == "ingress"

    def test_missing_secret_is_told(self) -> None:
        config = configured(secret("certs"), ingress(rule(path("a")), tls=[{"hosts": ["a"], "secretName": "cert"}]))
        assert len(config.listeners) == 1
        assert conditions_of(config)["ResolvedRefs"].reason == "InvalidCertificateRef"
        assert 'did you mean "certs"?' in conditions_of(config)["ResolvedRefs"].message


class TestRefused:
    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (ingress(), "[4].spec: has neither rules nor a defaultBackend"),
            (ingress({"http": {"paths": []}}), "[4].spec.rules[0].http: has no paths"),
            (ingress(rule({"path": "/", "backend": target("a")})), '"pathType" is missing'),
            (ingress(rule(path("a", "/", "prefix"))), """found 'prefix'; did you mean "Prefix"?"""),
            (ingress(rule(path("a", "foo"))), "a path begins with '/', found 'foo'"),
            (ingress(rule(path("a", None))), '"path" is missing'),
            (ingress(rule(path("a", "", "Exact"))), "a path begins with '/', found ''"),
            (ingress(rule(path("a", "/a//b"))), "a path does not hold '//', found '/a//b'"),
            (ingress(rule(path("a", "/a/../b"))), "a path does not hold '/../', found '/a/../b'"),
            (ingress(rule(path("a"), host="10.0.0.1")), "expected a host name in small letters"),
            (ingress(rule(path("a"), host="a.*.com")), "expected a host name in small letters"),
            (ingress(rule(path("a"), host="foo.com:80")), "expected a host name in small letters"),
            (ingress(rule(path("a")), tls=[{"hosts": ["*."]}]), "expected a host name in small letters"),
            (
                ingress(rule({"pathType": "Prefix", "backend": {"resource": {"kind": "A"}}})),
                'backend.resource: "name" is missing',
            ),
            (
                ingress(defaultBackend={**target("a"), "resource": {"kind": "A", "name": "b"}}),
                "service and resource exclude each other",
            ),
            (
                ingress(rule({"pathType": "Prefix", "backend": {}})),
                "has no backend: one of service, resource is needed",
            ),
            (
                ingress(defaultBackend={"service": {"name": "a", "port": {}}}),
                "has no port: one of number, name is needed",
            ),
            (ingress(defaultBackend={"service": {"name": "a", "port": {"number": 0}}}), "from 1 to 65535, found 0"),
            (
                ingress(rule(path("a")), ruels=[]),
                """the field 'ruels' is unknown or not supported; did you mean "rules"?""",
            ),
        ],
    )
    def test_refused(self, document: object, reason: str) -> None:
        assert any(reason in error for error in errors_of(document))

    def test_annotations_of_other_controllers(self) -> None:
        document = ingress(rule(path("a")))
        document["metadata"]["annotations"] = {"nginx.ingress.kubernetes.io/rewrite-target": "/"}
        assert errors_of(document) == [
            "[4]: the annotation 'nginx.ingress.kubernetes.io/rewrite-target' is not supported"
        ]
        with pytest.warns(ConfigWarning, match="rewrite-target"):
            load([*SERVICES, document], lenient=True)
