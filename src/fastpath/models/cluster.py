"""Clusters and their endpoints. Source: Envoy v3 API, envoy.config.{cluster,endpoint}.v3."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from .discovery import DiscoveryType, DnsConfig
from .position import Position, position_field

__all__ = [
    "Cluster",
    "Endpoint",
    "HashFunction",
    "HealthStatus",
    "LbPolicy",
    "LeastRequestConfig",
    "LocalityEndpoints",
    "MaglevConfig",
    "RingHashConfig",
]


class HealthStatus(enum.Enum):
    """What is known about an endpoint from outside (envoy.config.core.v3.HealthStatus)."""

    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2
    DRAINING = 3
    TIMEOUT = 4
    DEGRADED = 5


class LbPolicy(enum.Enum):
    """How a cluster chooses among its hosts (envoy.config.cluster.v3.Cluster.LbPolicy)."""

    ROUND_ROBIN = 0
    LEAST_REQUEST = 1
    RING_HASH = 2
    RANDOM = 3
    MAGLEV = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to send requests to. `weight` is 1 to 2^32-1, None when not given (counts as 1)."""

    address: str
    port: int
    weight: int | None = None
    hostname: str = ""
    health_status: HealthStatus = HealthStatus.UNKNOWN
    metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    position: Position | None = position_field()


@dataclass(frozen=True, slots=True)
class LocalityEndpoints:
    """Endpoints of one locality and priority."""

    endpoints: tuple[Endpoint, ...]
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    priority: int = 0
    weight: int | None = None
    position: Position | None = position_field()


class HashFunction(enum.Enum):
    """What the points of a hash ring come from (envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction)."""

    XX_HASH = 0
    MURMUR_HASH_2 = 1


@dataclass(frozen=True, slots=True)
class LeastRequestConfig:
    """For LbPolicy.LEAST_REQUEST (least_request_lb_config)."""

    choice_count: int = 2
    """How many hosts are drawn and compared when weights are equal; at least 2."""
    active_request_bias: float = 1.0
    """With unequal weights a host counts as weight / (active requests + 1) to this power; finite, not negative."""
    position: Position | None = position_field()


@dataclass(frozen=True, slots=True)
class RingHashConfig:
    """For LbPolicy.RING_HASH (ring_hash_lb_config). Sizes are in points, 1 to 8388608."""

    minimum_ring_size: int = 1024
    maximum_ring_size: int = 8388608
    hash_function: HashFunction = HashFunction.XX_HASH
    position: Position | None = position_field()


@dataclass(frozen=True, slots=True)
class MaglevConfig:
    """For LbPolicy.MAGLEV (maglev_lb_config)."""

    table_size: int = 65537
    """A prime, at most 5000011, and no less than there are hosts."""
    position: Position | None = position_field()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A named group of endpoints and how to choose among them."""

    name: str
    localities: tuple[LocalityEndpoints, ...] = ()
    type: DiscoveryType = DiscoveryType.STATIC
    dns: DnsConfig = DnsConfig()
    eds_service_name: str = ""
    """What a management server knows it by; "" for its name."""
    lb_policy: LbPolicy = LbPolicy.ROUND_ROBIN
    connect_timeout: float = 5.0
    """Seconds."""
    healthy_panic_threshold: float = 50.0
    """Percent (common_lb_config): with fewer healthy hosts all are used. 0 means never."""
    least_request: LeastRequestConfig = LeastRequestConfig()
    ring_hash: RingHashConfig = RingHashConfig()
    maglev: MaglevConfig = MaglevConfig()
    position: Position | None = position_field()
