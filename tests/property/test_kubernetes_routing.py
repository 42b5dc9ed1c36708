"""Ingress and Gateway API against models that say the documentation's sentences one by one."""

from __future__ import annotations

from typing import Any

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import RouteTable
from fastpath.config import load
from fastpath.models import Config

HOSTS = ["a.com", "b.a.com", "c.b.a.com", "*.a.com", "*.b.a.com", "*.com"]
REQUEST_HOSTS = ["a.com", "b.a.com", "x.a.com", "c.b.a.com", "x.b.a.com", "x.y.b.a.com", "other.org", "com"]
PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"]
REQUEST_PATHS = ["/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/bc", "/A"]
HEADERS = [("x", "1"), ("x", "2"), ("y", "1")]


def service(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}


def is_prefix(prefix: str, path: str) -> bool:
    """Element by element; a slash at the end of the prefix does not count."""
    elements = prefix.rstrip("/").split("/")
    return path.split("/")[: len(elements)] == elements


def decided(table: RouteTable, host: str, path: str, **request: Any) -> str | None:
    match = table.match_parts(authority=host, path=path, **request)
    return None if match is None else str(match.cluster).removeprefix("default/").removesuffix(":80")


# ---- Ingress

paths = st.tuples(st.sampled_from(["Exact", "Prefix"]), st.sampled_from(PATHS))
ingress_rules = st.lists(
    st.tuples(st.sampled_from([*HOSTS, None]), st.lists(paths, min_size=1, max_size=3)), min_size=1, max_size=4
)
ingresses = st.lists(st.tuples(st.integers(0, 2), ingress_rules, st.booleans()), min_size=1, max_size=3)


def one_label_matches(pattern: str | None, host: str) -> bool:
    if pattern is None or pattern == host:
        return True
    return pattern.startswith("*.") and host.partition(".")[2] == pattern[2:]


@settings(max_examples=examples(60), deadline=None)
@given(ingresses)
def test_ingress(objects: list[tuple[int, list[tuple[str | None, list[tuple[str, str]]]], bool]]) -> None:
    documents: list[dict[str, Any]] = []
    rules: list[tuple[int, int, str | None, str, str, str]] = []  # age, index, host, kind, path, service
    defaults: list[tuple[int, int, str, set[str | None]]] = []
    for index, (age, written, has_default) in enumerate(objects):
        spec: dict[str, Any] = {"rules": []}
        for host, found in written:
            entries = []
            for kind, path in found:
                name = f"s{len(rules)}"
                rules.append((age, index, host, kind, path, name))
                backend = {"service": {"name": name, "port": {"number": 80}}}
                entries.append({"path": path, "pathType": kind, "backend": backend})
            spec["rules"].append({"http": {"paths": entries}} | ({"host": host} if host is not None else {}))
        if has_default:
            spec["defaultBackend"] = {"service": {"name": f"d{index}", "port": {"number": 80}}}
            defaults.append((age, index, f"d{index}", {host for host, _ in written}))
        metadata = {"name": f"i{index}", "creationTimestamp": f"2024-01-0{age + 1}T00:00:00Z"}
        documents.append({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})
    table = RouteTable.from_config(load(documents), "ingress")

    def expected(host: str, path: str) -> str | None:
        fitting = [
            (
                (each[2] is None, each[2] is not None and each[2].startswith("*"), -len(each[2] or "")),
                (each[3] != "Exact", -len(each[4].rstrip("/"))),
                number,
                each[5],
            )
            for number, each in enumerate(sorted(rules, key=lambda each: each[:2]))
            if one_label_matches(each[2], host)
            and (path == each[4] if each[3] == "Exact" else is_prefix(each[4], path))
        ]
        if fitting:
            return min(fitting)[3]
        return default_for(host)

    def default_for(host: str) -> str | None:
        """That of the oldest Ingress with the most specific rule for the host, or else of the oldest."""
        ranked = [
            (
                min(
                    (
                        (own.startswith("*"), -len(own))
                        for own in hosts
                        if own is not None and one_label_matches(own, host)
                    ),
                    default=(True, 0),
                ),
                age,
                index,
                name,
            )
            for age, index, name, hosts in defaults
        ]
        return min(ranked)[3] if ranked else None

    for host in REQUEST_HOSTS:
        for path in REQUEST_PATHS:
            assert decided(table, host, path, method="GET") == expected(host, path), (host, path)


