"""Numbers of clusters as Prometheus reads them, under the names that Envoy gives them.

    text = prometheus(manager.values())

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (the text format, version 0.0.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastpath._admission import CircuitBreaker
from fastpath._stats import ClusterStats, Latencies, host_latencies
from fastpath.clusters import Cluster
from fastpath.models import HostFlag, OutlierEjectionType

__all__ = ["CONTENT_TYPE", "ClusterStats", "Latencies", "host_latencies", "prometheus"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Envoy's, in milliseconds.
_BOUNDS = (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000)
_RESETS = {
    "connect-failure": "upstream_cx_connect_fail",
    "reset": "upstream_rq_rx_reset",
    "timeout": "upstream_rq_timeout",
}
_UNFIT = HostFlag.FAILED_ACTIVE_HC | HostFlag.FAILED_OUTLIER_CHECK | HostFlag.FAILED_EDS_HEALTH
_DEGRADED = HostFlag.DEGRADED_ACTIVE_HC | HostFlag.DEGRADED_EDS_HEALTH

_Labels = tuple[tuple[str, str], ...]
_Sample = tuple[str, str, str, _Labels, float]  # metric, type, suffix of this sample's name, labels, value


def prometheus(clusters: Iterable[Cluster], *, breakers: Mapping[str, CircuitBreaker] | None = None) -> str:
    """The metrics of the clusters, in an order that depends on nothing but their names.

    `breakers` are those of clusters, by name. Counters begin at 0 with the cluster; latencies are in milliseconds, as
    Envoy has them. Served with CONTENT_TYPE.
    """
    families: dict[str, tuple[str, list[str]]] = {}
    for cluster in sorted(clusters, key=lambda each: each.name):
        breaker = (breakers or {}).get(cluster.name)
        for metric, kind, suffix, labels, value in _samples(cluster, breaker):
            lines = families.setdefault(metric, (kind, []))[1]
            lines.append(
                _line(f"envoy_cluster_{metric}{suffix}", (("envoy_cluster_name", cluster.name), *labels), value)
            )
    text: list[str] = []
    for metric in sorted(families):
        kind, lines = families[metric]
        text += [f"# TYPE envoy_cluster_{metric} {kind}", *lines]
    return "".join(f"{line}\n" for line in text)


def _line(name: str, labels: _Labels, value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{inside}}} {value:.17g}"


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return plain.encode("utf-8", "replace").decode()


def _samples(cluster: Cluster, breaker: CircuitBreaker | None) -> Iterator[_Sample]:
    yield from _requests(cluster.stats)
    yield from _hosts(cluster)
    if cluster.model.outlier_detection is not None:
        yield from _outliers(cluster)
    if breaker is not None:
        yield from _breaker(breaker)


def _requests(stats: ClusterStats) -> Iterator[_Sample]:
    classes: dict[str, int] = {}
    for status, count in stats.statuses.items():
        yield "upstream_rq", "counter", "", (("envoy_response_code", str(status)),), count
        classes[str(status // 100)] = classes.get(str(status // 100), 0) + count
    for first, count in classes.items():
        yield "upstream_rq_xx", "counter", "", (("envoy_response_code_class", first),), count
    yield "upstream_rq_completed", "counter", "", (), sum(stats.statuses.values())
    for reset, metric in _RESETS.items():
        yield metric, "counter", "", (), stats.resets.get(reset, 0)
    latencies = stats.latencies
    for bound in _BOUNDS:
        labels = (("le", f"{bound:g}"),)
        yield "upstream_rq_time", "histogram", "_bucket", labels, latencies.at_most(bound / 1000)
    yield "upstream_rq_time", "histogram", "_bucket", (("le", "+Inf"),), latencies.count
    yield "upstream_rq_time", "histogram", "_sum", (), latencies.sum * 1000
    yield "upstream_rq_time", "histogram", "_count", (), latencies.count


def _hosts(cluster: Cluster) -> Iterator[_Sample]:
    hosts = cluster.hosts
    flags = [host.flags for host in hosts]
    yield "membership_total", "gauge", "", (), len(hosts)
    yield "membership_healthy", "gauge", "", (), sum(not each & (_UNFIT | _DEGRADED) for each in flags)
    yield "membership_degraded", "gauge", "", (), sum(bool(each & _DEGRADED) and not each & _UNFIT for each in flags)
    yield "upstream_rq_active", "gauge", "", (), sum(host.active_requests for host in hosts)


def _outliers(cluster: Cluster) -> Iterator[_Sample]:
    stats = cluster.outlier_stats
    yield "outlier_detection_ejections_active", "gauge", "", (), stats.ejections_active
    yield "outlier_detection_ejections_enforced_total", "counter", "", (), stats.ejections_enforced_total
    yield "outlier_detection_ejections_overflow", "counter", "", (), stats.ejections_overflow
    for kind in OutlierEjectionType:
        name = _OUTLIER_NAMES.get(kind, kind.name.lower())
        detected, enforced = stats.ejections_detected[kind.value], stats.ejections_enforced[kind.value]
        yield f"outlier_detection_ejections_detected_{name}", "counter", "", (), detected
        yield f"outlier_detection_ejections_enforced_{name}", "counter", "", (), enforced


_OUTLIER_NAMES = {
    OutlierEjectionType.SUCCESS_RATE_LOCAL_ORIGIN: "local_origin_success_rate",
    OutlierEjectionType.FAILURE_PERCENTAGE_LOCAL_ORIGIN: "local_origin_failure_percentage",
}


def _breaker(breaker: CircuitBreaker) -> Iterator[_Sample]:
    labels = (("priority", "default"),)
    connections, pending = breaker.stats("connections"), breaker.stats("pending_requests")
    requests, retries = breaker.stats("requests"), breaker.stats("retries")
    for name, stats in (("cx", connections), ("rq_pending", pending), ("rq", requests), ("rq_retry", retries)):
        yield f"circuit_breakers_{name}_open", "gauge", "", labels, int(not stats.remaining)
        yield f"circuit_breakers_remaining_{name}", "gauge", "", labels, stats.remaining
    yield "upstream_cx_active", "gauge", "", (), connections.active
    yield "upstream_cx_overflow", "counter", "", (), connections.overflow
    yield "upstream_rq_pending_active", "gauge", "", (), pending.active
    yield "upstream_rq_pending_overflow", "counter", "", (), pending.overflow + requests.overflow
    yield "upstream_rq_retry_overflow", "counter", "", (), retries.overflow
