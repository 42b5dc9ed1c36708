from __future__ import annotations

import array
import gc
import itertools
import math
from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, Host, NoHostAvailable, models
from fastpath.clusters import xxh64
from fastpath.models import Endpoint, HealthStatus, LbPolicy, LocalityEndpoints, Position

HEALTHY, UNHEALTHY, DRAINING = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.DRAINING


def endpoints(
    *weights: int | None, health: HealthStatus = HealthStatus.UNKNOWN, first: int = 1
) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint("10.0.0.1", port, weight, health_status=health) for port, weight in enumerate(weights, start=first)
    )


def model(*localities: tuple[Endpoint, ...], **fields: Any) -> models.Cluster:
    groups = (LocalityEndpoints(group, zone=f"z{number}") for number, group in enumerate(localities))
    return models.Cluster("c", tuple(groups), **fields)


def make(*localities: tuple[Endpoint, ...], seed: int | None = 0, **fields: Any) -> Cluster:
    return ClusterManager([model(*localities, **fields)], seed=seed)["c"]


def ports(cluster: Cluster, count: int) -> list[int]:
    return [host.port for host in cluster.pick_many(count)]


# ---- the manager


def test_clusters_are_found_by_name() -> None:
    manager = ClusterManager([models.Cluster("a"), models.Cluster("b")])
    assert list(manager) == ["a", "b"]
    assert len(manager) == 2
    assert manager["b"].name == "b"
    assert "c" not in manager
    with pytest.raises(KeyError):
        manager["c"]


def test_two_clusters_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        ClusterManager([models.Cluster("a"), models.Cluster("a")])
    assert caught.value.path == "clusters[1].name"


# ---- choosing


def test_equal_weights_take_turns() -> None:
    assert ports(make(endpoints(2, 2, 2), seed=4), 7) == [2, 3, 1, 2, 3, 1, 2]


def test_unequal_weights_follow_the_earliest_deadline() -> None:
    # Deadlines 1/1, 1/2 and 1/4 at first; ties go to who entered first.
    assert ports(make(endpoints(1, 2, 4), seed=0), 14) == [3, 2, 3, 3, 1, 2, 3, 3, 2, 3, 3, 1, 2, 3]


def test_the_same_seed_gives_the_same_picks_and_no_seed_starts_anywhere() -> None:
    group = endpoints(*range(1, 60))
    assert ports(make(group, seed=2**64 - 1), 200) == ports(make(group, seed=2**64 - 1), 200)
    assert len({tuple(ports(make(group, seed=None), 20)) for _ in range(8)}) > 1


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_an_overflow(seed: int) -> None:
    with pytest.raises(OverflowError):
        make(endpoints(1), seed=seed)


def test_one_sequence_whatever_the_call() -> None:
    group = endpoints(3, 1, 4, 1, 5)
    expected = ports(make(group), 40)
    cluster = make(group)
    indices = array.array("I", bytes(4 * 10))
    mixed = ports(cluster, 10)
    mixed += [cluster.pick_host().port for _ in range(10)]
    mixed += [cluster.pick().host.port for _ in range(10)]
    hosts = cluster.pick_many(out=indices)
    mixed += [hosts[index].port for index in indices]
    assert mixed == expected


def test_a_weight_not_given_counts_as_one() -> None:
    assert make(endpoints(None, 1)).hosts[0].weight == 1


def test_an_empty_cluster_has_no_host() -> None:
    cluster = make()
    for call in (cluster.pick, cluster.pick_host, lambda: cluster.pick_many(1)):
        with pytest.raises(NoHostAvailable, match="'c'"):
            call()
    with pytest.raises(NoHostAvailable):
        cluster.pick_many(out=array.array("I", [7]))
    assert cluster.pick_many(0) == []
    assert cluster.hosts == ()


