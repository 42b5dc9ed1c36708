"""A cluster's model as the core takes it: policy, rules, options, subsets and zones, checked."""

from __future__ import annotations

import math

from fastpath import _cluster, models
from fastpath._cluster import Policy
from fastpath._subset import SubsetRules
from fastpath.models import LbPolicy

from .peak_ewma import peak_ewma_options
from .refusal import MAX_UINT32, MAX_UINT64, check_integer, refusal
from .slow_start import SlowStart, slow_start_options
from .subsets import subset_rules
from .zones import Zones

__all__ = ["Arguments", "arguments_of"]

_Rules = tuple[int, int, bool, bool, int, bool]
_Options = tuple[float, int, int, int, int, int, int, float, float, int, bool, int, int, int]
# The callers' cluster, the own zone, and what ZoneAwareConfig says.
_ZoneRules = tuple[_cluster.Cluster, int, int, int, bool, bool, int]
Arguments = tuple["int | Policy", _Rules, _Options, "SubsetRules | None", "_ZoneRules | None"]

# To the core, weights are weights, wherever they come from.
_CORE_POLICIES = {LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN: LbPolicy.ROUND_ROBIN}


def arguments_of(
    model: models.Cluster, zones: Zones, callers: _cluster.Cluster | None, path: str, custom: Policy | None
) -> Arguments:
    """Policy, rules, options, subsets and zones, checked, as the core takes them."""
    policy = _CORE_POLICIES.get(model.lb_policy, model.lb_policy).value
    if not _cluster.has_policy(policy):
        raise refusal(f"the policy {model.lb_policy.name} is not supported", f"{path}lb_policy", model.position)
    threshold = _percent(model.healthy_panic_threshold, f"{path}healthy_panic_threshold", model.position)
    factor = model.overprovisioning_factor
    check_integer(factor, 1, MAX_UINT32, f"{path}overprovisioning_factor", model.position)
    affinity = model.client_ip_affinity
    if affinity is not None and not 0 < affinity < math.inf:
        raise refusal(f"{affinity!r} is not a time above 0", f"{path}client_ip_affinity", model.position)
    statuses = 0
    for status in model.override_host_status:
        statuses |= 1 << status.value
    fails = model.zone_aware.fail_traffic_on_panic
    rules = threshold, factor, model.weighted_priority_health, model.locality_weighted, statuses, fails
    subsets = None if model.subsets is None else subset_rules(model.subsets, f"{path}subsets")
    zone_rules = _zone_rules(model.zone_aware, zones, callers, path)
    return custom or policy, rules, _options(model, path), subsets, zone_rules


def _percent(value: float, path: str, position: models.Position | None) -> int:
    """Rounded, as Envoy does."""
    if not 0 <= value <= 100:
        raise refusal("not a percentage", path, position)
    return int(value + 0.5)


def _zone_rules(
    config: models.ZoneAwareConfig, zones: Zones, callers: _cluster.Cluster | None, path: str
) -> _ZoneRules | None:
    where, least = f"{path}zone_aware.", config.force_local_zone_min_size
    enabled = _percent(config.routing_enabled, f"{where}routing_enabled", config.position)
    check_integer(config.min_cluster_size, 0, MAX_UINT64, f"{where}min_cluster_size", config.position)
    if least is not None:
        check_integer(least, 0, MAX_UINT32, f"{where}force_local_zone_min_size", config.position)
    if callers is None:
        return None
    by_weight = config.locality_basis is models.LocalityBasis.HEALTHY_HOSTS_WEIGHT
    return callers, zones.own_number, enabled, config.min_cluster_size, by_weight, least is not None, least or 0


def _options(model: models.Cluster, path: str) -> _Options:
    least_request, ring_hash, maglev = model.least_request, model.ring_hash, model.maglev
    hashing = model.consistent_hashing
    factor = 0 if hashing.hash_balance_factor is None else hashing.hash_balance_factor
    bias = least_request.active_request_bias
    if type(bias) not in (int, float):
        raise refusal(f"{bias!r} is not a number", f"{path}least_request.active_request_bias", least_request.position)
    for value, field, position in (
        (least_request.choice_count, "least_request.choice_count", least_request.position),
        (ring_hash.minimum_ring_size, "ring_hash.minimum_ring_size", ring_hash.position),
        (ring_hash.maximum_ring_size, "ring_hash.maximum_ring_size", ring_hash.position),
        (maglev.table_size, "maglev.table_size", maglev.position),
        (factor, "consistent_hashing.hash_balance_factor", hashing.position),
    ):
        check_integer(value, 0, MAX_UINT32, path + field, position)
    if hashing.hash_balance_factor is not None and factor < 100:
        where = f"{path}consistent_hashing.hash_balance_factor"
        raise refusal(f"{factor} is below 100 percent", where, hashing.position)
    return (
        bias,
        least_request.choice_count,
        ring_hash.minimum_ring_size,
        ring_hash.maximum_ring_size,
        ring_hash.hash_function.value,
        maglev.table_size,
        *_slow_start(model, path),
        factor,
        least_request.full_scan,
        *peak_ewma_options(model.peak_ewma, f"{path}peak_ewma"),
    )


def _slow_start(model: models.Cluster, path: str) -> SlowStart:
    if model.lb_policy is LbPolicy.ROUND_ROBIN:
        return slow_start_options(model.round_robin.slow_start, f"{path}round_robin.slow_start")
    if model.lb_policy is LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN:
        where = f"{path}client_side_weighted_round_robin.slow_start"
        return slow_start_options(model.client_side_weighted_round_robin.slow_start, where)
    if model.lb_policy is LbPolicy.LEAST_REQUEST:
        return slow_start_options(model.least_request.slow_start, f"{path}least_request.slow_start")
    return slow_start_options(None, path)
