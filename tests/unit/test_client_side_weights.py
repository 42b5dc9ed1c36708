"""Hosts get the weights that their load reports earn, when it is time for it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastpath import Cluster, ClusterManager, ConfigError, HeaderList, models
from fastpath.balancing.client_side_weights import weight_of
from fastpath.models import ClientSideWeightedRoundRobinConfig, Endpoint, LbPolicy, LocalityEndpoints
from fastpath.orca import OrcaLoadReport, load_report_of
from fastpath.policies import HostPolicy


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def group(*ports: int, priority: int = 0, weight: int | None = None) -> LocalityEndpoints:
    endpoints = tuple(Endpoint("10.0.0.1", port, port) for port in ports)
    return LocalityEndpoints(endpoints, zone=f"z{ports[0]}", priority=priority, weight=weight)


def model(*groups: LocalityEndpoints, **config: Any) -> models.Cluster:
    return models.Cluster(
        "c",
        groups,
        lb_policy=LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN,
        client_side_weighted_round_robin=ClientSideWeightedRoundRobinConfig(**config),
    )


class Story:
    """A cluster and its time. Weights are by port."""

    def __init__(self, model: models.Cluster, **options: Any) -> None:
        self.clock = Clock()
        self.manager = ClusterManager([model], seed=3, clock=self.clock, **options)
        self.cluster: Cluster = self.manager["c"]

    def report(self, port: int, rps: float, utilization: float = 1.0) -> None:
        (host,) = [host for host in self.cluster.hosts if host.port == port]
        self.cluster.report_load(host, OrcaLoadReport(rps_fractional=rps, cpu_utilization=utilization))

    def after(self, seconds: float) -> dict[int, int]:
        self.clock.now += seconds
        self.manager.tick()
        return self.weights

    @property
    def weights(self) -> dict[int, int]:
        return {host.port: host.weight for host in self.cluster.hosts}


def test_endpoints_have_their_weights_until_the_first_time_and_then_the_same_one() -> None:
    story = Story(model(group(5, 6)))
    assert story.after(0.9) == {5: 5, 6: 6}
    assert story.after(0.1) == {5: 1, 6: 1}


def test_a_tick_says_when_weights_are_due() -> None:
    story = Story(model(group(5), weight_update_period=2.0))
    assert story.manager.tick() == 1002.0
    story.clock.now = 1002.5
    assert story.manager.tick() == 1004.5
    assert Story(model(group(5), weight_update_period=0.0)).manager.tick() == 1000.1


def test_a_host_counts_after_its_blackout_and_until_its_report_is_old() -> None:
    story = Story(model(group(5, 6), blackout_period=10.0, weight_expiration_period=30.0))
    story.report(5, 80)
    assert story.after(9.5) == {5: 1, 6: 1}
    assert story.after(1.0) == {5: 80, 6: 80}
    story.report(5, 90)
    assert story.after(1.0) == {5: 90, 6: 90}
    assert story.after(29.0) == {5: 90, 6: 90}
    assert story.after(1.5) == {5: 1, 6: 1}
    story.report(5, 90)  # the blackout begins anew
    assert story.after(9.5) == {5: 1, 6: 1}
    assert story.after(1.0) == {5: 90, 6: 90}


def test_the_others_get_the_median_of_their_priority() -> None:
    story = Story(model(group(1, 2, 3, 4), group(5, 6, priority=1), group(7, 8, priority=2), blackout_period=0.0))
    for port, rps in ((1, 10), (2, 21), (3, 500), (5, 7)):
        story.report(port, rps)
    assert story.after(1.0) == {1: 10, 2: 21, 3: 500, 4: 21, 5: 7, 6: 7, 7: 1, 8: 1}
    story.report(4, 40)
    assert story.after(1.0)[4] == 40
    story = Story(model(group(1, 2, 3), blackout_period=0.0))
    story.report(1, 10)
    story.report(2, 21)
    assert story.after(1.0)[3] == 15


def test_picks_follow_the_weights() -> None:
    story = Story(model(group(1, 2), blackout_period=0.0))
    story.report(1, 30)
    story.report(2, 10)
    story.after(1.0)
    assert Counter(story.cluster.pick_host().port for _ in range(40)) == {1: 30, 2: 10}


def test_a_report_comes_with_the_outcome_of_a_request() -> None:
    story = Story(model(group(1, 2), blackout_period=0.0))
    headers = HeaderList([("endpoint-load-metrics", "TEXT cpu_utilization=0.5,rps_fractional=20")])
    with story.cluster.pick() as pick:
        pick.report(200, load_report=load_report_of(headers))
    assert set(story.after(1.0).values()) == {40}
    with story.cluster.pick() as pick:
        pick.report(200)
        with pytest.raises(RuntimeError):
            pick.report(200, load_report=OrcaLoadReport(1, rps_fractional=7))
    assert set(story.after(1.0).values()) == {40}


def test_without_the_policy_reports_are_passed_over() -> None:
    plain = replace(model(group(1, 2)), lb_policy=LbPolicy.ROUND_ROBIN)
    story = Story(plain)
    story.report(1, 70)
    assert story.manager.tick() is None
    assert story.after(5.0) == {1: 1, 2: 2}


def test_a_policy_of_ones_own_comes_before() -> None:
    class First(HostPolicy):
        def pick(self, prepared: Any, number: int, attempt: int) -> int:
            return 0

    story = Story(model(group(1, 2), blackout_period=0.0), policies={"c": First()})
    story.report(1, 70)
    assert story.after(5.0) == {1: 1, 2: 2}
    story.cluster.update(model(group(1, 2, 3), blackout_period=0.0))
    assert story.after(5.0) == {1: 1, 2: 2, 3: 3}


def test_updates_keep_what_hosts_that_stay_have_earned() -> None:
    story = Story(model(group(1, 2, 3), blackout_period=0.0))
    for port, rps in ((1, 10), (2, 20), (3, 60)):
        story.report(port, rps)
    story.after(1.0)
    (first,) = [host for host in story.cluster.hosts if host.port == 1]
    story.cluster.update(model(group(1, 3, 4), blackout_period=0.0))
    assert story.weights == {1: 10, 3: 60, 4: 35}
    assert first in story.cluster.hosts
    story.cluster.update(model(group(1, 2), blackout_period=0.0))
    assert story.weights == {1: 10, 2: 10}  # it came back as another host
    story.cluster.update(model(group(1, 2), blackout_period=5.0))
    assert story.weights == {1: 1, 2: 1}  # other settings, another beginning
    story.cluster.update(replace(model(group(1, 2)), lb_policy=LbPolicy.RANDOM))
    assert story.weights == {1: 1, 2: 2}
    assert story.manager.tick() is None


def test_a_host_given_twice_counts_once() -> None:
    story = Story(model(group(1, 1, 1, 2), group(3), group(1, 5, priority=1), blackout_period=0.0))
    for port, rps in ((1, 10), (2, 20), (3, 60)):
        story.report(port, rps)
    story.cluster.update(model(group(1, 1, 1, 2), group(3, 4), group(1, 5, priority=1), blackout_period=0.0))
    assert story.weights == {1: 10, 2: 20, 3: 60, 4: 20, 5: 10}


def test_a_report_of_a_host_that_has_left_is_passed_over() -> None:
    story = Story(model(group(1, 2), blackout_period=0.0))
    (gone,) = [host for host in story.cluster.hosts if host.port == 2]
    story.cluster.update(model(group(1), blackout_period=0.0))
    story.cluster.report_load(gone, OrcaLoadReport(rps_fractional=50, cpu_utilization=1.0))
    story.cluster.update(model(group(1, 2), blackout_period=0.0))
    assert story.weights == {1: 1, 2: 1}


def test_the_model_does_not_change_with_weights() -> None:
    given = model(group(1, 2), blackout_period=0.0)
    story = Story(given)
    story.report(1, 70)
    story.after(1.0)
    assert story.cluster.model == given


def test_the_heaviest_hosts_there_can_be_keep_their_shares() -> None:
    story = Story(model(group(1, 2, 3), blackout_period=0.0))
    for port in (1, 2):
        story.report(port, math.inf, 1e-300)
    story.report(3, 2.0**30)
    weights = story.after(1.0)
    assert sum(weights.values()) < 2**32
    assert weights[1] == weights[2] == pytest.approx(4 * weights[3], rel=1e-6)
    story.report(1, 0.1)
    assert story.after(1.0)[1] == 1


def test_weighted_localities_share_by_their_own_weights() -> None:
    given = replace(model(group(1, weight=3), group(2, weight=1), blackout_period=0.0), locality_weighted=True)
    story = Story(given)
    story.report(1, 1)
    story.report(2, 100)
    story.after(1.0)
    shares = Counter(story.cluster.pick_host().port for _ in range(400))
    assert abs(shares[1] - 300) <= 2


def test_a_host_in_slow_start_counts_with_a_part_of_what_it_earns() -> None:
    window = models.SlowStartConfig(100.0, min_weight_percent=10.0)
    story = Story(model(group(1), blackout_period=0.0, slow_start=window))
    story.clock.now += 1000
    story.cluster.update(model(group(1, 2), blackout_period=0.0, slow_start=window))
    story.report(1, 10)
    story.report(2, 10)
    assert story.after(1.0) == {1: 10, 2: 10}
    shares = Counter(story.cluster.pick_host().port for _ in range(220))
    assert 10 <= shares[2] <= 30


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"blackout_period": -1.0}, "blackout_period"),
        ({"weight_expiration_period": math.inf}, "weight_expiration_period"),
        ({"weight_update_period": math.nan}, "weight_update_period"),
        ({"error_utilization_penalty": 1e300}, "error_utilization_penalty"),
        ({"error_utilization_penalty": "1"}, "error_utilization_penalty"),
        ({"slow_start": models.SlowStartConfig(-1.0)}, "slow_start.window"),
    ],
)
def test_values_that_make_no_sense_are_refused(config: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Story(model(group(1), **config))
    assert caught.value.path == f"clusters[0].client_side_weighted_round_robin.{path}"
    story = Story(model(group(1, 2), blackout_period=0.0))
    story.report(1, 9)
    with pytest.raises(ConfigError):
        story.cluster.update(model(group(1, 2), **config))
    assert story.after(1.0) == {1: 9, 2: 9}


floats = st.floats(allow_nan=True, allow_infinity=True)


@given(
    report=st.builds(
        OrcaLoadReport, floats, floats, floats, floats, floats, st.dictionaries(st.sampled_from("ab"), floats)
    ),
    penalty=st.floats(0, 1e30),
)
def test_no_report_makes_more_than_a_weight(report: OrcaLoadReport, penalty: float) -> None:
    weight = weight_of(report, ("named_metrics.a", "named_metrics.*", "eps", "nothing", "no.thing"), penalty)
    assert weight is None or 0 <= weight <= 2**32 - 1


@given(value=st.binary(max_size=60) | st.text(max_size=60).map(str.encode), name=st.sampled_from([b"", b"-bin"]))
def test_no_header_breaks_the_reader(value: bytes, name: bytes) -> None:
    for prefix in (b"", b"TEXT ", b"JSON ", b"BIN "):
        try:
            report = load_report_of(HeaderList([(b"endpoint-load-metrics" + name, prefix + value)]))
        except ValueError:
            continue
        assert isinstance(report, OrcaLoadReport)


def test_a_deeply_nested_report_is_refused() -> None:
    with pytest.raises(ValueError, match="deeply"):
        load_report_of(HeaderList([("endpoint-load-metrics", "JSON " + "[" * 200_000)]))