def test_unhealthy_hosts_are_passed_over() -> None:
    group = endpoints(1, 1) + endpoints(9, health=UNHEALTHY, first=3) + endpoints(9, health=DRAINING, first=4)
    assert set(ports(make(group), 50)) == {1, 2}


def test_panic_uses_all_hosts_and_can_be_switched_off() -> None:
    group = endpoints(1) + endpoints(1, 1, health=UNHEALTHY, first=2)
    assert set(ports(make(group), 50)) == {1, 2, 3}
    assert set(ports(make(group, healthy_panic_threshold=0.0), 50)) == {1}
    assert set(ports(make(group, healthy_panic_threshold=33.0), 50)) == {1}
    with pytest.raises(NoHostAvailable):
        make(endpoints(1, health=UNHEALTHY), healthy_panic_threshold=0.0).pick()


def test_a_later_priority_is_used_when_the_first_is_down() -> None:
    cluster = ClusterManager(
        [
            models.Cluster(
                "c",
                (
                    LocalityEndpoints(endpoints(1, health=UNHEALTHY)),
                    LocalityEndpoints(endpoints(1, first=2), priority=1),
                ),
            )
        ]
    )["c"]
    assert set(ports(cluster, 50)) == {2}
    assert [host.priority for host in cluster.hosts] == [0, 1]


def test_of_duplicates_the_first_counts() -> None:
    cluster = make(endpoints(1, 1) + endpoints(50))
    assert [(host.port, host.weight) for host in cluster.hosts] == [(1, 1), (2, 1)]


def test_more_picks_than_zero_or_a_refusal() -> None:
    with pytest.raises(ValueError, match="negative"):
        make(endpoints(1)).pick_many(-1)


@pytest.mark.parametrize("buffer", [array.array("Q", [0]), array.array("i", [0]), bytearray(8)])
def test_indices_need_a_buffer_of_unsigned_32_bit_integers(buffer: Any) -> None:
    with pytest.raises(ValueError, match="32-bit"):
        make(endpoints(1)).pick_many(out=buffer)


@pytest.mark.parametrize("policy", [LbPolicy.ROUND_ROBIN, LbPolicy.RING_HASH, LbPolicy.MAGLEV])
def test_many_keys_get_the_hosts_that_each_would(policy: LbPolicy) -> None:
    group = endpoints(*range(1, 31))
    one, many = make(group, lb_policy=policy), make(group, lb_policy=policy)
    keys = ["user-1", b"user-2", bytearray(b"user-3"), "käse", "\udcff", 2**64 - 1, 7] * 5
    hashes = array.array("Q", [key if isinstance(key, int) else xxh64(_bytes(key)) for key in keys])
    expected = [one.pick_host(hash_key=key).address for key in keys]
    assert [host.address for host in many.pick_many(hash_keys=keys)] == expected
    expected = [one.pick_host(hash_key=key).address for key in keys]
    assert [host.address for host in many.pick_many(len(keys), hash_keys=hashes)] == expected
    indices = array.array("I", bytes(4 * len(keys)))
    expected = [one.pick_host(hash_key=key).address for key in keys]
    hosts = many.pick_many(hash_keys=iter(keys), out=indices)
    assert [hosts[index].address for index in indices] == expected
    assert hosts == many.hosts
    assert many.pick_many(hash_keys=[]) == []


