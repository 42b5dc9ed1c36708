"""A whole configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from .cluster import Cluster
from .listener import Listener
from .locality import Locality
from .model import model
from .route import RouteConfiguration
from .status import ObjectStatus

__all__ = ["Config"]


@model(frozen=True, slots=True)
class Config:
    """Everything a document said."""

    listeners: tuple[Listener, ...] = ()
    route_configurations: Mapping[str, RouteConfiguration] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()
    statuses: tuple[ObjectStatus, ...] = ()
    """Of Kubernetes objects that attach to others."""
    locality: Locality | None = None
    """Where this program runs (node.locality), if that is known."""
    local_cluster_name: str = ""
    """Of which cluster this program is a host, so that others know how callers are spread over zones
    (cluster_manager.local_cluster_name); "" for none."""
