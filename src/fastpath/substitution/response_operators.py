"""Operators that read the response, and what the gateway says about it: codes, flags, bytes; and some of no group."""

from __future__ import annotations

import os
import re
import socket
import uuid
from typing import TYPE_CHECKING

from ..models.grpc_status import GRPC_STATUSES
from .grpc import grpc_status_of, is_grpc
from .joined import JOINED_IN_RESPONSES, join
from .registry import (
    OPTIONAL,
    REQUIRED,
    BadOperator,
    Kind,
    Reader,
    field_names,
    number_operator,
    operator,
    text_operator,
)

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__: list[str] = []


def _response_field(argument: str, length: int | None) -> Reader:
    name, other = field_names(argument)

    def field(stream: StreamInfo, name: bytes) -> bytes | None:
        if name == b":status":
            return None if stream.response_status is None else b"%d" % stream.response_status
        if stream.response_headers is None:
            return None
        if name in JOINED_IN_RESPONSES:
            return join(stream.response_headers.get_all(name))
        return stream.response_headers.get(name)

    def read(stream: StreamInfo) -> bytes | None:
        value = field(stream, name)
        if value is None and other:
            value = field(stream, other)
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read, clean=True)


def _trailer_field(argument: str, length: int | None) -> Reader:
    name, other = field_names(argument)

    def read(stream: StreamInfo) -> bytes | None:
        trailers = stream.response_trailers
        if trailers is None:
            return None
        value = trailers.get(name)
        if value is None and other:
            value = trailers.get(other)
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read)


for _name in ("RESP", "RESPONSE_HEADER"):
    operator(_name, REQUIRED, length=True)(_response_field)
for _name in ("TRAILER", "RESPONSE_TRAILER"):
    operator(_name, REQUIRED, length=True)(_trailer_field)


@operator("RESPONSE_HEADERS_BYTES")
def _response_headers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        fields = stream.response_headers.items() if stream.response_headers is not None else ()
        status = len(b":status200") if stream.response_status is not None else 0
        return status + sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)


@operator("RESPONSE_TRAILERS_BYTES")
def _response_trailers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        fields = stream.response_trailers.items() if stream.response_trailers is not None else ()
        return sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)


_GRPC = (
    "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted "
    "FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
).split()


def _grpc_status(stream: StreamInfo) -> int | None:
    head = stream.head
    if head is None or not is_grpc(head.get(b"content-type")):
        return None
    for source in (stream.response_trailers, stream.response_headers):
        value = source.get(b"grpc-status") if source is not None else None
        if value:
            return int(value) if value.isdigit() and len(value) < 10 else -1
    if not stream.response_code:
        return None
    return grpc_status_of(stream.response_code)


def _make_grpc_status(argument: str, length: int | None) -> Reader:
    if argument not in ("", "CAMEL_STRING", "SNAKE_STRING", "NUMBER"):
        raise BadOperator(f"GRPC_STATUS takes CAMEL_STRING, SNAKE_STRING or NUMBER, not {argument!r}")
    if argument == "NUMBER":
        return Reader(Kind.NUMBER, _grpc_status, (b"content-type",))
    names = GRPC_STATUSES if argument == "SNAKE_STRING" else _GRPC

    def read(stream: StreamInfo) -> str | None:
        status = _grpc_status(stream)
        return status if status is None else names[status] if 0 <= status < len(names) else str(status)

    return Reader(Kind.TEXT, read, (b"content-type",))


operator("GRPC_STATUS", OPTIONAL)(_make_grpc_status)
operator("GRPC_STATUS_NUMBER")(lambda argument, length: _make_grpc_status("NUMBER", length))


number_operator("RESPONSE_CODE", lambda stream: stream.response_code, total=True)
number_operator("BYTES_RECEIVED", lambda stream: stream.bytes_received, total=True)
number_operator("BYTES_SENT", lambda stream: stream.bytes_sent, total=True)
for _direction in ("received", "sent"):
    for _part in ("wire", "header"):
        _own = f"downstream_{_part}_bytes_{_direction}"
        number_operator(_own.upper(), lambda stream, name=_own: getattr(stream, name), total=True)  # type: ignore[misc]
        number_operator(
            f"upstream_{_part}_bytes_{_direction}".upper(),
            lambda stream, name=f"{_part}_bytes_{_direction}": (  # type: ignore[misc]
                0 if stream.upstream is None else getattr(stream.upstream, name)
            ),
            total=True,
        )

