"""Live clusters, made from what a configuration says.

    manager = ClusterManager(config.clusters)
    with manager["service_a"].pick() as pick:
        connect(pick.host.address, pick.host.port)
        ...
        pick.report(200, latency=0.012)

A cluster's hosts are an immutable set; `Cluster.update` builds another one off to the side and swaps it in. A host that
stays keeps its identity and its counters.

Load balancing follows Envoy: priorities with overprovisioning, degraded hosts, panic. Locality weights count when
locality weighted balancing is switched on, as in Envoy; requests stay in their zone when it is known which that is and
how callers are spread over zones.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from fastpath import _cluster, models
from fastpath._cluster import ClusterDirectory, Host, HostStats, Pick, Policy, RetryPriority
from fastpath._hash_keys import xxh64
from fastpath._subset import SubsetRules
from fastpath.balancing.endpoints import EndpointRows, locate
from fastpath.balancing.labels import MetadataMatch
from fastpath.balancing.peak_ewma import peak_ewma_options
from fastpath.balancing.refusal import MAX_UINT32, MAX_UINT64, check_integer, refusal
from fastpath.balancing.slow_start import SlowStart, slow_start_options
from fastpath.balancing.subsets import subset_rules
from fastpath.balancing.zones import Zones
from fastpath.errors import ConfigError, NoHostAvailable
from fastpath.forking import reseed_after_fork
from fastpath.health import HealthCluster, UpdateFailed, outlier_values
from fastpath.models import LbPolicy
from fastpath.policies import HostPolicy, as_policy

__all__ = [
    "Cluster",
    "ClusterManager",
    "Host",
    "HostStats",
    "MetadataMatch",
    "NoHostAvailable",
    "Pick",
    "RetryPriority",
    "xxh64",
]

_Rules = tuple[int, int, bool, bool, int, bool]
_Options = tuple[float, int, int, int, int, int, int, float, float, int, bool, int, int, int]
# The callers' cluster, the own zone, and what ZoneAwareConfig says.
_ZoneRules = tuple[_cluster.Cluster, int, int, int, bool, bool, int]


class Cluster(HealthCluster):
    """Hosts and the policy that chooses among them; made by a ClusterManager.

    `pick()` chooses a host and counts a request there, `pick_host()` only chooses. Any thread may call any method;
    picks of one object follow one sequence.
    """

    __slots__ = ("__weakref__", "_callers", "_rows", "_updating", "_zones", "model")

    model: models.Cluster
    """What it was made from, or last updated with."""

    _callers: Cluster | None  # the manager's local cluster, unless this is it
    _rows: EndpointRows
    _updating: threading.Lock
    _zones: Zones

    def update(self, model: models.Cluster) -> None:
        """Swap in other hosts, or another policy; picks that follow see them.

        A host is the same one when address, port and hostname are: it keeps its counters and its Host object. A
        priority whose hosts, weights and health are as before goes on where its schedule stands. ConfigError when the
        model is refused; then everything stays as it was. Of several endpoints with the same address and port the first
        counts. The name cannot change: ValueError.

        Endpoint objects that the last model had as well cost little: make a changed model of the old one's parts.
        Updates by several threads follow one another.
        """
        if model.name != self.name:
            raise ValueError(f"cluster {self.name!r} cannot become {model.name!r}")
        try:
            with self._updating:
                self._become(model)
        except ConfigError as error:
            self._emit(UpdateFailed(error))
            raise

    def _become(self, model: models.Cluster) -> None:
        before = self.hosts
        custom = self.policy if isinstance(self.policy, Policy) else None
        arguments = _arguments(model, self._zones, self._callers, "", custom)
        rows = EndpointRows(model, "", self._zones, self._rows)
        values = outlier_values(model.outlier_detection, "outlier_detection")
        try:
            self._update(*arguments, rows.groups)
        except ConfigError as error:
            raise _located(error, model, "") from None
        self.model, self._rows = model, rows
        self._detect(model.outlier_detection, values)
        self._note_update(before)


class ClusterManager(ClusterDirectory, Mapping[str, Cluster]):
    """The clusters of a configuration by name.

    `seed` (0 to 2^64-1) makes every choice repeatable: with round robin it is the number that an Envoy worker draws
    when it starts, and the order of the hosts is that worker's. Without it each cluster starts somewhere else, and goes
    on somewhere else in a forked process. Ring hash and Maglev give the hosts that Envoy gives.
    ConfigError when a model is refused; its `path` is like `clusters[2].localities[0].endpoints[5].weight`.
    `clock` gives seconds; it is what ejections of outliers and slow start are timed by.

    `locality` is where this program runs, and `local_cluster_name` the cluster whose host it is (both are in a Config):
    with them requests stay in their zone as far as `Cluster.zone_aware` says and its hosts can take them. That cluster
    must be there, its hosts of priority 0; its own requests go to any zone.

    `policies` are your own (fastpath.policies), by the name of the cluster: there the model's lb_policy does not count,
    now and after updates.
    """

    def __init__(
        self,
        clusters: Sequence[models.Cluster],
        *,
        seed: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        locality: models.Locality | None = None,
        local_cluster_name: str = "",
        policies: Mapping[str, HostPolicy | Policy] | None = None,
    ) -> None:
        self._zones = Zones(locality)
        self._local_name = local_cluster_name
        self._policies = {name: as_policy(policy) for name, policy in (policies or {}).items()}
        self._seed = seed
        self._clock = clock
        self._clusters = {}
        self._given: dict[str, models.Cluster] = {}
        self._updating = threading.Lock()
        self.update(clusters)

    def update(self, clusters: Sequence[models.Cluster]) -> None:
        """Have these clusters and no others: all of them or, with a ConfigError as the constructor's, as before.

        A cluster whose name stays is the same object, updated as by `Cluster.update`; where the model equals the one
        given here before it is left alone, with hosts that discovery has found since. One that is gone goes on for
        those who hold it. Any thread may read meanwhile.
        """
        with self._updating:
            given, made = self._build(clusters)
            kept = {name: cluster for name, cluster in self._clusters.items() if name in given}
            for name in kept.keys() & made.keys():
                kept[name].update(given[name])
            self._clusters = {name: kept[name] if name in kept else made[name] for name in given}
            self._given = given

    def _build(self, clusters: Sequence[models.Cluster]) -> tuple[dict[str, models.Cluster], dict[str, Cluster]]:
        """The models by name, and clusters of those that are new or changed, so that refusals come first."""
        given: dict[str, models.Cluster] = {}
        paths: dict[str, str] = {}
        made: dict[str, Cluster] = {}
        for index, model in enumerate(clusters):
            path = f"clusters[{index}]"
            if model.name in given:
                raise refusal(f"there is a cluster {model.name!r} already", f"{path}.name", model.position)
            given[model.name], paths[model.name] = model, path
        self._check_local(given, paths)
        callers = self._clusters.get(self._local_name)
        for name in sorted(given, key=lambda name: name != self._local_name):  # that one first: others go by it
            if self._given.get(name) != given[name]:
                made[name] = self._make(given[name], paths[name] + ".", callers)
                if self._seed is None:
                    reseed_after_fork(made[name])
                if name == self._local_name and callers is None:
                    callers = made[name]
        return given, made

    def _check_local(self, given: Mapping[str, models.Cluster], paths: Mapping[str, str]) -> None:
        name = self._local_name
        if not name:
            return
        if name not in given:
            raise ConfigError(f"the local cluster {name!r} is none of the clusters", path="local_cluster_name")
        for index, group in enumerate(given[name].localities):
            if group.priority:
                path = f"{paths[name]}.localities[{index}].priority"
                raise refusal("hosts of the local cluster have priority 0", path, group.position)

    def _make(self, model: models.Cluster, path: str, callers: Cluster | None) -> Cluster:
        seed = secrets.randbits(64) if self._seed is None else self._seed
        callers = None if model.name == self._local_name else callers
        custom = self._policies.get(model.name)
        return _make(model, seed, self._clock, path, self._zones, callers, custom)

    def __getitem__(self, name: str) -> Cluster:
        cluster: Cluster = self._clusters[name]
        return cluster

    def __iter__(self) -> Iterator[str]:
        return iter(self._clusters)

    def __len__(self) -> int:
        return len(self._clusters)

    def tick(self) -> float | None:
        """`Cluster.tick` of each; the earliest time at which one is due again, None for never."""
        times = [due for cluster in self._clusters.values() if (due := cluster.tick()) is not None]
        return min(times, default=None)


def _make(
    model: models.Cluster,
    seed: int,
    clock: Callable[[], float],
    path: str,
    zones: Zones,
    callers: Cluster | None,
    custom: Policy | None,
) -> Cluster:
    arguments, rows = _arguments(model, zones, callers, path, custom), EndpointRows(model, path, zones)
    try:
        cluster = Cluster(model.name, *arguments, rows.groups, seed, None if clock is time.monotonic else clock)
    except ConfigError as error:
        raise _located(error, model, path) from None
    cluster.model, cluster._rows, cluster._updating = model, rows, threading.Lock()
    cluster._zones, cluster._callers = zones, callers
    cluster._start_health(seed, clock)
    cluster._detect(model.outlier_detection, outlier_values(model.outlier_detection, f"{path}outlier_detection"))
    return cluster


def _arguments(
    model: models.Cluster, zones: Zones, callers: Cluster | None, path: str, custom: Policy | None
) -> tuple[int | Policy, _Rules, _Options, SubsetRules | None, _ZoneRules | None]:
    """Policy, rules, options, subsets and zones, checked, as the core takes them."""
    if not _cluster.has_policy(model.lb_policy.value):
        raise refusal(f"the policy {model.lb_policy.name} is not supported", f"{path}lb_policy", model.position)
    threshold = _percent(model.healthy_panic_threshold, f"{path}healthy_panic_threshold", model.position)
    factor = model.overprovisioning_factor
    check_integer(factor, 1, MAX_UINT32, f"{path}overprovisioning_factor", model.position)
    affinity = model.client_ip_affinity
    if affinity is not None and not 0 < affinity < math.inf:
        raise refusal(f"{affinity!r} is not a time above 0", f"{path}client_ip_affinity", model.position)
    statuses = 0
    for status in model.override_host_status:
        statuses |= 1 << status.value
    fails = model.zone_aware.fail_traffic_on_panic
    rules = threshold, factor, model.weighted_priority_health, model.locality_weighted, statuses, fails
    subsets = None if model.subsets is None else subset_rules(model.subsets, f"{path}subsets")
    zone_rules = _zone_rules(model.zone_aware, zones, callers, path)
    return custom or model.lb_policy.value, rules, _options(model, path), subsets, zone_rules


def _percent(value: float, path: str, position: models.Position | None) -> int:
    """Rounded, as Envoy does."""
    if not 0 <= value <= 100:
        raise refusal("not a percentage", path, position)
    return int(value + 0.5)


def _zone_rules(config: models.ZoneAwareConfig, zones: Zones, callers: Cluster | None, path: str) -> _ZoneRules | None:
    where, least = f"{path}zone_aware.", config.force_local_zone_min_size
    enabled = _percent(config.routing_enabled, f"{where}routing_enabled", config.position)
    check_integer(config.min_cluster_size, 0, MAX_UINT64, f"{where}min_cluster_size", config.position)
    if least is not None:
        check_integer(least, 0, MAX_UINT32, f"{where}force_local_zone_min_size", config.position)
    if callers is None:
        return None
    by_weight = config.locality_basis is models.LocalityBasis.HEALTHY_HOSTS_WEIGHT
    return callers, zones.own_number, enabled, config.min_cluster_size, by_weight, least is not None, least or 0


def _options(model: models.Cluster, path: str) -> _Options:
    least_request, ring_hash, maglev = model.least_request, model.ring_hash, model.maglev
    hashing = model.consistent_hashing
    factor = 0 if hashing.hash_balance_factor is None else hashing.hash_balance_factor
    bias = least_request.active_request_bias
    if type(bias) not in (int, float):
        raise refusal(f"{bias!r} is not a number", f"{path}least_request.active_request_bias", least_request.position)
    for value, field, position in (
        (least_request.choice_count, "least_request.choice_count", least_request.position),
        (ring_hash.minimum_ring_size, "ring_hash.minimum_ring_size", ring_hash.position),
        (ring_hash.maximum_ring_size, "ring_hash.maximum_ring_size", ring_hash.position),
        (maglev.table_size, "maglev.table_size", maglev.position),
        (factor, "consistent_hashing.hash_balance_factor", hashing.position),
    ):
        check_integer(value, 0, MAX_UINT32, path + field, position)
    if hashing.hash_balance_factor is not None and factor < 100:
        where = f"{path}consistent_hashing.hash_balance_factor"
        raise refusal(f"{factor} is below 100 percent", where, hashing.position)
    return (
        bias,
        least_request.choice_count,
        ring_hash.minimum_ring_size,
        ring_hash.maximum_ring_size,
        ring_hash.hash_function.value,
        maglev.table_size,
        *_slow_start(model, path),
        factor,
        least_request.full_scan,
        *peak_ewma_options(model.peak_ewma, f"{path}peak_ewma"),
    )


def _slow_start(model: models.Cluster, path: str) -> SlowStart:
    if model.lb_policy is LbPolicy.ROUND_ROBIN:
        return slow_start_options(model.round_robin.slow_start, f"{path}round_robin.slow_start")
    if model.lb_policy is LbPolicy.LEAST_REQUEST:
        return slow_start_options(model.least_request.slow_start, f"{path}least_request.slow_start")
    return slow_start_options(None, path)


_POLICY_FIELDS = {LbPolicy.LEAST_REQUEST: "least_request", LbPolicy.RING_HASH: "ring_hash", LbPolicy.MAGLEV: "maglev"}


def _located(error: ConfigError, model: models.Cluster, path: str) -> ConfigError:
    """The core's refusal of endpoint number `error.index`, or of the policy's options, with the way there."""
    if error.index is None:
        field = _POLICY_FIELDS.get(model.lb_policy, "lb_policy")
        position = getattr(getattr(model, field), "position", None) or model.position
        return refusal(error.reason, path + field, position, error.code)
    return locate(error, model, path)
