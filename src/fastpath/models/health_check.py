"""Active health checking. Source: Envoy v3 API, envoy.config.core.v3.HealthCheck."""

from __future__ import annotations

from .header import HeaderValueOption
from .matcher import Int64Range
from .model import model
from .position import Position, position_field

__all__ = ["GrpcHealthCheck", "HealthCheck", "HttpHealthCheck", "TcpHealthCheck"]


@model(frozen=True, slots=True)
class HttpHealthCheck:
    """A request of HTTP/1.1, and which answers are good."""

    path: str
    """With its query."""
    host: str = ""
    """For the host header; "": the cluster's name."""
    method: str = "GET"
    send: bytes = b""
    """The request's body; only for methods that have one."""
    receive: tuple[bytes, ...] = ()
    """What the response's body must hold, in this order, with anything between."""
    response_buffer_size: int = 1024
    """So much of the body is looked at; 0: all of it."""
    expected_statuses: tuple[Int64Range, ...] = (Int64Range(200, 201),)
    retriable_statuses: tuple[Int64Range, ...] = ()
    """These fail a check, but only unhealthy_threshold of them make a host unhealthy; any other does so at once."""
    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    """Without format operators."""
    request_headers_to_remove: tuple[str, ...] = ()
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class TcpHealthCheck:
    """A connection, and what is said on it. Without `receive` a connection is enough."""

    send: bytes = b""
    receive: tuple[bytes, ...] = ()
    """What must come, in this order, with anything between."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class GrpcHealthCheck:
    """A call of grpc.health.v1.Health/Check, to which SERVING is the only good answer."""

    service_name: str = ""
    """"": the server as a whole."""
    authority: str = ""
    """"": the cluster's name."""
    initial_metadata: tuple[HeaderValueOption, ...] = ()
    """Without format operators."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HealthCheck:
    """What is asked of each host, how often, and how many answers change its health. Times are in seconds."""

    timeout: float
    interval: float
    unhealthy_threshold: int
    """Failures in a row that make a healthy host unhealthy."""
    healthy_threshold: int
    """Successes in a row that make an unhealthy host healthy; the very first one does by itself."""
    check: HttpHealthCheck | TcpHealthCheck | GrpcHealthCheck
    initial_jitter: float = 0.0
    """The first check is up to so much later."""
    interval_jitter: float = 0.0
    """Each interval is up to so much longer."""
    interval_jitter_percent: int = 0
    """And up to this share of it."""
    no_traffic_interval: float = 60.0
    """The interval while the cluster has never had a request."""
    no_traffic_healthy_interval: float | None = None
    """The same for hosts that pass; None: no_traffic_interval."""
    unhealthy_interval: float | None = None
    """After a failure; None: interval."""
    unhealthy_edge_interval: float | None = None
    """After a failure of a host that is still healthy; None: unhealthy_interval."""
    healthy_edge_interval: float | None = None
    """After a success of a host that is still unhealthy; None: interval."""
    reuse_connection: bool = True
    position: Position | None = position_field()
