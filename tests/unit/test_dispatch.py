"""One call from bytes to host: what it decides, what it tells apart, and that updates reach it."""

from __future__ import annotations

import gc
import pickle
import sys
import threading
from dataclasses import replace
from typing import Any

import pytest

from fastpath import (
    Cluster,
    ClusterManager,
    ConnectionInfo,
    Dispatched,
    Dispatcher,
    Limits,
    NoHostAvailable,
    PathNormalizer,
    RemoteProtocolError,
    RouteTable,
    StreamInfo,
    TlsInfo,
    models,
)
from fastpath.clusters import xxh64
from fastpath.models import (
    DirectResponse,
    Endpoint,
    FilterStateMatcher,
    HashPolicy,
    HashPolicyCookie,
    HeaderAppendAction,
    HeaderMutations,
    HeaderValueOption,
    LbPolicy,
    LocalityEndpoints,
    MetadataMatcher,
    Route,
    RouteAction,
    RouteMatch,
    StringMatcher,
    SubsetConfig,
    SubsetSelector,
    TlsContextMatch,
    TlsRequirement,
    ValueMatcher,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution.stream import Address

HEAD = b"GET /shop/cart?item=1 HTTP/1.1\r\nHost: shop.example\r\nX-User: anna\r\n\r\n"


def to(prefix: str, action: Any) -> Route:
    return Route(RouteMatch(prefix=prefix), RouteAction(cluster=action) if isinstance(action, str) else action)


def table(*routes: Route, **options: Any) -> RouteTable:
    return RouteTable([VirtualHost("v", ("*",), routes)], seed=1, **options)


def cluster(name: str, count: int = 3, **fields: Any) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(1, count + 1))
    return models.Cluster(name, (LocalityEndpoints(endpoints),), **fields)


def manager(*clusters: models.Cluster) -> ClusterManager:
    return ClusterManager(clusters, seed=0)


def found(dispatcher: Dispatcher, data: bytes, **options: Any) -> Dispatched:
    dispatched = dispatcher.dispatch(data, **options)
    assert dispatched is not None
    return dispatched


def test_decision_has_route_cluster_host_and_request() -> None:
    routes, clusters = table(to("/shop/", "shop"), to("/", "web")), manager(cluster("shop"), cluster("web"))
    dispatcher = Dispatcher(routes, clusters)
    assert (dispatcher.table, dispatcher.clusters) == (routes, clusters)
    decision = found(dispatcher, HEAD + b"body")
    assert decision.route is next(iter(routes.routes()))
    assert decision.match is not None
    assert decision.match.virtual_host.name == "v"
    assert decision.cluster is clusters["shop"]
    assert decision.host in clusters["shop"].hosts
    assert decision.head_length == len(HEAD)
    assert decision.hash is None
    assert bytes(decision.request) == HEAD
    assert decision.request is decision.request
    assert decision.request.headers[b"x-user"] == b"anna"
    assert "shop" in repr(decision)
    assert "RouteTable" in repr(dispatcher)


def test_hosts_take_turns_as_with_pick_host() -> None:
    dispatcher, twin = Dispatcher(table(to("/", "web")), manager(cluster("web"))), manager(cluster("web"))["web"]
    hosts = [found(dispatcher, HEAD).host for _ in range(7)]
    assert [str(host) for host in hosts] == [str(twin.pick_host()) for _ in range(7)]


@pytest.mark.parametrize("length", range(len(HEAD)))
def test_beginning_of_a_head_is_no_decision(length: int) -> None:
    dispatcher = Dispatcher(table(to("/", "web")), manager(cluster("web")))
    assert dispatcher.dispatch(HEAD[:length]) is None
    assert found(dispatcher, HEAD).host is not None


def test_other_buffers_than_bytes() -> None:
    dispatcher = Dispatcher(table(to("/", "web")), manager(cluster("web")))
    data = bytearray(HEAD + b"body")
    decision = found(dispatcher, data)  # type: ignore[arg-type]
    data[:] = bytes(len(data))
    assert bytes(decision.request) == HEAD
    with pytest.raises(TypeError):
        dispatcher.dispatch("text")  # type: ignore[arg-type]


def test_request_outlives_the_decision_and_its_data() -> None:
    dispatcher = Dispatcher(table(to("/", "web")), manager(cluster("web")))
    request = found(dispatcher, b"".join([HEAD, b"x"])).request
    gc.collect()
    assert (request.path, request.query) == (b"/shop/cart", b"item=1")


