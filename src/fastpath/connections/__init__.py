"""The connection before the request: what its first bytes say, and which filter chain serves it.

first_bytes   PROXY headers, TLS ClientHellos, HTTP versions
inspector     a listener's filters, one after the other
chains        from what they found to the filter chain
"""

from .chains import FilterChainTable
from .first_bytes import (
    NOT_THIS,
    ClientHello,
    ClientHelloReader,
    HttpDetector,
    HttpVersion,
    NotThis,
    ProxyHeader,
    detect_http,
    parse_client_hello,
    parse_proxy_header,
)
from .inspector import ConnectionInspector, InspectedConnection

__all__ = [
    "NOT_THIS",
    "ClientHello",
    "ClientHelloReader",
    "ConnectionInspector",
    "FilterChainTable",
    "HttpDetector",
    "HttpVersion",
    "InspectedConnection",
    "NotThis",
    "ProxyHeader",
    "detect_http",
    "parse_client_hello",
    "parse_proxy_header",
]
