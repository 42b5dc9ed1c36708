"""What clusters tell their balancing policies (envoy.config.cluster.v3.Cluster.*LbConfig)."""

from __future__ import annotations

from ...models import (
    ClientSideWeightedRoundRobinConfig,
    LeastRequestConfig,
    MaglevConfig,
    RingHashConfig,
    RoundRobinConfig,
    SlowStartConfig,
)
from .fields import Json, changed, duration, plain

__all__ = [
    "write_client_side_weighted_round_robin",
    "write_least_request",
    "write_maglev",
    "write_ring_hash",
    "write_round_robin",
]


def write_round_robin(config: RoundRobinConfig) -> Json:
    """A RoundRobinLbConfig."""
    return _write_slow_start(config.slow_start)


def write_client_side_weighted_round_robin(config: ClientSideWeightedRoundRobinConfig) -> Json:
    """A ClientSideWeightedRoundRobin."""
    periods = ("blackout_period", "weight_expiration_period", "weight_update_period")
    return {
        **changed(config, *periods, write=duration),
        **changed(config, "error_utilization_penalty", "metric_names_for_computing_utilization"),
        **_write_slow_start(config.slow_start),
    }


def write_least_request(config: LeastRequestConfig) -> Json:
    """A LeastRequestLbConfig."""
    return {
        **changed(config, "choice_count"),
        **_changed_double(config, "active_request_bias"),
        **_write_slow_start(config.slow_start),
    }


def _changed_double(config: LeastRequestConfig | SlowStartConfig, name: str) -> Json:
    """A RuntimeDouble, which needs a key that a runtime could override it by."""
    return changed(config, name, write=lambda value: {"default_value": plain(value), "runtime_key": name})


def _write_slow_start(config: SlowStartConfig | None) -> Json:
    if config is None:
        return {}
    return {
        "slow_start_config": {
            "slow_start_window": duration(config.window),
            **_changed_double(config, "aggression"),
            **changed(config, "min_weight_percent", write=lambda percent: {"value": plain(percent)}),
        }
    }


def write_ring_hash(config: RingHashConfig) -> Json:
    """A RingHashLbConfig."""
    return changed(config, "minimum_ring_size", "maximum_ring_size", "hash_function")


def write_maglev(config: MaglevConfig) -> Json:
    """A MaglevLbConfig."""
    return changed(config, "table_size")
