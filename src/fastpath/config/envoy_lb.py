"""What Envoy's clusters tell their balancing policies (envoy.config.cluster.v3.Cluster.*LbConfig)."""

from __future__ import annotations

import enum
import sys

from ..models import HashFunction, LeastRequestConfig, MaglevConfig, RingHashConfig
from .fields import UINT32_MAX, Section

__all__ = ["read_least_request", "read_maglev", "read_ring_hash", "read_ring_hash_policy"]

_MAX_RING_SIZE = 8388608
_MAX_TABLE_SIZE = 5000011


def read_least_request(section: Section | None) -> LeastRequestConfig:
    """A LeastRequestLbConfig; slow start is not supported."""
    default = LeastRequestConfig()
    if section is None:
        return default
    choice_count = section.integer("choice_count", 2, UINT32_MAX)
    bias = section.section("active_request_bias")
    bias_value: float | None = None
    if bias is not None:
        # A RuntimeDouble: there is no runtime here, so the default it names is the value.
        bias.string("runtime_key")
        value = bias.get("default_value")
        bias_value = value.number(0.0, sys.float_info.max) if value is not None else 0.0
        bias.end()
    config = LeastRequestConfig(
        choice_count=default.choice_count if choice_count is None else choice_count,
        active_request_bias=default.active_request_bias if bias_value is None else bias_value,
        position=section.position,
    )
    section.end()
    return config


def read_ring_hash(section: Section | None) -> RingHashConfig:
    """A RingHashLbConfig."""
    default = RingHashConfig()
    if section is None:
        return default
    return _read_ring(section, section.enum("hash_function", HashFunction, default.hash_function))


class _HashFunction(enum.Enum):
    DEFAULT_HASH = 0
    XX_HASH = 1
    MURMUR_HASH_2 = 2


def read_ring_hash_policy(section: Section) -> RingHashConfig:
    """A RingHash, whose hash functions have other numbers."""
    function = section.enum("hash_function", _HashFunction, _HashFunction.DEFAULT_HASH)
    murmur = function is _HashFunction.MURMUR_HASH_2
    return _read_ring(section, HashFunction.MURMUR_HASH_2 if murmur else HashFunction.XX_HASH)


def _read_ring(section: Section, function: HashFunction) -> RingHashConfig:
    default = RingHashConfig()
    minimum = section.integer("minimum_ring_size", 1, _MAX_RING_SIZE)
    maximum = section.integer("maximum_ring_size", 1, _MAX_RING_SIZE)
    config = RingHashConfig(
        minimum_ring_size=default.minimum_ring_size if minimum is None else minimum,
        maximum_ring_size=default.maximum_ring_size if maximum is None else maximum,
        hash_function=function,
        position=section.position,
    )
    if config.minimum_ring_size > config.maximum_ring_size:
        section.error("minimum_ring_size is above maximum_ring_size")
    section.end()
    return config


def read_maglev(section: Section | None) -> MaglevConfig:
    """A MaglevLbConfig."""
    default = MaglevConfig()
    if section is None:
        return default
    size = section.integer("table_size", 2, _MAX_TABLE_SIZE)
    config = MaglevConfig(default.table_size if size is None else size, position=section.position)
    if any(config.table_size % divisor == 0 for divisor in range(2, int(config.table_size**0.5) + 1)):
        section.error(f"table_size {config.table_size} is not a prime")
    section.end()
    return config
