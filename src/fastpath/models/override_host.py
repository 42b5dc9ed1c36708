"""Hosts that a request names. Source: Envoy v3 API, envoy.extensions.load_balancing_policies.override_host.v3."""

from __future__ import annotations

from .model import model
from .position import Position, position_field

__all__ = ["MetadataKey", "OverrideHostConfig", "OverrideHostSource"]


@model(frozen=True, slots=True)
class MetadataKey:
    """A value in metadata: of a filter, by its name, what is below the path."""

    key: str
    path: tuple[str, ...]
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class OverrideHostSource:
    """Where a request names hosts, as "10.0.0.1:80" or several with commas between: one of the two."""

    header: str = ""
    """The first value of a header field."""
    metadata: MetadataKey | None = None
    """A string in the request's dynamic metadata."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class OverrideHostConfig:
    """Before a cluster's policy is asked, the hosts that its requests name count, whatever is known of their health.

    Those of all sources, one after the other: for each attempt the next one that the cluster has.
    """

    sources: tuple[OverrideHostSource, ...]
    """At least one."""
    position: Position | None = position_field()
