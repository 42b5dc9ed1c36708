from __future__ import annotations

import threading
import time

from fastpath import ClusterManager, models
from fastpath.models import Endpoint, LocalityEndpoints

PORTS = range(1, 30)


def model(generation: int) -> models.Cluster:
    endpoints = tuple(
        Endpoint("10.0.0.1", port, 1 + (port + generation) % 5)
        for port in PORTS
        if port == 1 or (port ^ generation) % 3
    )
    return models.Cluster("c", (LocalityEndpoints(endpoints),))


def test_threads_pick_while_the_cluster_is_updated() -> None:
    cluster = ClusterManager([model(0)])["c"]
    anchor = cluster.hosts[0]
    finished = threading.Event()
    failures: list[BaseException] = []
    picked = [0] * 6

    def pick(number: int) -> None:
        try:
            while not finished.is_set():
                with cluster.pick() as one, cluster.pick(exclude=[one.host]) as other:
                    assert one.host is not other.host
                    assert one.host.port in PORTS
                    assert one.host.active_requests >= 1
                    other.report(200)
                assert len(cluster.pick_many(10)) == 10
                picked[number] += 2
        except BaseException as failure:
            failures.append(failure)

    def update(first: int) -> None:
        try:
            for generation in range(first, first + 300):
                cluster.update(model(generation))
                assert cluster.hosts[0] is anchor
        except BaseException as failure:
            failures.append(failure)

    pickers = [threading.Thread(target=pick, args=(number,)) for number in range(len(picked))]
    updaters = [threading.Thread(target=update, args=(first,)) for first in (0, 1000)]
    for thread in pickers + updaters:
        thread.start()
    for thread in updaters:
        thread.join()
    while not (all(picked) or failures):  # on a busy machine some may not have had their turn
        time.sleep(0.001)
    finished.set()
    for thread in pickers:
        thread.join()
    assert failures == []
    assert all(picked)
    assert all(host.active_requests == 0 for host in cluster.hosts)
