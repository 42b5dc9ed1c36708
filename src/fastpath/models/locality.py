"""Places, and how much they count. Source: Envoy v3 API, envoy.config.core.v3.Locality, ZoneAwareLbConfig."""

from __future__ import annotations

import enum

from .model import model
from .position import Position, position_field

__all__ = ["Locality", "LocalityBasis", "ZoneAwareConfig"]


@model(frozen=True, slots=True)
class Locality:
    """Where something runs."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""


class LocalityBasis(enum.Enum):
    """What a locality is measured by, when requests are to stay in theirs."""

    HEALTHY_HOSTS_NUM = 0
    HEALTHY_HOSTS_WEIGHT = 1


@model(frozen=True, slots=True)
class ZoneAwareConfig:
    """How requests stay in their zone (common_lb_config.zone_aware_lb_config), where a Config has local_cluster_name.

    Policies that go by a hash have none of it.
    """

    routing_enabled: float = 100.0
    """Percent of requests that zones count for."""
    min_cluster_size: int = 6
    """With fewer healthy hosts of priority 0 zones do not count; not negative."""
    fail_traffic_on_panic: bool = False
    """Whether in panic there is no host, instead of all. Counts without zones too, but not with hash policies."""
    force_local_zone_min_size: int | None = None
    """So many healthy hosts in the own zone get all of its requests, whatever the others have; None is not wanted.
    Envoy has this, and the next, in load balancing policies only (force_local_zone), and configurations do too."""
    locality_basis: LocalityBasis = LocalityBasis.HEALTHY_HOSTS_NUM
    position: Position | None = position_field()