def _bytes(key: Any) -> bytes:
    return key.encode("utf-8", "surrogateescape") if isinstance(key, str) else bytes(key)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, TypeError),
        ({"hash_keys": "user"}, TypeError),
        ({"hash_keys": 5}, TypeError),
        ({"hash_keys": [1.5]}, TypeError),
        ({"hash_keys": [2**64]}, OverflowError),
        ({"hash_keys": b"12345678"}, ValueError),
        ({"hash_keys": array.array("d", [1.0])}, ValueError),
        ({"hash_keys": array.array("q", [1])}, ValueError),
        ({"hash_keys": memoryview(array.array("Q", [1, 2, 3, 4]))[::2]}, BufferError),
        ({"hash_keys": ["a", "b"], "count": 3}, ValueError),
        ({"hash_keys": ["a", "b"], "out": array.array("I", [0])}, ValueError),
        ({"count": 2, "out": array.array("I", [0])}, ValueError),
        ({"count": 2**62}, MemoryError),
        ({"count": 2**64}, OverflowError),
    ],
)
def test_many_picks_of_nonsense_are_refused(arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make(endpoints(1, 2)).pick_many(**arguments)


def test_indices_need_a_writable_buffer() -> None:
    with pytest.raises(BufferError):
        make(endpoints(1)).pick_many(out=cast(Any, b"1234"))


# ---- excluding


def test_excluded_hosts_are_never_given_by_default() -> None:
    cluster = make(endpoints(1, 1, 2**32 - 9))
    heavy = cluster.hosts[2]
    assert {cluster.pick(exclude=[heavy]).host.port for _ in range(20)} == {1, 2}
    assert cluster.pick_host(exclude={heavy, cluster.hosts[0]}).port == 2
    with pytest.raises(NoHostAvailable, match="3 excluded"):
        cluster.pick(exclude=cluster.hosts)


def test_with_attempts_an_excluded_host_is_given_in_the_end() -> None:
    cluster = make(endpoints(1, 1, 1))
    tried = cluster.hosts[:2]
    assert cluster.pick_host(exclude=tried, max_attempts=1).port == 2
    assert cluster.pick_host(exclude=tried, max_attempts=2).port == 3
    assert cluster.pick_host(exclude=tried, max_attempts=0).port == 1


def test_many_hosts_can_be_excluded() -> None:
    cluster = make(endpoints(*[1] * 50))
    assert cluster.pick_host(exclude=cluster.hosts[:49]) is cluster.hosts[49]


def test_only_hosts_can_be_excluded() -> None:
    with pytest.raises(TypeError):
        make(endpoints(1)).pick(exclude=cast(Any, ["10.0.0.1"]))


def test_a_request_is_retried_until_a_host_answers() -> None:
    cluster = make(endpoints(5, 1, 1))
    dead = cluster.hosts[0]
    for _ in range(30):
        tried: list[Host] = []
        while True:
            with cluster.pick(exclude=tried) as pick:
                if pick.host is not dead:
                    pick.report(200)
                    break
                pick.report(reset="connect-failure")
                tried.append(pick.host)
        assert len(tried) <= 1
    assert dead.stats.connect_failures == dead.stats.error > 0
    assert sum(host.stats.success for host in cluster.hosts) == 30


# ---- hosts and picks


def test_a_host_says_what_it_is() -> None:
    host = make((Endpoint("2001:db8::1", 443, 7, "a.example", HealthStatus.DEGRADED),)).hosts[0]
    assert (host.address, host.port, host.weight, host.hostname) == ("2001:db8::1", 443, 7, "a.example")
    assert host.health_status is HealthStatus.DEGRADED
    assert host.priority == 0
    assert str(host) == "[2001:db8::1]:443"
    assert repr(host) == "<Host [2001:db8::1]:443 weight=7 DEGRADED>"


def test_a_host_compares_by_identity() -> None:
    cluster, other = make(endpoints(1)), make(endpoints(1))
    assert cluster.pick_host() is cluster.hosts[0]
    assert cluster.hosts[0] != other.hosts[0]
    assert len({cluster.hosts[0], cluster.pick_host(), other.hosts[0]}) == 2


def test_picking_a_bare_host_counts_nothing() -> None:
    cluster = make(endpoints(1))
    cluster.pick_host()
    cluster.pick_many(5)
    assert cluster.hosts[0].stats.requests == 0


def fail_unless(condition: bool) -> None:
    assert condition
    raise ZeroDivisionError


def test_a_pick_counts_until_its_block_ends() -> None:
    cluster = make(endpoints(1))
    host = cluster.hosts[0]
    with pytest.raises(ZeroDivisionError), cluster.pick() as pick:
        fail_unless(pick.host is host and host.active_requests == 1)
    assert host.active_requests == 0
    assert host.stats.requests == 1


def test_a_pick_is_given_back_once() -> None:
    cluster = make(endpoints(1))
    host = cluster.hosts[0]
    held = cluster.pick()
    with cluster.pick() as pick:
        pick.release()
        pick.release()
        assert repr(pick) == "<Pick 10.0.0.1:1 released>"
    del pick
    gc.collect()
    assert host.active_requests == 1
    held.release()
    assert host.active_requests == 0


def test_a_forgotten_pick_is_given_back_when_collected() -> None:
    cluster = make(endpoints(1))
    picks = [cluster.pick() for _ in range(100)]  # more than the freelist holds
    host = cluster.hosts[0]
    assert host.active_requests == 100
    del picks[:30]
    assert host.active_requests == 70
    del picks
    assert host.active_requests == 0


def test_a_host_and_a_pick_outlive_the_cluster() -> None:
    cluster = make(endpoints(1))
    pick = cluster.pick()
    del cluster
    gc.collect()
    assert pick.host.address == "10.0.0.1"
    assert pick.host.active_requests == 1
    pick.release()
    assert pick.host.active_requests == 0


def test_reports_are_counted() -> None:
    cluster = make(endpoints(1))
    cluster.pick().report(200, latency=0.25)
    cluster.pick().report(499, latency=0)
    cluster.pick().report(500)
    cluster.pick().report(reset="connect-failure")
    cluster.pick().report(200, reset="reset")
    cluster.pick().report(reset="timeout", latency=0.5)
    stats = cluster.hosts[0].stats
    assert stats == (0, 6, 2, 4, 1, 1, 1, 3, 0.75)
    assert stats._fields == (
        "active_requests",
        "requests",
        "success",
        "error",
        "connect_failures",
        "connection_resets",
        "timeouts",
        "latency_count",
        "latency_total",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"status": 99},
        {"status": 600},
        {"status": 200, "latency": math.nan},
        {"status": 200, "latency": math.inf},
        {"status": 200, "latency": -0.1},
        {"status": 200, "reset": "refused"},
    ],
)
def test_reports_that_say_nothing_or_nonsense_are_refused(arguments: Any) -> None:
    cluster = make(endpoints(1))
    pick = cluster.pick()
    with pytest.raises(ValueError, match=r"status|latency|reset"):
        pick.report(**arguments)
    assert cluster.hosts[0].stats[1:] == (1, 0, 0, 0, 0, 0, 0, 0.0)
    pick.report(200)  # a refused report does not count as the one


