"""What a route makes of a request's path, host and header fields."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ConfigError, PathNormalizer, Request, RouteTable, parse_request
from fastpath._hash_keys import xxh64
from fastpath.actions import RequestChanges, RouteActions, actions_of, finalize_request
from fastpath.models import (
    HashPolicy,
    HashPolicyCookie,
    HeaderAppendAction,
    HeaderMatcher,
    HeaderMutations,
    HeaderValueOption,
    MatchedRoutes,
    MatcherMap,
    RegexRewrite,
    RequestMirrorPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution import Address, ConnectionInfo, RequestHead, StreamInfo

ADD = HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
IF_ABSENT = HeaderAppendAction.ADD_IF_ABSENT
SET = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
IF_THERE = HeaderAppendAction.OVERWRITE_IF_EXISTS

Fields = dict[bytes, list[bytes]]

NOTHING = HeaderMutations()


def field(key: str, value: str, action: HeaderAppendAction = ADD, keep: bool = False) -> HeaderValueOption:
    return HeaderValueOption(key, value, action, keep)


def adds(*fields: HeaderValueOption, remove: tuple[str, ...] = ()) -> HeaderMutations:
    return HeaderMutations(request_headers_to_add=fields, request_headers_to_remove=remove)


def request(path: str = "/", *lines: str, host: str = "a.example") -> Request:
    text = "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *lines]) + "\r\n\r\n"
    parsed = parse_request(text.encode())
    assert parsed is not None
    return parsed


def table(
    match: RouteMatch,
    action: RouteAction,
    mutations: HeaderMutations = NOTHING,
    host: HeaderMutations = NOTHING,
    *,
    mutations_of_all: HeaderMutations = NOTHING,
    attempts: bool = False,
    **options: Any,
) -> RouteTable:
    """A table of one route; the options are a RouteConfiguration's."""
    route = Route(match, action, "r", mutations)
    virtual = VirtualHost("v", ("*",), (route,), mutations=host, include_request_attempt_count=attempts)
    return RouteTable(RouteConfiguration("c", (virtual,), mutations=mutations_of_all, **options))


def as_fields(pairs: list[tuple[bytes, bytes]]) -> Fields:
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name.lower(), []).append(value)
    return fields


def written(changes: RequestChanges, parsed: Request) -> tuple[bytes, Fields]:
    """Target and fields of the head that is written, host among them."""
    head = changes.rewriter.rewrite(
        parsed, path=changes.path, query=changes.query, authority=changes.authority, values=changes.values
    )
    again = parse_request(head)
    assert again is not None
    return again.target, as_fields(again.headers.items())


def forwarded(routes: RouteTable, parsed: Request, **options: Any) -> tuple[bytes, Fields]:
    """What goes upstream; the same whether the head is written at once or played through step by step."""
    match = routes.match(parsed)
    assert match is not None
    changes = finalize_request(match, parsed, **options)
    target, fields = written(changes, parsed)
    head = changes.head
    assert head.path == target
    assert {
        b"host": [head.authority],
        **as_fields([f for f in head.headers.items() if f[0].lower() != b"host"]),
    } == fields
    played = finalize_request(match, RequestHead.of(parsed), **options).head
    assert (played.path, played.authority) == (head.path, head.authority)
    return target, fields


def rewritten(match: RouteMatch, path: str, **action: Any) -> tuple[str, str | None]:
    """The target that goes upstream, and x-envoy-original-path."""
    target, fields = forwarded(table(match, RouteAction(cluster="c", **action)), request(path))
    original = fields.get(b"x-envoy-original-path")
    return target.decode(), original[0].decode() if original else None


PREFIXES = [
    (RouteMatch(prefix="/pre"), "/prefix/x?q=1", "/new", "/newfix/x?q=1"),
    (RouteMatch(prefix="/PRE", case_sensitive=False), "/pre/x", "/n", "/n/x"),
    (RouteMatch(path="/exact"), "/exact?a", "/new", "/new?a"),
    (RouteMatch(path_separated_prefix="/sep"), "/sep/x", "/", "//x"),
    (RouteMatch(path_separated_prefix="/sep"), "/sep", "/", "/"),
    (RouteMatch(safe_regex="/rx/.*"), "/rx/abc?q", "/new", "/new?q"),
    (RouteMatch(prefix="/"), "/a", "/b/", "/b/a"),
    (RouteMatch(prefix="/q"), "/q/r?s", "/N?x=1", "/N?x=1/r?s"),
]


