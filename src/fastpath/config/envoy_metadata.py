"""Metadata that the owner of a configuration attaches to its parts (envoy.config.core.v3.Metadata)."""

from __future__ import annotations

from collections.abc import Mapping

from .fields import Section

__all__ = ["read_metadata"]


def read_metadata(parent: Section, field: str = "metadata") -> Mapping[str, Mapping[str, object]]:
    """The `filter_metadata` of the field, by namespace."""
    metadata = parent.section(field)
    if metadata is None:
        return {}
    filters = metadata.section("filter_metadata")
    metadata.end()
    if filters is None:
        return {}
    found: dict[str, Mapping[str, object]] = {}
    for name in filters.members:
        value = filters.get(name)
        plain = value.raw if value is not None else {}
        if value is not None and not isinstance(plain, dict):
            value.expected("an object")
        elif isinstance(plain, dict):
            found[name] = plain
    return found
