"""Route tables from Python: what matches, what is refused and where, updates."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from fastpath import ConfigError, PathNormalizer, RemoteProtocolError, Request, RouteTable, parse_request
from fastpath.models import (
    Config,
    DirectResponse,
    FilterChain,
    HeaderMatcher,
    HttpConnectionManager,
    Listener,
    PathWithEscapedSlashesAction,
    Position,
    RedirectAction,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatcher,
    VirtualHost,
    WeightedCluster,
)


def prefix(text: str, cluster: str = "c", *, case_sensitive: bool = True) -> Route:
    return Route(RouteMatch(prefix=text, case_sensitive=case_sensitive), RouteAction(cluster=cluster))


def exact(text: str, cluster: str = "c") -> Route:
    return Route(RouteMatch(path=text), RouteAction(cluster=cluster))


def separated(text: str, cluster: str = "c") -> Route:
    return Route(RouteMatch(path_separated_prefix=text), RouteAction(cluster=cluster))


def split(*weights: int) -> Route:
    clusters = tuple(WeightedCluster(f"c{index}", weight) for index, weight in enumerate(weights))
    return Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=clusters))


def table(*routes: Route) -> RouteTable:
    return RouteTable([VirtualHost("all", ("*",), routes)], seed=1)


def hosts(*domains: Iterable[str], ignore_port: bool = False) -> RouteTable:
    models = [VirtualHost(f"v{i}", tuple(names), (prefix("/"),)) for i, names in enumerate(domains)]
    return RouteTable(models, ignore_port_in_host_matching=ignore_port, seed=1)


def cluster(routes: RouteTable, path: str | bytes | None, authority: str | bytes | None = "h") -> str | None:
    match = routes.match_parts(authority=authority, path=path)
    return None if match is None else match.cluster


def chosen_host(routes: RouteTable, authority: str | bytes | None) -> str | None:
    match = routes.match_parts(authority=authority, path="/")
    return None if match is None else match.virtual_host.name


# ---- paths


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/me", "me"),
        ("/users/me?x=1", "me"),
        ("/users/me#top", "me"),
        ("/users/me/", "users"),
        ("/users/", "users"),
        ("/users", "root"),
        ("/shop", "shop"),
        ("/shop?a", "shop"),
        ("/shop/cart", "shop"),
        ("/shopping", "root"),
        ("/Users/me", "root"),
        ("*", None),
        ("", None),
        (None, None),
        (b"/users/me", "me"),
    ],
)
def test_the_first_route_in_order_that_takes_the_path(path: str | bytes | None, expected: str | None) -> None:
    routes = table(
        exact("/users/me", "me"), prefix("/users/", "users"), separated("/shop", "shop"), prefix("/", "root")
    )
    assert cluster(routes, path) == expected


def test_an_earlier_prefix_hides_a_more_specific_route() -> None:
    routes = table(prefix("/a", "first"), exact("/a/b", "second"), prefix("/a/b/c", "third"))
    assert cluster(routes, "/a/b") == cluster(routes, "/a/b/c") == "first"


def test_a_later_shorter_prefix_takes_what_is_left() -> None:
    routes = table(prefix("/a/b", "first"), prefix("", "second"))
    assert cluster(routes, "/a/b") == "first"
    assert cluster(routes, "/a/c") == cluster(routes, "nonsense") == "second"


def test_a_configured_path_with_a_query_never_matches() -> None:
    routes = table(prefix("/a?b", "never"), exact("/a#b", "never"), prefix("/", "root"))
    assert cluster(routes, "/a?b") == cluster(routes, "/a#b") == "root"


def test_letter_case_is_ignored_where_asked_and_only_there() -> None:
    routes = table(prefix("/API/", "folded", case_sensitive=False), prefix("/api", "cased"))
    assert cluster(routes, "/aPi/x") == "folded"
    assert cluster(routes, "/api") == "cased"
    assert cluster(routes, "/API") is None


def test_letter_case_is_ignored_for_ascii_only() -> None:
    routes = table(prefix("/é", "folded", case_sensitive=False))
    assert cluster(routes, "/é") == "folded"
    assert cluster(routes, "/É") is None


def test_many_children_and_long_paths() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    long = "/" + "long" * 100
    routes = table(*(exact(f"{long}{letter}", letter) for letter in letters))
    assert [cluster(routes, f"{long}{letter}") for letter in letters] == list(letters)
    assert cluster(routes, long) is None
    assert cluster(routes, f"{long}!") is None


def test_a_route_that_answers_itself_has_no_cluster() -> None:
    route = Route(RouteMatch(prefix="/"), DirectResponse(404))
    match = table(route).match_parts(authority="h", path="/")
    assert match is not None
    assert match.route is route
    assert match.cluster is None


# ---- virtual hosts


def test_exact_domain_then_longest_suffix_then_longest_prefix_then_any() -> None:
    routes = hosts(["*"], ["*.example.com"], ["*.b.example.com"], ["a.*"], ["a.b.*"], ["a.example.com"])
    assert chosen_host(routes, "a.example.com") == "v5"
    assert chosen_host(routes, "x.example.com") == "v1"
    assert chosen_host(routes, "a.b.example.com") == "v2"
    assert chosen_host(routes, "a.other") == "v3"
    assert chosen_host(routes, "a.b.other") == "v4"
    assert chosen_host(routes, "other") == "v0"


def test_a_wildcard_goes_by_bytes_and_stands_for_at_least_one() -> None:
    routes = hosts(["*bar.com"], ["foo*"])
    assert chosen_host(routes, "bar.com") is None
    assert chosen_host(routes, "xbar.com") == "v0"
    assert chosen_host(routes, "foo") is None
    assert chosen_host(routes, "foo:80") == "v1"


def test_the_host_is_compared_without_regard_to_case() -> None:
    routes = hosts(["ExAmple.com"], ["*.Wild.com"])
    assert chosen_host(routes, "EXAMPLE.COM") == "v0"
    assert chosen_host(routes, b"a.wild.COM") == "v1"


def test_ports_count_unless_they_are_ignored() -> None:
    domains = ["example.com"], ["example.com:8080"], ["[::1]"]
    assert chosen_host(hosts(*domains), "example.com:8080") == "v1"
    assert chosen_host(hosts(*domains), "example.com:80") is None
    ignoring = hosts(*domains, ignore_port=True)
    assert chosen_host(ignoring, "example.com:8080") == "v0"
    assert chosen_host(ignoring, "[::1]:80") == "v2"
    assert chosen_host(ignoring, "[::1]") == "v2"


def test_a_request_without_a_host_needs_a_table_that_serves_all() -> None:
    assert chosen_host(hosts(["*"]), None) == "v0"
    assert chosen_host(hosts(["*"], ["a"]), None) is None
    assert chosen_host(hosts(["*"], ["a"]), "") == "v0"


def test_no_virtual_host_is_no_match() -> None:
    assert RouteTable([]).match_parts(authority="a", path="/") is None


# ---- weighted clusters


def test_the_random_value_picks_the_share_it_falls_into() -> None:
    routes = table(split(3, 0, 2))
    clusters = [routes.match_parts(path="/", random=value).cluster for value in (0, 2, 3, 4, 5, 2**64 - 1)]  # type: ignore[union-attr]
    assert clusters == ["c0", "c0", "c2", "c2", "c0", "c0" if (2**64 - 1) % 5 < 3 else "c2"]


def test_shares_follow_the_weights() -> None:
    routes = table(split(90, 10, 0))
    counts = Counter(cluster(routes, "/") for _ in range(10_000))
    assert set(counts) == {"c0", "c1"}
    assert abs(counts["c1"] - 1000) < 4.5 * 30


def test_a_seed_repeats_the_choices_and_none_does_not() -> None:
    def choices(seed: int | None) -> list[str | None]:
        routes = RouteTable([VirtualHost("all", ("*",), (split(1, 1),))], seed=seed)
        return [cluster(routes, "/") for _ in range(128)]

    assert choices(7) == choices(7)
    assert choices(7) != choices(8)
    assert choices(None) != choices(None)


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_random_value_has_64_bits(value: int) -> None:
    with pytest.raises(OverflowError):
        table(split(1)).match_parts(path="/", random=value)


def test_parts_are_text() -> None:
    with pytest.raises(TypeError, match="path must be str, bytes or None, not int"):
        table().match_parts(path=7)  # type: ignore[arg-type]


# ---- parsed requests


def parsed(head: str) -> Request:
    request = parse_request(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("GET /a/b?x=/c HTTP/1.1\nHost: a.com", "a"),
        ("GET /a/b HTTP/1.1\nHost: A.COM", "a"),
        ("GET /a/b HTTP/1.1\nHost: b.com", "other"),
        ("GET http://a.com/a HTTP/1.1\nHost: a.com", "a"),
        ("GET http://a.com HTTP/1.1\nHost: a.com", "root"),
        ("GET http://a.com?x HTTP/1.1\nHost: a.com", None),
        ("OPTIONS * HTTP/1.1\nHost: a.com", None),
        ("CONNECT a.com:443 HTTP/1.1\nHost: a.com:443", None),
        ("GET /a HTTP/1.0", None),
    ],
)
def test_a_parsed_request_is_routed_where_it_lies(head: str, expected: str | None) -> None:
    routes = RouteTable(
        [
            VirtualHost("a", ("a.com",), (prefix("/a", "a"), prefix("/", "root"))),
            VirtualHost("any", ("*",), (prefix("", "other"),)),
        ]
    )
    request = parsed(head)
    match = routes.match(request)
    assert (match and match.cluster) == expected
    assert [match and match.cluster for match in routes.match_many([request] * 3)] == [expected] * 3


def test_only_parsed_requests_are_matched() -> None:
    with pytest.raises(TypeError):
        table().match(b"GET / HTTP/1.1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a Request, found bytes"):
        table().match_many([b""])  # type: ignore[list-item]


# ---- paths that are normalised first


def test_what_the_normalizer_makes_of_a_path_is_what_is_matched() -> None:
    routes = RouteTable(
        [VirtualHost("all", ("*",), (exact("/a/b", "b"), prefix("/", "root")))],
        normalizer=PathNormalizer(escaped_slashes="redirect"),
    )
    long = "/a/" + "x" * 5000 + "/../b"
    for path, expected in (("/a%2Fb", "b"), ("/a/./b", "b"), (long, "b"), ("/c", "root"), ("*", None)):
        match = routes.match_parts(path=path)
        assert (match and match.cluster) == expected
    match = routes.match(parsed("GET /a%2fb?q HTTP/1.1\nHost: h"))
    assert match is not None
    assert (match.path, match.path_redirect) == (b"/a/b", True)


@pytest.mark.parametrize("path", ["/a\\b", "/%00", "/%zz", "nonsense", "/a#b", "/" + "a" * 5000 + "%"])
def test_a_path_that_the_normalizer_rejects_is_refused(path: str) -> None:
    routes = RouteTable([VirtualHost("all", ("*",), (prefix("", "c"),))], normalizer=PathNormalizer())
    with pytest.raises(RemoteProtocolError) as caught:
        routes.match_parts(path=path)
    assert caught.value.status == 400


# ---- what is refused


def in_one_host(*routes: Route) -> list[VirtualHost]:
    return [VirtualHost("zero", ("zero",)), VirtualHost("one", ("*",), (prefix("/ok"), *routes))]


def with_action(action: RouteAction | DirectResponse | RedirectAction) -> list[VirtualHost]:
    return in_one_host(Route(RouteMatch(prefix="/"), action))


ROUTE = "virtual_hosts[1].routes[1]"


@pytest.mark.parametrize(
    ("virtual_hosts", "path", "code"),
    [
        ([VirtualHost("a", ("x",)), VirtualHost("b", ("y", "X"))], "virtual_hosts[1].domains[1]", "duplicate_domain"),
        ([VirtualHost("a", ("*",)), VirtualHost("b", ("*",))], "virtual_hosts[1].domains[0]", "duplicate_domain"),
        ([VirtualHost("a", ("*.x", "*.X"))], "virtual_hosts[0].domains[1]", "duplicate_domain"),
        ([VirtualHost("a", ())], "virtual_hosts[0].domains", ""),
        ([VirtualHost("a", ("ok", "a\0"))], "virtual_hosts[0].domains[1]", "domain"),
        ([VirtualHost("a", ("a\r\n",))], "virtual_hosts[0].domains[0]", "domain"),
        ([VirtualHost("a", ("a" * 513,))], "virtual_hosts[0].domains[0]", "domain"),
        ([VirtualHost("a", ("\ud800",))], "virtual_hosts[0].domains[0]", "domain"),
        (in_one_host(prefix("/a\nb")), f"{ROUTE}.match.prefix", "path"),
        (in_one_host(exact("/a\0b")), f"{ROUTE}.match.path", "path"),
        (in_one_host(exact("/\udfff")), f"{ROUTE}.match.path", "path"),
        (in_one_host(separated("/a/")), f"{ROUTE}.match.path_separated_prefix", "path"),
        (in_one_host(separated("/a?b")), f"{ROUTE}.match.path_separated_prefix", "path"),
        (in_one_host(separated("/")), f"{ROUTE}.match.path_separated_prefix", "path"),
        (in_one_host(Route(RouteMatch(), DirectResponse(200))), f"{ROUTE}.match", "path"),
        (in_one_host(Route(RouteMatch(prefix="/", path="/"), DirectResponse(200))), f"{ROUTE}.match", "path"),
        (in_one_host(split(-1)), f"{ROUTE}.route.weighted_clusters.clusters[0].weight", "weight"),
        (in_one_host(split(1, 2**32)), f"{ROUTE}.route.weighted_clusters.clusters[1].weight", "weight"),
        (in_one_host(split(True)), f"{ROUTE}.route.weighted_clusters.clusters[0].weight", "weight"),
        (in_one_host(split(1.5)), f"{ROUTE}.route.weighted_clusters.clusters[0].weight", "weight"),  # type: ignore[arg-type]
        (in_one_host(split(2**32 - 1, 1)), f"{ROUTE}.route.weighted_clusters", "weight"),
        (in_one_host(split(0, 0)), f"{ROUTE}.route.weighted_clusters", "weight"),
        (with_action(RouteAction()), f"{ROUTE}.route", ""),
        (with_action(RouteAction("c", (WeightedCluster("d", 1),))), f"{ROUTE}.route", ""),
        (with_action(RouteAction("c\0")), f"{ROUTE}.route.cluster", ""),
        (with_action(RouteAction("c", prefix_rewrite="/\r\nx")), f"{ROUTE}.route.prefix_rewrite", ""),
        (with_action(RouteAction("c", host_rewrite_literal="x\n")), f"{ROUTE}.route.host_rewrite_literal", ""),
        (with_action(DirectResponse(99)), f"{ROUTE}.direct_response.status", ""),
        (with_action(DirectResponse(600)), f"{ROUTE}.direct_response.status", ""),
        (with_action(RedirectAction(response_code=200)), f"{ROUTE}.redirect.response_code", ""),
        (with_action(RedirectAction(host_redirect="a\r")), f"{ROUTE}.redirect.host_redirect", ""),
        (with_action(RedirectAction(path_redirect="/", prefix_rewrite="/")), f"{ROUTE}.redirect", ""),
    ],
)
def test_a_refusal_names_the_place_and_keeps_the_old_table(
    virtual_hosts: list[VirtualHost], path: str, code: str
) -> None:
    routes = table(prefix("/", "old"))
    with pytest.raises(ConfigError) as caught:
        routes.update(virtual_hosts)
    assert caught.value.path == path
    assert caught.value.code == (f"config_{code}" if code else "config")
    assert cluster(routes, "/") == "old"


def test_a_refusal_is_in_the_words_of_the_document() -> None:
    position = Position("static.routes[0].match", "envoy.yaml", 12, 7)
    route = Route(RouteMatch(prefix="/\n", position=position), DirectResponse(200))
    with pytest.raises(ConfigError) as caught:
        table(route)
    assert caught.value.path == "static.routes[0].match.prefix"
    assert caught.value.source == "envoy.yaml:12:7"


# ---- updates and configurations


def test_an_update_replaces_and_shares_what_did_not_change() -> None:
    kept = VirtualHost("kept", ("kept",), (prefix("/", "kept"), split(1, 1)))
    routes = RouteTable([VirtualHost("gone", ("gone",), (prefix("/", "gone"),)), kept], seed=1)
    routes.update([kept, VirtualHost("new", ("new", "gone"), (prefix("/", "new"),))])
    assert cluster(routes, "/", "kept") == "kept"
    assert cluster(routes, "/", "new") == cluster(routes, "/", "gone") == "new"
    assert [host.name for host in routes.virtual_hosts] == ["kept", "new"]


def test_a_match_outlives_the_table() -> None:
    routes = table(prefix("/", "c"))
    match = routes.match_parts(path="/")
    routes.update([])
    del routes
    gc.collect()
    assert match is not None
    assert (match.cluster, match.route.match.prefix, match.virtual_host.name) == ("c", "/", "all")


def test_threads_match_while_another_updates() -> None:
    def hosts_of(version: int) -> list[VirtualHost]:
        return [VirtualHost(f"{version}", ("*",), tuple(prefix(f"/{i}", f"{version}") for i in range(50)))]

    routes = RouteTable(hosts_of(0))
    failures: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            match = routes.match_parts(path="/7")
            if match is None or match.cluster != match.virtual_host.name:
                failures.append(match)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(300):
        routes.update(hosts_of(version))
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert cluster(routes, "/1") == "299"


def configuration(name: str, *listeners: Listener) -> Config:
    routes = RouteConfiguration(name, (VirtualHost("v", ("a.com",), (prefix("/a/b", name), prefix("/", name))),))
    return Config(listeners, {name: routes})


def listener(name: str = "l", **options: Any) -> Listener:
    chain = FilterChain(filters=(HttpConnectionManager("r", **options),))
    return Listener(name, "127.0.0.1", 80, (chain,))


def test_the_only_route_configuration_needs_no_name() -> None:
    assert cluster(RouteTable.from_config(configuration("r")), "/", "a.com") == "r"


def test_a_listener_that_strips_ports_makes_the_table_ignore_them() -> None:
    assert cluster(RouteTable.from_config(configuration("r")), "/", "a.com:81") is None
    stripping = configuration("r", listener(strip_any_host_port=True))
    assert cluster(RouteTable.from_config(stripping), "/", "a.com:81") == "r"
    assert cluster(RouteTable.from_config(stripping), "/", "a" * 5000 + ":81") is None


def test_a_listener_that_normalizes_paths_makes_the_table_do_so() -> None:
    routes = RouteTable.from_config(configuration("r", listener(normalize_path=True, merge_slashes=True)))
    match = routes.match_parts(authority="a.com", path="/x/..//a/%62?/..")
    assert match is not None
    assert (match.route.match.prefix, match.path, match.path_redirect) == ("/a/b", b"/a/b", False)
    match = routes.match_parts(authority="a.com", path="/a/b?/..")
    assert match is not None
    assert (match.route.match.prefix, match.path) == ("/a/b", None)
    match = RouteTable.from_config(configuration("r", listener())).match_parts(authority="a.com", path="/x/../a/b")
    assert match is not None
    assert (match.route.match.prefix, match.path) == ("/", None)


def test_a_listener_that_unescapes_slashes_makes_the_table_do_so() -> None:
    action = PathWithEscapedSlashesAction.UNESCAPE_AND_FORWARD
    one = configuration("r", listener(path_with_escaped_slashes_action=action))
    match = RouteTable.from_config(one).match_parts(authority="a.com", path="/a%2fb")
    assert match is not None
    assert (match.route.match.prefix, match.path, match.path_redirect) == ("/a/b", b"/a/b", False)


def test_listeners_that_differ_must_be_told_apart() -> None:
    plain, normalizing = listener("one"), listener("two", normalize_path=True)
    both = configuration("r", plain, normalizing)
    with pytest.raises(ConfigError, match='"one" and "two" differ'):
        RouteTable.from_config(both)
    for chosen, expected in ((plain, None), (normalizing, b"/b")):
        match = RouteTable.from_config(both, listener=chosen).match_parts(authority="a.com", path="/a/../b")
        assert match is not None
        assert match.path == expected


def test_chains_of_one_listener_that_differ_must_be_told_apart() -> None:
    plain, normalizing = HttpConnectionManager("r"), HttpConnectionManager("r", normalize_path=True)
    chains = tuple(FilterChain(filters=(manager,)) for manager in (plain, HttpConnectionManager("s"), normalizing))
    config = configuration("r", Listener("l", "127.0.0.1", 80, chains[:2], chains[2]))
    with pytest.raises(ConfigError, match='of "l" differ'):
        RouteTable.from_config(config)
    for chosen, expected in ((plain, None), (normalizing, b"/b")):
        match = RouteTable.from_config(config, manager=chosen).match_parts(authority="a.com", path="/a/../b")
        assert match is not None
        assert match.path == expected


def test_a_connection_manager_that_does_not_use_the_routes_is_refused() -> None:
    config = configuration("r", listener())
    for options in ({"manager": HttpConnectionManager("r", merge_slashes=True)}, {"listener": Listener("m", "::", 80)}):
        with pytest.raises(ConfigError, match='no such connection manager uses the route configuration "r"'):
            RouteTable.from_config(config, **options)  # type: ignore[arg-type]


def test_a_route_configuration_is_chosen_by_name() -> None:
    both = {**configuration("r").route_configurations, **configuration("s").route_configurations}
    assert cluster(RouteTable.from_config(Config((), both, ()), "s"), "/", "a.com") == "s"
    with pytest.raises(ConfigError, match="2 route configurations"):
        RouteTable.from_config(Config((), both, ()))
    with pytest.raises(ConfigError, match='named "t"'):
        RouteTable.from_config(Config((), both, ()), "t")


def test_a_hundred_thousand_routes_and_five_thousand_hosts() -> None:
    models = [
        VirtualHost(f"v{i}", (f"h{i}.example.com",), tuple(exact(f"/{i}/{j}", f"{i}-{j}") for j in range(20)))
        for i in range(5000)
    ]
    routes = RouteTable(models)
    assert cluster(routes, "/4999/19", "H4999.example.com") == "4999-19"
    assert cluster(routes, "/4999/20", "h4999.example.com") is None
    assert cluster(routes, "/4999/19", "h5000.example.com") is None
    assert 0 < routes.size < 100_000 * 200


def test_a_header_may_find_the_virtual_host() -> None:
    routes = (Route(RouteMatch(prefix="/"), DirectResponse(200)),)
    hosts = (VirtualHost("one", ("one",), routes), VirtualHost("two", ("two",), routes))
    table = RouteTable(RouteConfiguration("r", hosts, vhost_header="X-Tenant"))
    match = table.match_parts(path="/", authority="one", headers=[("x-tenant", "TWO")])
    assert match is not None
    assert match.virtual_host.name == "two"
    assert table.match_parts(path="/", authority="one") is None
    assert "two" in str(table.explain(path="/", authority="one", headers=[("x-tenant", "two")]))
    with pytest.raises(ConfigError) as caught:
        table.update(RouteConfiguration("r", hosts, vhost_header="ten\nant"))
    assert caught.value.path == "vhost_header"
    assert table.match_parts(path="/", headers=[("x-tenant", "one")]) is not None


def test_the_server_as_a_target_comes_to_a_virtual_host_but_to_no_route() -> None:
    table = RouteTable((VirtualHost("v", ("a",), (Route(RouteMatch(prefix=""), DirectResponse(200)),)),))
    explanation = table.explain(method="OPTIONS", authority="a", path="*")
    assert explanation.match is None
    assert explanation.virtual_host is table.virtual_hosts[0]
    assert (explanation.candidates, explanation.passed_over) == ((), 1)
    assert table.explain(method="OPTIONS", authority="b", path="*").virtual_host is None


@pytest.mark.parametrize("path", ["/e/1/2", "/e/1", "/f"])
def test_an_action_that_goes_with_the_path_is_explained(path: str) -> None:
    asks = (HeaderMatcher("x-a", present_match=True),)
    rewritten = RouteAction("c", path_template_rewrite="/z/{x}")
    table = RouteTable(
        (VirtualHost("v", ("*",), (Route(RouteMatch(path_template="/e/{x}/**", headers=asks), rewritten),)),)
    )
    explanation = table.explain(path=path)
    assert explanation.match is None
    assert [each.failed for each in explanation.candidates] == ([("match.headers[0]",)] if path == "/e/1/2" else [])


@pytest.mark.parametrize("normalizer", [PathNormalizer(), PathNormalizer(normalize=False)])
def test_a_query_alone_is_not_normalised(normalizer: PathNormalizer) -> None:
    table = RouteTable((VirtualHost("v", ("*",), (prefix("/"),)),), normalizer=normalizer)
    for target, found in (("http://h?q=%2f", False), ("http://h", True), ("http://h/?q", True)):
        request = parse_request(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        assert request is not None
        assert (table.match(request) is not None) == found


@pytest.mark.parametrize(
    ("name", "cluster"),
    [("accept", "a,b"), ("Accept", "a,b"), ("x-to", "a"), (":authority", "h"), ("host", "h"), (":path", "/p?q")],
)
def test_a_cluster_is_named_by_a_value_as_envoy_has_it(name: str, cluster: str) -> None:
    lines = [("accept", "a"), ("ACCEPT", ""), ("accept", "b"), ("x-to", "a"), ("x-to", "b")]
    routes = table(Route(RouteMatch(prefix="/"), RouteAction(cluster_header=name)))
    match = routes.match_parts(method="GET", authority="h", path="/p?q", headers=lines)
    assert match is not None
    assert match.cluster == cluster


def test_the_scheme_of_an_absolute_target_is_the_requests() -> None:
    scheme = HeaderMatcher(":scheme", StringMatcher(exact="https"))
    route = Route(RouteMatch(prefix="/", headers=(scheme,)), DirectResponse(200))
    table = RouteTable((VirtualHost("v", ("*",), (route,)),))
    asked = []
    for line in ("GET https://a/", "GET HTTPS://a", "GET http://a/", "GET /"):
        request = parse_request(f"{line} HTTP/1.1\r\nHost: a\r\nx-forwarded-proto: https\r\n\r\n".encode())
        assert request is not None
        asked.append(request)
    assert [match is not None for match in table.match_many(asked)] == [True, True, False, True]
    assert [table.match(each) is not None for each in asked] == [True, True, False, True]


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        (("0",), "zero"),
        (("99",), "one"),
        (("+150",), "one"),
        (("18446744073709551615",), "zero"),  # the greatest there is, which is 15 of 100
        (("18446744073709551616",), None),  # any that is no such number leaves it to chance
        (("",), None),
        (("+",), None),
        (("12x",), None),
        (("1", "1"), None),
        ((), None),
    ],
)
def test_a_header_may_choose_the_share(values: tuple[str, ...], chosen: str | None) -> None:
    clusters = (WeightedCluster("zero", 50), WeightedCluster("one", 50))
    action = RouteAction(weighted_clusters=clusters, random_value_header="x-share")
    routes = table(Route(RouteMatch(prefix="/"), action))

    def found(random: int) -> str | None:
        headers = [("x-share", value) for value in values]
        match = routes.match_parts(method="GET", authority="h", path="/", headers=headers, random=random)
        assert match is not None
        return match.cluster

    assert (found(10), found(60)) == ((chosen, chosen) if chosen else ("zero", "one"))


def test_a_share_may_be_for_the_cluster_that_a_header_names() -> None:
    share = WeightedCluster("", 1, cluster_header="x-to")
    routes = table(Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=(share,))))
    match = routes.match_parts(method="GET", authority="h", path="/", headers=[("x-to", "there")])
    assert match is not None
    assert match.cluster == "there"
