"""Redirects, direct responses, require_tls, and what routes do to responses."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import Request, RouteTable, parse_request, parse_response
from fastpath.actions import Answer, actions_of, direct_answer, finalize_request, finalize_response
from fastpath.actions.answers import tls_redirect
from fastpath.models import (
    DirectResponse,
    HeaderAppendAction,
    HeaderMutations,
    HeaderValueOption,
    RedirectAction,
    RegexRewrite,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    TlsRequirement,
    VirtualHost,
)
from fastpath.substitution import RequestHead, StreamInfo

SET = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
ANY = RouteMatch(prefix="/")
NOTHING = HeaderMutations()


def request(path: str = "/", *lines: str, host: str = "a.example", method: str = "GET") -> Request:
    text = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines]) + "\r\n\r\n"
    parsed = parse_request(text.encode())
    assert parsed is not None
    return parsed


def table(
    action: RouteAction | RedirectAction | DirectResponse,
    match: RouteMatch = ANY,
    mutations: HeaderMutations = NOTHING,
    **host: Any,
) -> RouteTable:
    return RouteTable(
        RouteConfiguration("c", (VirtualHost("v", ("*",), (Route(match, action, "r", mutations),), **host),))
    )


def answer(routes: RouteTable, parsed: Request) -> Answer:
    """The answer, the same for the parsed request and for its parts."""
    match = routes.match(parsed)
    assert match is not None
    found = direct_answer(match, parsed)
    assert found is not None
    assert direct_answer(match, RequestHead.of(parsed, path=match.path)) == found
    return found


def location(
    path: str,
    match: RouteMatch = ANY,
    *,
    host: str = "a.example",
    lines: tuple[str, ...] = (),
    **action: Any,
) -> str:
    found = answer(table(RedirectAction(**action), match), request(path, *lines, host=host))
    assert found.status == 301
    ((name, value),) = found.headers
    assert name == b"location"
    return value.decode()


HTTPS = ("X-Forwarded-Proto: https",)
PLACES = [
    ({"https_redirect": True}, "a.example", (), "https://a.example/x?q=1"),
    ({"https_redirect": True}, "a.example:80", (), "https://a.example/x?q=1"),
    ({"https_redirect": True}, "a.example:443", (), "https://a.example:443/x?q=1"),
    ({"https_redirect": True}, "a.example:8080", (), "https://a.example:8080/x?q=1"),
    ({"https_redirect": True}, "[::1]:80", (), "https://[::1]/x?q=1"),
    ({"https_redirect": True}, "[::1]", (), "https://[::1]/x?q=1"),
    ({"https_redirect": True}, "A.Example:80", (), "https://A.Example/x?q=1"),
    ({"https_redirect": True}, "a.example:443", HTTPS, "https://a.example:443/x?q=1"),
    ({"https_redirect": True}, "a.example:80", HTTPS, "https://a.example:80/x?q=1"),
    ({"scheme_redirect": "ftp"}, "a.example:80", (), "ftp://a.example/x?q=1"),
    ({"scheme_redirect": "ftp"}, "a.example:443", (), "ftp://a.example:443/x?q=1"),
    ({"scheme_redirect": "ftp"}, "a.example:443", HTTPS, "ftp://a.example/x?q=1"),
    ({"scheme_redirect": "http"}, "a.example:80", (), "http://a.example:80/x?q=1"),
    ({"scheme_redirect": "http"}, "a.example:443", HTTPS, "http://a.example/x?q=1"),
    ({"host_redirect": "h.example"}, "a.example:8080", (), "http://h.example/x?q=1"),
    ({"host_redirect": "h.example"}, "a.example", HTTPS, "https://h.example/x?q=1"),
    ({"host_redirect": "h.example:81", "port_redirect": 9}, "a.example", (), "http://h.example:81:9/x?q=1"),
    ({"port_redirect": 8443}, "a.example:8080", (), "http://a.example:8443/x?q=1"),
    ({"port_redirect": 8443}, "[::1]:80", (), "http://[::1]:8443/x?q=1"),
    ({"port_redirect": 443, "https_redirect": True}, "a.example:443", (), "https://a.example:443/x?q=1"),
    ({"port_redirect": 0}, "a.example:80", (), "http://a.example:80/x?q=1"),
    ({}, "a.example", (), "http://a.example/x?q=1"),
]


@pytest.mark.parametrize(("action", "host", "lines", "expected"), PLACES)
def test_redirects_to_another_place(action: Any, host: str, lines: tuple[str, ...], expected: str) -> None:
    assert location("/x?q=1", host=host, lines=lines, **action) == expected


PATHS = [
    ("/path?a=?b", RouteMatch(prefix="/"), {"path_redirect": "/p"}, "/p?a=?b"),
    ("/path", RouteMatch(prefix="/"), {"path_redirect": "/p"}, "/p"),
    ("/path?x", RouteMatch(prefix="/"), {"path_redirect": "p"}, "/p?x"),
    ("/path?a", RouteMatch(prefix="/"), {"path_redirect": "/p?own=1", "strip_query": True}, "/p?own=1"),
    ("/path?a", RouteMatch(prefix="/"), {"path_redirect": "/p#f"}, "/p#f?a"),
    ("/path?a", RouteMatch(prefix="/"), {"path_redirect": ""}, "/path?a"),
    ("/prefix/a?b", RouteMatch(prefix="/prefix"), {"prefix_rewrite": "/np"}, "/np/a?b"),
    ("/prefix/a", RouteMatch(prefix="/prefix"), {"prefix_rewrite": "np"}, "/np/a"),
    ("/prefix/a", RouteMatch(prefix="/prefix"), {"prefix_rewrite": ""}, "/prefix/a"),
    ("/exact?q", RouteMatch(path="/exact"), {"prefix_rewrite": "/N"}, "/N?q"),
    ("/re/x?q", RouteMatch(safe_regex="/re/.*"), {"prefix_rewrite": "/N"}, "/N?q"),
    ("/t/x?q", RouteMatch(path_template="/t/{a}"), {"prefix_rewrite": "/N"}, "/N"),
    ("/t/xyz?q", RouteMatch(path_template="/t/{a}"), {"prefix_rewrite": "/N"}, "/N?q"),
    ("/t/x?qrs", RouteMatch(path_template="/t/{a}"), {"prefix_rewrite": "/N"}, "/Nrs"),
    ("/t/x", RouteMatch(path_template="/t/{a}"), {"prefix_rewrite": "/N"}, "/N"),
    ("/strip/a?b?c", RouteMatch(prefix="/"), {"strip_query": True}, "/strip/a"),
    ("/pre/a?b", RouteMatch(prefix="/pre"), {"prefix_rewrite": "/n", "strip_query": True}, "/n/a"),
]


@pytest.mark.parametrize(("path", "match", "action", "expected"), PATHS)
def test_redirects_to_another_path(path: str, match: RouteMatch, action: Any, expected: str) -> None:
    assert location(path, match, **action) == "http://a.example" + expected


def test_an_absolute_target_says_its_scheme_and_host() -> None:
    assert location("http://abs.example:80/x?y", https_redirect=True) == "https://abs.example/x?y"
    assert location("https://abs.example/x?y", path_redirect="/z") == "https://abs.example/z?y"


def test_a_redirect_has_the_code_that_is_asked_for() -> None:
    assert answer(table(RedirectAction(308)), request()).status == 308


@pytest.mark.parametrize("host", ["a.example", "a.example:80", "a.example:8080"])
def test_require_tls_sends_to_https_before_any_route(host: str) -> None:
    routes = table(
        DirectResponse(200),
        RouteMatch(prefix="/x"),
        require_tls=TlsRequirement.ALL,
        mutations=HeaderMutations(response_headers_to_add=(HeaderValueOption("y", "1"),)),
    )
    for path in ("/x?q", "/no/route"):
        parsed = request(path, host=host, method="POST")
        assert answer(routes, parsed) == Answer(301, headers=((b"location", f"https://{host}{path}".encode()),))
    match = routes.match(request("/x"), scheme="https")
    assert match is not None
    assert direct_answer(match, request("/x")) == Answer(200, headers=((b"y", b"1"),))


def adds(*fields: HeaderValueOption, remove: tuple[str, ...] = ()) -> HeaderMutations:
    return HeaderMutations(response_headers_to_add=fields, response_headers_to_remove=remove)


def test_a_direct_response_is_plain_text_unless_the_route_says_otherwise() -> None:
    assert answer(table(DirectResponse(200, b"hello")), request()) == Answer(
        200, b"hello", ((b"content-type", b"text/plain"),)
    )
    html = adds(HeaderValueOption("content-type", "text/html"), HeaderValueOption("content-length", "99"))
    assert answer(table(DirectResponse(200, b"hello"), mutations=html), request()).headers == (
        (b"content-type", b"text/html"),
    )
    assert answer(table(DirectResponse(204), mutations=html), request()) == Answer(204)


@pytest.mark.parametrize("status", [300, 302, 304, 399])
def test_a_direct_response_that_redirects_names_the_requests_own_address(status: int) -> None:
    found = answer(table(DirectResponse(status, b"x"), mutations=adds(HeaderValueOption("y", "1"))), request("/p?q"))
    text = (b"content-type", b"text/plain")
    assert found == Answer(status, b"x", ((b"location", b"http://a.example/p?q"), (b"y", b"1"), text))


def test_responses_are_changed_at_every_level() -> None:
    routes = RouteTable(
        RouteConfiguration(
            "c",
            (
                VirtualHost(
                    "v",
                    ("*",),
                    (Route(RouteMatch(prefix="/"), DirectResponse(200), "r", adds(HeaderValueOption("y", "r"))),),
                    mutations=adds(HeaderValueOption("y", "v%RESP(y)%"), HeaderValueOption("z", "%RESP(:status)%")),
                ),
            ),
            mutations=adds(HeaderValueOption("y", "c:%REQ(:path)%"), HeaderValueOption("z", "%RESPONSE_CODE%", SET)),
        )
    )
    assert answer(routes, request("/p?q")).headers == (
        (b"y", b"r"),
        (b"y", b"vr"),
        (b"z", b"0"),
        (b"y", b"c:/p?q"),
    )


def test_a_redirects_location_can_be_changed_and_removed() -> None:
    changed = adds(HeaderValueOption("location", "x", SET), HeaderValueOption("content-type", "a/b"))
    routes = RouteTable([VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), RedirectAction(), "", changed),))])
    assert answer(routes, request()).headers == ((b"location", b"x"),)
    gone = adds(remove=("location",))
    routes = RouteTable([VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), RedirectAction(), "", gone),))])
    assert answer(routes, request()).headers == ()


def test_a_redirects_operators_see_the_rewritten_path() -> None:
    seen = adds(HeaderValueOption("y", "%REQ(:path)%"))
    action = RedirectAction(prefix_rewrite="/n")
    routes = RouteTable([VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/p"), action, "", seen),))])
    assert answer(routes, request("/p/x?q")).headers == ((b"location", b"http://a.example/n/x?q"), (b"y", b"/n/x?q"))


UPSTREAM = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Up: 1\r\nX-Up: 2\r\nZ: 1\r\nVary: a\r\n\r\n"


def from_upstream(mutations: HeaderMutations, parsed: Request | None = None, **route: Any) -> dict[bytes, list[bytes]]:
    """The response's fields at the client."""
    parsed = parsed or request()
    action = RouteAction(cluster="c", **route)
    routes = RouteTable([VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), action, "r", mutations),))])
    match = routes.match(parsed)
    assert match is not None
    response = parse_response(UPSTREAM)
    assert response is not None
    assert response.status_code == 200
    stream = StreamInfo(parsed)
    stream.response_code = 200
    finalize_request(match, parsed, stream)
    changes = finalize_response(match, response, stream)  # type: ignore[arg-type]
    again = parse_response(changes.rewriter.rewrite(response, values=changes.values))
    assert again is not None
    fields: dict[bytes, list[bytes]] = {}
    for name, value in again.headers.items():
        fields.setdefault(name.lower(), []).append(value)
    head = [(name, value) for name, value in response.headers.items()]
    stream = StreamInfo(parsed)
    stream.response_code = 200
    finalize_request(match, parsed, stream)
    played = actions_of(match).finalize_response_fields(200, head, stream)
    assert sorted((name.lower(), value) for name, value in played) == sorted(
        (name, value) for name, values in fields.items() for value in values
    )
    return fields


