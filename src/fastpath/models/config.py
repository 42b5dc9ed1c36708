"""A whole configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .cluster import Cluster
from .listener import Listener
from .route import RouteConfiguration
from .status import ObjectStatus

__all__ = ["Config"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a document said."""

    listeners: tuple[Listener, ...] = ()
    route_configurations: Mapping[str, RouteConfiguration] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()
    statuses: tuple[ObjectStatus, ...] = ()
    """Of Kubernetes objects that attach to others."""
