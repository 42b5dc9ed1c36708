"""Hashes, timeouts, retries, mirrors and faults of a route, for one request."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, RouteTable, models
from fastpath.actions import Fault, Mirror, RequestHasher, RouteActions, Timeouts, actions_of
from fastpath.clusters import xxh64
from fastpath.models import (
    DenominatorType,
    FractionalPercent,
    HashPolicy,
    HashPolicyCookie,
    HttpFault,
    RegexRewrite,
    RequestMirrorPolicy,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    RuntimeFraction,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution import Address, ConnectionInfo, RequestHead, StreamInfo

MASK = 2**64 - 1


def actions(
    virtual_host: dict[str, Any] | None = None, configuration: dict[str, Any] | None = None, **action: Any
) -> RouteActions:
    route = Route(
        RouteMatch(prefix="/"), RouteAction(cluster="c", **action), fault=(virtual_host or {}).pop("own_fault", None)
    )
    host = VirtualHost("v", ("*",), (route,), **(virtual_host or {}))
    table = RouteTable(RouteConfiguration("c", (host,), **(configuration or {})))
    match = table.match_parts(path="/")
    assert match is not None
    return actions_of(match)


def client() -> StreamInfo:
    return StreamInfo(connection=ConnectionInfo(remote=Address("10.0.0.1", 1234), local=Address("10.0.0.2", 80)))


def key(*policies: HashPolicy, path: str = "/", stream: StreamInfo | None = None, **fields: str) -> int | None:
    head = RequestHead(path=path, headers=[(name.replace("_", "-"), value) for name, value in fields.items()])
    return RequestHasher(policies).hash(head, stream).key


def rotl(value: int) -> int:
    return (value << 1 | value >> 63) & MASK


def test_a_header_is_hashed_as_it_is() -> None:
    assert key(HashPolicy(header="X-User"), x_user="me") == xxh64(b"me")
    assert key(HashPolicy(header="x-user"), x_user="") == xxh64(b"")
    assert key(HashPolicy(header="x-user")) is None


def test_values_of_a_repeated_header_are_sorted_and_chained() -> None:
    head = RequestHead(headers=[("x", "b"), ("x", "a")])
    assert RequestHasher([HashPolicy(header="x")]).hash(head).key == xxh64(b"b", xxh64(b"a"))
    joined = RequestHead(headers=[("accept", "b"), ("accept", "a")])
    assert RequestHasher([HashPolicy(header="accept")]).hash(joined).key == xxh64(b"b,a")


def test_a_header_may_be_rewritten_before_it_is_hashed() -> None:
    policy = HashPolicy(header="x", header_rewrite=RegexRewrite("^user-(.*)$", r"\1"))
    assert key(policy, x="user-7") == xxh64(b"7")


def test_pseudo_header_fields_can_be_hashed() -> None:
    assert key(HashPolicy(header=":path"), path="/p?q") == xxh64(b"/p?q")


def test_the_first_value_of_a_query_parameter_is_hashed_undecoded() -> None:
    assert key(HashPolicy(query_parameter="a"), path="/?b=1&a=%20x&a=2") == xxh64(b"%20x")
    assert key(HashPolicy(query_parameter="a"), path="/?A=1") is None


def test_the_source_is_hashed_without_its_port() -> None:
    assert key(HashPolicy(source_ip=True), stream=client()) == xxh64(b"10.0.0.1")
    assert key(HashPolicy(source_ip=True)) is None


def test_filter_state_is_hashed() -> None:
    stream = client()
    stream.filter_state = {"k": "v"}
    assert key(HashPolicy(filter_state="k"), stream=stream) == xxh64(b"v")
    assert key(HashPolicy(filter_state="n"), stream=stream) is None


def test_hashes_combine_in_order_and_a_terminal_one_ends_it() -> None:
    a, b, c = (HashPolicy(header=name) for name in "abc")
    hashes = [xxh64(name.encode()) for name in ("1", "2", "3")]
    combined = rotl(rotl(hashes[0]) ^ hashes[1]) ^ hashes[2]
    assert key(a, b, c, a="1", b="2", c="3") == combined
    assert key(a, HashPolicy(header="b", terminal=True), c, a="1", b="2", c="3") == rotl(hashes[0]) ^ hashes[1]
    assert key(HashPolicy(header="n", terminal=True), c, c="3") == hashes[2]
    assert key(a, HashPolicy(header="n", terminal=True), c, a="1", c="3") == hashes[0]


@pytest.mark.parametrize(
    ("line", "value"), [("k=v", b"v"), ("a=b; k=v; k=w", b"v"), ('k="v"', b"v"), ("k=v=w", b"v=w"), ("kk=1;k=2", b"2")]
)
def test_the_first_cookie_of_its_name_is_hashed(line: str, value: bytes) -> None:
    assert key(HashPolicy(cookie=HashPolicyCookie("k")), cookie=line) == xxh64(value)


def test_a_missing_cookie_is_made_up_when_it_has_a_time_to_live() -> None:
    assert key(HashPolicy(cookie=HashPolicyCookie("k")), cookie="a=b") is None
    cookie = HashPolicyCookie("k", 5.5, "/p", (("SameSite", "Lax"), ("Secure", "")))
    hasher = RequestHasher([HashPolicy(cookie=cookie)])
    made = hasher.hash(RequestHead(), client())
    value = b"%016x" % xxh64(b"10.0.0.1:123410.0.0.2:80")
    assert made.cookies == [b'k="' + value + b'"; Max-Age=5; Path=/p; SameSite=Lax; Secure; HttpOnly']
    assert made.key == xxh64(value)
    again = hasher.hash(RequestHead(headers=[("cookie", f"k={value.decode()}")]), client())
    assert (again.key, again.cookies) == (made.key, [])
    session = RequestHasher([HashPolicy(cookie=HashPolicyCookie("k", 0.0))]).hash(
        RequestHead(headers=[("cookie", "k=")]), client()
    )
    assert session.cookies == [b'k="' + value + b'"; HttpOnly']


def ring(count: int) -> Cluster:
    endpoints = tuple(models.Endpoint(f"10.0.0.{i}", 80) for i in range(1, count + 1))
    model = models.Cluster("c", lb_policy=models.LbPolicy.RING_HASH, localities=(models.LocalityEndpoints(endpoints),))
    return ClusterManager([model])["c"]


def test_one_users_requests_stay_on_one_host() -> None:
    route = actions(hash_policy=(HashPolicy(header="x-user"),))
    assert route.hashes
    cluster = ring(5)
    picked: dict[str, set[str]] = {}
    for user in [f"user{i}" for i in range(40)] * 3:
        made = route.hash(RequestHead(headers=[("x-user", user)]))
        picked.setdefault(user, set()).add(cluster.pick_host(hash_key=made.key).address)
    assert all(len(hosts) == 1 for hosts in picked.values())
    assert len(set().union(*picked.values())) == 5


def test_timeouts_are_the_routes() -> None:
    assert actions().timeouts() == Timeouts(15.0, None, None)
    assert actions(timeout=0.0, idle_timeout=0.0).timeouts() == Timeouts(None, None, 0.0)
    assert actions(retry_policy=RetryPolicy(per_try_timeout=2.0)).timeouts().per_try == 2.0
    assert actions(timeout=1.0, retry_policy=RetryPolicy(per_try_timeout=1.0)).timeouts().per_try is None


def test_only_internal_requests_say_how_long_they_may_take() -> None:
    fields = [("x-envoy-upstream-rq-timeout-ms", "500"), ("x-envoy-upstream-rq-per-try-timeout-ms", "100")]
    route = actions()
    assert route.timeouts(RequestHead(headers=fields)) == Timeouts(0.5, 0.1, None)
    assert route.timeouts(RequestHead(headers=[(fields[0][0], "soon")])) == Timeouts(15.0, None, None)
    assert route.timeouts(RequestHead(headers=[(fields[0][0], "0")])) == Timeouts(None, None, None)


def test_a_routes_retry_policy_replaces_the_virtual_hosts() -> None:
    host = RetryPolicy(("5xx",), 2)
    own = RetryPolicy(("reset",))
    assert actions({"retry_policy": host}).retry_policy == host
    assert actions({"retry_policy": host}, retry_policy=own).retry_policy == own
    assert actions().retry_policy is None


def test_internal_requests_may_ask_for_retries() -> None:
    head = RequestHead(headers=[("x-envoy-retry-on", "5xx, reset"), ("x-envoy-max-retries", "3")])
    policy = actions(
        retry_policy=RetryPolicy(("connect-failure", "5xx"), 1, previous_hosts=True)
    ).internal_retry_policy(head)
    assert policy == RetryPolicy(("connect-failure", "5xx", "reset"), 3, previous_hosts=True)
    assert actions().internal_retry_policy(head) == RetryPolicy(("5xx", "reset"), 3)
    assert actions().internal_retry_policy(RequestHead()) is None


def never() -> int:
    raise AssertionError("nothing was to be drawn")


def half(numerator: int = 50) -> RuntimeFraction:
    return RuntimeFraction(FractionalPercent(numerator, DenominatorType.HUNDRED))


@pytest.mark.parametrize(
    ("host", "shadow"),
    [
        ("a.example", "a.example-shadow"),
        ("a.example:80", "a.example-shadow:80"),
        ("[::1]:80", "[::1]-shadow:80"),
        ("[::1]", "[::1]-shadow"),
    ],
)
def test_a_copys_host_is_marked(host: str, shadow: str) -> None:
    policies = (RequestMirrorPolicy("m"), RequestMirrorPolicy("n", disable_shadow_host_suffix_append=True))
    found = actions(request_mirror_policies=policies).mirrors(RequestHead(authority=host), never)
    assert found == [Mirror("m", shadow.encode()), Mirror("n", host.encode())]


def test_a_copys_cluster_may_be_named_by_a_header() -> None:
    route = actions(request_mirror_policies=(RequestMirrorPolicy(cluster_header="X-M"),))
    assert route.mirrors(RequestHead(authority="a", headers=[("x-m", "m")]), never) == [Mirror("m", b"a-shadow")]
    assert route.mirrors(RequestHead(authority="a"), never) == []


def test_a_share_of_the_requests_is_copied() -> None:
    route = actions(
        request_mirror_policies=(RequestMirrorPolicy("m", runtime_fraction=half()), RequestMirrorPolicy("n"))
    )
    assert [len(route.mirrors(RequestHead(), lambda drawn=drawn: drawn)) for drawn in (0, 49, 50, 99, 149)] == [
        2,
        2,
        1,
        1,
        2,
    ]


def test_the_most_specific_mirrors_that_there_are_count() -> None:
    def of(name: str) -> dict[str, Any]:
        return {"request_mirror_policies": (RequestMirrorPolicy(name),)}

    names = [
        [mirror.cluster for mirror in route.mirrors(RequestHead(), never)]
        for route in (actions(of("v"), of("c"), **of("r")), actions(of("v"), of("c")), actions({}, of("c")), actions())
    ]
    assert names == [["r"], ["v"], ["c"], []]


ALL = FractionalPercent(100)


def test_faults_are_drawn_for_delay_and_abort() -> None:
    fault = HttpFault(
        0.5, FractionalPercent(1, DenominatorType.MILLION), 503, FractionalPercent(5000, DenominatorType.TEN_THOUSAND)
    )
    route = actions({"own_fault": fault})
    assert [route.fault(iter(drawn).__next__) for drawn in ([0, 4999], [1, 4999], [1_000_000, 5000], [1, 15_000])] == [
        Fault(0.5, 503),
        Fault(None, 503),
        Fault(0.5, None),
        Fault(None, None),
    ]
    assert actions().fault(never) == Fault(None, None)


def test_a_routes_fault_replaces_the_virtual_hosts_and_that_the_listeners() -> None:
    own, host, listener = (HttpFault(abort_status=status, abort_percentage=ALL) for status in (501, 502, 503))
    drawn = lambda: 0  # noqa: E731
    assert actions({"own_fault": own, "fault": host}).fault(drawn, listener).abort_status == 501
    assert actions({"fault": host}).fault(drawn, listener).abort_status == 502
    assert actions().fault(drawn, listener).abort_status == 503


def test_the_fault_of_a_share_comes_before_the_routes() -> None:
    own, routes_own = (HttpFault(abort_status=status, abort_percentage=FractionalPercent(100)) for status in (501, 502))
    shares = WeightedCluster("a", 1, fault=own), WeightedCluster("b", 1)
    route = Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=shares), fault=routes_own)
    table = RouteTable((VirtualHost("v", ("*",), (route,)),))
    statuses = []
    for random in (0, 1):
        match = table.match_parts(path="/", random=random)
        assert match is not None
        statuses.append(actions_of(match).fault(lambda: 0).abort_status)
    assert statuses == [501, 502]


def test_a_fault_of_a_share_is_checked() -> None:
    share = WeightedCluster("a", 1, fault=HttpFault(abort_status=99))
    route = Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=(share,)))
    with pytest.raises(ConfigError) as caught:
        RouteTable((VirtualHost("v", ("*",), (route,)),))
    assert caught.value.path.startswith("virtual_hosts[0].routes[0].route.weighted_clusters.clusters[0].fault")