def test_a_route_that_leaves_responses_alone_says_so() -> None:
    assert from_upstream(HeaderMutations())[b"x-up"] == [b"1", b"2"]


def test_an_upstreams_response_is_changed_in_one_pass_where_order_does_not_matter() -> None:
    fields = from_upstream(
        adds(
            HeaderValueOption("x-up", "%RESPONSE_CODE%", SET), HeaderValueOption("new", "n%RESP(x-up)%"), remove=("z",)
        )
    )
    assert (fields[b"x-up"], fields[b"new"], fields.get(b"z")) == ([b"200"], [b"n1"], None)


def test_an_upstreams_response_is_changed_step_by_step_where_order_matters() -> None:
    fields = from_upstream(
        adds(HeaderValueOption("a", "1"), HeaderValueOption("a", "2"), HeaderValueOption("vary", "b"))
    )
    assert (fields[b"a"], fields[b"vary"]) == ([b"1", b"2"], [b"a,b"])


def test_response_operators_see_the_request_as_it_went_upstream() -> None:
    mutations = HeaderMutations(
        request_headers_to_add=(HeaderValueOption("x-add", "added"),),
        response_headers_to_add=(HeaderValueOption("y", "%REQ(:path)% %REQ(x-add)% %REQ(x-envoy-original-path)%"),),
    )
    fields = from_upstream(mutations, request("/a?q"), prefix_rewrite="/b/")
    assert fields[b"y"] == [b"/b/a?q added /a?q"]


