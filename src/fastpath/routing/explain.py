"""Why a request got its route: the routes that take its path, in order, and the conditions that each failed.

Each path and each condition is asked by a table of its own with nothing else in it, so that what is told is what the
matcher does and not a second opinion. That takes some 20 us for a route: it is for people, not for traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastpath.models import DirectResponse, Route, RouteMatch, VirtualHost

from .match_tree import list_ends

if TYPE_CHECKING:
    from fastpath._match import Match
    from fastpath._route import FilterState, Metadata

    from .table import RouteTable

__all__ = ["Candidate", "Explanation", "explain"]

_ALWAYS = RouteMatch(prefix="")
_CONNECT = RouteMatch(connect_matcher=True)
_NOWHERE = DirectResponse(200)
_PATH_FIELDS = (
    "prefix",
    "path",
    "path_separated_prefix",
    "safe_regex",
    "path_template",
    "connect_matcher",
    "case_sensitive",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route of the virtual host that takes the request's path."""

    index: int
    route: Route
    failed: tuple[str, ...]
    """The conditions that do not hold, as places in the route ("match.headers[0]"); with none it takes the request."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was looked at for a request."""

    match: Match | None
    """The answer, as from match_parts."""
    virtual_host: VirtualHost | None
    """Whose domain fits best; None when no domain fits."""
    candidates: tuple[Candidate, ...]
    """In order, up to the one that takes the request; all of them when none does."""
    passed_over: int
    """How many routes before that do not take the path."""

    def __str__(self) -> str:
        if self.virtual_host is None:
            return "no virtual host has a domain for this request"
        lines = [f'virtual host "{self.virtual_host.name}"']
        if self.match is not None and self.match.tls_redirect:
            return "\n".join([*lines, "  redirects plain HTTP to https before it looks at routes"])
        for candidate in self.candidates:
            verdict = "no: " + ", ".join(candidate.failed) if candidate.failed else "yes"
            lines.append(f'  route {candidate.index} "{candidate.route.name}": {verdict}')
        lines.append(f"  {self.passed_over} routes do not take the path")
        if self.match is None:
            lines.append("  no route takes the request")
        return "\n".join(lines)


def _conditions(match: RouteMatch) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each condition alone: where it stands, and the fields of a match with nothing but it."""
    for field in ("headers", "query_parameters", "cookies", "dynamic_metadata", "filter_state"):
        for index, model in enumerate(getattr(match, field)):
            yield f"match.{field}[{index}]", {field: (model,)}
    for field in ("grpc", "runtime_fraction", "tls_context"):
        if getattr(match, field):
            yield f"match.{field}", {field: getattr(match, field)}


def explain(
    table: RouteTable,
    *,
    method: str | bytes = "GET",
    authority: str | bytes | None = None,
    path: str | bytes | None = None,
    headers: Iterable[tuple[str | bytes, str | bytes]] = (),
    scheme: str | bytes = "http",
    source: object = None,
    tls: object = None,
    random: int | None = None,
    metadata: Metadata | None = None,
    filter_state: FilterState | None = None,
) -> Explanation:
    """Explain what `table.match_parts` answers for the same arguments. Without `random`, one is drawn here."""
    request: dict[str, Any] = {
        "method": method,
        "authority": authority,
        "path": path,
        "headers": tuple(headers),
        "scheme": scheme,
        "source": source,
        "tls": tls,
        "random": table.draw() if random is None else random,
        "metadata": metadata,
        "filter_state": filter_state,
    }
    match = table.match_parts(**request)
    # The target of OPTIONS that stands for the server, or a query alone, comes to a virtual host, but to no route.
    server = path in ("*", b"*") or (path is not None and path[:1] in ("?", b"?"))
    always = _ALWAYS if path else _CONNECT

    def asks(virtual_hosts: Iterable[VirtualHost]) -> Match | None:
        return table.like(virtual_hosts).match_parts(**request)

    def holds(condition: RouteMatch) -> bool:
        return asks([VirtualHost("", ("*",), (Route(condition, _NOWHERE),))]) is not None

    open_hosts = [replace(host, routes=(Route(always, _NOWHERE),), matcher=None) for host in table.virtual_hosts]
    if server:
        request["path"] = "/"
    found = asks(open_hosts)
    if found is None:
        return Explanation(match, None, (), 0)
    names = [host.domains for host in table.virtual_hosts]
    host = table.virtual_hosts[names.index(found.virtual_host.domains)]
    if server:
        return Explanation(match, host, (), len(host.routes))
    candidates = []
    passed_over = 0
    places = range(len(host.routes))
    if host.matcher is not None:
        open_routes = tuple(Route(always, _NOWHERE, str(index)) for index in places)
        led_to = asks([replace(host, domains=("*",), routes=open_routes)])
        first = len(places) if led_to is None or led_to.tls_redirect else int(led_to.route.name)
        places = range(first, next((end for end in list_ends(host.matcher) if end > first), first))
    for index in () if found.tls_redirect else places:
        route = host.routes[index]
        only_path = RouteMatch(**{field: getattr(route.match, field) for field in _PATH_FIELDS})
        if not holds(only_path):
            passed_over += 1
            continue
        conditions = _conditions(route.match)
        failed = tuple(place for place, fields in conditions if not holds(replace(always, **fields)))
        candidates.append(Candidate(index, route, failed))
        if not failed:
            break
    return Explanation(match, host, tuple(candidates), passed_over)
