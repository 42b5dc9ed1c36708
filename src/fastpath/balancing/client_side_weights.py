"""Weights that hosts earn with their load reports (client_side_weighted_round_robin), as Envoy 1.39 works them out."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from fastpath._endpoints import EndpointArray
from fastpath._host import Host
from fastpath._host_weights import HostWeights
from fastpath.models import ClientSideWeightedRoundRobinConfig, Cluster, LbPolicy
from fastpath.orca import OrcaLoadReport

from .refusal import MAX_UINT32, refusal

__all__ = ["ClientSideWeights", "weight_of", "weights_of"]

_LEAST_PERIOD = 0.1
_MAX_FLOAT = 3.4028234663852886e38


class ClientSideWeights:
    """The weights of one cluster's hosts. Any thread may report; one at a time may weigh."""

    __slots__ = ("_config", "_hosts", "_penalty", "due")

    def __init__(self, config: ClientSideWeightedRoundRobinConfig, path: str, now: float):
        """ConfigError with a path below `path` for values that make no sense."""
        _check(config, path)
        self._config = config
        self._penalty: float = struct.unpack("f", struct.pack("f", config.error_utilization_penalty))[0]
        self._hosts = HostWeights()
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
            self._hosts.report(host, weight, now)

    def watch(self, endpoints: EndpointArray) -> None:
        """The hosts are those of these endpoints from now on: reports of others are passed over."""
        self._hosts.watch(endpoints)

    def weigh(self, endpoints: EndpointArray, now: float) -> EndpointArray:
        """A cluster's endpoints with the weights of this moment; the hosts are these from now on."""
        self.due = now + self._period
        self._hosts.watch(endpoints)
        return self._hosts.weigh(now, self._config.blackout_period, self._config.weight_expiration_period)


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
