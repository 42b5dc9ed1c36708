"""One call decides as its steps do one after the other, and a head in pieces as a whole one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fastpath import (
    ClusterManager,
    Dispatcher,
    NoHostAvailable,
    PathNormalizer,
    ProtocolError,
    RouteTable,
    actions_of,
    models,
    parse_request,
)
from fastpath.models import (
    DirectResponse,
    Endpoint,
    FilterStateMatcher,
    HashPolicy,
    HeaderMatcher,
    LbPolicy,
    LocalityEndpoints,
    MetadataMatcher,
    Route,
    RouteAction,
    RouteMatch,
    StringMatcher,
    SubsetConfig,
    SubsetSelector,
    TlsRequirement,
    ValueMatcher,
    VirtualHost,
    WeightedCluster,
)

NAMES = ["a", "b", "ring", "maglev", "subsets", "empty", "missing"]
names = st.sampled_from(NAMES)
hash_policies = st.lists(
    st.sampled_from([HashPolicy(header="x-user"), HashPolicy(query_parameter="q"), HashPolicy(filter_state="k")]),
    max_size=2,
).map(tuple)
labels = st.sampled_from([{}, {"v": "1"}, {"v": "2"}, {"v": "3"}])
shares = st.lists(st.builds(WeightedCluster, names, st.integers(1, 3), metadata_match=labels), min_size=1, max_size=3)
actions = st.one_of(
    st.builds(RouteAction, cluster=names, hash_policy=hash_policies, metadata_match=labels),
    st.builds(RouteAction, weighted_clusters=shares.map(tuple), hash_policy=hash_policies, metadata_match=labels),
    st.builds(
        RouteAction, weighted_clusters=shares.map(tuple), hash_policy=hash_policies, use_hash_policy=st.just(True)
    ),
    st.just(RouteAction(cluster_header="x-user")),
    st.just(DirectResponse(200)),
)
conditions = st.sampled_from([(), (HeaderMatcher("x-user", string_match=StringMatcher(exact="a")),)])
on_metadata = st.sampled_from(
    [(), (MetadataMatcher("f", ("p",), ValueMatcher(string_match=StringMatcher(exact="a"))),)]
)
on_state = st.sampled_from([(), (FilterStateMatcher("k", string_match=StringMatcher(exact="a")),)])
routes = st.builds(
    Route,
    st.builds(
        RouteMatch,
        prefix=st.sampled_from(["/", "/a", "/a/b", "/A"]),
        headers=conditions,
        dynamic_metadata=on_metadata,
        filter_state=on_state,
    ),
    actions,
)
seen = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.sampled_from([None, {}, {"f": {"p": "a"}}, {"f": {"p": "b"}}]),
        "filter_state": st.sampled_from([None, {}, {"k": "a"}, {"k": "b"}]),
    },
)
hosts = st.builds(
    VirtualHost,
    st.just("v"),
    st.just(("*",)),
    st.lists(routes, max_size=4).map(tuple),
    require_tls=st.sampled_from([TlsRequirement.NONE, TlsRequirement.NONE, TlsRequirement.ALL]),
)
targets = st.sampled_from(["/", "/a", "/a/b?q=1", "/a//b/../c", "/a%2fb", "/A/x?q=2&q=3", "http://h/a", "*", "/\x7f"])
lines = st.lists(st.sampled_from(["X-User: a", "X-User: ring", "X-Else: 1", "Host: again", "Bad : 1"]), max_size=3)
heads = st.builds(
    lambda target, fields: "\r\n".join([f"GET {target} HTTP/1.1", "Host: h:80", *fields, "", ""]).encode("latin-1"),
    targets,
    lines,
)
normalizers = st.sampled_from(
    [None, PathNormalizer(), PathNormalizer.envoy(escaped_slashes="redirect", normalize=True)]
)


def clusters() -> ClusterManager:
    endpoints = tuple(
        Endpoint("10.0.0.1", port, 1 + port % 3, metadata={"envoy.lb": {"v": str(port % 3)}}) for port in range(7)
    )
    subsets = {"subsets": SubsetConfig((SubsetSelector(frozenset({"v"})),))}
    policies = {"ring": LbPolicy.RING_HASH, "maglev": LbPolicy.MAGLEV}
    return ClusterManager(
        [
            models.Cluster(
                name,
                (LocalityEndpoints(endpoints if name != "empty" else ()),),
                lb_policy=policies.get(name, LbPolicy.ROUND_ROBIN),
                maglev=models.MaglevConfig(table_size=251),
                subsets=subsets.get(name),
            )
            for name in NAMES
            if name != "missing"
        ],
        seed=3,
    )


def outcome(host: Any, match: Any) -> tuple[Any, ...]:
    if match is None:
        return ("no route",)
    route = None if match.tls_redirect else match.route
    return route, match.cluster, match.path, match.authority, None if host is None else str(host)


def step_by_step(table: RouteTable, manager: ClusterManager, data: bytes, seen: dict[str, Any]) -> tuple[Any, ...]:
    try:
        request = parse_request(data)
        assert request is not None
        match = table.match(request, **seen)
    except ProtocolError as error:
        return ("refused", error.code, error.position)
    if match is None or match.tls_redirect or match.path_redirect or isinstance(match.route.action, DirectResponse):
        return outcome(None, match)
    state = seen.get("filter_state")
    assert isinstance(match.route.action, RouteAction)
    if match.route.action.use_hash_policy and match.weighted_cluster is not None:
        key = actions_of(match).hash(request, filter_state=state).key
        if key is not None:
            match = table.match(request, key, **seen)
            assert match is not None
    if match.cluster not in manager:
        return ("no host",)
    asked = actions_of(match)
    try:
        key = asked.host_hash(match, request, filter_state=state).key
        host = manager[match.cluster].pick_host(hash_key=key, metadata_match=asked.metadata_match)
    except NoHostAvailable:
        return ("no host",)
    return outcome(host, match)


def at_once(dispatcher: Dispatcher, data: bytes, seen: dict[str, Any]) -> tuple[Any, ...]:
    try:
        found = dispatcher.dispatch(data, **seen)
    except ProtocolError as error:
        return ("refused", error.code, error.position)
    except NoHostAvailable:
        return ("no host",)
    assert found is not None
    return outcome(found.host, found.match)


@given(hosts, normalizers, st.lists(heads, min_size=1, max_size=6), seen, st.integers(0, 2**64 - 1))
def test_decides_as_its_steps_do(
    host: VirtualHost, normalizer: Any, requests: list[bytes], seen: dict[str, Any], seed: int
) -> None:
    def table() -> RouteTable:
        return RouteTable([host], seed=seed, normalizer=normalizer, strip_any_host_port=bool(seed % 2))

    dispatcher = Dispatcher(table(), clusters())
    steps, manager = table(), clusters()
    for data in requests:
        assert at_once(dispatcher, data, seen) == step_by_step(steps, manager, data, seen)


@given(hosts, heads)
def test_pieces_of_a_head_decide_nothing(host: VirtualHost, head: bytes) -> None:
    dispatcher = Dispatcher(RouteTable([host], seed=1), clusters())
    expected = at_once(Dispatcher(RouteTable([host], seed=1), clusters()), head, {})
    for length in range(len(head)):
        try:
            assert dispatcher.dispatch(head[:length]) is None
        except ProtocolError:
            assert at_once(dispatcher, head[:length], {}) == expected
            return
    assert at_once(dispatcher, head, {}) == expected
