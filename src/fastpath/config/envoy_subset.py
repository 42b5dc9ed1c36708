"""Envoy's subsets (envoy.config.cluster.v3.Cluster.LbSubsetConfig)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..models import SubsetConfig, SubsetFallback, SubsetSelector, SubsetSelectorFallback
from .fields import Section

__all__ = ["read_subset_policy", "read_subsets"]


def read_subsets(section: Section | None) -> SubsetConfig | None:
    """An LbSubsetConfig; None when there is none, or no selectors in it, which Envoy takes for none."""
    if section is None:
        return None
    config = _read_config(section)
    section.end(("metadata_fallback_policy",))
    return config if config.selectors else None


def read_subset_policy(section: Section) -> SubsetConfig:
    """What a Subset says but for its subset_lb_policy. The caller ends it."""
    return replace(_read_config(section), allow_redundant_keys=section.boolean("allow_redundant_keys"))


def _read_config(section: Section) -> SubsetConfig:
    return SubsetConfig(
        selectors=tuple(_read_selector(item) for item in section.sections("subset_selectors")),
        fallback_policy=section.enum("fallback_policy", SubsetFallback, SubsetFallback.NO_FALLBACK),
        default_subset=_read_struct(section, "default_subset"),
        locality_weight_aware=section.boolean("locality_weight_aware"),
        scale_locality_weight=section.boolean("scale_locality_weight"),
        panic_mode_any=section.boolean("panic_mode_any"),
        list_as_any=section.boolean("list_as_any"),
        position=section.position,
    )


def _read_struct(section: Section, name: str) -> Mapping[str, object]:
    value = section.get(name)
    plain = {} if value is None else value.raw
    if isinstance(plain, dict):
        return plain
    if value is not None:
        value.expected("an object")
    return {}


def _read_selector(section: Section) -> SubsetSelector:
    selector = SubsetSelector(
        keys=frozenset(value.string() for value in section.items("keys")),
        fallback_policy=section.enum("fallback_policy", SubsetSelectorFallback, SubsetSelectorFallback.NOT_DEFINED),
        fallback_keys_subset=frozenset(value.string() for value in section.items("fallback_keys_subset")),
        single_host_per_subset=section.boolean("single_host_per_subset"),
        position=section.position,
    )
    _check_selector(section, selector)
    section.end()
    return selector


def _check_selector(section: Section, selector: SubsetSelector) -> None:
    keys, fallback = selector.keys, selector.fallback_keys_subset
    if not keys:
        section.error("a selector has at least one key")
    if selector.fallback_policy is not SubsetSelectorFallback.KEYS_SUBSET:
        if fallback:
            section.error("fallback_keys_subset is for the fallback_policy KEYS_SUBSET")
    elif not fallback:
        section.error("fallback_keys_subset is missing")
    elif not fallback < keys:
        section.error("fallback_keys_subset must be some of the keys, not all")
