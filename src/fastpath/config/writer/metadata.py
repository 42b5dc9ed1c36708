"""Metadata that the owner of a configuration attaches to its parts (envoy.config.core.v3.Metadata)."""

from __future__ import annotations

from collections.abc import Mapping

from .fields import Json, plain

__all__ = ["write_metadata", "write_metadata_match"]


def write_metadata(metadata: Mapping[str, object]) -> Json:
    """A Metadata, of its namespaces."""
    return {"filter_metadata": plain(metadata)}


def write_metadata_match(wanted: Mapping[str, object]) -> Json:
    """A Metadata that chooses a subset."""
    return write_metadata({"envoy.lb": wanted})
