"""What a configuration says, in Envoy's vocabulary: frozen dataclasses that compare by value.

Loaders (`fastpath.config`) produce these and nothing else; tables and clusters are built from these and nothing else.
Every model carries where it came from in `position`, which equality ignores. Imports nothing else of fastpath.
"""

from .circuit_breakers import CircuitBreakerThresholds, RetryBudget
from .cluster import (
    Cluster,
    Endpoint,
    HashFunction,
    HealthStatus,
    LbPolicy,
    LeastRequestConfig,
    LocalityEndpoints,
    MaglevConfig,
    RingHashConfig,
)
from .config import Config
from .discovery import DiscoveryType, DnsConfig, DnsLookupFamily
from .filter_chain import CidrRange, ConnectionSourceType, FilterChain, FilterChainMatch, NetworkFilter
from .header import HeaderAppendAction, HeaderMutations, HeaderValueOption
from .health_check import HealthCheck, HttpHealthCheck, TcpHealthCheck
from .listener import HttpInspector, Listener, ListenerFilter, OriginalDst, ProxyProtocol, TlsInspector
from .matcher import (
    CookieMatcher,
    DenominatorType,
    FractionalPercent,
    HeaderMatcher,
    Int64Range,
    MetadataMatcher,
    QueryParameterMatcher,
    RuntimeFraction,
    StringMatcher,
    TlsContextMatch,
)
from .network_filter import HttpConnectionManager, PathWithEscapedSlashesAction, TcpProxy, TcpProxyCluster
from .outlier_detection import HostFlag, OutlierDetection, OutlierEjectionType
from .position import Position
from .route import (
    DirectResponse,
    HashPolicy,
    HashPolicyCookie,
    HttpFault,
    MaxStreamDuration,
    RedirectAction,
    RegexRewrite,
    RequestMirrorPolicy,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    TlsRequirement,
    VirtualCluster,
    VirtualHost,
    WeightedCluster,
)
from .status import Condition, ListenerStatus, ObjectStatus, ParentStatus
from .subset import SubsetConfig, SubsetFallback, SubsetSelector, SubsetSelectorFallback
from .substitution import SubstitutionFormatString
from .tls import DataSource, DownstreamTlsContext, TlsCertificate

__all__ = [
    "CidrRange",
    "CircuitBreakerThresholds",
    "Cluster",
    "Condition",
    "Config",
    "ConnectionSourceType",
    "CookieMatcher",
    "DataSource",
    "DenominatorType",
    "DirectResponse",
    "DiscoveryType",
    "DnsConfig",
    "DnsLookupFamily",
    "DownstreamTlsContext",
    "Endpoint",
    "FilterChain",
    "FilterChainMatch",
    "FractionalPercent",
    "HashFunction",
    "HashPolicy",
    "HashPolicyCookie",
    "HeaderAppendAction",
    "HeaderMatcher",
    "HeaderMutations",
    "HeaderValueOption",
    "HealthCheck",
    "HealthStatus",
    "HostFlag",
    "HttpConnectionManager",
    "HttpFault",
    "HttpHealthCheck",
    "HttpInspector",
    "Int64Range",
    "LbPolicy",
    "LeastRequestConfig",
    "Listener",
    "ListenerFilter",
    "ListenerStatus",
    "LocalityEndpoints",
    "MaglevConfig",
    "MaxStreamDuration",
    "MetadataMatcher",
    "NetworkFilter",
    "ObjectStatus",
    "OriginalDst",
    "OutlierDetection",
    "OutlierEjectionType",
    "ParentStatus",
    "PathWithEscapedSlashesAction",
    "Position",
    "ProxyProtocol",
    "QueryParameterMatcher",
    "RedirectAction",
    "RegexRewrite",
    "RequestMirrorPolicy",
    "RetryBudget",
    "RetryPolicy",
    "RingHashConfig",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteMatch",
    "RuntimeFraction",
    "StringMatcher",
    "SubsetConfig",
    "SubsetFallback",
    "SubsetSelector",
    "SubsetSelectorFallback",
    "SubstitutionFormatString",
    "TcpHealthCheck",
    "TcpProxy",
    "TcpProxyCluster",
    "TlsCertificate",
    "TlsContextMatch",
    "TlsInspector",
    "TlsRequirement",
    "VirtualCluster",
    "VirtualHost",
    "WeightedCluster",
]
