"""Objects used in ways that nobody should: made without their owners, copied, pulled away in the middle of a call."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable

import pytest

import fastpath
from fastpath import (
    CLIENT,
    SERVER,
    Buffer,
    Cluster,
    ClusterManager,
    Connection,
    ConnectionClosed,
    Data,
    Host,
    Match,
    Pick,
    RemoteProtocolError,
    Request,
    RouteTable,
    actions_of,
    iter_requests,
    models,
)

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


class Releasing:
    """An index that releases something while it is asked for its value."""

    def __init__(self, release: Callable[[], None]):
        self.release = release

    def __index__(self) -> int:
        self.release()
        return 1


def a_cluster() -> Cluster:
    endpoints = (models.Endpoint("127.0.0.1", 80),)
    cluster = models.Cluster("c", localities=(models.LocalityEndpoints(endpoints=endpoints),))
    return ClusterManager([cluster])["c"]


def a_pick() -> Pick:
    return a_cluster().pick()


@pytest.mark.parametrize("kind", [Host, Pick, type(iter_requests(b""))])
def test_what_others_make_cannot_be_made_by_its_type(kind: type) -> None:
    with pytest.raises(TypeError, match="come from"):
        kind()


def test_a_match_comes_of_a_table_alone() -> None:
    with pytest.raises(TypeError, match="made by a route table"):
        Match()


def test_a_match_without_a_route_has_none_to_give() -> None:
    host = models.VirtualHost("v", ("*",), (), require_tls=models.TlsRequirement.ALL)
    match = RouteTable([host]).match_parts(authority="a", path="/")
    assert match is not None
    assert match.tls_redirect
    assert repr(match) == "<Match tls_redirect virtual_host='v'>"
    with pytest.raises(LookupError, match="look at tls_redirect first"):
        match.route  # noqa: B018
    with pytest.raises(LookupError, match="look at tls_redirect first"):
        actions_of(match)


def test_headers_of_a_question_are_pairs_of_a_bounded_length() -> None:
    match = models.RouteMatch(prefix="/", headers=(models.HeaderMatcher("x"),))
    route = models.Route(match, models.DirectResponse(200))
    table = RouteTable([models.VirtualHost("v", ("*",), (route,))])
    assert table.match_parts(authority="a", path="/", headers=[]) is None
    assert table.match_parts(authority="a", path="/", headers=[("x", "1"), ("y" * 65535, "")]) is not None
    with pytest.raises(ValueError, match="a pair"):
        table.match_parts(authority="a", path="/", headers=[("x",)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="65535"):
        table.match_parts(authority="a", path="/", headers=[("x" * 65536, "1")])
    assert repr(table.match_parts(authority="a", path="/", headers=[("x", "1")])).startswith("<Match route=''")


def test_clusters_and_latencies_say_what_they_are() -> None:
    cluster = ClusterManager(
        [models.Cluster("c", localities=(models.LocalityEndpoints((models.Endpoint("a.b", 1),)),))]
    )["c"]
    assert repr(cluster) == "<Cluster 'c' of 1 hosts>"
    latencies = cluster.stats.latencies
    assert repr(latencies).startswith("<Latencies of 0,")
    with pytest.raises(TypeError, match="come from"):
        type(latencies)()


def test_a_view_is_iterated_by_its_bytes() -> None:
    assert [byte for view in Buffer(b"ab").views() for byte in view] == [97, 98]


def test_a_connection_knows_both_sides() -> None:
    for ours, theirs in ((SERVER, CLIENT), (CLIENT, SERVER)):
        connection = Connection(ours)
        assert (connection.our_role, connection.their_role) == (ours, theirs)


def test_nothing_received_is_the_end_of_what_comes() -> None:
    for nothing in (b"", memoryview(b""), Buffer()):
        connection = Connection(SERVER)
        connection.receive_data(nothing)
        assert isinstance(connection.next_event(), ConnectionClosed)


def test_a_host_that_no_cluster_made_is_refused() -> None:
    host = Host.__new__(Host)
    for use in (repr, str, lambda h: h.weight, lambda h: h.stats, lambda h: h.active_requests, lambda h: h.hostname):
        with pytest.raises(RuntimeError, match="not made by a Cluster"):
            use(host)
    pick = Pick.__new__(Pick)
    pick.release()
    with pytest.raises(RuntimeError, match="not made by a Cluster"):
        pick.report(200)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_pick_is_not_counted_down_twice_by_way_of_a_copy(duplicate: Callable[[Pick], object]) -> None:
    pick = a_pick()
    with pytest.raises(TypeError, match="cannot be copied"):
        duplicate(pick)
    pick.release()
    assert pick.host.active_requests == 0


def test_a_request_iterator_takes_no_state_from_outside() -> None:
    iterator = iter_requests(REQUEST)
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(iterator)
    assert not hasattr(iterator, "__setstate_cython__")


def test_data_without_bytes_is_empty() -> None:
    data = Data.__new__(Data)
    assert (bytes(data), len(data), data.views()) == (b"", 0, [b""])
    data = Data(data=b"x" * 2000)
    with pytest.raises(TypeError):
        data.__init__(data=5)  # type: ignore[misc, arg-type]
    assert (bytes(data), len(data)) == (b"", 0)


@pytest.mark.parametrize(
    "use",
    [
        lambda buffer, index: buffer.peek(index),
        lambda buffer, index: buffer.coalesce(index),
        lambda buffer, index: buffer.take(index),
        lambda buffer, index: buffer[index],
        lambda buffer, index: buffer[index:5],
        lambda buffer, index: Buffer().move_from(buffer, index),
        lambda buffer, index: buffer.move_from(Buffer(b"other"), index),
    ],
)
def test_a_buffer_may_be_released_by_the_index_it_is_asked_for(use: Callable[[Buffer, object], object]) -> None:
    buffer = Buffer(b"x" * 5000)
    with pytest.raises(ValueError, match="was released"):
        use(buffer, Releasing(buffer.release))


@pytest.mark.parametrize("use", [lambda view, index: view[index], lambda view, index: view[index:5]])
def test_a_view_may_be_released_by_the_index_it_is_asked_for(use: Callable[[object, object], object]) -> None:
    view = Buffer(b"x" * 5000).peek()
    with pytest.raises(ValueError, match="was released"):
        use(view, Releasing(view.release))


if sys.version_info >= (3, 12):  # where classes may define __buffer__

    @pytest.mark.parametrize(
        "use",
        [
            lambda buffer, other: buffer.append(other),
            lambda buffer, other: buffer.prepend(other),
            lambda buffer, other: buffer.find(other),
            lambda buffer, other: buffer == other,
            lambda buffer, other: buffer < other,
        ],
    )
    def test_a_buffer_may_be_released_by_the_bytes_it_is_given(use: Callable[[Buffer, object], object]) -> None:
        buffer = Buffer(b"x" * 5000)

        class Given:
            def __buffer__(self, flags: int) -> memoryview:
                buffer.release()
                return memoryview(b"given")

        with pytest.raises(ValueError, match="was released"):
            use(buffer, Given())


def test_a_buffer_doubles_itself_whatever_its_subclass_says() -> None:
    class Odd(Buffer):
        def __getitem__(self, key: object) -> Buffer:  # type: ignore[override]
            released = Buffer()
            released.release()
            return released

    buffer = Odd(b"ab")
    buffer.prepend(buffer)
    buffer.append(buffer)
    assert bytes(buffer) == b"abababab"


def test_what_is_received_after_a_refusal_is_not_kept() -> None:
    pool = fastpath.BufferPool()
    connection = Connection(SERVER, pool=pool)
    refused = 0
    for _ in range(100):
        with memoryview(connection.get_buffer()) as room:
            size = len(room)
            room[:] = bytes(size)
        try:
            connection.buffer_updated(size)
            connection.next_event()
        except RemoteProtocolError:
            refused += 1
    assert refused == 100
    assert pool.in_use <= 2
    connection.reset()
    with memoryview(connection.get_buffer()) as room:
        room[: len(REQUEST)] = REQUEST
    connection.buffer_updated(len(REQUEST))
    assert isinstance(connection.next_event(), Request)