# ---- Gateway API

matches = st.fixed_dictionaries(
    {},
    optional={
        "path": st.builds(
            lambda kind, value: {"type": kind, "value": value},
            st.sampled_from(["Exact", "PathPrefix"]),
            st.sampled_from(PATHS),
        ),
        "method": st.sampled_from(["GET", "POST"]),
        "headers": st.lists(st.sampled_from(HEADERS), max_size=2, unique_by=lambda each: each[0]).map(
            lambda pairs: [{"name": name, "value": value} for name, value in pairs]
        ),
        "queryParams": st.just([{"name": "q", "value": "1"}]),
    },
)
http_routes = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(st.sampled_from(HOSTS), max_size=2, unique=True),
        st.sampled_from([None, "any", "wild", "exact"]),
        st.lists(st.lists(matches, min_size=1, max_size=2), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=4,
)
LISTENERS = {"any": None, "wild": "*.a.com", "exact": "b.a.com"}


def covers(pattern: str | None, host: str) -> bool:
    return pattern is None or pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def specificity(pattern: str | None) -> tuple[bool, bool, int]:
    return pattern is None, pattern is not None and pattern.startswith("*"), -len(pattern or "")


def loaded(objects: list[Any]) -> Config:
    listeners = [
        {"name": name, "port": 80, "protocol": "HTTP"} | ({"hostname": host} if host is not None else {})
        for name, host in LISTENERS.items()
    ]
    api = {"apiVersion": "gateway.networking.k8s.io/v1"}
    gateway = {"gatewayClassName": "a", "listeners": listeners}
    documents: list[dict[str, Any]] = [{**api, "kind": "Gateway", "metadata": {"name": "gw"}, "spec": gateway}]
    for index, (age, hosts, section, rules) in enumerate(objects):
        spec: dict[str, Any] = {
            "parentRefs": [{"name": "gw"} | ({"sectionName": section} if section is not None else {})],
            "hostnames": hosts,
            "rules": [],
        }
        for number, found in enumerate(rules):
            name = f"r{index}-{number}"
            documents.append(service(name))
            spec["rules"].append({"matches": found, "backendRefs": [{"name": name, "port": 80}]})
        metadata = {"name": f"r{index}", "creationTimestamp": f"2024-01-0{age + 1}T00:00:00Z"}
        documents.append({**api, "kind": "HTTPRoute", "metadata": metadata, "spec": spec})
    return load(documents)


def fits(match: dict[str, Any], path: str, method: str, headers: list[tuple[str, str]], query: str) -> bool:
    wanted = match.get("path", {"type": "PathPrefix", "value": "/"})
    value = wanted["value"]
    return (
        (path == value if wanted["type"] == "Exact" else is_prefix(value, path))
        and match.get("method", method) == method
        and all((each["name"], each["value"]) in headers for each in match.get("headers", ()))
        and ("queryParams" not in match or query == "q=1")
    )


