"""Load balancing policies as extensions, for what clusters cannot say without (Cluster.load_balancing_policy)."""

from __future__ import annotations

from ...models import Cluster, LbPolicy, LocalityBasis
from ..envoy_types import LB_POLICY_TYPES, OVERRIDE_HOST_POLICY, SUBSET_POLICY, WRR_LOCALITY_POLICY
from .common_lb import write_consistent_hashing, write_zone_aware_policy
from .fields import Json, extension, member, unwritable
from .lb import (
    write_client_side_weighted_round_robin,
    write_least_request,
    write_maglev,
    write_ring_hash,
    write_round_robin,
)
from .override_host import write_override_host
from .subset import write_subsets

__all__ = ["needs_policy", "write_load_balancing_policy"]


def needs_policy(cluster: Cluster) -> bool:
    """Whether one of these can say how the cluster balances, and lb_policy with what goes with it cannot."""
    redundant = cluster.subsets is not None and cluster.subsets.allow_redundant_keys
    zones = cluster.zone_aware
    forced = zones.force_local_zone_min_size is not None or zones.locality_basis is not LocalityBasis.HEALTHY_HOSTS_NUM
    only_here = cluster.lb_policy in (LbPolicy.PICK_FIRST, LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN)
    overrides = cluster.override_host is not None
    needed = redundant or forced or only_here or overrides or cluster.least_request.full_scan
    return needed and cluster.lb_policy in LB_POLICY_TYPES


def write_load_balancing_policy(cluster: Cluster) -> Json:
    """A LoadBalancingPolicy with one policy."""
    policy = _write_policy(cluster)
    if cluster.override_host is None:
        return policy
    return _only(OVERRIDE_HOST_POLICY, {**write_override_host(cluster.override_host), "fallback_policy": policy})


def _write_policy(cluster: Cluster) -> Json:
    policy = _only(LB_POLICY_TYPES[cluster.lb_policy], _write_config(cluster))
    by_reports = cluster.lb_policy is LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN
    if by_reports and cluster.subsets is not None:
        raise unwritable(cluster.position, "subsets whose hosts are weighted by load reports cannot be written")
    if by_reports and cluster.locality_weighted:
        return _only(WRR_LOCALITY_POLICY, {"endpoint_picking_policy": policy})
    if cluster.subsets is None:
        return policy
    return _only(SUBSET_POLICY, {**write_subsets(cluster.subsets), "subset_lb_policy": policy})


def _only(type_name: str, config: Json) -> Json:
    name = f"envoy.load_balancing_policies.{type_name.split('.')[3]}"
    return {"policies": [{"typed_extension_config": extension(name, type_name, config)}]}


def _write_config(cluster: Cluster) -> Json:
    weighted: Json = {"locality_weighted_lb_config": {}} if cluster.locality_weighted else {}
    hashing = member("consistent_hashing_lb_config", write_consistent_hashing(cluster.consistent_hashing))
    if cluster.lb_policy is LbPolicy.RING_HASH:
        return {**write_ring_hash(cluster.ring_hash), **hashing, **weighted}
    if cluster.lb_policy is LbPolicy.MAGLEV:
        return {**write_maglev(cluster.maglev), **hashing, **weighted}
    if cluster.lb_policy is LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN:
        return write_client_side_weighted_round_robin(cluster.client_side_weighted_round_robin)
    zones = member("zone_aware_lb_config", write_zone_aware_policy(cluster.zone_aware))
    locality = member("locality_lb_config", {**weighted, **zones})
    if cluster.lb_policy is LbPolicy.ROUND_ROBIN:
        return {**write_round_robin(cluster.round_robin), **locality}
    if cluster.lb_policy is LbPolicy.LEAST_REQUEST:
        scan: Json = {"selection_method": "FULL_SCAN"} if cluster.least_request.full_scan else {}
        return {**write_least_request(cluster.least_request), **scan, **locality}
    return locality if cluster.lb_policy is not LbPolicy.PICK_FIRST else {}