def test_cookies_and_the_number_of_attempts_are_added() -> None:
    virtual = VirtualHost(
        "v",
        ("*",),
        (Route(RouteMatch(prefix="/"), RouteAction(cluster="c")),),
        include_attempt_count_in_response=True,
    )
    match = RouteTable([virtual]).match(request())
    assert match is not None
    response = parse_response(UPSTREAM)
    changes = actions_of(match).finalize_response(response, cookies=[b"k=v", b"l=w"], attempts=3)  # type: ignore[arg-type]
    again = parse_response(changes.rewriter.rewrite(response))  # type: ignore[arg-type]
    assert again is not None
    assert again.headers.get_all(b"set-cookie") == [b"k=v", b"l=w"]
    assert again.headers.get_all(b"x-envoy-attempt-count") == [b"3"]


def test_an_answer_of_ones_own_is_changed_as_an_upstreams_would_be() -> None:
    seen = adds(HeaderValueOption("y", "%RESPONSE_FLAGS%"))
    action = RouteAction(cluster_header="x-cluster", cluster_not_found_response_code=404)
    routes = RouteTable([VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), action, "", seen),))])
    match = routes.match(request())
    assert match is not None
    assert match.cluster is None
    actions = actions_of(match)
    stream = StreamInfo(request())
    stream.response_flags = ("NC",)
    assert actions.decorate(actions.cluster_not_found, stream) == Answer(404, headers=((b"y", b"NC"),))