_LONG_FLAGS = {
    "LH": "FailedLocalHealthCheck",
    "UH": "NoHealthyUpstream",
    "UT": "UpstreamRequestTimeout",
    "LR": "LocalReset",
    "UR": "UpstreamRemoteReset",
    "UF": "UpstreamConnectionFailure",
    "UC": "UpstreamConnectionTermination",
    "UO": "UpstreamOverflow",
    "NR": "NoRouteFound",
    "DI": "DelayInjected",
    "FI": "FaultInjected",
    "RL": "RateLimited",
    "UAEX": "UnauthorizedExternalService",
    "RLSE": "RateLimitServiceError",
    "DC": "DownstreamConnectionTermination",
    "URX": "UpstreamRetryLimitExceeded",
    "SI": "StreamIdleTimeout",
    "IH": "InvalidEnvoyRequestHeaders",
    "DPE": "DownstreamProtocolError",
    "UMSDR": "UpstreamMaxStreamDurationReached",
    "RFCF": "ResponseFromCacheFilter",
    "NFCF": "NoFilterConfigFound",
    "DT": "DurationTimeout",
    "UPE": "UpstreamProtocolError",
    "NC": "NoClusterFound",
    "OM": "OverloadManagerTerminated",
    "DF": "DnsResolutionFailed",
    "DO": "DropOverload",
    "DR": "DownstreamRemoteReset",
    "UDO": "UnconditionalDropOverload",
}


text_operator("RESPONSE_FLAGS", lambda stream: ",".join(stream.response_flags) or "-", total=True)
text_operator(
    "RESPONSE_FLAGS_LONG",
    lambda stream: ",".join([_LONG_FLAGS.get(flag, flag) for flag in stream.response_flags]) or "-",
    total=True,
)


@operator("RESPONSE_CODE_DETAILS", OPTIONAL)
def _response_code_details(argument: str, length: int | None) -> Reader:
    if argument == "ALLOW_WHITESPACES":
        return Reader(Kind.TEXT, lambda stream: stream.response_code_details)

    def read(stream: StreamInfo) -> str | None:
        details = stream.response_code_details
        return None if details is None else re.sub(r"\s", "_", details)

    return Reader(Kind.TEXT, read)


@operator("LOCAL_REPLY_BODY")
def _local_reply_body(argument: str, length: int | None) -> Reader:
    return Reader(Kind.BYTES, lambda stream: stream.local_reply_body)


text_operator("PROTOCOL", lambda stream: stream.protocol)
text_operator("ROUTE_NAME", lambda stream: stream.route_name or None)
text_operator("VIRTUAL_CLUSTER_NAME", lambda stream: stream.virtual_cluster_name)
text_operator("STREAM_ID", lambda stream: stream.stream_id)
text_operator("TRACE_ID", lambda stream: stream.trace_id)
text_operator("SPAN_ID", lambda stream: stream.span_id)
text_operator("ACCESS_LOG_TYPE", lambda stream: stream.access_log_type)
text_operator("CUSTOM_FLAGS", lambda stream: stream.custom_flags or None)
text_operator("UNIQUE_ID", lambda stream: str(uuid.uuid4()), total=True)


@operator("HOSTNAME")
def _hostname(argument: str, length: int | None) -> Reader:
    name = socket.gethostname()
    return Reader(Kind.TEXT, lambda stream: name)


@operator("ENVIRONMENT", REQUIRED, length=True)
def _environment(argument: str, length: int | None) -> Reader:
    value = os.environb.get(argument.encode("utf-8", "surrogateescape"))
    value = b"-" if value is None else value[:length]
    return Reader(Kind.BYTES, lambda stream: value)
