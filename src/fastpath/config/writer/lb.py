"""What clusters tell their balancing policies (envoy.config.cluster.v3.Cluster.*LbConfig)."""

from __future__ import annotations

from ...models import LeastRequestConfig, MaglevConfig, RingHashConfig
from .fields import Json, changed, plain

__all__ = ["write_least_request", "write_maglev", "write_ring_hash"]


def write_least_request(config: LeastRequestConfig) -> Json:
    """A LeastRequestLbConfig."""
    return {**changed(config, "choice_count"), **changed(config, "active_request_bias", write=_write_bias)}


def _write_bias(bias: float) -> Json:
    """A RuntimeDouble, which needs a key that a runtime could override it by."""
    return {"default_value": plain(bias), "runtime_key": "active_request_bias"}


def write_ring_hash(config: RingHashConfig) -> Json:
    """A RingHashLbConfig."""
    return changed(config, "minimum_ring_size", "maximum_ring_size", "hash_function")


def write_maglev(config: MaglevConfig) -> Json:
    """A MaglevLbConfig."""
    return changed(config, "table_size")