def test_a_latency_of_centuries_saturates() -> None:
    cluster = make(endpoints(1))
    for _ in range(3):
        cluster.pick().report(200, latency=1e300)
    assert cluster.hosts[0].stats.latency_total == pytest.approx(2**64 / 1e9)


def test_a_second_report_is_an_error() -> None:
    pick = make(endpoints(1)).pick()
    pick.report(200)
    with pytest.raises(RuntimeError, match="before"):
        pick.report(200)


# ---- updates


def test_an_update_swaps_hosts_and_keeps_those_who_stay() -> None:
    cluster = make(endpoints(1, 1))
    goes, stays = cluster.hosts
    pick = cluster.pick(exclude=[goes])
    cluster.update(model(endpoints(7, 1, first=2)))
    assert cluster.hosts[0] is stays
    assert [host.port for host in cluster.hosts] == [2, 3]
    assert stays.weight == 7
    assert stays.active_requests == 1
    pick.release()
    assert stays.active_requests == 0
    assert goes not in cluster.pick_many(20)
    assert goes.port == 1


def test_a_host_that_came_back_is_another_one() -> None:
    cluster = make(endpoints(1))
    old = cluster.hosts[0]
    cluster.update(model())
    cluster.update(model(endpoints(1)))
    assert cluster.hosts[0] is not old


