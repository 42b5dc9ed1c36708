"""Hosts that requests name (envoy.extensions.load_balancing_policies.override_host.v3)."""

from __future__ import annotations

from ...models import MetadataKey, OverrideHostConfig, OverrideHostSource
from .fields import Json, changed

__all__ = ["write_override_host"]


def write_override_host(config: OverrideHostConfig) -> Json:
    """An OverrideHost, but for its fallback policy."""
    return {"override_host_sources": [_write_source(each) for each in config.sources]}


def _write_source(source: OverrideHostSource) -> Json:
    return changed(source, "header") | changed(source, "metadata", write=_write_key)


def _write_key(key: MetadataKey) -> Json:
    return {"key": key.key, "path": [{"key": each} for each in key.path]}
