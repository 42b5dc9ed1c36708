"""Live clusters, made from what a configuration says.

    manager = ClusterManager(config.clusters)
    with manager["service_a"].pick() as pick:
        connect(pick.host.address, pick.host.port)
        ...
        pick.report(200, latency=0.012)

A cluster's hosts are an immutable set; `Cluster.update` builds another one off to the side and swaps it in. A host that
stays keeps its identity and its counters.

Load balancing follows Envoy: priorities with overprovisioning (140 %), degraded hosts, panic. Locality weights play no
part (Envoy ignores them too, unless locality weighted balancing is switched on).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence

from fastpath import _cluster, models
from fastpath._cluster import Host, HostStats, Pick
from fastpath._hash_keys import xxh64
from fastpath.errors import ConfigError, NoHostAvailable
from fastpath.models import Endpoint, LbPolicy

__all__ = ["Cluster", "ClusterManager", "Host", "HostStats", "NoHostAvailable", "Pick", "xxh64"]

_MAX_WEIGHT = 2**32 - 1
_MAX_PRIORITY = 128
_MAX_PORT = 65535

_Endpoint = tuple[bytes, bytes, bytes, int, int, int, int, int]
_Options = tuple[float, int, int, int, int, int]


class Cluster(_cluster.Cluster):
    """Hosts and the policy that chooses among them; made by a ClusterManager.

    `pick()` chooses a host and counts a request there, `pick_host()` only chooses. Any thread may call any method;
    picks of one object follow one sequence.
    """

    __slots__ = ("model",)

    model: models.Cluster
    """What it was made from, or last updated with."""

    def update(self, model: models.Cluster) -> None:
        """Swap in other hosts, or another policy; picks that follow see them.

        A host is the same one when address, port and hostname are: it keeps its counters and its Host object. A
        priority whose hosts, weights and health are as before goes on where its schedule stands. ConfigError when the
        model is refused; then everything stays as it was. Of several endpoints with the same address and port the first
        counts. The name cannot change: ValueError.
        """
        if model.name != self.name:
            raise ValueError(f"cluster {self.name!r} cannot become {model.name!r}")
        arguments = _arguments(model, "")
        try:
            self._update(*arguments)
        except ConfigError as error:
            raise _located(error, model, "") from None
        self.model = model


class ClusterManager(Mapping[str, Cluster]):
    """The clusters of a configuration by name.

    `seed` (0 to 2^64-1) makes every choice repeatable: with round robin it is the number that an Envoy worker draws
    when it starts, and the order of the hosts is that worker's. Without it each cluster starts somewhere else. Ring
    hash and Maglev give the hosts that Envoy gives.
    ConfigError when a model is refused; its `path` is like `clusters[2].localities[0].endpoints[5].weight`.
    """

    def __init__(self, clusters: Sequence[models.Cluster], *, seed: int | None = None) -> None:
        self._clusters: dict[str, Cluster] = {}
        for index, model in enumerate(clusters):
            path = f"clusters[{index}]"
            if model.name in self._clusters:
                raise _refusal(f"there is a cluster {model.name!r} already", f"{path}.name", model.position)
            self._clusters[model.name] = _make(model, secrets.randbits(64) if seed is None else seed, path + ".")

    def __getitem__(self, name: str) -> Cluster:
        return self._clusters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._clusters)

    def __len__(self) -> int:
        return len(self._clusters)


def _make(model: models.Cluster, seed: int, path: str) -> Cluster:
    arguments = _arguments(model, path)
    try:
        cluster = Cluster(model.name, *arguments, seed)
    except ConfigError as error:
        raise _located(error, model, path) from None
    cluster.model = model
    return cluster


def _arguments(model: models.Cluster, path: str) -> tuple[int, int, _Options, list[_Endpoint]]:
    """Policy, panic threshold in whole percent, options and endpoints, checked, as the core takes them."""
    policy = model.lb_policy.value
    if not _cluster.has_policy(policy):
        raise _refusal(f"the policy {model.lb_policy.name} is not supported", f"{path}lb_policy", model.position)
    threshold = model.healthy_panic_threshold
    if not 0 <= threshold <= 100:
        raise _refusal("not a percentage", f"{path}healthy_panic_threshold", model.position)
    endpoints: list[_Endpoint] = []
    for number, locality in enumerate(model.localities):
        where = f"{path}localities[{number}]"
        _check_integer(locality.priority, 0, _MAX_PRIORITY, f"{where}.priority", locality.position)
        for index, endpoint in enumerate(locality.endpoints):
            weight = 1 if endpoint.weight is None else endpoint.weight
            if type(weight) is not int or not 1 <= weight <= _MAX_WEIGHT:
                _check_integer(weight, 1, _MAX_WEIGHT, f"{where}.endpoints[{index}].weight", endpoint.position)
            if type(endpoint.port) is not int or not 0 <= endpoint.port <= _MAX_PORT:
                _check_integer(endpoint.port, 0, _MAX_PORT, f"{where}.endpoints[{index}].port", endpoint.position)
            endpoints.append(
                (
                    endpoint.address.encode("utf-8", "surrogateescape"),
                    endpoint.hostname.encode("utf-8", "surrogateescape") if endpoint.hostname else b"",
                    _hash_key(endpoint) if endpoint.metadata else b"",
                    endpoint.port,
                    weight,
                    locality.priority,
                    number,
                    endpoint.health_status.value,
                )
            )
    return policy, int(threshold + 0.5), _options(model, path), endpoints


def _hash_key(endpoint: Endpoint) -> bytes:
    """What hash policies place it by, when that is not its address: the string `hash_key` of metadata `envoy.lb`."""
    key = endpoint.metadata.get("envoy.lb", {}).get("hash_key")
    return key.encode("utf-8", "surrogateescape") if isinstance(key, str) else b""


def _options(model: models.Cluster, path: str) -> _Options:
    least_request, ring_hash, maglev = model.least_request, model.ring_hash, model.maglev
    bias = least_request.active_request_bias
    if type(bias) not in (int, float):
        raise _refusal(f"{bias!r} is not a number", f"{path}least_request.active_request_bias", least_request.position)
    for value, field, position in (
        (least_request.choice_count, "least_request.choice_count", least_request.position),
        (ring_hash.minimum_ring_size, "ring_hash.minimum_ring_size", ring_hash.position),
        (ring_hash.maximum_ring_size, "ring_hash.maximum_ring_size", ring_hash.position),
        (maglev.table_size, "maglev.table_size", maglev.position),
    ):
        _check_integer(value, 0, _MAX_WEIGHT, path + field, position)
    return (
        bias,
        least_request.choice_count,
        ring_hash.minimum_ring_size,
        ring_hash.maximum_ring_size,
        ring_hash.hash_function.value,
        maglev.table_size,
    )


def _check_integer(value: object, least: int, most: int, path: str, position: models.Position | None) -> None:
    if type(value) is not int:
        raise _refusal(f"{value!r} is not an integer", path, position)
    if not least <= value <= most:
        raise _refusal(f"{value} is not from {least} to {most}", path, position)


_FIELDS = {"config_weight": ".weight"}
_POLICY_FIELDS = {LbPolicy.LEAST_REQUEST: "least_request", LbPolicy.RING_HASH: "ring_hash", LbPolicy.MAGLEV: "maglev"}


def _located(error: ConfigError, model: models.Cluster, path: str) -> ConfigError:
    """The core's refusal of endpoint number `error.index`, or of the policy's options, with the way there."""
    if error.index is None:
        field = _POLICY_FIELDS.get(model.lb_policy, "lb_policy")
        position = getattr(getattr(model, field), "position", None) or model.position
        return _refusal(error.reason, path + field, position, error.code)
    index = error.index
    for number, locality in enumerate(model.localities):
        if index < len(locality.endpoints):
            where = f"{path}localities[{number}].endpoints[{index}]{_FIELDS.get(error.code, '')}"
            return _refusal(error.reason, where, locality.endpoints[index].position, error.code)
        index -= len(locality.endpoints)
    return error


def _refusal(reason: str, path: str, position: models.Position | None, code: str = "config") -> ConfigError:
    source = str(position) if position is not None else ""
    return ConfigError(reason, path=path, source=source or None, code=code)
