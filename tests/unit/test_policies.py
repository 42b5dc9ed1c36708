"""Policies of others, in Python and in C, over the hosts that the built-in ones see."""

from __future__ import annotations

import gc
import os
import sys
import threading
import weakref
from collections import Counter
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, NoHostAvailable, models
from fastpath.clusters import xxh64
from fastpath.models import Endpoint, HealthStatus, LocalityEndpoints
from fastpath.policies import HostGroup, HostPolicy, NativePolicy


def group(*ports: int, health: HealthStatus = HealthStatus.UNKNOWN, priority: int = 0) -> LocalityEndpoints:
    endpoints = tuple(Endpoint("10.0.0.1", port, port, health_status=health) for port in ports)
    return LocalityEndpoints(endpoints, zone=f"{health}{priority}", priority=priority)


def make(policy: Any, *groups: LocalityEndpoints, **fields: Any) -> Cluster:
    return ClusterManager([models.Cluster("c", groups, **fields)], seed=1, policies={"c": policy})["c"]


class Last(HostPolicy):
    """The host with the greatest weight, and the next ones when it is excluded."""

    def __init__(self) -> None:
        self.prepared: list[HostGroup] = []

    def prepare(self, group: HostGroup) -> list[int]:
        self.prepared.append(group)
        return sorted(range(len(group.hosts)), key=lambda index: -group.weights[index])

    def pick(self, prepared: list[int], number: int, attempt: int) -> int:
        return prepared[attempt % len(prepared)]


class Answer(HostPolicy):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def pick(self, prepared: HostGroup, number: int, attempt: int) -> Any:
        return self.answer() if callable(self.answer) else self.answer


def test_policy_chooses_and_is_prepared_once() -> None:
    policy = Last()
    cluster = make(policy, group(1, 5, 3))
    assert {cluster.pick_host().port for _ in range(10)} == {5}
    assert {host.port for host in cluster.pick_many(10)} == {5}
    with cluster.pick() as pick:
        assert (pick.host.port, pick.host.active_requests) == (5, 1)
    (prepared,) = policy.prepared
    assert [host.port for host in prepared.hosts] == [1, 5, 3]
    assert prepared.hosts[1] is pick.host
    assert prepared.weights == (1, 5, 3)


def test_policy_sees_only_hosts_in_question() -> None:
    policy = Last()
    cluster = make(policy, group(1, 2, 4), group(9, health=HealthStatus.UNHEALTHY), group(8, 7, priority=1))
    assert cluster.pick_host().port == 4
    cluster.update(models.Cluster("c", (group(1, 2, 4, health=HealthStatus.UNHEALTHY), group(8, 7, priority=1))))
    assert cluster.pick_host().port == 8
    cluster.update(models.Cluster("c", (group(1, 2, 4, health=HealthStatus.UNHEALTHY),)))
    assert cluster.pick_host().port == 4  # panic
    assert [len(each.hosts) for each in policy.prepared] == [3, 2, 3]


def test_excluded_hosts_are_asked_for_again() -> None:
    cluster = make(Last(), group(1, 5, 3))
    assert cluster.pick_host(exclude=[cluster.hosts[1]]).port == 3


def test_hash_reaches_a_policy_that_wants_it() -> None:
    class ByHash(HostPolicy):
        hashes = True

        def pick(self, prepared: HostGroup, number: int, attempt: int) -> int:
            return number % len(prepared.hosts)

    cluster = make(ByHash(), group(*range(1, 8)))
    assert cluster.looks_at_requests
    for key in (b"a", b"b", b"c"):
        assert cluster.pick_host(hash_key=key).port == 1 + xxh64(key) % 7
    assert len({cluster.pick_host().port for _ in range(50)}) > 1


def test_sole_host_needs_no_policy() -> None:
    assert make(Answer(lambda: 1 / 0), group(6)).pick_host().port == 6


def test_none_is_no_host() -> None:
    with pytest.raises(NoHostAvailable):
        make(Answer(None), group(1, 2)).pick_host()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (2, IndexError),
        (-1, IndexError),
        (2**70, IndexError),
        ("0", TypeError),
        (1.0, TypeError),
        (lambda: 1 / 0, ZeroDivisionError),
    ],
)
def test_errors_come_out_of_the_pick_and_nothing_is_counted(answer: Any, error: type[Exception]) -> None:
    policy = Answer(answer)
    cluster = make(policy, group(1, 2))
    for call in (
        cluster.pick,
        cluster.pick_host,
        lambda: cluster.pick_many(3),
        lambda: cluster.pick_host(exclude=[cluster.hosts[0]]),
    ):
        with pytest.raises(error):
            call()
    assert [host.active_requests for host in cluster.hosts] == [0, 0]
    policy.answer = 1
    assert cluster.pick_host().port == 2