@pytest.mark.parametrize(("match", "path", "rewrite", "expected"), PREFIXES)
def test_a_prefix_rewrite_replaces_what_the_match_covers(
    match: RouteMatch, path: str, rewrite: str, expected: str
) -> None:
    assert rewritten(match, path, prefix_rewrite=rewrite) == (expected, path)


def test_an_empty_prefix_rewrite_is_none() -> None:
    assert rewritten(RouteMatch(prefix="/a"), "/a/b", prefix_rewrite="") == ("/a/b", None)


def test_parameters_of_the_path_that_did_not_count_stay() -> None:
    routes = table(
        RouteMatch(path="/e"),
        RouteAction(cluster="c", prefix_rewrite="/N"),
        ignore_path_parameters_in_path_matching=True,
    )
    assert forwarded(routes, request("/e;x=1?q"))[0] == b"/N;x=1?q"


TEMPLATES = [
    ("/users/{id}/**", "/u/{id}", "/users/7/x/y?q=1", "/u/7?q=1"),
    ("/files/{p=**}", "/f/{p}/end", "/files/a/b/c?q", "/f/a/b/c/end?q"),
    ("/files/{p=**}", "/f/{p}/end", "/files/%2Fa/b?q", "/f/%2Fa/b/end?q"),
    ("/lit/{a}/{b}.txt", "/{b}-{a}/{a}", "/lit/A/B.txt", "/B-A/A"),
]


@pytest.mark.parametrize(("template", "rewrite", "path", "expected"), TEMPLATES)
def test_a_template_rewrite_takes_the_variables_of_the_match(
    template: str, rewrite: str, path: str, expected: str
) -> None:
    match = RouteMatch(path_template=template)
    assert rewritten(match, path, path_template_rewrite=rewrite) == (expected, path)


REGEXES = [
    (r"/(\w+)/(\w+)", r"/\2/\1", "/reg/foo/bar/baz?z=/a/b", "/foo/reg/baz/bar?z=/a/b"),
    (r"b", r"\\\0\0", "/rb/b?b", r"/r\bb/\bb?b"),
    (r"^/rq", r"/N?z=\0", "/rq/r?s", "/N?z=/rq/r?s"),
    (r"x*", "-", "/ab", "-/-a-b-"),
    (r"nowhere", "x", "/ab?q", "/ab?q"),
]


@pytest.mark.parametrize(("pattern", "substitution", "path", "expected"), REGEXES)
def test_a_regex_rewrite_replaces_every_match_in_the_path(
    pattern: str, substitution: str, path: str, expected: str
) -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c", regex_rewrite=RegexRewrite(pattern, substitution)))
    match = routes.match(request(path))
    assert match is not None
    head = finalize_request(match, request(path)).head
    assert (head.path.decode(), head.headers.get(b"x-envoy-original-path")) == (expected, path.encode())


def test_an_empty_path_is_not_a_rewrite() -> None:
    assert rewritten(RouteMatch(prefix="/"), "/a?q", regex_rewrite=RegexRewrite(".*", "")) == ("/a?q", None)


def test_a_client_does_not_say_what_the_original_was_where_there_is_a_rewrite() -> None:
    routes = table(RouteMatch(prefix="/a"), RouteAction(cluster="c", prefix_rewrite="/b", host_rewrite_literal="h"))
    fields = forwarded(routes, request("/a", "x-envoy-original-path: x", "x-envoy-original-host: x"))[1]
    assert (fields[b"x-envoy-original-path"], fields[b"x-envoy-original-host"]) == ([b"/a"], [b"a.example"])


