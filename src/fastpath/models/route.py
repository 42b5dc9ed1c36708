"""Route configurations: virtual hosts, routes, matches, actions. Source: Envoy v3 API, envoy.config.route.v3."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field

from .header import HeaderMutations
from .match_tree import MatcherList, MatcherMap
from .matcher import (
    CookieMatcher,
    FilterStateMatcher,
    FractionalPercent,
    HeaderMatcher,
    MetadataMatcher,
    QueryParameterMatcher,
    RuntimeFraction,
    TlsContextMatch,
)
from .model import model
from .position import Position, position_field

__all__ = [
    "DirectResponse",
    "HashPolicy",
    "HashPolicyCookie",
    "HttpFault",
    "MaxStreamDuration",
    "RedirectAction",
    "RegexRewrite",
    "RequestMirrorPolicy",
    "RetryPolicy",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteMatch",
    "StatefulSession",
    "TlsRequirement",
    "VirtualCluster",
    "VirtualHost",
    "WeightedCluster",
]


@model(frozen=True, slots=True)
class RouteMatch:
    """Which requests a route takes. Exactly one of the kinds of path is set, and all conditions must hold.

    The path of a request that is compared ends at its first "?" or "#"; nothing is decoded.
    """

    prefix: str | None = None
    path: str | None = None
    path_separated_prefix: str | None = None
    """The path is this, or begins with it and goes on with "/"."""
    safe_regex: str | None = None
    """RE2 syntax; matches the whole path."""
    path_template: str | None = None
    """An envoy.extensions.path.match.uri_template ("/users/{id}/**"); its names become the match's `params`."""
    connect_matcher: bool = False
    """Takes CONNECT requests, and only these."""
    case_sensitive: bool = True
    """False ignores the case of ASCII letters, but not for safe_regex and path_template."""
    headers: tuple[HeaderMatcher, ...] = ()
    query_parameters: tuple[QueryParameterMatcher, ...] = ()
    cookies: tuple[CookieMatcher, ...] = ()
    grpc: bool = False
    """The content-type is "application/grpc" or begins with "application/grpc+"."""
    runtime_fraction: RuntimeFraction | None = None
    tls_context: TlsContextMatch | None = None
    dynamic_metadata: tuple[MetadataMatcher, ...] = ()
    filter_state: tuple[FilterStateMatcher, ...] = ()
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RetryPolicy:
    """When and how often a request is tried again."""

    retry_on: tuple[str, ...] = ()
    """Envoy's conditions, of which one has to hold. Without a response: "connect-failure" and "reset-before-request"
    (no connection), "reset" (any reason). As "reset", and by the response: "gateway-error" (502, 503, 504), "5xx". By
    the response alone: "retriable-4xx" (409), "retriable-status-codes" and "retriable-headers" (see below). With HTTP/1
    "refused-stream" never holds. The gateway refuses the conditions of other protocols before it listens.
    Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on"""
    num_retries: int = 1
    retriable_status_codes: tuple[int, ...] = ()
    retriable_headers: tuple[HeaderMatcher, ...] = ()
    """Of responses, for "retriable-headers"."""
    retriable_request_headers: tuple[HeaderMatcher, ...] = ()
    """When given, only requests that one of them holds for are tried again."""
    previous_hosts: bool = False
    """Retry on hosts not tried before (retry_host_predicate envoy.retry_host_predicates.previous_hosts)."""
    omit_canary_hosts: bool = False
    """Retry on hosts whose metadata `envoy.lb` does not have `canary` true
    (envoy.retry_host_predicates.omit_canary_hosts)."""
    omit_host_metadata: tuple[Mapping[str, object], ...] = ()
    """Retry on hosts whose metadata `envoy.lb` does not have all of one of these
    (envoy.retry_host_predicates.omit_host_metadata); an empty one says nothing."""
    previous_priorities: int | None = None
    """After every so many attempts retries go to priorities not tried before (update_frequency of retry_priority
    envoy.retry_priorities.previous_priorities); at least 1. None: as the cluster shares load."""
    host_selection_retry_max_attempts: int = 1
    """How often another host is chosen while the predicates do not want the choice; after that it is taken."""
    per_try_timeout: float | None = None
    """Seconds."""
    per_try_idle_timeout: float | None = None
    """Seconds."""
    back_off_base_interval: float = 0.025
    """Seconds. Before try n a random time below (2^n - 1) times this is waited, at most back_off_max_interval."""
    back_off_max_interval: float | None = None
    """Seconds; None means ten times back_off_base_interval."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RegexRewrite:
    """Every match of `pattern` (RE2 syntax) is replaced; `\\1` in `substitution` stands for its first group."""

    pattern: str
    substitution: str
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class WeightedCluster:
    """One share of a split: `weight` out of the sum of all weights (0 to 2^32-1)."""

    name: str
    weight: int = 0
    cluster_header: str = ""
    """Instead of `name`: the request header that names the cluster."""
    mutations: HeaderMutations = HeaderMutations()
    host_rewrite_literal: str | None = None
    metadata_match: Mapping[str, object] = field(default_factory=dict)
    fault: HttpFault | None = None
    """Instead of the route's and those of what is around it."""
    stateful_session: StatefulSession | None = None
    """Likewise."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HashPolicyCookie:
    """Hash a cookie. With a `ttl` (seconds; 0: a session cookie) a missing one is generated and set."""

    name: str
    ttl: float | None = None
    path: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@model(frozen=True, slots=True)
class StatefulSession:
    """Sessions that stay with a host (envoy.extensions.filters.http.stateful_session.v3): a client keeps its address in
    a cookie or in a header. With neither there are none.
    """

    cookie: HashPolicyCookie | None = None
    """Only requests at its path, or below it, have the session. With a ttl it ends so long after it was set."""
    header: str = ""
    strict: bool = False
    """Whether a request gets no host when its own is gone or not well; without it, another one."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HashPolicy:
    """What of a request is hashed for ring hash and Maglev. Exactly one of the kinds is set."""

    header: str | None = None
    header_rewrite: RegexRewrite | None = None
    """Applied to the header's value before it is hashed."""
    cookie: HashPolicyCookie | None = None
    source_ip: bool = False
    query_parameter: str | None = None
    filter_state: str | None = None
    terminal: bool = False
    """With a hash so far, the policies after this one are left out."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RequestMirrorPolicy:
    """Send a copy of the request to another cluster and forget its answer."""

    cluster: str = ""
    cluster_header: str = ""
    """Instead of `cluster`: the request header that names it."""
    runtime_fraction: RuntimeFraction | None = None
    """None mirrors all."""
    disable_shadow_host_suffix_append: bool = False
    """Otherwise "-shadow" is appended to the copy's host."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HttpFault:
    """Faults to inject (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

    delay: float | None = None
    """Seconds."""
    delay_percentage: FractionalPercent = FractionalPercent()
    abort_status: int | None = None
    abort_percentage: FractionalPercent = FractionalPercent()
    headers: tuple[HeaderMatcher, ...] = ()
    """Only for requests that all of them hold for."""
    upstream_cluster: str = ""
    """Only for requests that go to this cluster; "" for all."""
    max_active_faults: int | None = None
    """Requests of a listener that may have a fault at once; None sets no bound."""
    abort_grpc_status: int | None = None
    """Instead of abort_status: an answer with the status 200, which requests of gRPC (as their content-type says) get
    without a body and with this grpc-status."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class MaxStreamDuration:
    """How long a stream may last, from the request's head to the end of the response. In seconds; None is not set."""

    max_stream_duration: float | None = None
    """None leaves it to the listener, 0 means no limit."""
    grpc_timeout_header_max: float | None = None
    """When set, a request's grpc-timeout counts instead, up to this; 0 sets no bound to it."""
    grpc_timeout_header_offset: float | None = None
    """Taken off the grpc-timeout, unless nothing would be left."""