def test_error_in_prepare_is_tried_again() -> None:
    class Once(HostPolicy):
        failed = False

        def prepare(self, group: HostGroup) -> HostGroup:
            if not self.failed:
                self.failed = True
                raise KeyError("not yet")
            return group

        def pick(self, prepared: HostGroup, number: int, attempt: int) -> int:
            return 0

    cluster = make(Once(), group(1, 2))
    with pytest.raises(KeyError, match="not yet"):
        cluster.pick_host()
    assert cluster.pick_host().port == 1


def test_policy_that_asks_its_own_cluster() -> None:
    policy = Answer(0)
    cluster = make(policy, group(1, 2))
    policy.answer = lambda: cluster.pick_host().port
    with pytest.raises(RuntimeError, match="own cluster"):
        cluster.pick_host()
    policy.answer = lambda: cluster.update(models.Cluster("c", (group(4, 5),))) or 0
    assert cluster.pick_host().port == 1
    policy.answer = 0
    assert cluster.pick_host().port == 4


def test_threads_pick_one_at_a_time_while_hosts_change() -> None:
    inside: Counter[str] = Counter()

    class Counting(HostPolicy):
        def pick(self, prepared: HostGroup, number: int, attempt: int) -> int:
            inside["now"] += 1
            inside["most"] = max(inside["most"], inside["now"])
            weights = sum(prepared.weights)
            inside["now"] -= 1
            return weights % len(prepared.hosts)

    cluster = make(Counting(), group(1, 2, 3))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(300):
                with cluster.pick():
                    pass
        except BaseException as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(100):
            cluster.update(models.Cluster("c", (group(*range(1, 3 + turn % 5)),)))
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    assert inside["most"] == 1
    assert [host.active_requests for host in cluster.hosts] == [0] * len(cluster.hosts)


def test_policy_and_what_it_prepared_go_with_the_cluster() -> None:
    class Thing:
        pass

    things: list[weakref.ref[Thing]] = []

    class Keeping(Answer):
        def prepare(self, group: HostGroup) -> Thing:
            thing = Thing()
            things.append(weakref.ref(thing))
            return thing

    policy = Keeping(0)
    gone = weakref.ref(policy)
    cluster = make(policy, group(1, 2))
    cluster.pick_host()
    cluster.update(models.Cluster("c", (group(1, 2, 3),)))
    cluster.pick_host()
    assert [thing() is None for thing in things] == [True, False]
    del policy, cluster
    gc.collect()
    assert [thing() for thing in things] == [None, None]
    assert gone() is None


def test_policies_count_for_clusters_that_come_later() -> None:
    manager = ClusterManager([], policies={"c": Last()})
    manager.update([models.Cluster("c", (group(1, 5, 3),)), models.Cluster("d", (group(2),))])
    assert {manager["c"].pick_host().port for _ in range(4)} == {5}
    assert manager["d"].policy == 0


def test_what_is_no_policy() -> None:
    with pytest.raises(TypeError, match="HostPolicy"):
        make(object(), group(1))
    with pytest.raises(TypeError, match="address"):
        NativePolicy("table")
    with pytest.raises(ValueError, match="no fp_lb_policy"):
        NativePolicy(0)
    with pytest.raises(ValueError, match="no fp_lb_policy"):
        NativePolicy(3)
    with pytest.raises(NotImplementedError):
        make(HostPolicy(), group(1, 2)).pick_host()


def test_forked_process_does_not_wait_for_a_thread_that_is_not_there() -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait() -> int:
        started.set()
        go_on.wait(10)
        return 0

    policy = Answer(wait)
    cluster = make(policy, group(1, 2))
    thread = threading.Thread(target=cluster.pick_host)
    thread.start()
    assert started.wait(10)
    child = os.fork()
    if child == 0:
        policy.answer = 1
        os._exit(0 if cluster.pick_host().port == 2 else 1)
    _, status = os.waitpid(child, 0)
    go_on.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
