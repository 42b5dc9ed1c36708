"""Subsets of a cluster's hosts. Source: Envoy v3 API, envoy.config.cluster.v3.Cluster.LbSubsetConfig."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field

from .model import model
from .position import Position, position_field

__all__ = ["SubsetConfig", "SubsetFallback", "SubsetSelector", "SubsetSelectorFallback"]


class SubsetFallback(enum.Enum):
    """What becomes of a request whose subset there is not (LbSubsetFallbackPolicy)."""

    NO_FALLBACK = 0
    ANY_ENDPOINT = 1
    DEFAULT_SUBSET = 2


class SubsetSelectorFallback(enum.Enum):
    """The same for requests with exactly the keys of a selector (LbSubsetSelectorFallbackPolicy)."""

    NOT_DEFINED = 0
    """As for the cluster."""
    NO_FALLBACK = 1
    ANY_ENDPOINT = 2
    DEFAULT_SUBSET = 3
    KEYS_SUBSET = 4
    """Again, with only the selector's `fallback_keys_subset`."""


@model(frozen=True, slots=True)
class SubsetSelector:
    """Hosts whose metadata `envoy.lb` has all of the keys are in one subset for each combination of their values."""

    keys: frozenset[str]
    """From 1 to 64."""
    fallback_policy: SubsetSelectorFallback = SubsetSelectorFallback.NOT_DEFINED
    fallback_keys_subset: frozenset[str] = frozenset()
    """For KEYS_SUBSET: some of the keys, not all."""
    single_host_per_subset: bool = False
    """Only the first host of a subset counts, whether it is healthy or not."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class SubsetConfig:
    """How a request's `metadata_match` chooses among the hosts of a cluster (lb_subset_config)."""

    selectors: tuple[SubsetSelector, ...] = ()
    fallback_policy: SubsetFallback = SubsetFallback.NO_FALLBACK
    default_subset: Mapping[str, object] = field(default_factory=dict)
    """For DEFAULT_SUBSET: hosts that have all of these; all hosts when it is empty."""
    locality_weight_aware: bool = False
    """Whether the weights of localities count within subsets; without it they don't count at all."""
    scale_locality_weight: bool = False
    """Whether they are scaled by how much of the locality is in the subset."""
    panic_mode_any: bool = False
    """Whether any host will do when the cluster's fallback has none to give."""
    list_as_any: bool = False
    """Whether a host whose metadata has a list is in the subsets of each of its elements."""
    allow_redundant_keys: bool = False
    """Whether keys of a request that no selector has are passed over; the selector with most keys is tried first. Envoy
    has it in the load balancing policy envoy.load_balancing_policies.subset only."""
    position: Position | None = position_field()