@model(frozen=True, slots=True)
class RouteAction:
    """Forward to a cluster. Exactly one of `cluster`, `cluster_header` and `weighted_clusters` is set.

    At most one of `prefix_rewrite`, `regex_rewrite` and `path_template_rewrite`, and at most one of the host rewrites.
    """

    cluster: str | None = None
    weighted_clusters: tuple[WeightedCluster, ...] = ()
    cluster_header: str | None = None
    """The request header whose first value names the cluster."""
    random_value_header: str | None = None
    """The request header whose value, a decimal number, chooses the weighted cluster instead of a random one."""
    use_hash_policy: bool = False
    """The request's hash chooses the weighted cluster."""
    cluster_not_found_response_code: int = 503
    prefix_rewrite: str | None = None
    regex_rewrite: RegexRewrite | None = None
    path_template_rewrite: str | None = None
    """An envoy.extensions.path.rewrite.uri_template, with the variables of the match's path_template."""
    host_rewrite_literal: str | None = None
    auto_host_rewrite: bool = False
    """The host becomes that of the endpoint chosen."""
    host_rewrite_header: str | None = None
    host_rewrite_path_regex: RegexRewrite | None = None
    append_x_forwarded_host: bool = False
    timeout: float = 15.0
    """Seconds for the whole response; 0 means none."""
    idle_timeout: float | None = None
    """Seconds; None leaves it to the listener, 0 means none."""
    max_stream_duration: MaxStreamDuration | None = None
    retry_policy: RetryPolicy | None = None
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()
    hash_policy: tuple[HashPolicy, ...] = ()
    metadata_match: Mapping[str, object] = field(default_factory=dict)
    """The endpoint metadata that a subset is chosen by (filter_metadata["envoy.lb"])."""
    upgrade_types: Mapping[str, bool] = field(default_factory=dict)
    """Protocol in lower case -> whether this route allows the upgrade; others are as the listener says."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class DirectResponse:
    """Answer without an upstream."""

    status: int
    body: bytes = b""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RedirectAction:
    """Answer with a redirect.

    At most one of `https_redirect` and `scheme_redirect`, and of `path_redirect`, `prefix_rewrite` and `regex_rewrite`.
    """

    response_code: int = 301
    https_redirect: bool = False
    host_redirect: str | None = None
    path_redirect: str | None = None
    prefix_rewrite: str | None = None
    strip_query: bool = False
    scheme_redirect: str | None = None
    port_redirect: int | None = None
    regex_rewrite: RegexRewrite | None = None
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class Route:
    """A match and what to do."""

    match: RouteMatch
    action: RouteAction | DirectResponse | RedirectAction
    name: str = ""
    mutations: HeaderMutations = HeaderMutations()
    metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    fault: HttpFault | None = None
    stateful_session: StatefulSession | None = None
    """Instead of the virtual host's, the configuration's and the listener's."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class VirtualCluster:
    """A name for the requests that all of `headers` hold for, in statistics and logs; the first that fits counts."""

    name: str
    headers: tuple[HeaderMatcher, ...]
    position: Position | None = position_field()


