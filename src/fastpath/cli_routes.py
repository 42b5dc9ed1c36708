"""`fastpath routes check` and `fastpath routes explain`: what a configuration's routes do with requests.

Test files are those of Envoy's router_check_tool.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .actions import Answer, actions_of, direct_answer, finalize_request
from .cli_route_tests import RouteTest, read_tests
from .cli_scope import add_scope, scope_of
from .config import load
from .errors import ConfigWarning
from .models import DirectResponse, HeaderMatcher, Route, RouteMatch, VirtualHost
from .routing import Match, RouteTable
from .substitution.heads import HeaderList, RequestHead
from .substitution.stream import StreamInfo

__all__ = ["add_commands"]


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Put `routes check` and `routes explain` among the commands."""
    routes = commands.add_parser("routes", help="ask a configuration's routes").add_subparsers(
        required=True, metavar="command"
    )
    check = routes.add_parser("check", help="run a file of tests, as Envoy's router_check_tool does")
    _add_config(check)
    check.add_argument("tests", type=Path, metavar="TESTS", help="YAML or JSON")
    check.add_argument("--only-show-failures", action="store_true", help="say nothing of tests that pass")
    check.add_argument(
        "-f", "--fail-under", type=float, default=0.0, metavar="PERCENT", help="of routes that are tried"
    )
    check.set_defaults(command=_check)
    explain = routes.add_parser("explain", help="say which route a request takes, and why")
    _add_config(explain)
    explain.add_argument("request", metavar="'METHOD URL'", help="for example 'GET https://shop.example/cart?id=1'")
    explain.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'")
    explain.add_argument("--random", type=_random, metavar="N", help="what chance says, 0 to 2^64-1")
    explain.set_defaults(command=_explain)


def _random(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**64:
        raise argparse.ArgumentTypeError(f"expected 0 to 2^64-1, found {text}")
    return number


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="+", type=Path, metavar="CONFIG", help="files that are loaded together")
    parser.add_argument("--routes", metavar="NAME", help="the route configuration, where there are several")
    add_scope(parser)


def _table(options: argparse.Namespace) -> RouteTable:
    config = load(options.config, scope=scope_of(options))
    with warnings.catch_warnings():
        warnings.simplefilter("always", ConfigWarning)
        warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
        return RouteTable.from_config(config, options.routes, seed=0)


# --- explain ---------------------------------------------------------------------------------------------------------


def _explain(options: argparse.Namespace) -> int:
    method, _, url = options.request.partition(" ")
    if not url:
        method, url = "GET", method
    try:
        parts = urlsplit(url)
    except ValueError as error:
        print(f"fastpath: {url!r}: {error}", file=sys.stderr)
        return 2
    if parts.scheme not in ("http", "https") or not parts.netloc:
        print(f"fastpath: expected an http or https URL, found {url!r}", file=sys.stderr)
        return 2
    headers = []
    for line in options.header:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            print(f"fastpath: expected 'NAME: VALUE', found {line!r}", file=sys.stderr)
            return 2
        headers.append((name.strip(), value.strip()))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    table = _table(options)
    explanation = table.explain(
        method=method,
        authority=parts.netloc,
        path=None if method == "CONNECT" else path,
        headers=headers,
        scheme=parts.scheme,
        random=options.random,
    )
    print(explanation)
    match = explanation.match
    if match is None or match.tls_redirect:
        return 1 if match is None else 0
    outcome = _outcome(match, *_sent(match, RequestHead(method, parts.netloc, path, headers, parts.scheme)))
    print("\n".join(f"{name}: {value}" for name, value in outcome.items() if value))
    return 0


def _sent(match: Match, head: RequestHead) -> tuple[Answer | None, RequestHead]:
    """The answer of a route that gives one itself, and the head as the route leaves it."""
    answer = direct_answer(match, head)
    return answer, head if answer is not None else finalize_request(match, head).head


def _outcome(match: Match, answer: Answer | None, sent: RequestHead) -> dict[str, str]:
    """What becomes of the request, in the words of the test files."""
    if answer is not None:
        location = dict(answer.headers).get(b"location", b"")
        outcome = {"response_code": str(answer.status), "path_redirect": _text(location)}
        return {**outcome, "code_redirect": str(answer.status)} if location else outcome
    return {
        "cluster_name": match.cluster or "",
        "path_rewrite": _text(sent.path),
        "host_rewrite": _text(sent.authority),
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


# --- check -----------------------------------------------------------------------------------------------------------


def _failures(table: RouteTable, test: RouteTest, tried: set[int]) -> list[str]:
    """What a test expects and does not get; the route that it took is added to `tried`."""
    match = table.match_parts(
        method=test.method,
        authority=test.authority,
        path=test.path,
        headers=test.request_headers,
        scheme=test.scheme,
        random=test.random,
    )
    got: dict[str, str] = {}
    request: RequestHead | None = None
    response: HeaderList | None = None
    if match is not None:
        head = RequestHead(test.method, test.authority, test.path, test.request_headers, test.scheme)
        answer, sent = _sent(match, head)
        got = {"virtual_host_name": match.virtual_host.name, **_outcome(match, answer, sent)}
        if not match.tls_redirect:
            request = sent
            tried.add(id(match.route))
            got["route_name"] = match.route.name
            fields = HeaderList(test.response_headers).items()
            if answer is not None:
                fields += [(name, value) for name, value in answer.headers if name == b"location"]
            actions, status = actions_of(match), answer.status if answer is not None else 200
            response = HeaderList(actions.finalize_response_fields(status, fields, StreamInfo(sent)))
    failures = [
        f"{field}: expected {wanted!r}, got {got.get(field, '')!r}"
        for field, wanted in test.expected.items()
        if wanted != got.get(field, "")
    ]
    for name, matchers, found in (
        ("request_header_matches", test.request_header_matches, request),
        ("response_header_matches", test.response_header_matches, response),
    ):
        for matcher in matchers:
            if found is None or not _holds(matcher, found):
                failures.append(f"{name}: {matcher} does not hold")
    return failures


def _holds(matcher: HeaderMatcher, head: RequestHead | HeaderList) -> bool:
    """Whether a matcher holds for the head that goes upstream, or for a response's fields: a table is asked."""
    route = Route(RouteMatch(prefix="", headers=(matcher,)), DirectResponse(200))
    table = RouteTable((VirtualHost("all", ("*",), (route,)),), warn_shadowed=False)
    if isinstance(head, HeaderList):
        return table.match_parts(path="/", headers=head.items()) is not None
    found = table.match_parts(
        method=head.method, authority=head.authority, path=head.path, headers=head.headers.items(), scheme=head.scheme
    )
    return found is not None


def _check(options: argparse.Namespace) -> int:
    table = _table(options)
    tried: set[int] = set()
    passed = failed = 0
    for test in read_tests(options.tests):
        failures = _failures(table, test, tried)
        failed += bool(failures)
        passed += not failures
        if failures or not options.only_show_failures:
            print(f"{'FAILED' if failures else 'ok    '} {test.name}")
        for failure in failures:
            print(f"         {failure}")
    routes: list[Route] = list(table.routes())
    share = 100.0 * sum(id(route) in tried for route in routes) / len(routes) if routes else 100.0
    print(f"{passed} passed, {failed} failed; {share:.1f}% of {len(routes)} routes tried")
    if share < options.fail_under:
        print(f"fewer than {options.fail_under}% of the routes were tried")
    return 1 if failed or share < options.fail_under else 0
