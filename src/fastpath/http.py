"""HTTP/1 in one place: heads, connections and what they are made of, under h11's names where h11 has one.

A connection is fed with bytes, and asked for what they mean:

    from fastpath import http

    connection = http.Connection(http.SERVER)
    connection.receive_data(data)
    while (event := connection.next_event()) not in (http.NEED_DATA, http.PAUSED):
        ...
"""

from __future__ import annotations

from fastpath._chunked import ChunkedDecoder, encode_chunk, encode_last_chunk
from fastpath._connection import CLIENT, SERVER, Connection, Role, State
from fastpath._events import NEED_DATA, PAUSED, ConnectionClosed, Data, EndOfMessage
from fastpath._headers import Headers
from fastpath._http import (
    HeadParser,
    Request,
    parse_request,
    parse_response,
)
from fastpath._limits import Limits
from fastpath._path import PathNormalizer, normalize_path
from fastpath._pipeline import iter_requests
from fastpath._response import InformationalResponse, Response
from fastpath._rewrite import HeadRewriter
from fastpath.errors import LocalProtocolError, ProtocolError, RemoteProtocolError

__all__ = [
    "CLIENT",
    "NEED_DATA",
    "PAUSED",
    "SERVER",
    "ChunkedDecoder",
    "Connection",
    "ConnectionClosed",
    "Data",
    "EndOfMessage",
    "HeadParser",
    "HeadRewriter",
    "Headers",
    "InformationalResponse",
    "Limits",
    "LocalProtocolError",
    "PathNormalizer",
    "ProtocolError",
    "RemoteProtocolError",
    "Request",
    "Response",
    "Role",
    "State",
    "encode_chunk",
    "encode_last_chunk",
    "iter_requests",
    "normalize_path",
    "parse_request",
    "parse_response",
]
