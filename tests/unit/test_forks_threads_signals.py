"""What outlives a fork, what threads may share, and that a signal gets through."""

from __future__ import annotations

import json
import os
import signal
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace

import pytest

import fastpath
from fastpath.models import (
    Cluster,
    Endpoint,
    LbPolicy,
    LocalityEndpoints,
    Route,
    RouteAction,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

HEAD = b"GET /a?b=1 HTTP/1.1\r\nHost: x.example\r\nX-Y: z\r\n\r\n"
ROUTES = (VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), RouteAction(cluster="c")),)),)


def cluster(endpoints: int) -> Cluster:
    hosts = tuple(Endpoint(f"10.0.0.{n}", 80, weight=1 + n % 3) for n in range(endpoints))
    return Cluster("c", (LocalityEndpoints(hosts),))


def in_a_child(work: Callable[[], None]) -> int:
    """The exit status of a forked process that does the work: 0 when nothing was raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on: threads of other tests may linger
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_goes_on_with_what_its_parent_had() -> None:
    connection = fastpath.Connection(fastpath.SERVER)
    connection.receive_data(HEAD[:20])
    buffer = fastpath.Buffer(b"kept ", pool=fastpath.BufferPool())
    table = fastpath.RouteTable(ROUTES)
    manager = fastpath.ClusterManager((cluster(5),))
    with manager["c"].pick() as pick:

        def work() -> None:
            connection.receive_data(HEAD[20:])
            request = connection.next_event()
            assert isinstance(request, fastpath.Request)
            match = table.match(request)
            assert match is not None
            assert match.cluster == "c"
            table.update(ROUTES)
            manager["c"].update(cluster(6))
            assert manager["c"].pick_host().port == 80
            buffer.append(b"on")
            assert bytes(buffer) == b"kept on"
            pick.report(200)

        assert in_a_child(work) == 0
        assert pick.host.active_requests == 1
    assert pick.host.active_requests == 0
    assert bytes(buffer) == b"kept "


SPLIT = tuple(WeightedCluster(name, weight=1) for name in ("a", "b"))
CHOICES = (VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), RouteAction(weighted_clusters=SPLIT)),)),)


def choices(seed: int | None) -> Callable[[], list[object]]:
    """A call that makes many choices, all of which depend on a seed."""
    table = fastpath.RouteTable(CHOICES, seed=seed)
    shared = fastpath.ClusterManager((replace(cluster(5), lb_policy=LbPolicy.RANDOM),), seed=seed)["c"]

    def choose() -> list[object]:
        matches = [table.match_parts(path="/") for _ in range(64)]
        return [match and match.cluster for match in matches] + [host.address for host in shared.pick_many(64)]

    return choose


def test_a_child_makes_choices_of_its_own() -> None:
    choose = choices(None)
    sent, received = os.pipe()[::-1]
    assert in_a_child(lambda: os.write(sent, json.dumps(choose()).encode()) and None) == 0
    mine, its = choose(), json.loads(os.read(received, 65536))
    os.close(sent)
    os.close(received)
    assert mine[:64] != its[:64]
    assert mine[64:] != its[64:]


def test_a_child_goes_on_with_the_choices_of_its_parents_seed() -> None:
    choose = choices(7)
    sent, received = os.pipe()[::-1]
    assert in_a_child(lambda: os.write(sent, json.dumps(choose()).encode()) and None) == 0
    assert choose() == json.loads(os.read(received, 65536))
    os.close(sent)
    os.close(received)


def test_threads_share_requests_tables_and_clusters() -> None:
    request = fastpath.parse_request(HEAD)
    assert request is not None
    table = fastpath.RouteTable(ROUTES)
    shared = fastpath.ClusterManager((cluster(5),))["c"]
    failures: list[BaseException] = []

    def read(turn: int) -> None:
        assert request.headers.items() == [(b"Host", b"x.example"), (b"X-Y", b"z")]
        match = table.match(request)
        assert match is not None
        assert match.cluster == "c"
        with shared.pick() as pick:
            pick.report(200 + turn % 300)

    def write(turn: int) -> None:
        table.update(ROUTES)
        shared.update(cluster(1 + turn % 20))

    def run(work: Callable[[int], None]) -> None:
        try:
            for turn in range(2000):
                work(turn)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in (read, read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(host.active_requests for host in shared.hosts) == 0


def parse_for_ever() -> None:
    while True:
        fastpath.parse_request(HEAD)


def test_a_signal_interrupts_a_loop_of_calls() -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            parse_for_ever()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