def test_the_normalised_path_is_rewritten_and_counts_as_the_original() -> None:
    route = Route(RouteMatch(prefix="/a"), RouteAction(cluster="c", prefix_rewrite="/b"))
    plain = Route(RouteMatch(prefix="/"), RouteAction(cluster="c"))
    routes = RouteTable([VirtualHost("v", ("*",), (route, plain))], normalizer=PathNormalizer.envoy(normalize=True))
    target, fields = forwarded(routes, request("/x/../a/y?q"))
    assert (target, fields[b"x-envoy-original-path"]) == (b"/b/y?q", [b"/a/y?q"])
    assert forwarded(routes, request("/x/../z?q"))[0] == b"/z?q"


def hosts(fields: Fields) -> tuple[bytes, list[bytes] | None, list[bytes] | None]:
    return fields[b"host"][0], fields.get(b"x-envoy-original-host"), fields.get(b"x-forwarded-host")


def test_a_literal_host_replaces_the_host() -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c", host_rewrite_literal="lit"))
    assert hosts(forwarded(routes, request())[1]) == (b"lit", [b"a.example"], None)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), b"a.example"),
        (("X-Forwarded-Host: z",), b"z,a.example"),
        (("X-Forwarded-Host: q,a.example",), b"q,a.example"),
        (("X-Forwarded-Host: q", "X-Forwarded-Host: r"), b"q,r,a.example"),
    ],
)
def test_the_old_host_is_appended_to_x_forwarded_host_once(lines: tuple[str, ...], expected: bytes) -> None:
    action = RouteAction(cluster="c", host_rewrite_literal="lit", append_x_forwarded_host=True)
    found = hosts(forwarded(table(RouteMatch(prefix="/"), action), request("/", *lines))[1])
    assert b",".join(found[2] or []) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("X-H: one", "X-H: two"), b"one"),
        (("X-H:",), b"a.example"),
        ((), b"a.example"),
    ],
)
def test_the_first_value_of_a_header_becomes_the_host(lines: tuple[str, ...], expected: bytes) -> None:
    action = RouteAction(cluster="c", host_rewrite_header="X-H", append_x_forwarded_host=True)
    found = hosts(forwarded(table(RouteMatch(prefix="/"), action), request("/", *lines))[1])
    original = None if expected == b"a.example" else [b"a.example"]
    assert found == (expected, original, original)


@pytest.mark.parametrize(
    ("name", "expected"),
    [(":Method", b"GET"), (":scheme", b"http"), (":authority", b"a.example"), ("Host", b"a.example")],
)
def test_what_is_no_header_may_become_the_host(name: str, expected: bytes) -> None:
    action = RouteAction(cluster="c", host_rewrite_header=name)
    assert hosts(forwarded(table(RouteMatch(prefix="/"), action), request("/p?q"))[1])[0] == expected


def test_a_header_that_a_route_adds_can_become_the_host() -> None:
    mutations = adds(field("x-h", "added-%REQ(x-v)%"))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c", host_rewrite_header="x-h"), mutations)
    assert hosts(forwarded(routes, request("/", "x-v: v"))[1])[0] == b"added-v"


def test_the_hosts_own_name_becomes_the_host() -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c", auto_host_rewrite=True))
    assert hosts(forwarded(routes, request(), hostname="up.example")[1]) == (b"up.example", [b"a.example"], None)
    assert hosts(forwarded(routes, request())[1]) == (b"a.example", None, None)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [("^/hr/(.+)/.*$", "/hr/abc/def?x/y", b"abc.com"), (".*", "/hr", b"a.example")],
)
def test_the_path_becomes_the_host_unless_that_is_empty(pattern: str, path: str, expected: bytes) -> None:
    substitution = r"\1.com" if expected == b"abc.com" else ""
    action = RouteAction(cluster="c", host_rewrite_path_regex=RegexRewrite(pattern, substitution))
    assert hosts(forwarded(table(RouteMatch(prefix="/"), action), request(path))[1])[0] == expected


