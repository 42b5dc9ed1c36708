"""Where a cluster's endpoints come from. Source: Envoy v3 API, envoy.config.cluster.v3.Cluster, its DNS fields."""

from __future__ import annotations

import enum

from .model import model
from .position import Position, position_field

__all__ = ["DiscoveryType", "DnsConfig", "DnsLookupFamily"]


class DiscoveryType(enum.Enum):
    """How a cluster learns its endpoints (envoy.config.cluster.v3.Cluster.DiscoveryType)."""

    STATIC = 0
    """They are given in place."""
    STRICT_DNS = 1
    """Given as names: every address that one resolves to is a host."""
    LOGICAL_DNS = 2
    """Given as one name: the first address that it resolves to is the host."""
    EDS = 3
    """Told by a management server, or whatever else stands in for one."""


class DnsLookupFamily(enum.Enum):
    """Which addresses of a name count (envoy.config.cluster.v3.Cluster.DnsLookupFamily)."""

    AUTO = 0
    """IPv6, and IPv4 when there is none."""
    V4_ONLY = 1
    V6_ONLY = 2
    V4_PREFERRED = 3
    """IPv4, and IPv6 when there is none."""
    ALL = 4


@model(frozen=True, slots=True)
class DnsConfig:
    """For DiscoveryType.STRICT_DNS and LOGICAL_DNS. Times are in seconds, more than 0.001."""

    refresh_rate: float = 5.0
    """Between one answer and the next question."""
    failure_base_interval: float | None = None
    """Before the first question after one that failed, doubled with each failure. None: refresh_rate, always."""
    failure_max_interval: float | None = None
    """What the doubling ends at; None: ten times the base."""
    jitter: float = 0.0
    """At most so much is added to refresh_rate, at random."""
    respect_ttl: bool = False
    """Ask again when an answer has lost its validity, instead of after refresh_rate."""
    lookup_family: DnsLookupFamily = DnsLookupFamily.AUTO
    position: Position | None = position_field()
