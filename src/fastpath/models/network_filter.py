"""Network filters: what serves a filter chain's connections.

Source: Envoy v3 API, envoy.extensions.filters.network.
"""

from __future__ import annotations

import enum

from .model import model
from .position import Position, position_field
from .route import HttpFault, StatefulSession

__all__ = ["HttpConnectionManager", "PathWithEscapedSlashesAction", "TcpProxy", "TcpProxyCluster"]


class PathWithEscapedSlashesAction(enum.Enum):
    """What to do about %2F and %5C in a path (HttpConnectionManager.PathWithEscapedSlashesAction)."""

    KEEP_UNCHANGED = 1
    REJECT_REQUEST = 2
    UNESCAPE_AND_REDIRECT = 3
    UNESCAPE_AND_FORWARD = 4


@model(frozen=True, slots=True)
class HttpConnectionManager:
    """HTTP, and the routes for its requests."""

    route_config_name: str = ""
    normalize_path: bool = False
    merge_slashes: bool = False
    path_with_escaped_slashes_action: PathWithEscapedSlashesAction = PathWithEscapedSlashesAction.KEEP_UNCHANGED
    strip_any_host_port: bool = False
    strip_matching_host_port: bool = False
    """Strip the port from a host when it is the listener's."""
    strip_trailing_host_dot: bool = False
    upgrade_types: tuple[str, ...] = ()
    """Protocols that a request may upgrade to, in lower case ("websocket"); other Upgrade fields are dropped."""
    request_headers_timeout: float | None = None
    """Seconds from a request's first byte to the end of its head; None leaves it to the runtime, 0 means none."""
    idle_timeout: float | None = None
    """Seconds that a connection may stay open without a request; None leaves it to the runtime, 0 means none."""
    fault: HttpFault | None = None
    """The fault filter. Without it nothing comes of the faults of routes, virtual hosts and route configurations."""
    stateful_session: StatefulSession | None = None
    """The stateful session filter. Without it nothing comes of what routes and the like say of sessions."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class TcpProxyCluster:
    """A cluster and its part of the connections."""

    name: str
    weight: int


@model(frozen=True, slots=True)
class TcpProxy:
    """Bytes to a cluster and back. Either `cluster` or `weighted_clusters` is given."""

    cluster: str = ""
    weighted_clusters: tuple[TcpProxyCluster, ...] = ()
    idle_timeout: float | None = None
    """Seconds without a byte either way; None leaves it to the runtime (Envoy: an hour), 0 means none."""
    position: Position | None = position_field()