def test_a_shares_host_comes_before_the_routes() -> None:
    share = WeightedCluster("c", 1, host_rewrite_literal="share")
    own = table(RouteMatch(prefix="/"), RouteAction(weighted_clusters=(share,), append_x_forwarded_host=True))
    assert hosts(forwarded(own, request())[1]) == (b"share", None, None)
    action = RouteAction(weighted_clusters=(share,), host_rewrite_literal="route", append_x_forwarded_host=True)
    both = table(RouteMatch(prefix="/"), action)
    assert hosts(forwarded(both, request())[1]) == (b"route", [b"share"], [b"share"])
    seen = table(RouteMatch(prefix="/"), RouteAction(weighted_clusters=(share,)), adds(field("x", "%REQ(:authority)%")))
    assert forwarded(seen, request())[1][b"x"] == [b"share"]


def level(name: str) -> HeaderMutations:
    return adds(
        field("x-level", name),
        field("x-set", name, SET),
        field("x-absent", name, IF_ABSENT),
        field("x-there", name, IF_THERE),
        field("x-seen", name + ":%REQ(x-level)%/%REQ(x-set)%"),
        field("x-empty", ""),
        field("x-kept", "", ADD, True),
        field("x-missing", "%REQ(nope)%"),
        remove=(f"x-remove-{name}",),
    )


def levels(most_specific_wins: bool) -> RouteTable:
    share = WeightedCluster("c", 1, mutations=level("w"))
    return table(
        RouteMatch(prefix="/"),
        RouteAction(weighted_clusters=(share,)),
        level("r"),
        level("v"),
        mutations_of_all=level("c"),
        most_specific_header_mutations_wins=most_specific_wins,
    )


def test_levels_are_applied_from_the_most_specific_on() -> None:
    lines = ("x-level: o", "x-set: a", "x-set: b", "x-there: z", "x-absent: p", "x-remove-r: 1", "x-remove-c: 1")
    fields = forwarded(levels(False), request("/", *lines))[1]
    assert fields == {
        b"host": [b"a.example"],
        b"x-level": [b"o", b"w", b"r", b"v", b"c"],
        b"x-set": [b"c"],
        b"x-absent": [b"p"],
        b"x-there": [b"c"],
        b"x-seen": [b"w:o/a", b"r:o/w", b"v:o/r", b"c:o/v"],
        b"x-kept": [b"", b"", b"", b""],
    }


def test_the_most_specific_may_be_the_last_but_a_share_is_always_the_first() -> None:
    fields = forwarded(levels(True), request())[1]
    assert fields[b"x-level"] == [b"w", b"c", b"v", b"r"]
    assert fields[b"x-set"] == [b"r"]
    assert fields[b"x-absent"] == [b"w"]
    assert b"x-there" not in fields


def test_what_one_level_adds_another_may_remove() -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), adds(field("x", "1")), adds(remove=("X",)))
    assert forwarded(routes, request("/", "x: 0"))[1] == {b"host": [b"a.example"]}


def test_within_a_level_presence_is_as_it_was_before_it() -> None:
    mutations = adds(
        field("a", "1", SET),
        field("a", "2"),
        field("a", "3", SET),
        field("b", "1"),
        field("b", "2", IF_ABSENT),
        field("c", "1", IF_THERE),
        field("c", "2"),
    )
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), mutations)
    fields = forwarded(routes, request())[1]
    assert (fields[b"a"], fields[b"b"], fields[b"c"]) == ([b"3", b"2"], [b"1", b"2"], [b"2"])


def test_fields_of_one_line_are_joined() -> None:
    mutations = adds(field("accept", "t"), field("cookie", "a=b"))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), mutations)
    fields = forwarded(routes, request("/", "accept: q", "accept: r", "cookie: z=1"))[1]
    assert fields[b"accept"] == [b"q,r,t"]
    assert fields[b"cookie"] == [b"z=1", b"a=b"]


def test_operators_read_the_request_and_its_connection() -> None:
    mutations = adds(field("x", "%REQ(:PATH)% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", SET))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c", prefix_rewrite="/n/"), mutations)
    parsed = request("/p?q", "x: client")
    match = routes.match(parsed)
    assert match is not None
    stream = StreamInfo(parsed, ConnectionInfo(remote=Address("10.0.0.1", 5)))
    changes = finalize_request(match, parsed, stream)
    assert written(changes, parsed)[1][b"x"] == [b"/p?q 10.0.0.1"]


