"""What clusters say whatever the policy (Cluster.CommonLbConfig, ClusterLoadAssignment.Policy)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import Cluster, ConsistentHashingConfig, HealthStatus, ZoneAwareConfig
from .fields import Json, changed, member, plain, renamed

__all__ = [
    "write_assignment_policy",
    "write_common_lb",
    "write_consistent_hashing",
    "write_zone_aware",
    "write_zone_aware_policy",
]


def write_common_lb(cluster: Cluster, *, in_policy: bool) -> Json:
    """A CommonLbConfig; with `in_policy`, without what a load balancing policy says instead."""
    return {
        **changed(cluster, "healthy_panic_threshold", write=lambda percent: {"value": plain(percent)}),
        **changed(cluster, "override_host_status", write=_write_statuses),
        **({} if in_policy else _write_partial(cluster)),
    }


def write_zone_aware(config: ZoneAwareConfig) -> Json:
    """A ZoneAwareLbConfig."""
    return {
        **changed(config, "routing_enabled", write=lambda percent: {"value": plain(percent)}),
        **changed(config, "min_cluster_size", "fail_traffic_on_panic"),
    }


def write_zone_aware_policy(config: ZoneAwareConfig) -> Json:
    """A ZoneAwareLbConfig of a load balancing policy."""
    return {
        **write_zone_aware(config),
        **renamed(config, {"force_local_zone_min_size": "force_local_zone"}, write=lambda least: {"min_size": least}),
        **changed(config, "locality_basis"),
    }


def _write_statuses(statuses: Iterable[HealthStatus]) -> Json:
    return {"statuses": [each.name for each in sorted(statuses, key=lambda status: status.value)]}


def _write_partial(cluster: Cluster) -> Json:
    return {
        **({"locality_weighted_lb_config": {}} if cluster.locality_weighted else {}),
        **member("zone_aware_lb_config", write_zone_aware(cluster.zone_aware)),
        **member("consistent_hashing_lb_config", write_consistent_hashing(cluster.consistent_hashing)),
    }


def write_consistent_hashing(config: ConsistentHashingConfig) -> Json:
    """A ConsistentHashingLbConfig."""
    return changed(config, "use_hostname_for_hashing", "hash_balance_factor")


def write_assignment_policy(cluster: Cluster) -> Json:
    """A Policy."""
    return changed(cluster, "overprovisioning_factor", "weighted_priority_health")
