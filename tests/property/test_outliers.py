"""Outlier detection under any sequence of reports, updates and times."""

from __future__ import annotations

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fastpath import ClusterManager, NoHostAvailable, models
from fastpath.health import HealthEvent, HostEjected, HostReadmitted
from fastpath.models import Endpoint, HostFlag, LocalityEndpoints, OutlierDetection

percentages = st.integers(0, 100)
small = st.integers(0, 8)
detections = st.builds(
    OutlierDetection,
    interval=st.sampled_from([0.001, 1.0, 10.0]),
    base_ejection_time=st.sampled_from([0.001, 5.0, 30.0]),
    max_ejection_time=st.sampled_from([None, 30.0, 1e11]),
    max_ejection_time_jitter=st.sampled_from([0.0, 3.0, 1e11]),
    max_ejection_percent=percentages,
    always_eject_one_host=st.booleans(),
    consecutive_5xx=small,
    consecutive_gateway_failure=small,
    split_external_local_origin_errors=st.booleans(),
    consecutive_local_origin_failure=small,
    success_rate_minimum_hosts=small,
    success_rate_request_volume=small,
    success_rate_stdev_factor=st.integers(0, 3000),
    failure_percentage_threshold=percentages,
    failure_percentage_minimum_hosts=small,
    failure_percentage_request_volume=small,
    enforcing_consecutive_5xx=percentages,
    enforcing_consecutive_gateway_failure=percentages,
    enforcing_consecutive_local_origin_failure=percentages,
    enforcing_success_rate=percentages,
    enforcing_local_origin_success_rate=percentages,
    enforcing_failure_percentage=percentages,
    enforcing_failure_percentage_local_origin=percentages,
)


def model_of(count: int, detection: OutlierDetection | None) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(count))
    return models.Cluster("c", (LocalityEndpoints(endpoints),), outlier_detection=detection)


class OutlierMachine(RuleBasedStateMachine):
    """The model: who is ejected, as events tell it; a share that grows only by what may be ejected."""

    @initialize(count=st.integers(1, 12), detection=detections)
    def start(self, count: int, detection: OutlierDetection) -> None:
        self.now = 0.0
        self.cluster = ClusterManager([model_of(count, detection)], seed=1, clock=lambda: self.now)["c"]
        self.ejected: set[int] = set()
        self.cluster.subscribe(self.note)

    def note(self, event: HealthEvent) -> None:
        if isinstance(event, HostEjected):
            port = event.host.port
            detection = self.cluster.model.outlier_detection
            assert detection is not None
            assert port not in self.ejected
            share = 100 * (len(self.ejected) + 1) / len(self.cluster.hosts)
            assert share <= detection.max_ejection_percent or (detection.always_eject_one_host and not self.ejected)
            self.ejected.add(port)
        elif isinstance(event, HostReadmitted):
            self.ejected.remove(event.host.port)

    @rule(
        outcomes=st.lists(
            st.sampled_from([(200, None), (404, None), (500, None), (503, None), (None, "connect-failure")]),
            max_size=40,
        )
    )
    def report(self, outcomes: list[tuple[int | None, None]]) -> None:
        for status, reset in outcomes:
            try:
                with self.cluster.pick() as pick:
                    pick.report(status, reset=reset)
            except NoHostAvailable:
                assert not self.cluster.hosts

    @rule(seconds=st.sampled_from([0.001, 1.0, 10.0, 100.0, 1e9, -50.0, -1e9]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.cluster.tick()

    @rule(count=st.integers(0, 12), detection=st.one_of(st.none(), detections))
    def update(self, count: int, detection: OutlierDetection | None) -> None:
        self.ejected = {port for port in self.ejected if port < count}
        self.cluster.update(model_of(count, detection))

    @invariant()
    def what_is_told_is_what_is(self) -> None:
        flagged = {host.port for host in self.cluster.hosts if host.flags & HostFlag.FAILED_OUTLIER_CHECK}
        assert flagged == self.ejected
        stats = self.cluster.outlier_stats
        assert stats.ejections_active == len(flagged)
        assert stats.ejections_enforced_total == sum(stats.ejections_enforced)
        assert all(e <= d for e, d in zip(stats.ejections_enforced, stats.ejections_detected, strict=True))
        assert stats.events_lost == 0


TestOutlierMachine = OutlierMachine.TestCase
TestOutlierMachine.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)


@given(percent=percentages, count=st.integers(1, 60), always=st.booleans())
@settings(max_examples=examples(60), deadline=None)
def test_with_all_hosts_failing_exactly_the_share_is_ejected(percent: int, count: int, always: bool) -> None:
    detection = OutlierDetection(consecutive_5xx=1, max_ejection_percent=percent, always_eject_one_host=always)
    model = model_of(count, detection)
    cluster = ClusterManager([model], seed=1, clock=lambda: 0.0)["c"]
    for _ in range(4 * count):
        with cluster.pick() as pick:
            pick.report(500)
    expected = max(count * percent // 100, 1 if always else 0)
    assert cluster.outlier_stats.ejections_active == expected