@pytest.mark.parametrize(
    ("action", "values"),
    [
        (RedirectAction(prefix_rewrite="/new"), b"[/red/a?q=1][/red/a?q=1][/red/a][/new/a?q=1]"),
        (RedirectAction(regex_rewrite=RegexRewrite("q", "z")), b"[/red/a?q=1][/red/a?q=1][/red/a][/red/a?q=1]"),
        (RedirectAction(path_redirect="/new"), b"[/c][/c][/c][/red/a?q=1]"),
    ],
)
def test_a_redirect_that_rewrites_says_what_the_path_was(action: RedirectAction, values: bytes) -> None:
    text = "[%REQ(x-envoy-original-path)%][%PATH%][%PATH(NQ:ORIG)%][%REQ(:path)%]"
    added = HeaderMutations(response_headers_to_add=(HeaderValueOption("x-p", text),))
    routes = (Route(RouteMatch(prefix="/red"), action, mutations=added),)
    rules = RouteTable([VirtualHost("v", ("*",), routes)])
    parsed = parse_request(b"GET /red/a?q=1 HTTP/1.1\r\nHost: h\r\nx-envoy-original-path: /c\r\n\r\n")
    assert parsed is not None
    match = rules.match(parsed)
    assert match is not None
    answer = actions_of(match).answer(match, parsed)
    assert answer is not None
    assert dict(answer.headers)[b"x-p"] == values


def test_tls_is_asked_for_at_the_root() -> None:
    parsed = parse_request(b"GET http://tls.example HTTP/1.1\r\nHost: tls.example\r\n\r\n")
    assert parsed is not None
    assert tls_redirect(RequestHead.of(parsed)).headers == ((b"location", b"https://tls.example/"),)
