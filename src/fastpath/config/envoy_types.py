"""The types of Envoy's messages that documents name in "@type", and the names that Envoy knows its extensions by."""

from __future__ import annotations

from ..models import LbPolicy

__all__ = [
    "CLUSTER",
    "COOKIE_SESSION",
    "DNS_CLUSTER",
    "DOWNSTREAM_TLS_CONTEXT",
    "FAULT_FILTER",
    "HEADER_INPUT",
    "HEADER_SESSION",
    "HTTP_CONNECTION_MANAGER",
    "HTTP_FAULT",
    "HTTP_INSPECTOR",
    "HTTP_PROTOCOL_OPTIONS",
    "LB_POLICIES",
    "LB_POLICY_TYPES",
    "LISTENER",
    "LOAD_ASSIGNMENT",
    "OMIT_CANARY_HOSTS",
    "OMIT_HOST_METADATA",
    "ORIGINAL_DST",
    "OVERRIDE_HOST_POLICY",
    "PREVIOUS_HOSTS",
    "PREVIOUS_PRIORITIES",
    "PROXY_PROTOCOL",
    "RAW_BUFFER",
    "ROUTE",
    "ROUTER",
    "ROUTE_CONFIGURATION",
    "ROUTE_LIST",
    "SESSION_FILTER",
    "STATEFUL_SESSION",
    "STATEFUL_SESSION_PER_ROUTE",
    "SUBSET_POLICY",
    "TCP_PROXY",
    "TLS_INSPECTOR",
    "UPSTREAM_TLS_CONTEXT",
    "URI_TEMPLATE_MATCH",
    "URI_TEMPLATE_REWRITE",
    "VIRTUAL_HOST",
    "WRR_LOCALITY_POLICY",
]

LISTENER = "envoy.config.listener.v3.Listener"
CLUSTER = "envoy.config.cluster.v3.Cluster"
LOAD_ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment"
ROUTE_CONFIGURATION = "envoy.config.route.v3.RouteConfiguration"
VIRTUAL_HOST = "envoy.config.route.v3.VirtualHost"
ROUTE = "envoy.config.route.v3.Route"
ROUTE_LIST = "envoy.config.route.v3.RouteList"

TLS_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
HTTP_INSPECTOR = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
PROXY_PROTOCOL = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"
ORIGINAL_DST = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"

HTTP_CONNECTION_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
HTTP_FAULT = "envoy.extensions.filters.http.fault.v3.HTTPFault"
FAULT_FILTER = "envoy.filters.http.fault"
"""The name of the filter, which routes refer to."""
STATEFUL_SESSION = "envoy.extensions.filters.http.stateful_session.v3.StatefulSession"
STATEFUL_SESSION_PER_ROUTE = "envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute"
SESSION_FILTER = "envoy.filters.http.stateful_session"
"""As FAULT_FILTER."""
COOKIE_SESSION = "envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState"
HEADER_SESSION = "envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState"

DOWNSTREAM_TLS_CONTEXT = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
UPSTREAM_TLS_CONTEXT = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
RAW_BUFFER = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"

HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
DNS_CLUSTER = "envoy.extensions.clusters.dns.v3.DnsCluster"
HEADER_INPUT = "envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
PREVIOUS_PRIORITIES = "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
OMIT_CANARY_HOSTS = "envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate"
OMIT_HOST_METADATA = "envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig"
URI_TEMPLATE_MATCH = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
URI_TEMPLATE_REWRITE = "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig"

LB_POLICIES = "envoy.extensions.load_balancing_policies."
LB_POLICY_TYPES = {
    LbPolicy.ROUND_ROBIN: f"{LB_POLICIES}round_robin.v3.RoundRobin",
    LbPolicy.LEAST_REQUEST: f"{LB_POLICIES}least_request.v3.LeastRequest",
    LbPolicy.RANDOM: f"{LB_POLICIES}random.v3.Random",
    LbPolicy.RING_HASH: f"{LB_POLICIES}ring_hash.v3.RingHash",
    LbPolicy.MAGLEV: f"{LB_POLICIES}maglev.v3.Maglev",
    LbPolicy.PICK_FIRST: f"{LB_POLICIES}pick_first.v3.PickFirst",
    LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN: (
        f"{LB_POLICIES}client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin"
    ),
}
SUBSET_POLICY = f"{LB_POLICIES}subset.v3.Subset"
WRR_LOCALITY_POLICY = f"{LB_POLICIES}wrr_locality.v3.WrrLocality"
OVERRIDE_HOST_POLICY = f"{LB_POLICIES}override_host.v3.OverrideHost"
