"""Route tables against a matcher that tries everything in order."""

from __future__ import annotations

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fastpath import ConfigError, RouteTable
from fastpath.models import Route, RouteAction, RouteMatch, VirtualHost, WeightedCluster


def lower(text: str) -> str:
    """ASCII letters only."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def takes(match: RouteMatch, path: str) -> bool:
    path = path.split("?")[0].split("#")[0]
    wanted = match.prefix or match.path or match.path_separated_prefix or ""
    if not match.case_sensitive:
        path, wanted = lower(path), lower(wanted)
    if match.path is not None:
        return path == wanted
    if match.prefix is not None:
        return path.startswith(wanted)
    return path == wanted or path.startswith(wanted + "/")


def serves(domain: str, host: str) -> tuple[int, int] | None:
    """How well a domain fits, the greater the better."""
    domain, host = lower(domain), lower(host)
    if domain == "*":
        return (0, 0)
    if domain.startswith("*"):
        return (2, len(domain)) if host.endswith(domain[1:]) and len(host) >= len(domain) else None
    if domain.endswith("*"):
        return (1, len(domain)) if host.startswith(domain[:-1]) and len(host) >= len(domain) else None
    return (3, 0) if domain == host else None


def expected(virtual_hosts: list[VirtualHost], host: str, path: str) -> tuple[str, int] | None:
    fits = [(fit, v) for v in virtual_hosts for domain in v.domains if (fit := serves(domain, host)) is not None]
    if not fits or not path or path == "*" or path[0] == "?":
        return None
    chosen = max(fits, key=lambda pair: pair[0])[1]
    return next(((chosen.name, i) for i, route in enumerate(chosen.routes) if takes(route.match, path)), None)


letters = st.sampled_from("abAB/é~")
texts = st.one_of(
    st.text(letters, max_size=8),
    st.text(letters, min_size=15, max_size=45),
    st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=5),
    st.builds(lambda start, end: start + end, st.sampled_from(["/api/v1/", "/a" * 12]), st.text(letters, max_size=4)),
)
separated = texts.filter(lambda s: len(s.encode()) > 1 and not s.endswith("/") and "?" not in s and "#" not in s)
matches = st.one_of(
    st.builds(RouteMatch, prefix=texts, case_sensitive=st.booleans()),
    st.builds(RouteMatch, path=texts, case_sensitive=st.booleans()),
    st.builds(RouteMatch, path_separated_prefix=separated, case_sensitive=st.booleans()),
)
routes = matches.map(lambda match: Route(match, RouteAction(cluster="c")))
hosts = st.text(st.sampled_from("abA.:"), max_size=6)
domains = st.one_of(hosts, hosts.map("*{}".format), hosts.map("{}*".format), st.just("*"))


@st.composite
def tables(draw: st.DrawFn, max_hosts: int = 8, max_routes: int = 30) -> list[VirtualHost]:
    names = draw(st.lists(domains, min_size=1, max_size=max_hosts, unique_by=lower))
    lists = st.lists(routes, max_size=max_routes)
    return [VirtualHost(f"v{i}", (name,), tuple(draw(lists))) for i, name in enumerate(names)]


small_tables = tables(max_hosts=3, max_routes=3)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[VirtualHost], list[tuple[str, str]]]:
    """A table, and hosts and paths near what is in it."""
    table = draw(tables())
    known_hosts = [domain.replace("*", "x") for v in table for domain in v.domains] + ["other"]
    known = [r.match for v in table for r in v.routes]
    paths = [m.prefix or m.path or m.path_separated_prefix or "" for m in known] + ["/"]
    host = st.one_of(st.sampled_from(known_hosts), hosts)
    path = st.builds(
        lambda path, change, more: change(path) + more,
        st.sampled_from(paths),
        st.sampled_from([str, lower, lambda path: path[:-1]]),
        st.one_of(st.sampled_from(["", "/", "?a=/", "#", "/x"]), texts),
    )
    return table, draw(st.lists(st.tuples(host, path), min_size=1, max_size=10))


@settings(max_examples=examples(300))
@given(questions())
def test_the_answer_is_that_of_trying_everything_in_order(
    asked: tuple[list[VirtualHost], list[tuple[str, str]]],
) -> None:
    virtual_hosts, requests = asked
    table = RouteTable(virtual_hosts)
    for host, path in requests:
        found = table.match_parts(authority=host, path=path)
        # By identity: the same route may stand in several places.
        answer = found and (
            found.virtual_host.name,
            next(i for i, route in enumerate(found.virtual_host.routes) if route is found.route),
        )
        assert answer == expected(virtual_hosts, host, path), (host, path)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8), st.integers(0, 2**64 - 1))
def test_a_value_falls_into_the_share_of_its_cluster(weights: list[int], value: int) -> None:
    clusters = tuple(WeightedCluster(str(i), weight) for i, weight in enumerate(weights))
    hosts = [VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=clusters)),))]
    total = sum(weights)
    if not 0 < total < 2**32:
        with pytest.raises(ConfigError, match="weights"):
            RouteTable(hosts)
        return
    match = RouteTable(hosts).match_parts(path="/", random=value)
    assert match is not None
    rest = value % total
    for i, weight in enumerate(weights):
        if rest < weight:
            assert match.cluster == str(i)
            return
        rest -= weight


class Updates(RuleBasedStateMachine):
    """After any sequence of updates, refused ones among them, a table answers like a fresh one."""

    @initialize(start=small_tables)
    def begin(self, start: list[VirtualHost]) -> None:
        self.table = RouteTable(start)
        self.current = start

    @rule(change=small_tables, keep=st.integers(0, 8))
    def replace(self, change: list[VirtualHost], keep: int) -> None:
        kept = self.current[:keep]
        taken = {lower(domain) for v in kept for domain in v.domains}
        wanted = kept + [v for v in change if not taken & {lower(domain) for domain in v.domains}]
        self.table.update(wanted)
        self.current = wanted

    @rule(change=small_tables)
    def refuse(self, change: list[VirtualHost]) -> None:
        with pytest.raises(ConfigError, match="occurs twice"):
            self.table.update([*change, change[0]])

    @rule(host=hosts, path=texts)
    def ask(self, host: str, path: str) -> None:
        found = self.table.match_parts(authority=host, path=path)
        wanted = expected(self.current, host, path)
        assert (found and found.virtual_host.name) == (wanted and wanted[0])
        if found and wanted:
            assert found.route is self.current_host(wanted[0], host).routes[wanted[1]]

    def current_host(self, name: str, host: str) -> VirtualHost:
        candidates = [v for v in self.current if v.name == name and any(serves(d, host) for d in v.domains)]
        return max(candidates, key=lambda v: max(fit for d in v.domains if (fit := serves(d, host)) is not None))


TestUpdates = Updates.TestCase
TestUpdates.settings = settings(max_examples=examples(60), stateful_step_count=12)
