"""Hosts that requests name (envoy.extensions.load_balancing_policies.override_host.v3)."""

from __future__ import annotations

from ..models import MetadataKey, OverrideHostConfig, OverrideHostSource
from .envoy_matcher import header_name
from .fields import Section

__all__ = ["read_override_host"]


def read_override_host(section: Section) -> OverrideHostConfig:
    """An OverrideHost, but for its fallback policy."""
    sources = tuple(_read_source(each) for each in section.sections("override_host_sources"))
    if not sources:
        section.error("override_host_sources has at least one")
    return OverrideHostConfig(sources, position=section.position)


def _read_source(section: Section) -> OverrideHostSource:
    header = header_name(section, "header", empty=True) or ""
    key = section.section("metadata")
    metadata = None if key is None else _read_key(key)
    section.one_of("source", "header", "metadata")
    section.end()
    return OverrideHostSource(header, metadata, position=section.position)


def _read_key(section: Section) -> MetadataKey:
    path = []
    for segment in section.sections("path"):
        path.append(segment.string("key", required=True))
        segment.end()
    if not path:
        section.error("path has at least one key")
    key = MetadataKey(section.string("key", required=True), tuple(path), position=section.position)
    section.end()
    return key
