"""`fastpath routes check` and `fastpath routes explain`: what a configuration's routes do with requests.

Test files are those of Envoy's router_check_tool: a list `tests`, each with `test_name`, `input` and `validate`.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .actions import direct_answer, finalize_request
from .cli_scope import add_scope, scope_of
from .config import document, load
from .config.node import DocumentLimits
from .config.problems import Problems
from .errors import ConfigError, ConfigWarning
from .models import Route
from .routing import Match, RouteTable
from .substitution.heads import RequestHead

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
    explain.add_argument("--random", type=int, metavar="N", help="what chance says, 0 to 2^64-1")
    explain.set_defaults(command=_explain)


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
    parts = urlsplit(url)
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
    outcome = _outcome(match, RequestHead(method, parts.netloc, path, headers, parts.scheme))
    print("\n".join(f"{name}: {value}" for name, value in outcome.items() if value))
    return 0


def _outcome(match: Match, head: RequestHead) -> dict[str, str]:
    """What becomes of the request, in the words of the test files."""
    answer = direct_answer(match, head)
    if answer is not None:
        location = dict(answer.headers).get(b"location", b"")
        return {"response_code": str(answer.status), "path_redirect": _text(location)}
    changed = finalize_request(match, head).head
    return {
        "cluster_name": match.cluster or "",
        "path_rewrite": _text(changed.path),
        "host_rewrite": _text(changed.authority),
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


# --- check -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Test:
    name: str
    request: Mapping[str, Any]
    validate: Mapping[str, Any]


_INPUTS = {"authority", "path", "method", "scheme", "ssl", "internal", "random_value"}
_INPUTS |= {"additional_request_headers", "additional_response_headers"}
_VALIDATED = {
    "cluster_name",
    "virtual_host_name",
    "route_name",
    "path_rewrite",
    "host_rewrite",
    "path_redirect",
    "response_code",
    "request_header_matches",
}


def _tests(file: Path) -> Iterator[_Test]:
    problems, name = Problems(), str(file)
    documents = document.read_all(name, DocumentLimits(), problems)
    problems.raise_any()
    content: Any = documents[0].value if len(documents) == 1 else None
    tests = content.get("tests") if isinstance(content, dict) else None
    if not isinstance(tests, list):
        raise ConfigError('expected an object with a list "tests"', source=name)
    for index, test in enumerate(tests):
        place = f"tests[{index}]"
        if not isinstance(test, dict) or not isinstance(test.get("input"), dict):
            raise ConfigError('a test is an object with "input" and "validate"', path=place, source=name)
        request, validate = test["input"], test.get("validate") or {}
        for what, given, known in (("input", request, _INPUTS), ("validate", validate, _VALIDATED)):
            unknown = sorted(set(given) - known)
            if unknown:
                raise ConfigError(f"the field {unknown[0]!r} is unknown", path=f"{place}.{what}", source=name)
        for field in ("authority", "path"):
            if not isinstance(request.get(field), str):
                raise ConfigError(f"{field!r} is missing, or no string", path=f"{place}.input", source=name)
        yield _Test(str(test.get("test_name", place)), request, validate)


def _headers(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(item["key"]), str(item.get("value", ""))) for item in request.get("additional_request_headers", ())]


def _failures(table: RouteTable, test: _Test, tried: set[int]) -> list[str]:
    """What a test expects and does not get; the route that it took is added to `tried`."""
    request, headers = test.request, _headers(test.request)
    scheme = request.get("scheme") or ("https" if request.get("ssl") in (True, "true") else "http")
    method = request.get("method", "GET")
    match = table.match_parts(
        method=method,
        authority=request["authority"],
        path=request["path"],
        headers=headers,
        scheme=scheme,
        random=int(request.get("random_value") or 0),
    )
    got: dict[str, str] = {}
    changed: RequestHead | None = None
    if match is not None:
        head = RequestHead(method, request["authority"], request["path"], headers, scheme)
        got = {"virtual_host_name": match.virtual_host.name, **_outcome(match, head)}
        if not match.tls_redirect:
            tried.add(id(match.route))
            got["route_name"] = match.route.name
            if direct_answer(match, head) is None:
                changed = finalize_request(match, head).head
    failures: list[str] = []
    for field, wanted in test.validate.items():
        if field == "request_header_matches":
            failures += _header_failures(wanted, changed)
        elif str(wanted) != got.get(field, ""):
            failures.append(f"{field}: expected {str(wanted)!r}, got {got.get(field, '')!r}")
    return failures


def _header_failures(matchers: Sequence[Mapping[str, Any]], head: RequestHead | None) -> Iterator[str]:
    """Header matchers that do not hold for the head that goes upstream. A table with one route is asked."""
    for matcher in matchers:
        route = {"match": {"prefix": "", "headers": [matcher]}, "direct_response": {"status": 200}}
        host = {"name": "all", "domains": ["*"], "routes": [route]}
        asked = RouteTable.from_config(load({"virtual_hosts": [host]}), warn_shadowed=False)
        found = None
        if head is not None:
            found = asked.match_parts(
                method=head.method, authority=head.authority, path=head.path, headers=head.headers.items()
            )
        if found is None:
            yield f"request_header_matches: {dict(matcher)} does not hold"


def _check(options: argparse.Namespace) -> int:
    table = _table(options)
    tried: set[int] = set()
    passed = failed = 0
    for test in _tests(options.tests):
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
