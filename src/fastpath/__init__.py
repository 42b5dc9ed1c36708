"""The core of an L7 data plane as a library: bytes in, decision out, bytes out.

The public names load their modules when first used, so that `import fastpath` is cheap and works where an extension
module was not built.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastpath._admission import CircuitBreaker, InFlightLimit, SlidingWindow, TokenBucket
    from fastpath._buffer import Buffer, Room
    from fastpath._buffer_pool import BufferPool
    from fastpath._chunked import (
        ChunkedDecoder,
        encode_chunk,
        encode_last_chunk,
    )
    from fastpath._connection import CLIENT, SERVER, Connection, Role, State
    from fastpath._dispatch import Dispatched, Dispatcher
    from fastpath._events import NEED_DATA, PAUSED, ConnectionClosed, Data, EndOfMessage
    from fastpath._headers import Headers
    from fastpath._http import (
        HeadParser,
        Request,
        parse_request,
        parse_response,
    )
    from fastpath._limits import Limits
    from fastpath._path import (
        PathNormalizer,
        normalize_path,
    )
    from fastpath._pipeline import (
        iter_requests,
    )
    from fastpath._regex import Regex, RegexSet
    from fastpath._response import InformationalResponse, Response
    from fastpath._rewrite import HeadRewriter
    from fastpath._view import View
    from fastpath.actions import (
        Answer,
        RequestChanges,
        ResponseChanges,
        RouteActions,
        actions_of,
        direct_answer,
        finalize_request,
        finalize_response,
    )
    from fastpath.clusters import Cluster, ClusterManager, Host, MetadataMatch, Pick, RetryPriority
    from fastpath.config import load
    from fastpath.connections import (
        NOT_THIS,
        ClientHello,
        ClientHelloReader,
        ConnectionInspector,
        FilterChainTable,
        HttpDetector,
        HttpVersion,
        InspectedConnection,
        ProxyHeader,
        detect_http,
        parse_client_hello,
        parse_proxy_header,
    )
    from fastpath.errors import (
        ConfigError,
        ConfigErrors,
        ConfigWarning,
        FastpathError,
        LocalProtocolError,
        NoHostAvailable,
        ProtocolError,
        RemoteProtocolError,
    )
    from fastpath.routing import Match, PathRouter, RouteTable, TlsInfo
    from fastpath.substitution import (
        ConnectionInfo,
        HeaderList,
        RequestHead,
        StreamInfo,
        SubstitutionFormatter,
        UpstreamInfo,
    )

__version__ = "0.1.0"

__all__ = [
    "CLIENT",
    "NEED_DATA",
    "NOT_THIS",
    "PAUSED",
    "SERVER",
    "Answer",
    "Buffer",
    "BufferPool",
    "ChunkedDecoder",
    "CircuitBreaker",
    "ClientHello",
    "ClientHelloReader",
    "Cluster",
    "ClusterManager",
    "ConfigError",
    "ConfigErrors",
    "ConfigWarning",
    "Connection",
    "ConnectionClosed",
    "ConnectionInfo",
    "ConnectionInspector",
    "Data",
    "Dispatched",
    "Dispatcher",
    "EndOfMessage",
    "FastpathError",
    "FilterChainTable",
    "HeadParser",
    "HeadRewriter",
    "HeaderList",
    "Headers",
    "Host",
    "HttpDetector",
    "HttpVersion",
    "InFlightLimit",
    "InformationalResponse",
    "InspectedConnection",
    "Limits",
    "LocalProtocolError",
    "Match",
    "MetadataMatch",
    "NoHostAvailable",
    "PathNormalizer",
    "PathRouter",
    "Pick",
    "ProtocolError",
    "ProxyHeader",
    "Regex",
    "RegexSet",
    "RemoteProtocolError",
    "Request",
    "RequestChanges",
    "RequestHead",
    "Response",
    "ResponseChanges",
    "RetryPriority",
    "Role",
    "Room",
    "RouteActions",
    "RouteTable",
    "SlidingWindow",
    "State",
    "StreamInfo",
    "SubstitutionFormatter",
    "TlsInfo",
    "TokenBucket",
    "UpstreamInfo",
    "View",
    "actions_of",
    "detect_http",
    "direct_answer",
    "encode_chunk",
    "encode_last_chunk",
    "finalize_request",
    "finalize_response",
    "get_include",
    "get_library_dir",
    "iter_requests",
    "load",
    "normalize_path",
    "parse_client_hello",
    "parse_proxy_header",
    "parse_request",
    "parse_response",
]

# Public name -> the module that defines it. The imports for type checkers above say the same.
_EXPORTS = {
    "Answer": "fastpath.actions",
    "Buffer": "fastpath._buffer",
    "BufferPool": "fastpath._buffer_pool",
    "CLIENT": "fastpath._connection",
    "ChunkedDecoder": "fastpath._chunked",
    "CircuitBreaker": "fastpath._admission",
    "ClientHello": "fastpath.connections",
    "ClientHelloReader": "fastpath.connections",
    "Cluster": "fastpath.clusters",
    "ClusterManager": "fastpath.clusters",
    "ConfigError": "fastpath.errors",
    "ConfigErrors": "fastpath.errors",
    "ConfigWarning": "fastpath.errors",
    "Connection": "fastpath._connection",
    "ConnectionClosed": "fastpath._events",
    "ConnectionInfo": "fastpath.substitution",
    "ConnectionInspector": "fastpath.connections",
    "Data": "fastpath._events",
    "Dispatched": "fastpath._dispatch",
    "Dispatcher": "fastpath._dispatch",
    "EndOfMessage": "fastpath._events",
    "FastpathError": "fastpath.errors",
    "FilterChainTable": "fastpath.connections",
    "HeadParser": "fastpath._http",
    "HeadRewriter": "fastpath._rewrite",
    "HeaderList": "fastpath.substitution",
    "Headers": "fastpath._headers",
    "Host": "fastpath.clusters",
    "HttpDetector": "fastpath.connections",
    "HttpVersion": "fastpath.connections",
    "InFlightLimit": "fastpath._admission",
    "InformationalResponse": "fastpath._response",
    "InspectedConnection": "fastpath.connections",
    "Limits": "fastpath._limits",
    "LocalProtocolError": "fastpath.errors",
    "Match": "fastpath.routing",
    "MetadataMatch": "fastpath.clusters",
    "NEED_DATA": "fastpath._events",
    "NOT_THIS": "fastpath.connections",
    "NoHostAvailable": "fastpath.errors",
    "PAUSED": "fastpath._events",
    "PathNormalizer": "fastpath._path",
    "PathRouter": "fastpath.routing",
    "Pick": "fastpath.clusters",
    "ProtocolError": "fastpath.errors",
    "ProxyHeader": "fastpath.connections",
    "Regex": "fastpath._regex",
    "RegexSet": "fastpath._regex",
    "RemoteProtocolError": "fastpath.errors",
    "Request": "fastpath._http",
    "RequestChanges": "fastpath.actions",
    "RequestHead": "fastpath.substitution",
    "Response": "fastpath._response",
    "ResponseChanges": "fastpath.actions",
    "RetryPriority": "fastpath.clusters",
    "Role": "fastpath._connection",
    "Room": "fastpath._buffer",
    "RouteActions": "fastpath.actions",
    "RouteTable": "fastpath.routing",
    "SERVER": "fastpath._connection",
    "SlidingWindow": "fastpath._admission",
    "State": "fastpath._connection",
    "StreamInfo": "fastpath.substitution",
    "SubstitutionFormatter": "fastpath.substitution",
    "TlsInfo": "fastpath.routing",
    "TokenBucket": "fastpath._admission",
    "UpstreamInfo": "fastpath.substitution",
    "View": "fastpath._view",
    "actions_of": "fastpath.actions",
    "detect_http": "fastpath.connections",
    "direct_answer": "fastpath.actions",
    "encode_chunk": "fastpath._chunked",
    "encode_last_chunk": "fastpath._chunked",
    "finalize_request": "fastpath.actions",
    "finalize_response": "fastpath.actions",
    "iter_requests": "fastpath._pipeline",
    "load": "fastpath.config",
    "normalize_path": "fastpath._path",
    "parse_client_hello": "fastpath.connections",
    "parse_proxy_header": "fastpath.connections",
    "parse_request": "fastpath._http",
    "parse_response": "fastpath._http",
}


def __getattr__(name: str) -> object:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value: object = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as missing:
        if sys.implementation.name == "cpython" or not str(missing.name).startswith("fastpath._"):
            raise
        raise ImportError(f"fastpath.{name} is for CPython; elsewhere there is fastpath.ffi") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def get_include() -> str:
    """Directory to put on a C or Cython compiler's include path; it holds `fastpath/*.h`."""
    here = Path(__file__).resolve().parent
    installed = here / "include"
    # An editable install has the headers where the repository keeps them.
    return str(installed if installed.is_dir() else here.parent.parent / "include")


def get_library_dir() -> str:
    """Directory to put on a linker's path; link with `-lfastpath -lllhttp -lm -lpthread`.

    The archives are position-independent and hold no state, so that programs and extension modules may each have them.
    """
    return str(Path(__file__).resolve().parent / "lib")
