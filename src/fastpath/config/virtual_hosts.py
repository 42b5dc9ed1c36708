"""Virtual hosts out of routes that each name a host, where a request may take any route whose host fits, best first.

In Envoy a request belongs to one virtual host, the most specific one, and to the routes of that alone. So each virtual
host gets the routes of all hosts that cover its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..models import RetryPolicy, Route, RouteMatch, VirtualHost

__all__ = ["DEFAULT_RETRY", "Candidate", "build_virtual_hosts", "covers", "host_rank", "prefix_match"]

DEFAULT_RETRY = RetryPolicy(
    retry_on=("connect-failure",), num_retries=2, previous_hosts=True, host_selection_retry_max_attempts=5
)
"""A request that found no connection goes to another endpoint, which kube-proxy cannot do."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route for the requests to a domain ("host", "*.suffix" or "*"); the smallest rank is tried first."""

    domain: str
    rank: tuple[object, ...]
    route: Route


def covers(pattern: str, domain: str) -> bool:
    """Whether all hosts of `domain` are hosts of `pattern`."""
    return pattern in ("*", domain) or (pattern.startswith("*.") and domain.endswith(pattern[1:]))


def host_rank(domain: str) -> tuple[object, ...]:
    """Orders domains: exact ones, then the longer wildcard, then any host."""
    return (domain.startswith("*"), -len(domain))


def prefix_match(prefix: str) -> RouteMatch:
    """A prefix compared element by element, whatever slash it ends with."""
    prefix = prefix.rstrip("/")
    return RouteMatch(path_separated_prefix=prefix) if prefix else RouteMatch(prefix="/")


def build_virtual_hosts(candidates: Iterable[Candidate], domains: Iterable[str] = ()) -> tuple[VirtualHost, ...]:
    """A virtual host for each domain of a candidate, and for `domains`, which may stay without a route."""
    by_domain: dict[str, list[Candidate]] = {domain: [] for domain in domains}
    for candidate in candidates:
        by_domain.setdefault(candidate.domain, []).append(candidate)
    hosts = []
    for domain in sorted(by_domain, key=lambda each: (host_rank(each), each)):
        fitting = [each for pattern in _covering(domain) for each in by_domain.get(pattern, ())]
        fitting.sort(key=lambda each: each.rank)
        hosts.append(VirtualHost(domain, (domain,), tuple(_reachable(each.route for each in fitting))))
    return tuple(hosts)


def _covering(domain: str) -> Iterator[str]:
    """The patterns that cover a domain: itself, each wildcard above it, and any host."""
    yield domain
    rest = domain.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        if f"*.{rest}" != domain:
            yield f"*.{rest}"
    if domain != "*":
        yield "*"


def _reachable(routes: Iterable[Route]) -> Iterator[Route]:
    """Leave out what an earlier route takes whole, as it does with the same path of a less specific host."""
    exact: set[str] = set()
    prefixes: set[str] = set()
    for route in routes:
        match = route.match
        is_regex = match.safe_regex is not None
        path = match.path or match.path_separated_prefix or match.prefix or "/"
        taken = match.path is not None and path in exact
        if taken or not prefixes.isdisjoint(_prefixes_of("/" if is_regex else path)):
            continue
        yield route
        if not (is_regex or match.headers or match.query_parameters or match.runtime_fraction):
            (prefixes if match.path is None else exact).add(path)


def _prefixes_of(path: str) -> Iterator[str]:
    """The path and all its beginnings that end before or after a slash: "/a/b" has "/a/b", "/a/", "/a" and "/"."""
    yield path
    while "/" in path:
        path = path[: path.rindex("/")]
        yield f"{path}/"
        if path:
            yield path
