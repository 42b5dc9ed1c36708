"""Subsets (envoy.config.cluster.v3.Cluster.LbSubsetConfig)."""

from __future__ import annotations

from ...models import SubsetConfig, SubsetSelector
from .fields import Json, changed

__all__ = ["write_subsets"]


def write_subsets(config: SubsetConfig) -> Json:
    """An LbSubsetConfig."""
    return {
        "subset_selectors": [_write_selector(each) for each in config.selectors],
        **changed(config, "fallback_policy", "default_subset", "locality_weight_aware", "scale_locality_weight"),
        **changed(config, "panic_mode_any", "list_as_any", "allow_redundant_keys"),
    }


def _write_selector(selector: SubsetSelector) -> Json:
    names = ("keys", "fallback_policy", "fallback_keys_subset", "single_host_per_subset")
    return changed(selector, *names)
