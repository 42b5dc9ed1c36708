"""What clusters say whatever the policy (Cluster.CommonLbConfig, ClusterLoadAssignment.Policy)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import Cluster, HealthStatus, ZoneAwareConfig
from .fields import Json, changed, member, plain

__all__ = ["write_assignment_policy", "write_common_lb"]


def write_common_lb(cluster: Cluster) -> Json:
    """A CommonLbConfig."""
    return {
        **changed(cluster, "healthy_panic_threshold", write=lambda percent: {"value": plain(percent)}),
        **({"locality_weighted_lb_config": {}} if cluster.locality_weighted else {}),
        **member("zone_aware_lb_config", _write_zone_aware(cluster.zone_aware)),
        **changed(cluster, "override_host_status", write=_write_statuses),
    }


def _write_zone_aware(config: ZoneAwareConfig) -> Json:
    return {
        **changed(config, "routing_enabled", write=lambda percent: {"value": plain(percent)}),
        **changed(config, "min_cluster_size", "fail_traffic_on_panic"),
    }


def _write_statuses(statuses: Iterable[HealthStatus]) -> Json:
    return {"statuses": [each.name for each in sorted(statuses, key=lambda status: status.value)]}


def write_assignment_policy(cluster: Cluster) -> Json:
    """A Policy."""
    return changed(cluster, "overprovisioning_factor", "weighted_priority_health")