def test_many_headers_are_taken() -> None:
    dispatcher = Dispatcher(table(to("/", "web")), manager(cluster("web")))
    data = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(80)) + b"\r\n"
    assert len(found(dispatcher, data).request.headers) == 81


def test_nothing_is_counted_until_it_is_picked() -> None:
    dispatcher = Dispatcher(table(to("/", "web"), to("/x", DirectResponse(200))), manager(cluster("web")))
    decision = found(dispatcher, HEAD)
    host = decision.host
    assert host is not None
    assert host.active_requests == 0
    with decision.pick() as pick:
        assert (pick.host, host.active_requests) == (host, 1)
        pick.report(200)
    assert (host.active_requests, host.stats.success) == (0, 1)


# ---- what is told apart


def test_no_route() -> None:
    decision = found(Dispatcher(table(to("/other", "web")), manager(cluster("web"))), HEAD)
    assert (decision.match, decision.route, decision.cluster, decision.host) == (None, None, None, None)
    assert "no route" in repr(decision)
    with pytest.raises(RuntimeError, match="no host"):
        decision.pick()


def test_route_that_answers_by_itself() -> None:
    decision = found(Dispatcher(table(to("/", DirectResponse(204))), manager()), HEAD)
    assert isinstance(decision.route, Route)
    assert (decision.cluster, decision.host) == (None, None)


def test_redirect_to_https_has_no_route() -> None:
    host = VirtualHost("v", ("*",), (to("/", "web"),), require_tls=TlsRequirement.ALL)
    dispatcher = Dispatcher(RouteTable([host]), manager(cluster("web")))
    decision = found(dispatcher, HEAD)
    assert decision.match is not None
    assert decision.match.tls_redirect
    assert (decision.route, decision.host) == (None, None)
    assert found(Dispatcher(RouteTable([host]), manager(cluster("web")), scheme="https"), HEAD).host is not None


def test_redirect_to_a_normalised_path_has_no_host() -> None:
    routes = table(to("/", "web"), normalizer=PathNormalizer.envoy(escaped_slashes="redirect", normalize=True))
    decision = found(Dispatcher(routes, manager(cluster("web"))), HEAD.replace(b"/cart", b"%2Fcart"))
    assert decision.match is not None
    assert (decision.match.path_redirect, decision.match.path) == (True, b"/shop/cart")
    assert decision.host is None


@pytest.mark.parametrize(
    ("clusters", "reason"), [([], "there is no cluster 'web'"), ([cluster("web", 0)], "no host to offer")]
)
def test_no_host(clusters: list[models.Cluster], reason: str) -> None:
    dispatcher = Dispatcher(table(to("/", "web")), manager(*clusters))
    with pytest.raises(NoHostAvailable, match=reason) as raised:
        dispatcher.dispatch(HEAD)
    decision = raised.value.dispatched
    assert isinstance(decision, Dispatched)
    assert decision.route is not None
    assert decision.host is None
    assert decision.request.path == b"/shop/cart"


def test_header_that_names_no_cluster() -> None:
    dispatcher = Dispatcher(table(to("/", RouteAction(cluster_header="x-user"))), manager(cluster("anna")))
    assert found(dispatcher, HEAD).cluster is dispatcher.clusters["anna"]  # type: ignore[index]
    with pytest.raises(NoHostAvailable, match="header"):
        dispatcher.dispatch(HEAD.replace(b"X-User", b"X-Else"))


def test_refused_heads_and_paths() -> None:
    routes = table(to("/", "web"), normalizer=PathNormalizer())
    dispatcher = Dispatcher(routes, manager(cluster("web")), limits=Limits(max_headers=2))
    with pytest.raises(RemoteProtocolError) as refused:
        dispatcher.dispatch(HEAD.replace(b"HTTP/1.1", b"HTTP/1.7"))
    assert refused.value.status == 505
    with pytest.raises(RemoteProtocolError) as refused:
        dispatcher.dispatch(HEAD.replace(b"X-User", b"X-A: 1\r\nX-User"))
    assert refused.value.status == 431
    with pytest.raises(RemoteProtocolError) as refused:
        dispatcher.dispatch(HEAD.replace(b"/cart", b"%2fcart"))
    assert refused.value.code == "http_path"
    assert found(dispatcher, HEAD).host is not None


# ---- what a decision depends on besides


