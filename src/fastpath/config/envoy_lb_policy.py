"""Envoy's load balancing policies as extensions (Cluster.load_balancing_policy).

The first policy of a list that Envoy supports counts. One that Envoy would take and this library lacks is refused,
since those behind it would not be what Envoy does.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..models import Cluster, LbPolicy
from .envoy_common_lb import read_consistent_hashing, read_zone_aware_policy
from .envoy_lb import (
    read_client_side_weighted_round_robin,
    read_least_request,
    read_maglev,
    read_ring_hash_policy,
    read_round_robin,
)
from .envoy_override_host import read_override_host
from .envoy_subset import read_subset_policy
from .envoy_types import LB_POLICIES, LB_POLICY_TYPES, OVERRIDE_HOST_POLICY, SUBSET_POLICY, WRR_LOCALITY_POLICY
from .fields import Section
from .node import shorten

__all__ = ["read_load_balancing_policy"]

_TYPED_STRUCTS = ("xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct")
# What of a Cluster nothing else says once it has a load_balancing_policy.
_FIELDS = (
    "lb_policy",
    "locality_weighted",
    "zone_aware",
    "override_host",
    "subsets",
    "round_robin",
    "client_side_weighted_round_robin",
    "least_request",
    "ring_hash",
    "maglev",
    "consistent_hashing",
)
_PARTIAL = ("zone_aware_lb_config", "locality_weighted_lb_config", "consistent_hashing_lb_config")

_Fields = dict[str, Any]
_Readers = Mapping[str, Callable[[Section], _Fields]]


def read_load_balancing_policy(section: Section, cluster: Cluster) -> Cluster:
    """The cluster as its load_balancing_policy has it, if it has one; then lb_policy counts for nothing."""
    policy = section.section("load_balancing_policy")
    if policy is None:
        return cluster
    if section.get("lb_subset_config") is not None:
        section.error("load_balancing_policy and lb_subset_config exclude each other")
    common = section.section("common_lb_config")
    if common is not None and any(common.get(name) is not None for name in _PARTIAL):
        section.error(f"load_balancing_policy excludes {', '.join(_PARTIAL)} in common_lb_config")
    default = Cluster(cluster.name)
    return replace(
        cluster, **({name: getattr(default, name) for name in _FIELDS} | _read_first(policy, _READERS, named=True))
    )


def _read_first(policy: Section, readers: _Readers, *, named: bool = False) -> _Fields:
    """What the first policy of a LoadBalancingPolicy says, which is to be one of those that there are readers for.

    `named`: it must have a name, which Envoy does not look at within other policies.
    """
    listed = policy.sections("policies")
    found: _Fields | None = None
    for each in listed:
        extension = each.section("typed_extension_config", required=True)
        if found is not None or extension is None:
            continue  # Envoy looks no further
        extension.string("name", required=named)
        config = extension.section("typed_config", required=True)
        if config is not None:
            found = _read_config(config, readers)
        extension.end()
        each.end()
    policy.end()
    if found is None:
        policy.error("none of the policies is supported")
    return found or {}


def _read_config(config: Section, readers: _Readers) -> _Fields | None:
    """What the policy says; None for one that Envoy passes over."""
    type_url = config.get("@type", required=True)
    if type_url is None:
        return {}
    kind = type_url.string().rpartition("/")[2]
    if kind in _TYPED_STRUCTS:
        kind = config.string("type_url").rpartition("/")[2]
        if not kind.startswith("envoy."):  # somebody's own, which is no part of Envoy
            return None
        config.error(f"the policy {shorten(kind, 80)!r} is not supported as a TypedStruct")
        return {}
    if kind in readers:
        return readers[kind](config)
    supported = ", ".join(type_name.removeprefix(LB_POLICIES) for type_name in readers)
    name = shorten(kind.removeprefix(LB_POLICIES), 80)
    type_url.error(f"the policy {name!r} is not supported; supported are {supported}")
    return {}


def _read_subset(config: Section) -> _Fields:
    subsets = read_subset_policy(config)
    inner = config.section("subset_lb_policy", required=True)
    fields = {} if inner is None else _read_first(inner, _READERS_WITHIN_SUBSETS)
    config.end(("metadata_fallback_policy",))
    return {**fields, "subsets": subsets}


def _read_weighted(section: Section | None) -> bool:
    """A LocalityWeightedLbConfig."""
    if section is not None:
        section.end()
    return section is not None


def _read_locality_lb(config: Section) -> _Fields:
    """A LocalityLbConfig."""
    section = config.section("locality_lb_config")
    if section is None:
        return {}
    section.one_of("locality_config", "zone_aware_lb_config", "locality_weighted_lb_config", required=False)
    weighted = _read_weighted(section.section("locality_weighted_lb_config"))
    zones = read_zone_aware_policy(section.section("zone_aware_lb_config"))
    section.end()
    return {"locality_weighted": weighted, "zone_aware": zones}


def _read_round_robin(config: Section) -> _Fields:
    return {**_read_locality_lb(config), "round_robin": read_round_robin(config)}


def _read_random(config: Section) -> _Fields:
    fields = _read_locality_lb(config)
    config.end()
    return fields


class _SelectionMethod(enum.Enum):
    N_CHOICES = 0
    FULL_SCAN = 1


def _read_least_request(config: Section) -> _Fields:
    fields = _read_locality_lb(config)
    method = config.enum("selection_method", _SelectionMethod, _SelectionMethod.N_CHOICES)
    full_scan = method is _SelectionMethod.FULL_SCAN
    return {**fields, "least_request": replace(read_least_request(config), full_scan=full_scan)}


def _read_ring_hash(config: Section) -> _Fields:
    return {**_read_hashing(config), "ring_hash": read_ring_hash_policy(config)}


def _read_maglev(config: Section) -> _Fields:
    return {**_read_hashing(config), "maglev": read_maglev(config)}


def _read_hashing(config: Section) -> _Fields:
    return {
        "consistent_hashing": read_consistent_hashing(config.section("consistent_hashing_lb_config")),
        "locality_weighted": _read_weighted(config.section("locality_weighted_lb_config")),
    }


def _read_pick_first(config: Section) -> _Fields:
    config.end(("shuffle_address_list",))
    return {}


def _read_client_side_weighted_round_robin(config: Section) -> _Fields:
    return {"client_side_weighted_round_robin": read_client_side_weighted_round_robin(config)}


def _read_wrr_locality(config: Section) -> _Fields:
    inner = config.section("endpoint_picking_policy", required=True)
    fields = {} if inner is None else _read_first(inner, _READERS_WITHIN_LOCALITIES)
    config.end()
    return {**fields, "locality_weighted": True}


def _read_override_host(config: Section) -> _Fields:
    override = read_override_host(config)
    inner = config.section("fallback_policy", required=True)
    fields = {} if inner is None else _read_first(inner, _READERS_WITHIN_OVERRIDES, named=True)
    config.end(("selected_host_key",))
    return {**fields, "override_host": override}


def _named(policy: LbPolicy, read: Callable[[Section], _Fields]) -> _Readers:
    return {LB_POLICY_TYPES[policy]: lambda config: {"lb_policy": policy, **read(config)}}


_READERS_WITHIN_SUBSETS: _Readers = {
    **_named(LbPolicy.ROUND_ROBIN, _read_round_robin),
    **_named(LbPolicy.LEAST_REQUEST, _read_least_request),
    **_named(LbPolicy.RANDOM, _read_random),
    **_named(LbPolicy.RING_HASH, _read_ring_hash),
    **_named(LbPolicy.MAGLEV, _read_maglev),
    **_named(LbPolicy.PICK_FIRST, _read_pick_first),
}
_READERS_WITHIN_LOCALITIES = _named(LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN, _read_client_side_weighted_round_robin)
_READERS_WITHIN_OVERRIDES: _Readers = {
    **_READERS_WITHIN_SUBSETS,
    **_READERS_WITHIN_LOCALITIES,
    SUBSET_POLICY: _read_subset,
    WRR_LOCALITY_POLICY: _read_wrr_locality,
}
_READERS: _Readers = {**_READERS_WITHIN_OVERRIDES, OVERRIDE_HOST_POLICY: _read_override_host}