def test_an_overwriting_value_that_comes_out_empty_leaves_the_field_alone() -> None:
    mutations = adds(field("x", "%REQ(nope)%", SET), field("y", "%REQ(nope)%", SET, True))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), mutations)
    fields = forwarded(routes, request("/", "x: client", "y: client"))[1]
    assert (fields[b"x"], fields[b"y"]) == ([b"client"], [b""])


def test_what_may_not_stand_in_a_field_becomes_a_space() -> None:
    mutations = adds(field("x", "%QUERY_PARAM(a)%"))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), mutations)
    assert forwarded(routes, request("/?a=1%0d%0aEvil:%20yes%00."))[1][b"x"] == [b"1  Evil: yes ."]


def test_attempts_are_counted_where_that_is_asked_for() -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), attempts=True)
    assert forwarded(routes, request("/", "x-envoy-attempt-count: 9"), attempt=2)[1][b"x-envoy-attempt-count"] == [b"2"]


def test_a_route_that_changes_nothing_is_plain() -> None:
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"))
    match = routes.match(request())
    assert match is not None
    assert actions_of(match).plain
    assert actions_of(match) is actions_of(match)
    assert forwarded(routes, request("/p?q", "x: 1"))[1] == {b"host": [b"a.example"], b"x": [b"1"]}


def test_dropped_fields_never_go_upstream_unless_the_route_adds_them() -> None:
    route = Route(RouteMatch(prefix="/"), RouteAction(cluster="c"), "r", adds(field("x-b", "route")))
    slow = Route(RouteMatch(prefix="/"), RouteAction(cluster="c"), "r", adds(field("x-b", "route"), field("x-b", "2")))
    parsed = request("/", "x-a: 1", "x-b: client")
    match = table(RouteMatch(prefix="/"), RouteAction(cluster="c")).match(parsed)
    assert match is not None
    for each, values in ((route, [b"route"]), (slow, [b"route", b"2"])):
        changes = RouteActions(each, drops=(b"x-a", b"x-b")).finalize_request(match, parsed)
        assert written(changes, parsed)[1] == {b"host": [b"a.example"], b"x-b": values}


def test_parts_may_say_what_a_head_on_the_wire_may_not() -> None:
    mutations = adds(field("transfer-encoding", "x"), field("connection", "close"))
    routes = table(RouteMatch(prefix="/"), RouteAction(cluster="c"), mutations)
    match = routes.match_parts(path="/")
    assert match is not None
    changes = finalize_request(match, RequestHead(path="/"))
    assert as_fields(changes.head.headers.items()) == {b"transfer-encoding": [b"x"], b"connection": [b"close"]}
    with pytest.raises(ValueError, match="the rewrite writes it itself"):
        assert changes.rewriter


def test_a_configuration_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        table(RouteMatch(prefix="/"), RouteAction(cluster="c"), adds(field("x", "%NOPE%")))
    assert caught.value.path == "virtual_hosts[0].routes[0].request_headers_to_add[0].header.value"
    with pytest.raises(ConfigError) as caught:
        RouteTable(RouteConfiguration("c", (), mutations=adds(remove=("host",))))
    assert caught.value.path == "request_headers_to_remove[0]"


def test_what_stands_after_a_cookie_is_its_value() -> None:
    def key(*lines: str) -> int | None:
        policy = HashPolicy(cookie=HashPolicyCookie("c"))
        actions = RouteActions(Route(RouteMatch(prefix="/"), RouteAction("one", hash_policy=(policy,))))
        return actions.hash(request("/", *lines)).key

    assert key("cookie: c=1 ;x=y") == xxh64(b"1 ") == key("cookie: a=b;  c=1 ; d=e")
    assert key('cookie: c="1" ;x=y') == xxh64(b'"1" ')
    assert key('cookie: c="1";x=y') == xxh64(b"1") == key("cookie: c=1")