def test_an_update_with_nothing_new_does_not_disturb_the_schedule() -> None:
    group = endpoints(3, 1, 4, 1, 5)
    cluster, undisturbed = make(group), make(group)
    picked = []
    for _ in range(50):
        picked += ports(cluster, 3)
        cluster.update(model(group))
    assert picked == ports(undisturbed, 150)


def test_an_update_starts_the_schedule_of_changed_weights_afresh() -> None:
    cluster = make(endpoints(1, 2))
    cluster.pick_many(17)
    cluster.update(model(endpoints(1, 2, 4)))
    assert ports(cluster, 14) == ports(make(endpoints(1, 2, 4)), 14)


def test_an_update_may_be_made_of_the_last_models_parts() -> None:
    cluster = make(endpoints(1, 2, 3), endpoints(4, first=4))
    first, second = cluster.model.localities
    kept = (*first.endpoints[1:], Endpoint("10.0.0.1", 9))
    cluster.update(replace(cluster.model, localities=(second, replace(first, endpoints=kept))))
    assert [(host.port, host.weight) for host in cluster.hosts] == [(4, 4), (2, 2), (3, 3), (9, 1)]
    changed = replace(second.endpoints[0], weight=7)
    cluster.update(replace(cluster.model, localities=(replace(second, endpoints=(changed,)), first)))
    assert [(host.port, host.weight) for host in cluster.hosts] == [(4, 7), (1, 1), (2, 2), (3, 3)]
    with pytest.raises(ConfigError) as caught:
        cluster.update(
            replace(cluster.model, localities=(first, replace(second, endpoints=(changed, Endpoint("", 1)))))
        )
    assert caught.value.path == "localities[1].endpoints[1]"


def test_a_refused_update_changes_nothing() -> None:
    cluster = make(endpoints(1, 2))
    hosts, before = cluster.hosts, cluster.model
    with pytest.raises(ConfigError) as caught:
        cluster.update(model(endpoints(1), endpoints(2**32 - 1, 1, first=2)))
    assert caught.value.path == "localities[1].endpoints[1].weight"
    assert cluster.hosts is hosts
    assert cluster.model is before


def test_a_cluster_keeps_its_name() -> None:
    with pytest.raises(ValueError, match="cannot become 'd'"):
        make().update(models.Cluster("d"))


# ---- refusals

WHERE = Position(path="x", file="envoy.yaml", line=12, column=5)


def refusal(endpoint: Endpoint, **fields: Any) -> ConfigError:
    good = LocalityEndpoints(endpoints(1, first=100))
    bad = LocalityEndpoints((*endpoints(1), endpoint), **fields)
    with pytest.raises(ConfigError) as caught:
        ClusterManager([models.Cluster("a"), models.Cluster("b", (good, bad))])
    return caught.value


@pytest.mark.parametrize("weight", [0, -1, 2**32, 1.5, True, math.nan, "1"])
def test_weights_out_of_range_are_refused(weight: Any) -> None:
    error = refusal(Endpoint("10.0.0.1", 80, weight, position=WHERE))
    assert error.path == "clusters[1].localities[1].endpoints[1].weight"
    assert error.source == "envoy.yaml:12:5"


def test_weights_of_a_locality_that_add_up_to_too_much_are_refused() -> None:
    error = refusal(Endpoint("10.0.0.1", 80, 2**32 - 1, position=WHERE))
    assert error.path == "clusters[1].localities[1].endpoints[1].weight"
    assert error.code == "config_weight"
    assert str(error).startswith("envoy.yaml:12:5: clusters[1]")


@pytest.mark.parametrize("port", [-1, 65536, 80.0, None])
def test_ports_out_of_range_are_refused(port: Any) -> None:
    assert refusal(Endpoint("10.0.0.1", port)).path == "clusters[1].localities[1].endpoints[1].port"


