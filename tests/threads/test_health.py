"""Reports, ticks, checks and updates from several threads at once."""

from __future__ import annotations

import threading
from dataclasses import replace

from fastpath import ClusterManager, models
from fastpath.health import HealthEvent, HostEjected, HostReadmitted
from fastpath.models import Endpoint, HostFlag, LocalityEndpoints, OutlierDetection

ROUNDS = 400


def test_no_more_are_ejected_than_may_be() -> None:
    detection = OutlierDetection(interval=0.001, base_ejection_time=0.001, max_ejection_percent=30)
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(20))
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), outlier_detection=detection)
    cluster = ClusterManager([model])["c"]
    events: list[HealthEvent] = []
    cluster.subscribe(events.append)
    finished = threading.Event()
    problems: list[BaseException] = []

    def guarded(work: object) -> None:
        try:
            while not finished.is_set():
                work()  # type: ignore[operator]
        except BaseException as error:
            problems.append(error)

    def report() -> None:
        with cluster.pick() as pick:
            pick.report(200 if pick.host.port % 3 else 503, latency=0.001)

    def check() -> None:
        host = cluster.hosts[-1]
        cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC)
        cluster.flag_host(host, HostFlag(0))

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (report, report, report, check)]
    for thread in threads:
        thread.start()
    for number in range(ROUNDS):
        cluster.tick()
        assert cluster.outlier_stats.ejections_active <= 6
        if number % 20 == 0:
            weighted = tuple(replace(endpoint, weight=1 + number % 3) for endpoint in endpoints)
            cluster.update(replace(model, localities=(LocalityEndpoints(weighted),)))
    finished.set()
    for thread in threads:
        thread.join()
    assert not problems
    cluster.tick()
    stats = cluster.outlier_stats
    flagged = [host for host in cluster.hosts if host.flags & HostFlag.FAILED_OUTLIER_CHECK]
    assert stats.ejections_active == len(flagged)
    ejected = sum(isinstance(event, HostEjected) for event in events)
    readmitted = sum(isinstance(event, HostReadmitted) for event in events)
    assert ejected + stats.events_lost >= stats.ejections_enforced_total > 0
    assert ejected - readmitted <= len(flagged) + stats.events_lost
    assert sum(cluster.stats.statuses.values()) == cluster.stats.latencies.count
