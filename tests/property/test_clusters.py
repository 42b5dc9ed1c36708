"""Round robin against models, and what must hold for any sequence of picks and updates."""

from __future__ import annotations

import heapq
from collections import Counter

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fastpath import Cluster, ClusterManager, Host, NoHostAvailable, Pick, models
from fastpath.models import Endpoint, HealthStatus, LocalityEndpoints

weights = st.one_of(st.integers(1, 5), st.integers(1, 1000), st.integers(1, 2**32 - 1))
seeds = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 100))


class EdfModel:
    """Envoy's scheduler as a plain heap, started with `seed` picks."""

    def __init__(self, weights: list[int], seed: int) -> None:
        picks = seed % 2**32 % 429496729
        nudged = [weight + 1e-13 for weight in weights]
        total = 0.0
        for weight in nudged:
            total += weight
        self.weights = weights
        self.heap: list[tuple[float, int, int]] = []
        done = 0
        for index, weight in enumerate(nudged):
            share = int(weight * picks / total)
            if share > 0 and share / weight >= picks / total:
                share -= 1
            self.heap.append(((share + 1) / weight, index, index))
            done += share
        heapq.heapify(self.heap)
        self.order = len(weights)
        for _ in range(picks - done):
            self.pick()

    def pick(self) -> int:
        deadline, _, index = self.heap[0]
        heapq.heapreplace(self.heap, (deadline + 1.0 / self.weights[index], self.order, index))
        self.order += 1
        return index


def cluster_of(weights: list[int], seed: int) -> Cluster:
    # One locality each, since the sum of a locality's weights is limited.
    localities = tuple(
        LocalityEndpoints((Endpoint("10.0.0.1", port, weight),), zone=f"z{port}") for port, weight in enumerate(weights)
    )
    return ClusterManager([models.Cluster("c", localities)], seed=seed)["c"]


@given(st.lists(weights, min_size=1, max_size=40), seeds)
def test_picks_come_in_envoys_order(weights: list[int], seed: int) -> None:
    picked = [host.port for host in cluster_of(weights, seed).pick_many(300)]
    if len(set(weights)) == 1:
        assert picked == [(seed + i) % 2**64 % len(weights) for i in range(300)]
    else:
        model = EdfModel(weights, seed)
        assert picked == [model.pick() for _ in range(300)]


@settings(max_examples=examples(30))
@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), seeds)
def test_shares_converge_to_weights(weights: list[int], seed: int) -> None:
    rounds = 40
    seen = Counter(host.port for host in cluster_of(weights, seed).pick_many(rounds * sum(weights)))
    for port, weight in enumerate(weights):
        assert abs(seen[port] - rounds * weight) <= 2


endpoint_lists = st.lists(
    st.builds(
        Endpoint,
        st.sampled_from(["10.0.0.1", "10.0.0.2", "::1"]),
        st.integers(1, 6),
        st.one_of(st.none(), st.integers(1, 20)),
        health_status=st.sampled_from(HealthStatus),
    ),
    max_size=12,
)
models_of_clusters = st.builds(
    models.Cluster,
    st.just("c"),
    st.lists(st.builds(LocalityEndpoints, endpoint_lists.map(tuple), priority=st.integers(0, 3)), max_size=4).map(
        tuple
    ),
    healthy_panic_threshold=st.sampled_from([0.0, 30.0, 50.0, 100.0]),
)

USABLE = {HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED}


class ClusterMachine(RuleBasedStateMachine):
    """Any sequence of updates, picks, reports and releases; the model is a count of what is held per host."""

    @initialize(model=models_of_clusters, seed=seeds)
    def start(self, model: models.Cluster, seed: int) -> None:
        self.cluster = ClusterManager([model], seed=seed)["c"]
        self.picks: list[Pick] = []
        self.held: Counter[Host] = Counter()

    @rule(model=models_of_clusters)
    def update(self, model: models.Cluster) -> None:
        before = {str(host): host for host in self.cluster.hosts}
        self.cluster.update(model)
        after = self.cluster.hosts
        listed = {(endpoint.address, endpoint.port) for group in model.localities for endpoint in group.endpoints}
        assert sorted((host.address, host.port) for host in after) == sorted(listed)
        for host in after:
            if str(host) in before:
                assert host is before[str(host)]

    @rule(exclude_count=st.integers(0, 4), attempts=st.one_of(st.none(), st.integers(0, 3)))
    def pick(self, exclude_count: int, attempts: int | None) -> None:
        hosts = self.cluster.hosts
        exclude = hosts[:exclude_count]
        try:
            pick = self.cluster.pick(exclude=exclude, max_attempts=attempts)
        except NoHostAvailable:
            usable = [host for host in hosts if host.health_status in USABLE]
            threshold = self.cluster.model.healthy_panic_threshold
            assert not hosts or (not usable and threshold == 0) or (attempts is None and set(usable) <= set(exclude))
            return
        assert pick.host in hosts
        assert attempts is not None or pick.host not in exclude
        if self.cluster.model.healthy_panic_threshold == 0:
            assert pick.host.health_status in USABLE
        self.picks.append(pick)
        self.held[pick.host] += 1

    @precondition(lambda self: self.picks)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        pick = self.picks.pop(data.draw(st.integers(0, len(self.picks) - 1)))
        self.held[pick.host] -= 1
        if data.draw(st.booleans()):
            pick.report(200, latency=0.001)
            pick.release()

    @invariant()
    def active_requests_are_what_is_held(self) -> None:
        for host, count in self.held.items():
            assert host.active_requests == count


TestClusterMachine = ClusterMachine.TestCase
TestClusterMachine.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