def test_an_empty_address_is_refused() -> None:
    assert refusal(Endpoint("", 80)).path == "clusters[1].localities[1].endpoints[1]"


@pytest.mark.parametrize("priority", [-1, 129, 0.5])
def test_priorities_out_of_range_are_refused(priority: Any) -> None:
    assert refusal(Endpoint("10.0.0.1", 80), priority=priority).path == "clusters[1].localities[1].priority"


@pytest.mark.parametrize("threshold", [-1.0, 100.5, math.nan, math.inf])
def test_a_panic_threshold_that_is_no_percentage_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError) as caught:
        make(healthy_panic_threshold=threshold)
    assert caught.value.path == "clusters[0].healthy_panic_threshold"


def test_shares_follow_the_weights_of_real_hosts() -> None:
    seen = Counter(ports(make(endpoints(1, 10, 29, 60)), 10_000))
    assert all(abs(seen[port] - 100 * weight) <= 2 for port, weight in zip(itertools.count(1), (1, 10, 29, 60)))


# ---- hashes


def test_xxh64_matches_its_reference() -> None:
    assert xxh64(b"") == 0xEF46DB3751D8E999
    assert xxh64(bytearray(b"abc")) == 0x44BC2CF5AD770999
    assert xxh64(memoryview(bytes(range(100))), 2**64 - 1) == 0x09A991A091C9F6D7


def test_hash_keys_are_accepted_by_policies_that_ignore_them() -> None:
    cluster = make(endpoints(1, 1))
    for key in ("user-1", b"user-1", 2**64 - 1):
        cluster.pick(hash_key=key)
    with pytest.raises(OverflowError):
        cluster.pick(hash_key=2**64)
    with pytest.raises(TypeError):
        cluster.pick(hash_key=cast(Any, 1.5))


# ---- policies


# What an Envoy 1.39.3 gave for these hosts and keys.
ENVOY_HOSTS = (("127.0.0.1", 1), ("127.0.0.2", 2), ("127.0.0.3", 3), ("127.0.0.4", 10))
ENVOY_KEYS = [f"user-{number}" for number in range(24)]
ENVOY_CHOICES = {
    "RING_HASH": [4, 4, 4, 4, 3, 4, 4, 3, 3, 2, 2, 4, 4, 4, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4],
    "RING_HASH MURMUR_HASH_2": [4, 4, 2, 4, 4, 4, 4, 3, 3, 4, 4, 3, 3, 4, 1, 3, 4, 4, 4, 4, 4, 4, 4, 3],
    "MAGLEV": [2, 4, 3, 3, 4, 3, 4, 4, 4, 2, 2, 4, 4, 4, 2, 2, 3, 4, 2, 4, 3, 3, 3, 1],
}


@pytest.mark.parametrize("policy", ENVOY_CHOICES)
def test_hash_policies_give_envoys_host(policy: str) -> None:
    kind, _, function = policy.partition(" ")
    group = tuple(Endpoint(address, 18000, weight) for address, weight in ENVOY_HOSTS)
    ring_hash = models.RingHashConfig(hash_function=models.HashFunction[function or "XX_HASH"])
    cluster = make(group, lb_policy=LbPolicy[kind], ring_hash=ring_hash)
    chosen = [int(cluster.pick_host(hash_key=key).address[-1]) for key in ENVOY_KEYS]
    assert chosen == ENVOY_CHOICES[policy]
    assert [int(cluster.pick_host(hash_key=xxh64(key.encode())).address[-1]) for key in ENVOY_KEYS] == chosen