@settings(max_examples=examples(60), deadline=None)
@given(http_routes)
def test_gateway_api(objects: list[Any]) -> None:
    table = RouteTable.from_config(loaded(objects), "default/gw:80")

    def expected(host: str, path: str, method: str, headers: list[tuple[str, str]], query: str) -> str | None:
        listener = min(
            (name for name in LISTENERS if covers(LISTENERS[name], host)), key=lambda name: specificity(LISTENERS[name])
        )
        fitting = []
        for index, (age, hosts, section, rules) in enumerate(objects):
            if section not in (None, listener):
                continue
            own = [each for each in hosts if covers(each, host)] if hosts else [None]
            if not own:
                continue
            for number, rule in enumerate(rules):
                for match in rule:
                    if fits(match, path, method, headers, query):
                        wanted = match.get("path", {"type": "PathPrefix", "value": "/"})
                        length = len(wanted["value"].rstrip("/")) if wanted["type"] == "PathPrefix" else 99
                        rank = (
                            min(map(specificity, own)),
                            wanted["type"] != "Exact",
                            -max(length, 1),
                            "method" not in match,
                            -len(match.get("headers", ())),
                            -len(match.get("queryParams", ())),
                            age,
                            index,
                            number,
                        )
                        fitting.append((rank, f"r{index}-{number}"))
        return min(fitting)[1] if fitting else None

    for host in REQUEST_HOSTS:
        for path in REQUEST_PATHS:
            for method, headers, query in (
                ("GET", [], ""),
                ("POST", [("x", "1"), ("y", "1")], "q=1"),
                ("GET", [("x", "2")], "q=1"),
            ):
                target = f"{path}?{query}" if query else path
                found = decided(table, host, target, method=method, headers=headers)
                assert found == expected(host, path, method, headers, query), (host, target, method, headers)


calls = st.fixed_dictionaries(
    {},
    optional={
        "method": st.fixed_dictionaries(
            {}, optional={"service": st.sampled_from(["a.B", "a.Bc"]), "method": st.sampled_from(["Get", "Set"])}
        ).filter(bool),
        "headers": st.lists(st.sampled_from(HEADERS), max_size=2, unique_by=lambda each: each[0]).map(
            lambda pairs: [{"name": name, "value": value} for name, value in pairs]
        ),
    },
)
grpc_routes = st.lists(
    st.tuples(st.integers(0, 1), st.lists(st.lists(calls, max_size=2), min_size=1, max_size=3)), min_size=1, max_size=3
)


@settings(max_examples=examples(60), deadline=None)
@given(grpc_routes)
def test_grpc_routes(objects: list[tuple[int, list[list[dict[str, Any]]]]]) -> None:
    api = {"apiVersion": "gateway.networking.k8s.io/v1"}
    listener = {"name": "any", "port": 80, "protocol": "HTTP"}
    gateway = {"gatewayClassName": "a", "listeners": [listener]}
    documents: list[dict[str, Any]] = [{**api, "kind": "Gateway", "metadata": {"name": "gw"}, "spec": gateway}]
    for index, (age, rules) in enumerate(objects):
        written = []
        for number, found in enumerate(rules):
            documents.append(service(f"r{index}-{number}"))
            written.append({"matches": found, "backendRefs": [{"name": f"r{index}-{number}", "port": 80}]})
        metadata = {"name": f"r{index}", "creationTimestamp": f"2024-01-0{age + 1}T00:00:00Z"}
        spec = {"parentRefs": [{"name": "gw"}], "rules": written}
        documents.append({**api, "kind": "GRPCRoute", "metadata": metadata, "spec": spec})
    table = RouteTable.from_config(load(documents), "default/gw:80")

    def expected(service_: str, method: str, headers: list[tuple[str, str]]) -> str | None:
        fitting = []
        for index, (age, rules) in enumerate(objects):
            for number, rule in enumerate(rules):
                for match in rule or [{}]:
                    wanted, conditions = match.get("method", {}), match.get("headers", [])
                    if (
                        wanted.get("service", service_) == service_
                        and wanted.get("method", method) == method
                        and all((each["name"], each["value"]) in headers for each in conditions)
                    ):
                        letters = len(wanted.get("service", "")), len(wanted.get("method", ""))
                        rank = (-letters[0], -letters[1], -len(conditions), age, index, number)
                        fitting.append((rank, f"r{index}-{number}"))
        return min(fitting)[1] if fitting else None

    for service_ in ("a.B", "a.Bc", "other.C"):
        for method in ("Get", "Set", "Put"):
            for headers in ([], [("x", "1"), ("y", "1")], [("x", "2")]):
                found = decided(table, "a.com", f"/{service_}/{method}", method="POST", headers=headers)
                assert found == expected(service_, method, headers), (service_, method, headers)
