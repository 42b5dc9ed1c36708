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

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from fastpath import models
from fastpath._cluster import ClusterDirectory, Pick, Policy
from fastpath._endpoints import EndpointArray
from fastpath._hash_keys import xxh64
from fastpath._host import Host, HostStats
from fastpath._http import Request
from fastpath._retry_priority import RetryPriority
from fastpath.balancing.client_side_weights import ClientSideWeights, weights_of
from fastpath.balancing.core_arguments import Arguments, arguments_of
from fastpath.balancing.endpoints import CoreEndpoints, locate
from fastpath.balancing.labels import MetadataMatch
from fastpath.balancing.override_hosts import HostIndex, OverrideHosts, check_override_host
from fastpath.balancing.peer_names import check_peer_names
from fastpath.balancing.refusal import refusal
from fastpath.balancing.zones import Zones
from fastpath.errors import ConfigError, NoHostAvailable
from fastpath.forking import reseed_after_fork
from fastpath.health import HealthCluster, UpdateFailed, outlier_values
from fastpath.models import LbPolicy
from fastpath.orca import OrcaLoadReport
from fastpath.policies import HostPolicy, as_policy
from fastpath.substitution.heads import RequestHead

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


class Cluster(HealthCluster):
    """Hosts and the policy that chooses among them; made by a ClusterManager.

    `pick()` chooses a host and counts a request there, `pick_host()` only chooses. Any thread may call any method;
    picks of one object follow one sequence.
    """

    __slots__ = (
        "__weakref__",
        "_built_from",
        "_callers",
        "_endpoints",
        "_index",
        "_updating",
        "_weights",
        "_zones",
        "model",
    )

    model: models.Cluster
    """What it was made from, or last updated with."""

    _callers: Cluster | None  # the manager's local cluster, unless this is it
    _endpoints: CoreEndpoints  # as the model has them
    _built_from: EndpointArray  # as the core has them: with other weights, perhaps
    _index: HostIndex  # of the hosts that were last asked for
    _updating: threading.Lock
    _weights: ClientSideWeights | None  # while load reports decide about weights
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
        arguments = self._arguments(model)
        endpoints = CoreEndpoints(model, "", self._zones, self._endpoints)
        custom = isinstance(self.policy, Policy)
        weights = None if custom else weights_of(model, "", self.clock(), self._weights)
        check_override_host(model.override_host, "override_host")
        check_peer_names(model.tls, "tls")
        given = endpoints.array if weights is None else weights.weigh(endpoints.array, self.clock())
        values = outlier_values(model.outlier_detection, "outlier_detection")
        try:
            self._update(*arguments, given)
        except ConfigError as error:
            raise _located(error, model, "") from None
        self.model, self._endpoints, self._built_from, self._weights = model, endpoints, given, weights
        self._override_host = model.override_host
        self._detect(model.outlier_detection, values)
        self._note_update(before)

    def _arguments(self, model: models.Cluster) -> Arguments:
        custom = self.policy if isinstance(self.policy, Policy) else None
        return arguments_of(model, self._zones, self._callers, "", custom)

    def find_host(self, key: str) -> Host | None:
        """The host that is named like this, as str(host) does, whatever is known of its health."""
        hosts = self.hosts
        index = self._index
        if index.hosts is not hosts:
            index = self._index = HostIndex(hosts)
        return index.find(key)

    def override_hosts(
        self, request: Request | RequestHead, metadata: Mapping[str, Mapping[str, object]] | None = None
    ) -> OverrideHosts:
        """The hosts that a request names, where the model's `override_host` says; `metadata` is its dynamic metadata.

        For each attempt take the next one, and give it to `acquire`; when there is none, `pick` another host.
        """
        config = self._override_host
        head = request if isinstance(request, RequestHead) else RequestHead.of(request)
        return OverrideHosts(config or _NO_OVERRIDES, self.find_host, head, metadata)

    def report_load(self, host: Host, report: OrcaLoadReport) -> None:
        """What a host has said of its load otherwise than by the head of a response, which is for `Pick.report`.

        Counts with LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN, from the `tick` after the host's blackout period on.
        """
        weights = self._weights
        if weights is not None:
            weights.report(host, report, self.clock())

    def tick(self) -> float | None:
        due, weights = super().tick(), self._weights
        if weights is None:
            return due
        if weights.due <= self.clock():
            with self._updating:
                self._weigh()
        return weights.due if due is None else min(due, weights.due)

    tick.__doc__ = HealthCluster.tick.__doc__

    def _weigh(self) -> None:
        """Have the hosts weigh what their load reports say."""
        weights = self._weights
        if weights is not None:
            given = weights.weigh(self._endpoints.array, self.clock())
            if not given.has_weights_of(self._built_from):
                self._update(*self._arguments(self.model), given)
                self._built_from = given


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
    arguments, endpoints = arguments_of(model, zones, callers, path, custom), CoreEndpoints(model, path, zones)
    weights = None if custom is not None else weights_of(model, path, clock())
    if weights is not None:
        weights.watch(endpoints.array)
    check_override_host(model.override_host, f"{path}override_host")
    check_peer_names(model.tls, f"{path}tls")
    try:
        cluster = Cluster(model.name, *arguments, endpoints.array, seed, None if clock is time.monotonic else clock)
    except ConfigError as error:
        raise _located(error, model, path) from None
    cluster.model, cluster._endpoints, cluster._built_from = model, endpoints, endpoints.array
    cluster._updating = threading.Lock()
    cluster._weights, cluster._override_host, cluster._index = weights, model.override_host, HostIndex(())
    cluster._zones, cluster._callers = zones, callers
    cluster._start_health(seed, clock)
    cluster._detect(model.outlier_detection, outlier_values(model.outlier_detection, f"{path}outlier_detection"))
    return cluster


_NO_OVERRIDES = models.OverrideHostConfig(())
_POLICY_FIELDS = {LbPolicy.LEAST_REQUEST: "least_request", LbPolicy.RING_HASH: "ring_hash", LbPolicy.MAGLEV: "maglev"}


def _located(error: ConfigError, model: models.Cluster, path: str) -> ConfigError:
    """The core's refusal of endpoint number `error.index`, or of the policy's options, with the way there."""
    if error.index is None:
        field = _POLICY_FIELDS.get(model.lb_policy, "lb_policy")
        position = getattr(getattr(model, field), "position", None) or model.position
        return refusal(error.reason, path + field, position, error.code)
    return locate(error, model, path)
