"""What Envoy's clusters tell their balancing policies (envoy.config.cluster.v3.Cluster.*LbConfig)."""

from __future__ import annotations

import enum
import sys

from ..models import (
    ClientSideWeightedRoundRobinConfig,
    HashFunction,
    LeastRequestConfig,
    MaglevConfig,
    RingHashConfig,
    RoundRobinConfig,
    SlowStartConfig,
)
from .fields import UINT32_MAX, Section, Value

__all__ = [
    "read_client_side_weighted_round_robin",
    "read_least_request",
    "read_maglev",
    "read_ring_hash",
    "read_ring_hash_policy",
    "read_round_robin",
]

_MAX_RING_SIZE = 8388608
_MAX_TABLE_SIZE = 5000011
_MAX_FLOAT = 3.4028234663852886e38


def read_round_robin(section: Section | None) -> RoundRobinConfig:
    """A RoundRobinLbConfig."""
    if section is None:
        return RoundRobinConfig()
    config = RoundRobinConfig(_read_slow_start(section.section("slow_start_config")), position=section.position)
    section.end()
    return config


def read_client_side_weighted_round_robin(section: Section) -> ClientSideWeightedRoundRobinConfig:
    """A ClientSideWeightedRoundRobin."""
    default = ClientSideWeightedRoundRobinConfig()
    periods = {}
    for name in ("blackout_period", "weight_expiration_period", "weight_update_period"):
        period = section.duration(name)
        periods[name] = getattr(default, name) if period is None else period
    penalty = section.get("error_utilization_penalty")
    slow_start = section.section("slow_start_config")
    names = [value.string() for value in section.items("metric_names_for_computing_utilization")]
    if section.boolean("enable_oob_load_report"):
        section.error("enable_oob_load_report is not supported: load reports come with responses")
    section.duration("oob_reporting_period")  # counts for nothing without
    config = ClientSideWeightedRoundRobinConfig(
        **periods,
        error_utilization_penalty=0.0 if penalty is None else _bounded(penalty, "a penalty", _MAX_FLOAT),
        metric_names_for_computing_utilization=tuple(names),
        slow_start=_read_slow_start(slow_start, None if slow_start is None else _read_least_weight(slow_start)),
        position=section.position,
    )
    section.end(("oob_reporting_config",))
    return config


def _read_least_weight(section: Section) -> float:
    percent = section.section("min_weight_percent")
    if percent is None:
        return 10.0
    value = percent.get("value")
    percent.end()
    return 0.0 if value is None else _bounded(value, "a percentage", 100.0)


def _bounded(value: Value, what: str, most: float) -> float:
    """What Envoy does not check in a load balancing policy, so that the reason is not the one of other places."""
    number = value.number(-sys.float_info.max, sys.float_info.max) or 0.0
    if not 0.0 <= number <= most:
        value.error(f"{what} of a load balancing policy is from 0 to {most:g}, found {number:g}")
        return 0.0
    return number


def _read_slow_start(section: Section | None, least_weight: float | None = None) -> SlowStartConfig | None:
    """A SlowStartConfig, whose min_weight_percent may have been read before. Envoy takes an aggression that makes no
    sense for 1."""
    if section is None:
        return None
    window = section.duration("slow_start_window")
    aggression = _read_default(section.section("aggression"), -sys.float_info.max)
    config = SlowStartConfig(
        window=0.0 if window is None else window,
        aggression=aggression if aggression is not None and aggression > 0 else 1.0,
        min_weight_percent=section.percent("min_weight_percent", 10.0) if least_weight is None else least_weight,
        position=section.position,
    )
    section.end()
    return config


def _read_default(section: Section | None, least: float) -> float | None:
    """A RuntimeDouble: there is no runtime here, so the default it names is the value."""
    if section is None:
        return None
    section.string("runtime_key")
    value = section.get("default_value")
    number = value.number(least, sys.float_info.max) if value is not None else 0.0
    section.end()
    return number


def read_least_request(section: Section | None) -> LeastRequestConfig:
    """A LeastRequestLbConfig."""
    default = LeastRequestConfig()
    if section is None:
        return default
    choice_count = section.integer("choice_count", 2, UINT32_MAX)
    bias = _read_default(section.section("active_request_bias"), 0.0)
    config = LeastRequestConfig(
        choice_count=default.choice_count if choice_count is None else choice_count,
        active_request_bias=default.active_request_bias if bias is None else bias,
        slow_start=_read_slow_start(section.section("slow_start_config")),
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
