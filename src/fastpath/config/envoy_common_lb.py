"""What Envoy's clusters say whatever the policy (Cluster.CommonLbConfig, ClusterLoadAssignment.Policy)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ..models import ConsistentHashingConfig, HealthStatus, LocalityBasis, ZoneAwareConfig
from .fields import UINT32_MAX, UINT64_MAX, Section

__all__ = [
    "AssignmentPolicy",
    "CommonLb",
    "read_assignment_policy",
    "read_common_lb",
    "read_consistent_hashing",
    "read_zone_aware",
    "read_zone_aware_policy",
]

# What else there is: none of it is ignored.
_UNSUPPORTED = (
    "ignore_new_hosts_until_first_hc",
    "close_connections_on_host_set_change",
)
_UNSUPPORTED_POLICY = ("drop_overloads", "endpoint_stale_after")


_DEFAULT_STATUSES = frozenset({HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED})


class CommonLb(NamedTuple):
    """The part of a Cluster that is its common_lb_config."""

    healthy_panic_threshold: float
    locality_weighted: bool
    zone_aware: ZoneAwareConfig
    override_host_status: frozenset[HealthStatus]
    consistent_hashing: ConsistentHashingConfig


class AssignmentPolicy(NamedTuple):
    """The policy of a cluster's load_assignment."""

    overprovisioning_factor: int = 140
    weighted_priority_health: bool = False


def read_common_lb(section: Section | None) -> CommonLb:
    """A CommonLbConfig."""
    statuses = _DEFAULT_STATUSES
    if section is None:
        return CommonLb(50.0, False, ZoneAwareConfig(), statuses, ConsistentHashingConfig())
    section.duration("update_merge_window")  # here every change counts at once
    threshold = section.percent("healthy_panic_threshold", 50.0)
    weighted = section.section("locality_weighted_lb_config")
    zones = section.section("zone_aware_lb_config")
    if weighted is not None:
        weighted.end()
        if zones is not None:
            section.error("has both zone_aware_lb_config and locality_weighted_lb_config, which are alternatives")
    override = section.section("override_host_status")
    if override is not None:
        found = frozenset(value.enum(HealthStatus) or HealthStatus.UNKNOWN for value in override.items("statuses"))
        statuses = found or statuses
        override.end()
    hashing = read_consistent_hashing(section.section("consistent_hashing_lb_config"))
    section.end(_UNSUPPORTED)
    return CommonLb(threshold, weighted is not None, read_zone_aware(zones), statuses, hashing)


def read_zone_aware(section: Section | None) -> ZoneAwareConfig:
    """A ZoneAwareLbConfig of a cluster."""
    if section is None:
        return ZoneAwareConfig()
    config = _read_zones(section)
    section.end()
    return config


def read_zone_aware_policy(section: Section | None) -> ZoneAwareConfig:
    """A ZoneAwareLbConfig of a load balancing policy, which can say more."""
    if section is None:
        return ZoneAwareConfig()
    least: int | None = None
    forced = section.section("force_local_zone")
    if forced is not None:
        least = forced.integer("min_size")
        least = 1 if least is None else least
        forced.end()
    basis = section.enum("locality_basis", LocalityBasis, LocalityBasis.HEALTHY_HOSTS_NUM)
    config = replace(_read_zones(section), force_local_zone_min_size=least, locality_basis=basis)
    section.end(("force_locality_direct_routing",))
    return config


def _read_zones(section: Section) -> ZoneAwareConfig:
    size = section.integer("min_cluster_size", 0, UINT64_MAX)
    return ZoneAwareConfig(
        routing_enabled=section.percent("routing_enabled", 100.0),
        min_cluster_size=6 if size is None else size,
        fail_traffic_on_panic=section.boolean("fail_traffic_on_panic"),
        position=section.position,
    )


def read_consistent_hashing(section: Section | None) -> ConsistentHashingConfig:
    """A ConsistentHashingLbConfig, of a cluster or of a load balancing policy."""
    if section is None:
        return ConsistentHashingConfig()
    config = ConsistentHashingConfig(
        section.boolean("use_hostname_for_hashing"),
        section.integer("hash_balance_factor", 100, UINT32_MAX),
        position=section.position,
    )
    section.end()
    return config


def read_assignment_policy(section: Section | None) -> AssignmentPolicy:
    """A ClusterLoadAssignment.Policy."""
    factor: int | None = None
    by_weight = False
    if section is not None:
        factor = section.integer("overprovisioning_factor", 1)
        by_weight = section.boolean("weighted_priority_health")
        section.end(_UNSUPPORTED_POLICY)
    return AssignmentPolicy(140 if factor is None else factor, by_weight)
