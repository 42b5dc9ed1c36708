"""Flags of hosts and outlier detection, as a user of clusters sees them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fastpath import ClusterManager, ConfigError, ConfigErrors, load, models
from fastpath.clusters import Cluster
from fastpath.health import HealthEvent, HostEjected, HostFlagsChanged, HostReadmitted, OutlierDetected
from fastpath.models import Endpoint, HealthStatus, HostFlag, LocalityEndpoints, OutlierDetection, OutlierEjectionType


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def cluster_of(count: int, detection: OutlierDetection | None = None, clock: Clock | None = None) -> Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(count))
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), outlier_detection=detection)
    return ClusterManager([model], seed=3, clock=clock or Clock())["c"]


def picked(cluster: Cluster, count: int = 300) -> set[int]:
    return {host.port for host in cluster.pick_many(count)}


def fail(cluster: Cluster, port: int, times: int, status: int = 500) -> None:
    others = [host for host in cluster.hosts if host.port != port]
    for _ in range(times):
        with cluster.pick(exclude=others) as pick:
            pick.report(status)


class TestFlags:
    def test_a_flagged_host_is_not_picked(self) -> None:
        cluster = cluster_of(3)
        host = cluster.hosts[1]
        assert cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC | HostFlag.ACTIVE_HC_TIMEOUT)
        assert host.flags == HostFlag.FAILED_ACTIVE_HC | HostFlag.ACTIVE_HC_TIMEOUT
        assert picked(cluster) == {0, 2}
        assert not cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC | HostFlag.ACTIVE_HC_TIMEOUT)
        assert cluster.flag_host(host, HostFlag(0))
        assert picked(cluster) == {0, 1, 2}
        assert cluster.hosts[1] is host

    def test_a_degraded_host_gets_what_others_cannot_take(self) -> None:
        cluster = cluster_of(2)
        cluster.flag_host(cluster.hosts[0], HostFlag.DEGRADED_ACTIVE_HC)
        shares = Counter(host.port for host in cluster.pick_many(1000))
        assert 200 < shares[0] < 400

    def test_most_hosts_flagged_is_panic(self) -> None:
        cluster = cluster_of(3)
        for host in cluster.hosts[:2]:
            cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC)
        assert picked(cluster) == {0, 1, 2}

    def test_flags_survive_updates_and_configured_health_comes_on_top(self) -> None:
        cluster = cluster_of(2)
        cluster.flag_host(cluster.hosts[0], HostFlag.FAILED_ACTIVE_HC)
        endpoints = tuple(Endpoint("10.0.0.1", port, 3, health_status=HealthStatus.DRAINING) for port in range(3))
        cluster.update(replace(cluster.model, localities=(LocalityEndpoints(endpoints),)))
        assert [host.flags for host in cluster.hosts] == [
            HostFlag.FAILED_ACTIVE_HC | HostFlag.FAILED_EDS_HEALTH,
            HostFlag.FAILED_EDS_HEALTH,
            HostFlag.FAILED_EDS_HEALTH,
        ]

    def test_only_what_checks_say_can_be_set(self) -> None:
        cluster = cluster_of(1)
        with pytest.raises(ValueError, match="argument"):
            cluster.flag_host(cluster.hosts[0], HostFlag.FAILED_OUTLIER_CHECK)

    def test_a_host_that_is_gone_is_left_alone(self) -> None:
        cluster = cluster_of(2)
        gone = cluster.hosts[1]
        endpoints = (Endpoint("10.0.0.1", 0),)
        cluster.update(replace(cluster.model, localities=(LocalityEndpoints(endpoints),)))
        assert not cluster.flag_host(gone, HostFlag.FAILED_ACTIVE_HC)
        assert gone.flags == HostFlag(0)


class TestOutliers:
    def test_five_failures_eject_until_the_time_is_over(self) -> None:
        clock = Clock()
        cluster = cluster_of(10, OutlierDetection(base_ejection_time=25), clock)
        fail(cluster, 4, 5)
        assert picked(cluster) == {0, 1, 2, 3, 5, 6, 7, 8, 9}
        assert cluster.tick() == 10
        for now, is_back in ((10.0, False), (20.0, False), (29.9, False), (30.0, True)):
            clock.now = now
            cluster.tick()
            assert (4 in picked(cluster)) == is_back

    def test_events_are_told(self) -> None:
        clock = Clock()
        events: list[HealthEvent] = []
        cluster = cluster_of(
            10, OutlierDetection(consecutive_gateway_failure=3, interval=1, base_ejection_time=1), clock
        )
        unsubscribe = cluster.subscribe(events.append)
        fail(cluster, 0, 5, status=503)
        clock.now = 1
        cluster.tick()
        cluster.flag_host(cluster.hosts[5], HostFlag.FAILED_ACTIVE_HC)
        host = cluster.hosts[0]
        assert events == [
            OutlierDetected(host, OutlierEjectionType.CONSECUTIVE_GATEWAY_FAILURE),
            HostEjected(host, OutlierEjectionType.CONSECUTIVE_5XX),
            HostReadmitted(host),
            HostFlagsChanged(cluster.hosts[5], HostFlag.FAILED_ACTIVE_HC),
        ]
        unsubscribe()
        unsubscribe()
        fail(cluster, 0, 5)
        assert len(events) == 4

    def test_an_observer_may_change_the_cluster(self) -> None:
        cluster = cluster_of(10, OutlierDetection())
        cluster.subscribe(lambda event: isinstance(event, HostEjected) and cluster.readmit_host(event.host))
        fail(cluster, 0, 5)
        assert picked(cluster) == set(range(10))
        assert cluster.outlier_stats.ejections_enforced_total == 1

    def test_an_update_starts_changes_and_ends_detection(self) -> None:
        cluster = cluster_of(10)
        fail(cluster, 0, 5)
        assert cluster.tick() is None
        cluster.update(replace(cluster.model, outlier_detection=OutlierDetection()))
        fail(cluster, 0, 5)
        assert cluster.hosts[0].flags == HostFlag.FAILED_OUTLIER_CHECK
        cluster.update(replace(cluster.model, outlier_detection=OutlierDetection(max_ejection_percent=50)))
        assert cluster.hosts[0].flags == HostFlag.FAILED_OUTLIER_CHECK
        cluster.update(replace(cluster.model, outlier_detection=None))
        assert cluster.hosts[0].flags == HostFlag(0)

    def test_a_refused_update_leaves_detection_as_it_was(self) -> None:
        cluster = cluster_of(10, OutlierDetection())
        fail(cluster, 0, 5)
        bad = LocalityEndpoints((Endpoint("", 1),))
        with pytest.raises(ConfigError):
            cluster.update(replace(cluster.model, localities=(bad,), outlier_detection=None))
        with pytest.raises(ConfigError):
            cluster.update(replace(cluster.model, localities=(), outlier_detection=OutlierDetection(interval=0)))
        assert len(cluster.hosts) == 10
        assert cluster.hosts[0].flags == HostFlag.FAILED_OUTLIER_CHECK

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("interval", 0.0),
            ("interval", float("nan")),
            ("interval", "1s"),
            ("base_ejection_time", float("inf")),
            ("base_ejection_time", 0.0001),
            ("max_ejection_time", 1.0),
            ("max_ejection_time_jitter", -1.0),
            ("max_ejection_percent", 101),
            ("consecutive_5xx", -1),
            ("success_rate_stdev_factor", 1.9),
            ("enforcing_success_rate", 101),
            ("failure_percentage_threshold", 2**32),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, field: str, value: Any) -> None:
        detection = replace(OutlierDetection(), **{field: value})
        with pytest.raises(ConfigError) as caught:
            ClusterManager([models.Cluster("c"), models.Cluster("d", outlier_detection=detection)])
        assert caught.value.path == f"clusters[1].outlier_detection.{field}"

    def test_the_earliest_time_of_all_clusters_is_given(self) -> None:
        one = models.Cluster("one", outlier_detection=OutlierDetection(interval=7))
        two = models.Cluster("two", outlier_detection=OutlierDetection(interval=3))
        assert ClusterManager([one, two, models.Cluster("three")], clock=Clock()).tick() == 3
        assert ClusterManager([models.Cluster("three")], clock=Clock()).tick() is None


def load_detection(**fields: Any) -> OutlierDetection | None:
    cluster = {"name": "c", "outlierDetection": fields}
    return load({"static_resources": {"clusters": [cluster]}}).clusters[0].outlier_detection


class TestConfiguration:
    def test_defaults_are_envoys(self) -> None:
        assert load_detection() == OutlierDetection()
        assert load({"static_resources": {"clusters": [{"name": "c"}]}}).clusters[0].outlier_detection is None

    def test_every_field_is_read(self) -> None:
        fields = {
            "interval": "1s",
            "base_ejection_time": "2s",
            "max_ejection_time": "3s",
            "max_ejection_time_jitter": "0.5s",
            "max_ejection_percent": 11,
            "always_eject_one_host": True,
            "consecutive_5xx": 12,
            "consecutive_gateway_failure": 13,
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 14,
            "success_rate_minimum_hosts": 15,
            "success_rate_request_volume": 16,
            "success_rate_stdev_factor": 17,
            "failure_percentage_threshold": 18,
            "failure_percentage_minimum_hosts": 19,
            "failure_percentage_request_volume": 20,
            "enforcing_consecutive_5xx": 21,
            "enforcing_consecutive_gateway_failure": 22,
            "enforcing_consecutive_local_origin_failure": 23,
            "enforcing_success_rate": 24,
            "enforcing_local_origin_success_rate": 25,
            "enforcing_failure_percentage": 26,
            "enforcing_failure_percentage_local_origin": 27,
            "successful_active_health_check_uneject_host": False,
        }
        expected = {name: float(value[:-1]) if isinstance(value, str) else value for name, value in fields.items()}
        assert load_detection(**fields) == OutlierDetection(**expected)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "fields",
        [
            {"interval": "0s"},
            {"base_ejection_time": "0.0001s"},
            {"max_ejection_time": "1s"},
            {"max_ejection_percent": 101},
            {"enforcing_success_rate": 101},
            {"consecutive_5xx": -1},
            {"detect_degraded_hosts": True},
            {"monitors": [{"name": "m"}]},
            {"consecutive_6xx": 1},
        ],
    )
    def test_what_envoy_or_the_cluster_cannot_do_is_refused(self, fields: dict[str, Any]) -> None:
        with pytest.raises(ConfigErrors) as caught:
            load_detection(**fields)
        assert caught.value.path.startswith("static_resources.clusters[0].outlierDetection")


def test_what_the_documentation_shows_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "health.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile("\n".join(blocks), "docs/health.md", "exec"), names)
    assert 0 < names["seconds"] <= 60
    assert "envoy_cluster_outlier_detection_ejections_active" in names["text"]