@pytest.mark.parametrize("policy", [LbPolicy.RING_HASH, LbPolicy.MAGLEV])
def test_one_key_stays_on_one_host_and_a_host_key_can_be_given(policy: LbPolicy) -> None:
    cluster = make(endpoints(*[1] * 20), lb_policy=policy)
    for key in ENVOY_KEYS:
        assert len({cluster.pick_host(hash_key=key) for _ in range(5)}) == 1
    assert len({cluster.pick_host(hash_key=key) for key in ENVOY_KEYS}) > 5
    assert len({cluster.pick_host() for _ in range(200)}) > 5  # without a key: anywhere
    named = tuple(Endpoint("10.0.0.1", port, metadata={"envoy.lb": {"hash_key": f"h{port}"}}) for port in (1, 2, 3))
    moved = tuple(Endpoint("10.9.9.9", port, metadata={"envoy.lb": {"hash_key": f"h{port}"}}) for port in (1, 2, 3))
    before, after = make(named, lb_policy=policy), make(moved, lb_policy=policy)
    for key in ENVOY_KEYS:
        assert before.pick_host(hash_key=key).port == after.pick_host(hash_key=key).port


def test_least_request_avoids_busy_hosts() -> None:
    cluster = make(endpoints(1, 1), lb_policy=LbPolicy.LEAST_REQUEST)
    held = [cluster.pick() for _ in range(50)]
    busy, idle = sorted(cluster.hosts, key=lambda host: -host.active_requests)
    for pick in held:
        if pick.host is idle:
            pick.release()
    seen = Counter(cluster.pick_many(4000))
    assert 860 < seen[busy] < 1140  # drawn twice: a quarter, within 4.5 sigma


def test_least_request_with_unequal_weights_follows_weight_and_load() -> None:
    cluster = make(endpoints(1, 3), lb_policy=LbPolicy.LEAST_REQUEST)
    assert Counter(ports(cluster, 400)) == {1: 100, 2: 300}
    held = [cluster.pick() for _ in range(40)]
    # Rates balance where a / (a + b) = 1 / (1 + sqrt(3)): each weight is divided by what its host holds already.
    assert 13 <= sum(pick.host.port == 1 for pick in held) <= 16


def test_random_does_not_look_at_weights() -> None:
    seen = Counter(ports(make(endpoints(1, 1000), lb_policy=LbPolicy.RANDOM), 4000))
    assert abs(seen[1] - 2000) < 143  # 4.5 sigma


