"""Weights that hosts earn with their load reports (client_side_weighted_round_robin), as Envoy 1.39 works them out."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

from fastpath._cluster import Host
from fastpath.models import ClientSideWeightedRoundRobinConfig, Cluster, LbPolicy
from fastpath.orca import OrcaLoadReport

from .endpoints import Group, Row
from .refusal import MAX_UINT32, refusal

__all__ = ["ClientSideWeights", "weight_of", "weights_of"]

_LEAST_PERIOD = 0.1
_MAX_FLOAT = 3.4028234663852886e38

# What a host is known by, before and after it is one.
_Key = tuple[bytes, int, bytes]


class ClientSideWeights:
    """The weights of one cluster's hosts. Any thread may report; one at a time may weigh."""

    __slots__ = ("_config", "_penalty", "_records", "due")

    def __init__(self, config: ClientSideWeightedRoundRobinConfig, path: str, now: float):
        """ConfigError with a path below `path` for values that make no sense."""
        _check(config, path)
        self._config = config
        self._penalty: float = struct.unpack("f", struct.pack("f", config.error_utilization_penalty))[0]
        self._records: dict[_Key, tuple[int, float, float]] = {}  # weight, reporting since, last report
        self.due = now + self._period
        """When weights are to be worked out again."""

    @property
    def _period(self) -> float:
        return max(self._config.weight_update_period, _LEAST_PERIOD)

    def follows(self, config: ClientSideWeightedRoundRobinConfig) -> bool:
        """Whether it is made for such a configuration."""
        return self._config == config

    def report(self, host: Host, report: OrcaLoadReport, now: float) -> None:
        """What a host says of itself; nothing becomes of a report without requests or utilization."""
        weight = weight_of(report, self._config.metric_names_for_computing_utilization, self._penalty)
        if weight is not None:
            key = _encoded(host.address), host.port, _encoded(host.hostname)
            before = self._records.get(key)
            self._records[key] = weight, now if before is None else before[1], now

    def weigh(self, groups: Sequence[Group], now: float) -> list[Group]:
        """The rows of a cluster's endpoints with the weights of this moment; the hosts are these from now on."""
        self.due = now + self._period
        by_priority: dict[int, dict[_Key, int | None]] = {}
        for priority, _, _, _, rows in groups:
            known = by_priority.setdefault(priority, {})
            for row in rows:
                key = _key(row)
                known[key] = self._valid(key, now)
        present = {key for known in by_priority.values() for key in known}
        for gone in self._records.keys() - present:
            self._records.pop(gone, None)
        weights = {priority: _counted(known) for priority, known in by_priority.items()}
        return [
            (priority, number, weight, zone, [_weighted(row, weights[priority]) for row in rows])
            for priority, number, weight, zone, rows in groups
        ]

    def _valid(self, key: _Key, now: float) -> int | None:
        """The host's own weight, if it counts."""
        record = self._records.get(key)
        if record is None:
            return None
        weight, since, last = record
        if since > now - self._config.blackout_period:
            return None
        if last < now - self._config.weight_expiration_period:
            self._records.pop(key, None)  # its reports begin anew, and so does its blackout period
            return None
        return weight


def weights_of(
    model: Cluster, path: str, now: float, known: ClientSideWeights | None = None
) -> ClientSideWeights | None:
    """What hosts of such a cluster earn their weights by: what is `known`, when its configuration is the same."""
    config = model.client_side_weighted_round_robin
    if model.lb_policy is not LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN:
        return None
    if known is not None and known.follows(config):
        return known
    return ClientSideWeights(config, f"{path}client_side_weighted_round_robin", now)


def weight_of(report: OrcaLoadReport, metric_names: Sequence[str], penalty: float) -> int | None:
    """What a host can take by its report; None when that does not say."""
    rps = report.rps_fractional
    if not rps > 0:
        return None
    named = max([0.0, *(each for name in metric_names for each in report.metrics(name))])  # passes over a NaN
    utilization = named if named > 0 else report.application_utilization
    utilization = utilization if utilization > 0 else report.cpu_utilization
    utilization += penalty * report.eps / rps
    if not utilization > 0:
        return None
    weight = rps / utilization
    return int(weight) if weight < MAX_UINT32 else MAX_UINT32


def _counted(known: Mapping[_Key, int | None]) -> dict[_Key, int]:
    """The weights that hosts of a priority count with, in sum what the core takes."""
    median = _median([weight for weight in known.values() if weight is not None])
    weights = {key: max(median if weight is None else weight, 1) for key, weight in known.items()}
    total = sum(weights.values())
    if total <= MAX_UINT32:
        return weights
    most = MAX_UINT32 - len(weights)
    return {key: max(weight * most // total, 1) for key, weight in weights.items()}


def _median(weights: list[int]) -> int:
    if not weights:
        return 1
    weights.sort()
    middle = len(weights) // 2
    return weights[middle] if len(weights) % 2 else (weights[middle - 1] + weights[middle]) // 2


def _key(row: Row) -> _Key:
    return row[0], row[3], row[1]


def _weighted(row: Row, weights: Mapping[_Key, int]) -> Row:
    weight = weights[_key(row)]
    return row if row[4] == weight else (*row[:4], weight, *row[5:])


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _check(config: ClientSideWeightedRoundRobinConfig, path: str) -> None:
    limits = {
        "blackout_period": math.inf,
        "weight_expiration_period": math.inf,
        "weight_update_period": math.inf,
        "error_utilization_penalty": _MAX_FLOAT,
    }
    for name, most in limits.items():
        value = getattr(config, name)
        if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= most:
            raise refusal(f"{value!r} is not a finite number from 0 on", f"{path}.{name}", config.position)
