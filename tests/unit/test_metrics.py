"""Numbers of clusters: what was reported, latencies, and how Prometheus reads them."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from fastpath import CircuitBreaker, ClusterManager, models
from fastpath.clusters import Cluster
from fastpath.health import HealthEvent, HostDrained, PanicChanged, UpdateFailed
from fastpath.metrics import host_latencies, prometheus
from fastpath.models import CircuitBreakerThresholds, Endpoint, HostFlag, LocalityEndpoints, OutlierDetection


def cluster_of(count: int, name: str = "c", **fields: Any) -> Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(count))
    model = models.Cluster(name, (LocalityEndpoints(endpoints),), **fields)
    return ClusterManager([model], seed=0, clock=lambda: 0.0)[name]


def report(cluster: Cluster, *statuses: int, latency: float | None = None) -> None:
    for status in statuses:
        with cluster.pick() as pick:
            pick.report(status, latency=latency)


def test_clusters_count_by_status_and_reset() -> None:
    cluster = cluster_of(2)
    report(cluster, 200, 200, 404, 503)
    with cluster.pick() as pick:
        pick.report(reset="connect-failure")
    with cluster.pick() as pick:
        pick.report(200, reset="reset")
    assert cluster.stats.statuses == {200: 3, 404: 1, 503: 1}
    assert cluster.stats.resets == {"connect-failure": 1, "reset": 1}
    cluster.update(replace(cluster.model, localities=()))
    assert sum(cluster.stats.statuses.values()) == 5


def test_quantiles() -> None:
    cluster = cluster_of(1)
    for millisecond in range(1, 1001):
        report(cluster, 200, latency=millisecond / 1000)
    for latencies in (cluster.stats.latencies, host_latencies(cluster.hosts[0])):
        assert latencies.count == 1000
        assert latencies.sum == pytest.approx(500.5)
        assert latencies.quantile(0.5) == pytest.approx(0.5, rel=1 / 31)
        assert latencies.quantile(0.99) == pytest.approx(0.99, rel=1 / 31)
        assert latencies.at_most(2000) == 1000
        assert 470 <= latencies.at_most(0.5) <= 500
        with pytest.raises(ValueError, match="share"):
            latencies.quantile(1.1)
    assert cluster_of(1).stats.latencies.quantile(0.5) == 0.0


def test_threads_lose_nothing() -> None:
    cluster = cluster_of(3)
    threads = [threading.Thread(target=report, args=(cluster, *[200] * 500)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cluster.stats.statuses == {200: 4000}


SAMPLE = re.compile(r'(\w+)\{((?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)+)\} (\S+)')


def parse(text: str) -> dict[tuple[str, str], float]:
    """Samples by name and labels; every line must be a sample of the family that the last TYPE line has named."""
    samples: dict[tuple[str, str], float] = {}
    families = []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# TYPE "):
            families.append(line.split()[2])
            continue
        match = SAMPLE.fullmatch(line)
        assert match is not None, line
        assert match[1].startswith(families[-1])
        assert (match[1], match[2]) not in samples
        samples[match[1], match[2]] = float(match[3])
    assert families == sorted(set(families))
    return samples


def test_prometheus_reads_it() -> None:
    first = cluster_of(3, "first", outlier_detection=OutlierDetection(max_ejection_percent=100))
    second = cluster_of(1, 'sec"ond\\\n')
    for _ in range(5):
        report(first, 200, 200, 503, latency=0.02)
    first.flag_host(first.hosts[0], HostFlag.DEGRADED_ACTIVE_HC)
    breaker = CircuitBreaker(CircuitBreakerThresholds(max_requests=1))
    breaker.acquire("requests")
    breaker.acquire("requests")
    text = prometheus([second, first], breakers={"first": breaker})
    assert text == prometheus([first, second], breakers={"first": breaker})
    samples = parse(text)
    label = 'envoy_cluster_name="first"'
    codes = {key[1]: value for key, value in samples.items() if key[0] == "envoy_cluster_upstream_rq"}
    assert codes == {f'{label},envoy_response_code="200"': 10, f'{label},envoy_response_code="503"': 5}
    for name, value in {
        "membership_total": 3,
        "membership_healthy": 1,
        "membership_degraded": 1,
        "outlier_detection_ejections_active": 1,
        "outlier_detection_ejections_enforced_consecutive_5xx": 1,
        "upstream_rq_completed": 15,
        "upstream_rq_time_count": 15,
        "upstream_rq_pending_overflow": 1,
    }.items():
        assert samples[f"envoy_cluster_{name}", label] == value
    assert samples["envoy_cluster_circuit_breakers_rq_open", f'{label},priority="default"'] == 1
    assert samples["envoy_cluster_upstream_rq_time_sum", label] == pytest.approx(300)
    buckets = [
        value for (name, key), value in samples.items() if name.endswith("time_bucket") and key.startswith(label)
    ]
    assert buckets == sorted(buckets)
    assert samples["envoy_cluster_upstream_rq_time_bucket", f'{label},le="10"'] == 0
    assert samples["envoy_cluster_upstream_rq_time_bucket", f'{label},le="25"'] == 15
    assert samples["envoy_cluster_membership_total", 'envoy_cluster_name="sec\\"ond\\\\\\n"'] == 1
    assert prometheus([]) == ""


def test_events_of_panic_drained_hosts_and_refused_updates() -> None:
    events: list[HealthEvent] = []
    cluster = cluster_of(3)
    cluster.subscribe(events.append)
    hosts = cluster.hosts
    for host in hosts[:2]:
        cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC)
    assert [each for each in events if isinstance(each, PanicChanged)] == [PanicChanged(0, True)]
    cluster.flag_host(hosts[0], HostFlag(0))
    assert events[-1] == PanicChanged(0, False)

    events.clear()
    pick = cluster.pick(exclude=hosts[:2], max_attempts=None)
    cluster.update(replace(cluster.model, localities=(LocalityEndpoints((Endpoint("10.0.0.1", 0),)),)))
    assert events == [HostDrained(hosts[1])]
    cluster.tick()
    pick.release()
    cluster.tick()
    cluster.tick()
    assert events == [HostDrained(hosts[1]), HostDrained(hosts[2])]

    events.clear()
    with pytest.raises(ValueError, match="address"):
        cluster.update(replace(cluster.model, localities=(LocalityEndpoints((Endpoint("", 0),)),)))
    assert [type(each) for each in events] == [UpdateFailed]