@pytest.mark.parametrize(
    ("target", "written_as"), [("/sl/a?", b"/new/a?"), ("/sl/a?x", b"/new/a?x"), ("/sl/a", b"/new/a")]
)
def test_an_empty_query_stays_when_changes_are_played(target: str, written_as: bytes) -> None:
    twice = adds(field("a", "1"), field("a", "2"))
    rules = table(RouteMatch(prefix="/sl"), RouteAction("one", prefix_rewrite="/new"), twice, host=twice)
    parsed = request(target)
    match = rules.match(parsed)
    assert match is not None
    assert written(finalize_request(match, parsed), parsed)[0] == written_as


@pytest.mark.parametrize(("target", "original"), [("http://b.example", b"/"), ("http://b.example/x", b"/x")])
def test_an_absolute_target_without_a_path_is_the_root(target: str, original: bytes) -> None:
    rewrite = RegexRewrite("^", "/x")
    rules = table(RouteMatch(prefix="/"), RouteAction("one", regex_rewrite=rewrite), adds(field("p", "%REQ(:path)%")))
    parsed = request(target)
    match = rules.match(parsed)
    assert match is not None
    path, fields = written(finalize_request(match, parsed), parsed)
    assert path == b"/x" + original
    assert fields[b"x-envoy-original-path"] == [original]
    assert fields[b"p"] == [original]
    assert actions_of(match).answer(match, parsed) is None


def test_a_query_alone_is_no_path() -> None:
    parsed = request("http://b.example?q=1")
    for match in (RouteMatch(prefix=""), RouteMatch(prefix="/"), RouteMatch(path="/"), RouteMatch(safe_regex=".*")):
        assert table(match, RouteAction("one")).match(parsed) is None
    assert table(RouteMatch(prefix=""), RouteAction("one")).match_parts(path="?q") is None


def test_internal_headers_do_not_come_from_outside() -> None:
    def rules(*internal: str) -> RouteTable:
        own = RouteMatch(prefix="/", headers=(HeaderMatcher("X-A", present_match=True),))
        routes = (Route(own, RouteAction("own")), Route(RouteMatch(prefix="/"), RouteAction("other")))
        return RouteTable(RouteConfiguration("c", (VirtualHost("v", ("*",), routes),), internal_only_headers=internal))

    parsed = request("/", "x-a: 1", "x-b: 2")
    for found, cluster, fields in (
        (rules().match(parsed), "own", {b"x-a", b"x-b", b"host"}),
        (rules("x-a").match(parsed), "other", {b"x-b", b"host"}),
    ):
        assert found is not None
        assert found.cluster == cluster
        changes = finalize_request(found, parsed)
        assert set(written(changes, parsed)[1]) == fields
        assert changes.head.headers.get(b"x-a") == (None if b"x-a" not in fields else b"1")
    split = RouteAction(weighted_clusters=(WeightedCluster("one", 1, mutations=adds(field("x-c", "1"))),))
    whole = table(RouteMatch(prefix="/"), split, internal_only_headers=("x-a",))
    found = whole.match(parsed)
    assert found is not None
    assert set(written(finalize_request(found, parsed), parsed)[1]) == {b"x-b", b"x-c", b"host"}
    changing = rules()
    changing.update(RouteConfiguration("c", changing.virtual_hosts, internal_only_headers=("x-a",)))
    match = changing.match(parsed)
    assert match is not None
    assert match.cluster == "other"