def test_an_update_may_change_the_policy() -> None:
    cluster = make(endpoints(1, 1, 1))
    hosts = cluster.hosts
    cluster.update(model(endpoints(1, 1, 1), lb_policy=LbPolicy.MAGLEV))
    assert cluster.hosts == hosts
    assert len({cluster.pick_host(hash_key="a") for _ in range(9)}) == 1
    cluster.update(model(endpoints(1, 1, 1)))
    assert sorted(ports(cluster, 3)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("policy", "fields", "path"),
    [
        ("LEAST_REQUEST", {"least_request": models.LeastRequestConfig(choice_count=1)}, "least_request"),
        ("LEAST_REQUEST", {"least_request": models.LeastRequestConfig(active_request_bias=-0.5)}, "least_request"),
        ("LEAST_REQUEST", {"least_request": models.LeastRequestConfig(active_request_bias=math.nan)}, "least_request"),
        ("LEAST_REQUEST", {"least_request": models.LeastRequestConfig(active_request_bias=math.inf)}, "least_request"),
        ("RING_HASH", {"ring_hash": models.RingHashConfig(maximum_ring_size=8388609)}, "ring_hash"),
        ("RING_HASH", {"ring_hash": models.RingHashConfig(minimum_ring_size=9, maximum_ring_size=8)}, "ring_hash"),
        ("RING_HASH", {"ring_hash": models.RingHashConfig(minimum_ring_size=-1)}, "ring_hash.minimum_ring_size"),
        ("MAGLEV", {"maglev": models.MaglevConfig(65536)}, "maglev"),
        ("MAGLEV", {"maglev": models.MaglevConfig(5000077)}, "maglev"),
        ("MAGLEV", {"maglev": models.MaglevConfig(2)}, "maglev"),  # fewer slots than hosts
        ("MAGLEV", {"maglev": models.MaglevConfig(cast(Any, 65537.0))}, "maglev.table_size"),
        (
            "MAGLEV",
            {"consistent_hashing": models.ConsistentHashingConfig(hash_balance_factor=99)},
            "consistent_hashing.hash_balance_factor",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(policy: str, fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(endpoints(1, 1, 1), lb_policy=LbPolicy[policy], **fields)
    assert caught.value.path == f"clusters[0].{path}"


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_an_affinity_that_never_ends_or_begins_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError) as caught:
        make(endpoints(1), client_ip_affinity=seconds)
    assert caught.value.path == "clusters[0].client_ip_affinity"


def test_hosts_are_placed_by_hostname_when_the_cluster_says_so() -> None:
    def choices(address: str, *, by_hostname: bool) -> list[str]:
        hosts = tuple(models.Endpoint(address, port, hostname=f"host-{port}") for port in range(1, 6))
        hashing = models.ConsistentHashingConfig(use_hostname_for_hashing=by_hostname)
        cluster = make(hosts, lb_policy=LbPolicy.RING_HASH, consistent_hashing=hashing)
        return [cluster.pick_host(hash_key=number).hostname for number in range(0, 2**64, 2**58)]

    assert choices("10.0.0.1", by_hostname=True) == choices("10.0.0.2", by_hostname=True)
    assert choices("10.0.0.1", by_hostname=False) != choices("10.0.0.2", by_hostname=False)


# ---- policies that Envoy does not have


# What an nginx 1.22.1 gave with `hash $arg_k consistent` for servers of the weights 1, 3, 2, 1 and 5.
NGINX_CHOICES = [4, 4, 4, 0, 2, 4, 4, 4, 4, 1, 4, 0, 1, 4, 1, 4, 3, 4, 1, 1, 3, 0, 3, 3, 1, 4, 4, 4, 2, 2, 4, 4]


@pytest.mark.parametrize("policy", LbPolicy)
def test_every_policy_picks_one_host_of_one_and_none_of_none(policy: LbPolicy) -> None:
    alone = make(endpoints(7), lb_policy=policy)
    assert alone.pick_host(hash_key="a") is alone.pick_host() is alone.hosts[0]
    with pytest.raises(NoHostAvailable):
        make(lb_policy=policy).pick_host()


def test_ipvs_schedulers_have_a_policy_each() -> None:
    assert LbPolicy.from_ipvs("wlc") is LbPolicy.WEIGHTED_LEAST_CONNECTION
    assert LbPolicy.from_ipvs("sh") is LbPolicy.MAGLEV
    with pytest.raises(ValueError, match="'mh' is none of rr, wrr, lc, wlc, sh, dh, sed, nq"):
        LbPolicy.from_ipvs("mh")


def test_a_ketama_ring_has_its_limit() -> None:
    with pytest.raises(ConfigError, match="more than 52428") as refused:
        make(endpoints(52428, 1), lb_policy=LbPolicy.KETAMA)
    assert refused.value.path == "clusters[0].lb_policy"


def test_ketama_takes_no_locality_weights() -> None:
    groups = [(Endpoint("10.1.0.1", 80),), (Endpoint("10.1.0.2", 80), Endpoint("10.1.0.3", 80))]
    localities = tuple(LocalityEndpoints(group, zone=f"{at}", weight=2) for at, group in enumerate(groups))
    model = models.Cluster("c", localities, lb_policy=LbPolicy.KETAMA, locality_weighted=True)
    with pytest.raises(ConfigError, match="takes no locality weights"):
        ClusterManager([model])


def test_ketama_gives_nginxs_host() -> None:
    weights = [1, 3, 2, 1, 5]
    group = tuple(Endpoint("127.0.0.1", 19001 + number, weight) for number, weight in enumerate(weights))
    cluster = make(group, lb_policy=LbPolicy.KETAMA)
    assert [cluster.pick_host(hash_key=f"user-{number}").port - 19001 for number in range(32)] == NGINX_CHOICES