class TlsRequirement(enum.Enum):
    """Whether plain HTTP is redirected to https (envoy.config.route.v3.VirtualHost.TlsRequirementType)."""

    NONE = 0
    EXTERNAL_ONLY = 1
    """Only requests that come from outside."""
    ALL = 2


@model(frozen=True, slots=True)
class VirtualHost:
    """Domains (exact, "*.suffix", "prefix.*", "*") and the routes tried in order for them."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...] = ()
    require_tls: TlsRequirement = TlsRequirement.NONE
    """Looked at before any route."""
    retry_policy: RetryPolicy | None = None
    """For routes that have none."""
    mutations: HeaderMutations = HeaderMutations()
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()
    """For routes that have none."""
    include_request_attempt_count: bool = False
    """Add x-envoy-attempt-count to requests."""
    include_attempt_count_in_response: bool = False
    virtual_clusters: tuple[VirtualCluster, ...] = ()
    fault: HttpFault | None = None
    stateful_session: StatefulSession | None = None
    """Instead of the configuration's and the listener's."""
    matcher: MatcherList | MatcherMap | None = None
    """What finds the routes instead of their order: it leads to lists that `routes` consists of, in order."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RouteConfiguration:
    """A named list of virtual hosts."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...] = ()
    ignore_port_in_host_matching: bool = False
    ignore_path_parameters_in_path_matching: bool = False
    """Strip ";..." from each segment before paths are compared; not for path_template."""
    vhost_header: str | None = None
    """The request header that is compared with domains instead of the host; without it no virtual host matches."""
    mutations: HeaderMutations = HeaderMutations()
    most_specific_header_mutations_wins: bool = False
    """Apply the configuration's mutations first and the route's last; otherwise the other way round."""
    request_mirror_policies: tuple[RequestMirrorPolicy, ...] = ()
    """For routes and virtual hosts that have none."""
    validate_clusters: bool = True
    """Whether a route to a cluster that is not there makes a bootstrap be refused."""
    internal_only_headers: tuple[str, ...] = ()
    """Request headers that come from inside only: conditions of routes do not see them, and they do not go upstream."""
    fault: HttpFault | None = None
    stateful_session: StatefulSession | None = None
    """Instead of the listener's, whose connection manager must have the fault filter."""
    position: Position | None = position_field()
