"""What a configuration says, in Envoy's vocabulary: frozen dataclasses that compare by value.

Loaders (`fastpath.config`) produce these and nothing else; tables and clusters are built from these and nothing else.
Every model carries where it came from in `position`, which equality ignores. Imports nothing of fastpath.

Source: Envoy v3 API, envoy.config.{listener,route,cluster,endpoint}.v3.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Cluster",
    "Config",
    "DirectResponse",
    "Endpoint",
    "HashFunction",
    "HealthStatus",
    "LbPolicy",
    "LeastRequestConfig",
    "Listener",
    "LocalityEndpoints",
    "MaglevConfig",
    "PathWithEscapedSlashesAction",
    "Position",
    "RedirectAction",
    "RetryPolicy",
    "RingHashConfig",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteMatch",
    "VirtualHost",
    "WeightedCluster",
]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a model stands in its document: file, line and column (from 1; None when unknown) and path into it."""

    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(place)


def _position() -> Position | None:
    return field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """Which requests a route takes. Exactly one of `prefix`, `path` and `path_separated_prefix` is set.

    The path of a request that they are compared with ends at its first "?" or "#".
    """

    prefix: str | None = None
    path: str | None = None
    path_separated_prefix: str | None = None
    """The path is this, or begins with it and goes on with "/"."""
    case_sensitive: bool = True
    """False ignores the case of ASCII letters."""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a request is tried again. `retry_on` holds Envoy's conditions ("connect-failure", "5xx")."""

    retry_on: tuple[str, ...] = ()
    num_retries: int = 1
    retriable_status_codes: tuple[int, ...] = ()
    previous_hosts: bool = False
    """Retry on hosts not tried before (retry_host_predicate envoy.retry_host_predicates.previous_hosts)."""
    host_selection_retry_max_attempts: int = 1
    per_try_timeout: float | None = None
    """Seconds."""
    back_off_base_interval: float = 0.025
    """Seconds. Before try n a random time below (2^n - 1) times this is waited, at most back_off_max_interval."""
    back_off_max_interval: float | None = None
    """Seconds; None means ten times back_off_base_interval."""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class WeightedCluster:
    """One share of a split: `weight` out of the sum of all weights (0 to 2^32-1)."""

    name: str
    weight: int = 0
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class RouteAction:
    """Forward to a cluster. Exactly one of `cluster` and `weighted_clusters` is set."""

    cluster: str | None = None
    weighted_clusters: tuple[WeightedCluster, ...] = ()
    prefix_rewrite: str | None = None
    host_rewrite_literal: str | None = None
    timeout: float = 15.0
    """Seconds for the whole response; 0 means none."""
    retry_policy: RetryPolicy | None = None
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """Answer without an upstream."""

    status: int
    body: bytes = b""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class RedirectAction:
    """Answer with a redirect."""

    response_code: int = 301
    https_redirect: bool = False
    host_redirect: str | None = None
    path_redirect: str | None = None
    prefix_rewrite: str | None = None
    strip_query: bool = False
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class Route:
    """A match and what to do."""

    match: RouteMatch
    action: RouteAction | DirectResponse | RedirectAction
    name: str = ""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """Domains (exact, "*.suffix", "prefix.*", "*") and the routes tried in order for them."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...] = ()
    retry_policy: RetryPolicy | None = None
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class RouteConfiguration:
    """A named list of virtual hosts."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...] = ()
    ignore_port_in_host_matching: bool = False
    position: Position | None = _position()


class HealthStatus(enum.Enum):
    """What is known about an endpoint from outside (envoy.config.core.v3.HealthStatus)."""

    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2
    DRAINING = 3
    TIMEOUT = 4
    DEGRADED = 5


class LbPolicy(enum.Enum):
    """How a cluster chooses among its hosts (envoy.config.cluster.v3.Cluster.LbPolicy)."""

    ROUND_ROBIN = 0
    LEAST_REQUEST = 1
    RING_HASH = 2
    RANDOM = 3
    MAGLEV = 5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to send requests to. `weight` is 1 to 2^32-1, None when not given (counts as 1)."""

    address: str
    port: int
    weight: int | None = None
    hostname: str = ""
    health_status: HealthStatus = HealthStatus.UNKNOWN
    metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class LocalityEndpoints:
    """Endpoints of one locality and priority."""

    endpoints: tuple[Endpoint, ...]
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    priority: int = 0
    weight: int | None = None
    position: Position | None = _position()


class HashFunction(enum.Enum):
    """What the points of a hash ring come from (envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction)."""

    XX_HASH = 0
    MURMUR_HASH_2 = 1


@dataclass(frozen=True, slots=True)
class LeastRequestConfig:
    """For LbPolicy.LEAST_REQUEST (least_request_lb_config)."""

    choice_count: int = 2
    """How many hosts are drawn and compared when weights are equal; at least 2."""
    active_request_bias: float = 1.0
    """With unequal weights a host counts as weight / (active requests + 1) to this power; finite, not negative."""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class RingHashConfig:
    """For LbPolicy.RING_HASH (ring_hash_lb_config). Sizes are in points, 1 to 8388608."""

    minimum_ring_size: int = 1024
    maximum_ring_size: int = 8388608
    hash_function: HashFunction = HashFunction.XX_HASH
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class MaglevConfig:
    """For LbPolicy.MAGLEV (maglev_lb_config)."""

    table_size: int = 65537
    """A prime, at most 5000011, and no less than there are hosts."""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A named group of endpoints and how to choose among them."""

    name: str
    localities: tuple[LocalityEndpoints, ...] = ()
    lb_policy: LbPolicy = LbPolicy.ROUND_ROBIN
    connect_timeout: float = 5.0
    """Seconds."""
    healthy_panic_threshold: float = 50.0
    """Percent (common_lb_config): with fewer healthy hosts all are used. 0 means never."""
    least_request: LeastRequestConfig = LeastRequestConfig()
    ring_hash: RingHashConfig = RingHashConfig()
    maglev: MaglevConfig = MaglevConfig()
    position: Position | None = _position()


class PathWithEscapedSlashesAction(enum.Enum):
    """What to do about %2F and %5C in a path (HttpConnectionManager.PathWithEscapedSlashesAction)."""

    KEEP_UNCHANGED = 1
    REJECT_REQUEST = 2
    UNESCAPE_AND_REDIRECT = 3
    UNESCAPE_AND_FORWARD = 4


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to accept connections, and the routes for what arrives."""

    name: str
    address: str
    port: int
    route_config_name: str = ""
    normalize_path: bool = False
    merge_slashes: bool = False
    path_with_escaped_slashes_action: PathWithEscapedSlashesAction = PathWithEscapedSlashesAction.KEEP_UNCHANGED
    strip_any_host_port: bool = False
    upgrade_types: tuple[str, ...] = ()
    """Protocols that a request may upgrade to, in lower case ("websocket"); other Upgrade fields are dropped."""
    request_headers_timeout: float | None = None
    """Seconds from a request's first byte to the end of its head; None leaves it to the runtime, 0 means none."""
    idle_timeout: float | None = None
    """Seconds that a connection may stay open without a request; None leaves it to the runtime, 0 means none."""
    position: Position | None = _position()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a document said."""

    listeners: tuple[Listener, ...] = ()
    route_configurations: Mapping[str, RouteConfiguration] = field(default_factory=dict)
    clusters: tuple[Cluster, ...] = ()