def test_hash_policies_place_requests() -> None:
    action = RouteAction(cluster="web", hash_policy=(HashPolicy(header="x-user"),))
    clusters = manager(cluster("web", 50, lb_policy=LbPolicy.RING_HASH))
    decision = found(Dispatcher(table(to("/", action)), clusters), HEAD)
    assert decision.hash.key == xxh64(b"anna")
    assert decision.host is clusters["web"].pick_host(hash_key=b"anna")


def test_a_host_is_chosen_by_what_the_route_makes_of_the_request() -> None:
    action = RouteAction(cluster="web", prefix_rewrite="/", hash_policy=(HashPolicy(header=":path"),))
    shared = HeaderValueOption("x-user", "bert", HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
    named = RouteAction(cluster="web", hash_policy=(HashPolicy(header="x-user"),))
    clusters = manager(cluster("web", 50, lb_policy=LbPolicy.RING_HASH))
    rewritten = found(Dispatcher(table(to("/shop/", action)), clusters), HEAD)
    assert rewritten.hash.key == xxh64(b"/cart?item=1")
    route = Route(RouteMatch(prefix="/"), named, mutations=HeaderMutations((shared,)))
    stream = StreamInfo()
    overwritten = found(Dispatcher(table(route), clusters), HEAD, stream=stream)
    assert overwritten.hash.key == xxh64(b"bert")
    assert overwritten.host is clusters["web"].pick_host(hash_key=b"bert")
    assert stream.head is None


def test_hash_of_the_source_and_a_new_cookie() -> None:
    policies = HashPolicy(source_ip=True), HashPolicy(cookie=HashPolicyCookie("id", ttl=60.0))
    dispatcher = Dispatcher(
        table(to("/", RouteAction(cluster="web", hash_policy=policies))),
        manager(cluster("web", 50, lb_policy=LbPolicy.MAGLEV)),
    )
    stream = StreamInfo(connection=ConnectionInfo(remote=Address("192.0.2.1", 4000)))
    decision = found(dispatcher, HEAD, stream=stream)
    assert len(decision.hash.cookies) == 1
    assert decision.hash.key != found(dispatcher, HEAD).hash.key


def test_hash_chooses_the_share() -> None:
    weighted = (WeightedCluster("a", 1), WeightedCluster("b", 1))
    action = RouteAction(weighted_clusters=weighted, hash_policy=(HashPolicy(header="x-user"),), use_hash_policy=True)
    dispatcher = Dispatcher(table(to("/", action)), manager(cluster("a"), cluster("b")))
    for user in (b"anna", b"bert", b"carl", b"dora"):
        names = {found(dispatcher, HEAD.replace(b"anna", user)).cluster.name for _ in range(20)}  # type: ignore[union-attr]
        assert names == {"ab"[xxh64(user) % 2]}


def test_metadata_match_chooses_the_subset() -> None:
    endpoints = tuple(
        Endpoint("10.0.0.1", port, metadata={"envoy.lb": {"version": "v1" if port % 2 else "v2"}}) for port in range(8)
    )
    subsets = SubsetConfig(selectors=(SubsetSelector(frozenset({"version"})),))
    clusters = manager(models.Cluster("web", (LocalityEndpoints(endpoints),), subsets=subsets))
    dispatcher = Dispatcher(table(to("/", RouteAction(cluster="web", metadata_match={"version": "v2"}))), clusters)
    assert {found(dispatcher, HEAD).host.port for _ in range(20)} == {0, 2, 4, 6}  # type: ignore[union-attr]


def test_filter_state_is_hashed_and_comes_before_the_streams() -> None:
    action = RouteAction(cluster="web", hash_policy=(HashPolicy(filter_state="user"),))
    dispatcher = Dispatcher(table(to("/", action)), manager(cluster("web", 50, lb_policy=LbPolicy.MAGLEV)))
    stream = StreamInfo()
    stream.filter_state = {"user": "bert"}
    assert found(dispatcher, HEAD, stream=stream).hash.key == xxh64(b"bert")
    assert found(dispatcher, HEAD, stream=stream, filter_state={"user": "anna"}).hash.key == xxh64(b"anna")
    assert found(dispatcher, HEAD, filter_state={"user": b"anna"}).hash.key == xxh64(b"anna")
    assert found(dispatcher, HEAD, filter_state={}).hash.key is None


def test_metadata_and_filter_state_decide_about_routes() -> None:
    exact = StringMatcher(exact="a")
    match = RouteMatch(
        prefix="/",
        dynamic_metadata=(MetadataMatcher("auth", ("group",), ValueMatcher(string_match=exact)),),
        filter_state=(FilterStateMatcher("tenant", string_match=exact),),
    )
    dispatcher = Dispatcher(
        RouteTable([VirtualHost("v", ("*",), (Route(match, RouteAction("web")),))]), manager(cluster("web"))
    )
    assert found(dispatcher, HEAD).match is None
    assert found(dispatcher, HEAD, metadata={"auth": {"group": "a"}}).match is None
    assert found(dispatcher, HEAD, filter_state={"tenant": "a"}).match is None
    assert found(dispatcher, HEAD, metadata={"auth": {"group": "a"}}, filter_state={"tenant": "a"}).host is not None
    with pytest.raises(TypeError):
        dispatcher.dispatch(HEAD, filter_state=3)  # type: ignore[arg-type]


def test_tls_of_the_connection() -> None:
    match = RouteMatch(prefix="/", tls_context=TlsContextMatch(presented=True))
    dispatcher = Dispatcher(
        RouteTable([VirtualHost("v", ("*",), (Route(match, RouteAction("web")),))]), manager(cluster("web"))
    )
    assert found(dispatcher, HEAD).match is None
    assert found(dispatcher, HEAD, tls=TlsInfo(presented=True)).host is not None


# ---- updates, threads, misuse


def test_updates_are_seen_by_the_next_call() -> None:
    routes, clusters = table(to("/", "web")), manager(cluster("web"))
    dispatcher = Dispatcher(routes, clusters)
    before = found(dispatcher, HEAD)
    routes.update([VirtualHost("w", ("*",), (to("/", "new"),))])
    with pytest.raises(NoHostAvailable):
        dispatcher.dispatch(HEAD)
    clusters.update([cluster("new")])
    after = found(dispatcher, HEAD)
    assert after.cluster is clusters["new"]
    assert before.cluster is not None
    assert before.cluster.name == "web"
    assert before.route is not None


def test_threads_dispatch_while_all_is_updated() -> None:
    routes, clusters = table(to("/", "web")), manager(cluster("web", 5))
    dispatcher = Dispatcher(routes, clusters)
    ended, wrong = threading.Event(), []

    def work() -> None:
        while not ended.is_set():
            decision = dispatcher.dispatch(HEAD)
            if decision is None or decision.host is None or decision.request.path != b"/shop/cart":
                wrong.append(decision)
                return

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for turn in range(150):
            routes.update([VirtualHost("v", ("*",), (to("/none", "web"),) * (turn % 3) + (to("/", "web"),))])
            clusters.update([cluster("web", 1 + turn % 7), cluster(f"other{turn}")])
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert wrong == []


def test_misuse() -> None:
    routes, clusters = table(), manager()
    with pytest.raises(TypeError):
        Dispatcher(routes, {"web": clusters})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Dispatcher(None, clusters)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="scheme"):
        Dispatcher(routes, clusters, scheme="ftp")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        Dispatcher.__new__(Dispatcher).dispatch(HEAD)
    with pytest.raises(TypeError):
        Dispatched()
    with pytest.raises(RuntimeError):
        Dispatched.__new__(Dispatched).request  # noqa: B018
    with pytest.raises(TypeError):
        pickle.dumps(found(Dispatcher(routes, clusters), HEAD))


def test_nothing_leaks() -> None:
    dispatcher = Dispatcher(table(to("/x", "none"), to("/", "web")), manager(cluster("web")))
    head = bytes(bytearray(HEAD))  # an object that no other test has
    for _ in range(10):
        found(dispatcher, head)
    gc.collect()
    before = sys.getrefcount(head)
    for _ in range(1000):
        assert found(dispatcher, head).request.path == b"/shop/cart"
        with pytest.raises(NoHostAvailable):
            dispatcher.dispatch(head.replace(b"/shop", b"/x"))
    gc.collect()
    assert sys.getrefcount(head) == before


def test_cluster_updates_keep_the_cluster() -> None:
    clusters = manager(cluster("web"))
    dispatcher = Dispatcher(table(to("/", "web")), clusters)
    kept: Cluster = clusters["web"]
    kept.update(replace(kept.model, localities=cluster("web", 1).localities))
    assert {found(dispatcher, HEAD).host.port for _ in range(5)} == {1}  # type: ignore[union-attr]