def test_internal_headers_decide_nothing() -> None:
    def rules(action: RouteAction, *internal: str, matcher: MatcherMap | None = None) -> RouteTable:
        host = VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), action),), matcher=matcher)
        return RouteTable(RouteConfiguration("c", (host,), internal_only_headers=internal), warn_shadowed=False)

    parsed = request("/", "X-A: 1")
    shares = (WeightedCluster("one", 1), WeightedCluster("two", 1))
    by_header = RouteAction(cluster_header="x-a"), ("1", None)
    by_value = RouteAction(weighted_clusters=shares, random_value_header="x-a"), ("two", "one")
    for action, clusters in (by_header, by_value):
        for internal, cluster in zip(((), ("X-a",)), clusters, strict=True):
            found = rules(action, *internal).match(parsed, random=0)
            assert found is not None
            assert found.cluster == cluster
    tree = MatcherMap("x-a", (("1", MatchedRoutes(1)),))
    assert rules(RouteAction("one"), matcher=tree).match(parsed) is not None
    assert rules(RouteAction("one"), "x-a", matcher=tree).match(parsed) is None
    for internal, seen in (((), True), (("x-a",), False)):
        table = rules(RouteAction("one", hash_policy=(HashPolicy(header="x-a"),), host_rewrite_header="x-a"), *internal)
        assert (table.taking((HeaderMatcher("x-a", present_match=True),)).match(parsed) is not None) == seen
        found = table.match(parsed)
        assert found is not None
        assert (actions_of(found).hash(parsed).key is not None) == seen
        assert (actions_of(found).host_hash(found, parsed).key is not None) == seen
        assert finalize_request(found, parsed).authority == (b"1" if seen else None)


def test_the_url_as_it_was_once_is_no_field_of_a_request() -> None:
    asks = RouteMatch(prefix="/", headers=(HeaderMatcher("x-envoy-original-url", present_match=True),))
    assert table(asks, RouteAction("one")).match(request("/", "x-envoy-original-url: /a")) is None


@pytest.mark.parametrize(
    "lines", [("connection: x-a", "x-a: c1"), ("x-b: c1",), ("Connection: close, X-A", "X-A: c1", "x-a: c2")]
)
def test_no_cluster_is_named_by_a_field_of_one_hop(lines: tuple[str, ...]) -> None:
    rules = table(RouteMatch(prefix="/"), RouteAction(cluster_header="X-A"))
    match = rules.match(request("/", *lines))
    assert match is not None
    assert match.cluster is None
    found = rules.match(request("/", "connection: x-b", "x-a: c1"))
    assert found is not None
    assert found.cluster == "c1"


def test_what_x_forwarded_proto_is_where_it_is_missing() -> None:
    adds_it = adds(field("p", "%REQ(x-forwarded-proto)%"))
    parsed = request("/")
    rules = table(RouteMatch(prefix="/"), RouteAction("one"), adds_it)
    match = rules.match(parsed)
    assert match is not None
    assert written(finalize_request(match, parsed), parsed)[1][b"p"] == [b"http"]
    changing = table(RouteMatch(prefix="/"), RouteAction("one"), adds(field("x-forwarded-proto", "a")))
    match = changing.match(parsed)
    assert match is not None
    assert written(finalize_request(match, parsed), parsed)[1][b"x-forwarded-proto"] == [b"http,a"]


def test_a_mirror_is_named_by_all_lines_of_a_list() -> None:
    policy = RequestMirrorPolicy(cluster="", cluster_header="accept")
    actions = RouteActions(Route(RouteMatch(prefix="/"), RouteAction("one", request_mirror_policies=(policy,))))
    head = RequestHead.of(request("/", "accept: m0", "accept: m1"))
    assert [each.cluster for each in actions.mirrors(head, lambda: 0)] == ["m0,m1"]


@pytest.mark.parametrize(
    ("lines", "path", "name"),
    [
        (("x-envoy-original-path:", "x-envoy-original-host:"), b"/p?q", b"a.example"),
        (
            (
                "x-envoy-original-path: /a",
                "x-envoy-original-path: /b",
                "x-envoy-original-host: a",
                "x-envoy-original-host: b",
            ),
            b"/a,/b",
            b"a,b",
        ),
    ],
)
def test_originals_of_odd_lines(lines: tuple[str, ...], path: bytes, name: bytes) -> None:
    values = adds(field("p", "%PATH%"), field("n", "%REQUESTED_SERVER_NAME(HOST_FIRST:ORIG_OR_HOST)%"))
    parsed = request("/p?q", *lines)
    match = table(RouteMatch(prefix="/"), RouteAction("one"), values).match(parsed)
    assert match is not None
    fields = written(finalize_request(match, parsed), parsed)[1]
    assert (fields[b"p"], fields[b"n"]) == ([path], [name])
