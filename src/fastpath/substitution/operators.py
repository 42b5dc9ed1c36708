"""The operators of format strings by name: what each reads, and which arguments it takes.

An operator is compiled into a Reader: a function of the StreamInfo, and the kind of what it returns.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
"""

from __future__ import annotations

import enum
import ipaddress
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .joined import JOINED_IN_REQUESTS, JOINED_IN_RESPONSES, join
from .query import decode_query, query_parameter
from .time_format import TimeFormatter, has_newline

if TYPE_CHECKING:
    from .heads import RequestHead
    from .stream import Address, Certificate, StreamInfo, TlsInfo

__all__ = ["EXTENSIONS", "NAMES", "BadOperator", "Kind", "Reader", "make_reader"]


class BadOperator(Exception):
    """An operator that cannot be compiled. Its text is the reason."""


class Kind(enum.Enum):
    """What a reader returns; None in any case when there is nothing."""

    BYTES = 0
    TEXT = 1
    NUMBER = 2
    VALUE = 3
    """Plain data as JSON has it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What an operator became."""

    kind: Kind
    read: Callable[[StreamInfo], object]
    headers: tuple[bytes, ...] = ()
    """Names of request fields that it reads, in lower case."""
    total: bool = False
    """It never comes out empty."""
    clean: bool = False
    """What it gives may stand in a header field: it comes out of one, or has only digits."""


_Make = Callable[[str, int | None], Reader]

NO_ARGUMENTS, OPTIONAL, REQUIRED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Entry:
    make: _Make
    arguments: int
    length: bool


_TABLE: dict[str, _Entry] = {}

EXTENSIONS = frozenset({"METADATA", "REQ_WITHOUT_QUERY"})
"""Operators that Envoy knows in access logs with a formatter extension, and not in header values."""


def make_reader(name: str, argument: str, length: int | None) -> Reader:
    """Compile %name(argument):length%. BadOperator when it cannot be."""
    entry = _TABLE.get(name)
    if entry is None:
        raise BadOperator(f"the operator {name} is unknown or not supported")
    if entry.arguments == NO_ARGUMENTS and not entry.length and (argument or length is not None):
        raise BadOperator(f"{name} takes neither arguments nor a length")
    if entry.arguments == REQUIRED and not argument:
        raise BadOperator(f"{name} needs an argument")
    if length is not None and not entry.length:
        raise BadOperator(f"{name} takes no length")
    return entry.make(argument, length)


def _operator(name: str, arguments: int = NO_ARGUMENTS, *, length: bool = False) -> Callable[[_Make], _Make]:
    def register(make: _Make) -> _Make:
        _TABLE[name] = _Entry(make, arguments, length)
        return make

    return register


# --- header fields ---------------------------------------------------------------------------------------------------

_is_name = re.compile(r":?[!#$%&'*+\-.^_`|~0-9A-Za-z]*").fullmatch


def _names(argument: str) -> tuple[bytes, bytes]:
    """A field, and the one to read when it is missing (b"" for none)."""
    first, _, second = argument.partition("?")
    if "?" in second:
        raise BadOperator(f"more than one alternative field in {argument!r}")
    for name in (first, second):
        if not _is_name(name):
            raise BadOperator(f"{name!r} is not the name of a header field")
    return first.lower().encode(), second.lower().encode()


def _request_field(argument: str, length: int | None) -> Reader:
    name, other = _names(argument)
    joined = name in JOINED_IN_REQUESTS
    other_joined = other in JOINED_IN_REQUESTS

    def read(stream: StreamInfo) -> bytes | None:
        head = stream.head
        if head is None:
            return None
        value = join(head.get_all(name)) if joined else head.get(name)
        if value is None and other:
            value = join(head.get_all(other)) if other_joined else head.get(other)
        return value if value is None or length is None else value[:length]

    return Reader(Kind.BYTES, read, (name, other) if other else (name,), clean=True)


for _name in ("REQ", "REQUEST_HEADER", "STREAM_INFO_REQ"):
    _operator(_name, REQUIRED, length=True)(_request_field)


def _response_field(argument: str, length: int | None) -> Reader:
    name, other = _names(argument)

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
    name, other = _names(argument)

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
    _operator(_name, REQUIRED, length=True)(_response_field)
for _name in ("TRAILER", "RESPONSE_TRAILER"):
    _operator(_name, REQUIRED, length=True)(_trailer_field)


@_operator("REQ_WITHOUT_QUERY", REQUIRED, length=True)
def _request_field_without_query(argument: str, length: int | None) -> Reader:
    inner = _request_field(argument, None)

    def read(stream: StreamInfo) -> bytes | None:
        value = inner.read(stream)
        return value.partition(b"?")[0][:length] if isinstance(value, bytes) else None

    return Reader(Kind.BYTES, read, inner.headers)


_ORIGINAL_PATH = b"x-envoy-original-path"
_ORIGINAL_HOST = b"x-envoy-original-host"


def _source(choice: str, own: str, fields: dict[str, tuple[bytes, ...]], what: str) -> tuple[bytes, ...]:
    names = fields.get(choice or f"ORIG_OR_{own}")
    if names is None:
        raise BadOperator(f"{what} reads one of {', '.join(fields)}, not {choice!r}")
    return names


def _first(head: RequestHead | None, names: tuple[bytes, ...]) -> bytes | None:
    if head is None:
        return None
    for name in names:
        value = head.get(name)
        if value is not None:
            return value
    return None


@_operator("PATH", OPTIONAL, length=True)
def _path(argument: str, length: int | None) -> Reader:
    form, _, rest = argument.partition(":")
    fields = {"ORIG": (_ORIGINAL_PATH,), "PATH": (b":path",), "ORIG_OR_PATH": (_ORIGINAL_PATH, b":path")}
    names = _source(rest.partition(":")[0], "PATH", fields, "PATH")
    if form not in ("", "WQ", "NQ"):
        raise BadOperator(f"PATH is given with (WQ) or without (NQ) its query, not {form!r}")

    def read(stream: StreamInfo) -> bytes | None:
        value = _first(stream.head, names)
        if value is not None and form == "NQ":
            value = value.partition(b"?")[0]
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read, names, clean=True)


@_operator("QUERY_PARAM", REQUIRED, length=True)
def _query_parameter(argument: str, length: int | None) -> Reader:
    name = argument.encode("utf-8", "surrogateescape")

    def read(stream: StreamInfo) -> bytes | None:
        value = query_parameter(stream.head.path, name) if stream.head is not None else None
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read, (b":path",))


@_operator("QUERY_PARAMS", OPTIONAL, length=True)
def _query_parameters(argument: str, length: int | None) -> Reader:
    if argument not in ("", "ORIG", "DECODED"):
        raise BadOperator(f"QUERY_PARAMS takes ORIG or DECODED, not {argument!r}")

    def read(stream: StreamInfo) -> bytes | None:
        query = stream.head.path.partition(b"?")[2] if stream.head is not None else b""
        if not query:
            return None
        return (decode_query(query) if argument == "DECODED" else query)[:length]

    return Reader(Kind.BYTES, read, (b":path",))


@_operator("REQUESTED_SERVER_NAME", OPTIONAL)
def _requested_server_name(argument: str, length: int | None) -> Reader:
    form, _, rest = argument.partition(":")
    if form not in ("", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST"):
        raise BadOperator(f"REQUESTED_SERVER_NAME takes SNI_ONLY, SNI_FIRST or HOST_FIRST, not {form!r}")
    fields = {"ORIG_OR_HOST": (_ORIGINAL_HOST, b":authority"), "HOST": (b":authority",), "ORIG": (_ORIGINAL_HOST,)}
    names = _source(rest.partition(":")[0], "HOST", fields, "REQUESTED_SERVER_NAME")

    def sni(stream: StreamInfo) -> bytes | None:
        connection = stream.connection
        name = connection.requested_server_name if connection is not None else ""
        return re.sub(r"[^0-9A-Za-z.\-_]", "_", name).encode() or None

    def read(stream: StreamInfo) -> bytes | None:
        if form == "HOST_FIRST":
            return _first(stream.head, names) or sni(stream)
        return sni(stream) or (_first(stream.head, names) if form == "SNI_FIRST" else None)

    return Reader(Kind.BYTES, read, names)


@_operator("REQUEST_HEADERS_BYTES")
def _request_headers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        head = stream.head
        if head is None:
            return 0
        pseudo = ((b":method", head.method), (b":authority", head.authority), (b":path", head.path))
        fields = [*(each for each in pseudo if each[1]), (b":scheme", head.scheme), *head.headers.items()]
        return sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)


@_operator("RESPONSE_HEADERS_BYTES")
def _response_headers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        fields = stream.response_headers.items() if stream.response_headers is not None else ()
        status = len(b":status200") if stream.response_status is not None else 0
        return status + sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)


@_operator("RESPONSE_TRAILERS_BYTES")
def _response_trailers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        fields = stream.response_trailers.items() if stream.response_trailers is not None else ()
        return sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)


# --- gRPC ------------------------------------------------------------------------------------------------------------

_GRPC = (
    "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted "
    "FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
).split()
_GRPC_SNAKE = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED "
    "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS "
    "UNAUTHENTICATED"
).split()
# What an HTTP status stands for where a response has no grpc-status.
_GRPC_OF_HTTP = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


def _grpc_status(stream: StreamInfo) -> int | None:
    head = stream.head
    kind = head.get(b"content-type") if head is not None else None
    if kind is None or not (kind == b"application/grpc" or kind.startswith(b"application/grpc+")):
        return None
    for source in (stream.response_trailers, stream.response_headers):
        value = source.get(b"grpc-status") if source is not None else None
        if value:
            return int(value) if value.isdigit() and len(value) < 10 else -1
    if not stream.response_code:
        return None
    return _GRPC_OF_HTTP.get(stream.response_code, 2)


def _make_grpc_status(argument: str, length: int | None) -> Reader:
    if argument not in ("", "CAMEL_STRING", "SNAKE_STRING", "NUMBER"):
        raise BadOperator(f"GRPC_STATUS takes CAMEL_STRING, SNAKE_STRING or NUMBER, not {argument!r}")
    if argument == "NUMBER":
        return Reader(Kind.NUMBER, _grpc_status, (b"content-type",))
    names = _GRPC_SNAKE if argument == "SNAKE_STRING" else _GRPC

    def read(stream: StreamInfo) -> str | None:
        status = _grpc_status(stream)
        return status if status is None else names[status] if 0 <= status < len(names) else str(status)

    return Reader(Kind.TEXT, read, (b"content-type",))


_operator("GRPC_STATUS", OPTIONAL)(_make_grpc_status)
_operator("GRPC_STATUS_NUMBER")(lambda argument, length: _make_grpc_status("NUMBER", length))


# --- times and durations ---------------------------------------------------------------------------------------------


def _time_operator(name: str, when: Callable[[StreamInfo], float | None], *, local: bool = False) -> None:
    def make(argument: str, length: int | None) -> Reader:
        if has_newline(argument):
            raise BadOperator("the time would hold a newline")
        pattern = argument
        if local and not pattern:
            pattern = "%Y-%m-%dT%H:%M:%E3S%z"
        formatter = TimeFormatter(pattern, local=local)

        def read(stream: StreamInfo) -> str | None:
            seconds = when(stream)
            return None if seconds is None else formatter.format(seconds)

        return Reader(Kind.TEXT, read)

    _operator(name, OPTIONAL)(make)


def _start(stream: StreamInfo) -> float | None:
    return stream.start_time


def _now(stream: StreamInfo) -> float:
    return time.time()


_time_operator("START_TIME", _start)
_time_operator("START_TIME_LOCAL", _start, local=True)
_time_operator("EMIT_TIME", _now)
_time_operator("EMIT_TIME_LOCAL", _now, local=True)


def _span(begin: str, *ends: str, unit: float = 1e3) -> Callable[[StreamInfo], int | None]:
    """Whole units from one point in time to the first of others that is known."""

    def read(stream: StreamInfo) -> int | None:
        times = stream.times
        start = times.get(begin)
        for end in ends:
            if end in times and start is not None:
                duration = times[end] - start
                return int(duration * unit + 1e-6) if duration >= 0 else None
        return None

    return read


def _number(name: str, read: Callable[[StreamInfo], object], *, total: bool = False) -> None:
    _operator(name)(lambda argument, length: Reader(Kind.NUMBER, read, total=total, clean=True))


_number("DURATION", _span("DS_RX_BEG", "NOW", "DS_TX_END"))
_number("REQUEST_DURATION", _span("DS_RX_BEG", "DS_RX_END"))
_number("REQUEST_TX_DURATION", _span("DS_RX_BEG", "US_TX_END"))
_number("RESPONSE_DURATION", _span("DS_RX_BEG", "US_RX_BEG"))
_number("RESPONSE_TX_DURATION", _span("US_RX_BEG", "DS_TX_END"))
_number("DOWNSTREAM_HANDSHAKE_DURATION", _span("DS_CX_BEG", "DS_HS_END"))


@_operator("COMMON_DURATION", REQUIRED)
def _common_duration(argument: str, length: int | None) -> Reader:
    parts = argument.split(":")
    if not 2 <= len(parts) <= 3:
        raise BadOperator("COMMON_DURATION takes two points in time and a unit, separated by colons")
    units = {"ms": 1e3, "us": 1e6, "ns": 1e9}
    unit = parts[2] if len(parts) == 3 else "ms"
    if unit not in units:
        raise BadOperator(f"COMMON_DURATION counts in ms, us or ns, not {unit!r}")
    return Reader(Kind.NUMBER, _span(parts[0], parts[1], unit=units[unit]))


# --- the response, bytes, flags --------------------------------------------------------------------------------------

_number("RESPONSE_CODE", lambda stream: stream.response_code, total=True)
_number("BYTES_RECEIVED", lambda stream: stream.bytes_received, total=True)
_number("BYTES_SENT", lambda stream: stream.bytes_sent, total=True)
for _direction in ("received", "sent"):
    for _part in ("wire", "header"):
        _own = f"downstream_{_part}_bytes_{_direction}"
        _number(_own.upper(), lambda stream, name=_own: getattr(stream, name), total=True)  # type: ignore[misc]
        _number(
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


def _text(name: str, read: Callable[[StreamInfo], object], *, total: bool = False) -> None:
    _operator(name)(lambda argument, length: Reader(Kind.TEXT, read, total=total))


_text("RESPONSE_FLAGS", lambda stream: ",".join(stream.response_flags) or "-", total=True)
_text(
    "RESPONSE_FLAGS_LONG",
    lambda stream: ",".join([_LONG_FLAGS.get(flag, flag) for flag in stream.response_flags]) or "-",
    total=True,
)


@_operator("RESPONSE_CODE_DETAILS", OPTIONAL)
def _response_code_details(argument: str, length: int | None) -> Reader:
    if argument == "ALLOW_WHITESPACES":
        return Reader(Kind.TEXT, lambda stream: stream.response_code_details)

    def read(stream: StreamInfo) -> str | None:
        details = stream.response_code_details
        return None if details is None else re.sub(r"\s", "_", details)

    return Reader(Kind.TEXT, read)


@_operator("LOCAL_REPLY_BODY")
def _local_reply_body(argument: str, length: int | None) -> Reader:
    return Reader(Kind.BYTES, lambda stream: stream.local_reply_body)


_text("PROTOCOL", lambda stream: stream.protocol)
_text("ROUTE_NAME", lambda stream: stream.route_name or None)
_text("VIRTUAL_CLUSTER_NAME", lambda stream: stream.virtual_cluster_name)
_text("STREAM_ID", lambda stream: stream.stream_id)
_text("TRACE_ID", lambda stream: stream.trace_id)
_text("SPAN_ID", lambda stream: stream.span_id)
_text("ACCESS_LOG_TYPE", lambda stream: stream.access_log_type)
_text("CUSTOM_FLAGS", lambda stream: stream.custom_flags or None)
_text("UNIQUE_ID", lambda stream: str(uuid.uuid4()), total=True)


@_operator("HOSTNAME")
def _hostname(argument: str, length: int | None) -> Reader:
    name = socket.gethostname()
    return Reader(Kind.TEXT, lambda stream: name)


@_operator("ENVIRONMENT", REQUIRED, length=True)
def _environment(argument: str, length: int | None) -> Reader:
    value = os.environb.get(argument.encode("utf-8", "surrogateescape"))
    value = b"-" if value is None else value[:length]
    return Reader(Kind.BYTES, lambda stream: value)


# --- the client's connection -----------------------------------------------------------------------------------------


def _network(ip: str, bits: int) -> str:
    """The network of so many bits that an address is in; at most all of them."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((ip, min(bits, address.max_prefixlen)), strict=False))


def _address_operators(name: str, find: Callable[[StreamInfo], Address | None]) -> None:
    """%X_ADDRESS%, %X_ADDRESS_WITHOUT_PORT% and %X_PORT% of one address."""

    def with_port(stream: StreamInfo) -> str | None:
        address = find(stream)
        return None if address is None else str(address)

    def without_port(argument: str, length: int | None) -> Reader:
        bits = int(argument) if argument.isdecimal() and len(argument) < 10 else None

        def read(stream: StreamInfo) -> str | None:
            address = find(stream)
            if address is None or bits is None:
                return None if address is None else address.ip
            return _network(address.ip, bits)

        return Reader(Kind.TEXT, read)

    def port(stream: StreamInfo) -> int | None:
        address = find(stream)
        return None if address is None else address.port

    _text(f"{name}_ADDRESS", with_port)
    _operator(f"{name}_ADDRESS_WITHOUT_PORT", OPTIONAL)(without_port)
    _number(f"{name}_PORT", port)


def _downstream_address(side: str, direct: bool) -> Callable[[StreamInfo], Address | None]:
    def find(stream: StreamInfo) -> Address | None:
        connection = stream.connection
        if connection is None:
            return None
        if side == "remote":
            return (connection.direct_remote if direct else None) or connection.remote
        return (connection.direct_local if direct else None) or connection.local

    return find


def _upstream_address(side: str) -> Callable[[StreamInfo], Address | None]:
    def find(stream: StreamInfo) -> Address | None:
        upstream = stream.upstream
        if upstream is None:
            return None
        return upstream.remote if side == "remote" else upstream.local

    return find


for _side in ("remote", "local"):
    _address_operators(f"DOWNSTREAM_{_side.upper()}", _downstream_address(_side, False))
    _address_operators(f"DOWNSTREAM_DIRECT_{_side.upper()}", _downstream_address(_side, True))
    _address_operators(f"UPSTREAM_{_side.upper()}", _upstream_address(_side))


def _connection_text(name: str, field: str, *, underscores: bool = False) -> None:
    def read(stream: StreamInfo) -> str | None:
        connection = stream.connection
        value: str | None = getattr(connection, field) if connection is not None else None
        return (value.replace(" ", "_") if underscores else value) if value else None

    _text(name, read)


_number("CONNECTION_ID", lambda stream: 0 if stream.connection is None else stream.connection.id, total=True)
_connection_text("TLS_JA3_FINGERPRINT", "ja3")
_connection_text("TLS_JA4_FINGERPRINT", "ja4")
_connection_text("FILTER_CHAIN_NAME", "filter_chain_name")
_connection_text("CONNECTION_TERMINATION_DETAILS", "termination_details")
_connection_text("DOWNSTREAM_TRANSPORT_FAILURE_REASON", "transport_failure_reason", underscores=True)
_connection_text("DOWNSTREAM_LOCAL_CLOSE_REASON", "local_close_reason")
_connection_text("DOWNSTREAM_DETECTED_CLOSE_TYPE", "detected_close_type")


# --- TLS -------------------------------------------------------------------------------------------------------------

_FIELDS = {
    "SUBJECT": "subject",
    "ISSUER": "issuer",
    "SERIAL": "serial",
    "CERT": "pem",
    "URI_SAN": "uri_sans",
    "DNS_SAN": "dns_sans",
    "IP_SAN": "ip_sans",
    "EMAIL_SAN": "email_sans",
    "OTHERNAME_SAN": "othername_sans",
    "FINGERPRINT_256": "sha256",
    "FINGERPRINT_1": "sha1",
    "CHAIN_FINGERPRINTS_256": "chain_sha256",
    "CHAIN_FINGERPRINTS_1": "chain_sha1",
    "CHAIN_SERIALS": "chain_serials",
}
_SANS = ("URI_SAN", "DNS_SAN", "IP_SAN")
_CERTIFICATES = {
    "DOWNSTREAM_PEER": tuple(_FIELDS),
    "DOWNSTREAM_LOCAL": ("SUBJECT", *_SANS, "EMAIL_SAN", "OTHERNAME_SAN"),
    "UPSTREAM_PEER": ("SUBJECT", "ISSUER", "CERT", *_SANS),
    "UPSTREAM_LOCAL": _SANS,
}


def _tls(stream: StreamInfo, downstream: bool) -> TlsInfo | None:
    owner = stream.connection if downstream else stream.upstream
    return None if owner is None else owner.tls


def _certificate(stream: StreamInfo, owner: str) -> Certificate | None:
    tls = _tls(stream, owner.startswith("DOWNSTREAM"))
    if tls is None:
        return None
    return tls.peer if owner.endswith("PEER") else tls.local


def _certificate_text(owner: str, what: str) -> None:
    field = _FIELDS[what]

    def read(stream: StreamInfo) -> str | None:
        certificate = _certificate(stream, owner)
        if certificate is None:
            return None
        value = getattr(certificate, field)
        return (value if isinstance(value, str) else ",".join(value)) or None

    _text(f"{owner}_{what}", read)


for _owner, _parts in _CERTIFICATES.items():
    for _part in _parts:
        _certificate_text(_owner, _part)


def _validity(owner: str, edge: str, field: str) -> None:
    def when(stream: StreamInfo) -> float | None:
        certificate = _certificate(stream, owner)
        return None if certificate is None else getattr(certificate, field)

    _time_operator(f"{owner}_CERT_V_{edge}", when)


def _tls_text(side: str, what: str, field: str) -> None:
    def read(stream: StreamInfo) -> str | None:
        tls = _tls(stream, side == "DOWNSTREAM")
        return getattr(tls, field) or None if tls is not None else None

    _text(f"{side}_TLS_{what}", read)


for _side in ("DOWNSTREAM", "UPSTREAM"):
    _validity(f"{_side}_PEER", "START", "not_before")
    _validity(f"{_side}_PEER", "END", "not_after")
    for _what, _field in (("VERSION", "version"), ("CIPHER", "cipher"), ("SESSION_ID", "session_id")):
        _tls_text(_side, _what, _field)


# --- the upstream ----------------------------------------------------------------------------------------------------


def _upstream_text(name: str, read: Callable[..., str | None]) -> None:
    _text(name, lambda stream: None if stream.upstream is None else read(stream.upstream) or None)


def _name_of(upstream: object) -> str | None:
    host = getattr(upstream, "host", None)
    name: str = getattr(upstream, "hostname", "")
    return name or (str(host) if host is not None else None)


def _without_port(name: str | None) -> str | None:
    if name is None:
        return None
    before, colon, port = name.rpartition(":")
    return before if colon and port.isdigit() and (before.endswith("]") or ":" not in before) else name


_upstream_text("UPSTREAM_HOST", lambda upstream: None if upstream.host is None else str(upstream.host))
_upstream_text("UPSTREAM_HOST_NAME", _name_of)
_upstream_text("UPSTREAM_HOST_NAME_WITHOUT_PORT", lambda upstream: _without_port(_name_of(upstream)))
_upstream_text("UPSTREAM_CLUSTER", lambda upstream: upstream.cluster)
_upstream_text("UPSTREAM_CLUSTER_RAW", lambda upstream: upstream.cluster)
_upstream_text("UPSTREAM_PROTOCOL", lambda upstream: upstream.protocol)
_upstream_text("UPSTREAM_LOCAL_CLOSE_REASON", lambda upstream: upstream.local_close_reason)
_upstream_text("UPSTREAM_DETECTED_CLOSE_TYPE", lambda upstream: upstream.detected_close_type)
_upstream_text("UPSTREAM_HOSTS_ATTEMPTED", lambda upstream: ",".join(upstream.hosts_attempted))
_upstream_text("UPSTREAM_HOST_NAMES_ATTEMPTED", lambda upstream: ",".join(upstream.host_names_attempted))
_upstream_text(
    "UPSTREAM_CONNECTION_IDS_ATTEMPTED", lambda upstream: ",".join(map(str, upstream.connection_ids_attempted))
)
_upstream_text(
    "UPSTREAM_TRANSPORT_FAILURE_REASON", lambda upstream: upstream.transport_failure_reason.replace(" ", "_")
)
_number(
    "UPSTREAM_CONNECTION_ID", lambda stream: 0 if stream.upstream is None else stream.upstream.connection_id, total=True
)
_number(
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    lambda stream: 0 if stream.upstream is None else stream.upstream.attempts,
    total=True,
)


@_operator("UPSTREAM_CONNECTION_POOL_READY_DURATION")
def _pool_ready(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int | None:
        seconds = stream.upstream.pool_ready_duration if stream.upstream is not None else None
        return None if seconds is None else int(seconds * 1e3)

    return Reader(Kind.NUMBER, read)


# --- metadata and filter state ---------------------------------------------------------------------------------------


def _reach(metadata: Mapping[str, object], path: list[str]) -> object:
    """The value at the end of a path through structs; None when there is none."""
    value: object = metadata
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _metadata_operator(name: str, find: Callable[[StreamInfo], Mapping[str, object]]) -> None:
    def make(argument: str, length: int | None) -> Reader:
        path = argument.split(":")
        return Reader(Kind.VALUE, lambda stream: _cut(_reach(find(stream), path), length))

    _operator(name, REQUIRED, length=True)(make)


def _cut(value: object, length: int | None) -> object:
    return value[:length] if isinstance(value, str) and length is not None else value


_EMPTY: Mapping[str, object] = {}
_metadata_operator("DYNAMIC_METADATA", lambda stream: stream.dynamic_metadata)
_metadata_operator("UPSTREAM_METADATA", lambda stream: stream.upstream.metadata if stream.upstream else _EMPTY)
_metadata_operator("CLUSTER_METADATA", lambda stream: stream.upstream.cluster_metadata if stream.upstream else _EMPTY)

_METADATA: dict[str, Callable[[StreamInfo], Mapping[str, object]]] = {
    "DYNAMIC": lambda stream: stream.dynamic_metadata,
    "ROUTE": lambda stream: stream.route_metadata,
    "UPSTREAM_HOST": lambda stream: stream.upstream.metadata if stream.upstream else _EMPTY,
    "CLUSTER": lambda stream: stream.upstream.cluster_metadata if stream.upstream else _EMPTY,
}


@_operator("METADATA", REQUIRED, length=True)
def _metadata(argument: str, length: int | None) -> Reader:
    kind, _, rest = argument.partition(":")
    find = _METADATA.get(kind)
    if find is None:
        raise BadOperator(f"METADATA is of one of {', '.join(_METADATA)}, not {kind!r}")
    path = rest.split(":")
    return Reader(Kind.VALUE, lambda stream: _cut(_reach(find(stream), path), length))


def _filter_state_operator(name: str, find: Callable[[StreamInfo], Mapping[str, object]]) -> None:
    def make(argument: str, length: int | None) -> Reader:
        key, _, rest = argument.partition(":")
        form, _, field = rest.partition(":")
        if not key:
            raise BadOperator("a filter state needs a key")
        if form not in ("", "PLAIN", "TYPED", "FIELD"):
            raise BadOperator(f"a filter state is written as PLAIN, TYPED or FIELD, not {form!r}")
        if (form == "FIELD") != bool(field):
            raise BadOperator("FIELD, and only FIELD, comes with the name of a field")
        field = field.partition(":")[0]

        def read(stream: StreamInfo) -> object:
            value = find(stream).get(key)
            if form == "FIELD":
                value = value.get(field) if isinstance(value, Mapping) else getattr(value, field, None)
            elif form == "PLAIN" and value is not None and not isinstance(value, str):
                value = str(value)
            return _cut(value, length)

        return Reader(Kind.VALUE, read)

    _operator(name, OPTIONAL, length=True)(make)


_filter_state_operator("FILTER_STATE", lambda stream: stream.filter_state)
_filter_state_operator(
    "UPSTREAM_FILTER_STATE", lambda stream: stream.upstream.filter_state if stream.upstream is not None else _EMPTY
)


@_operator("PER_REQUEST_STATE", REQUIRED)
def _per_request_state(argument: str, length: int | None) -> Reader:
    return _TABLE["FILTER_STATE"].make(f"{argument}:PLAIN", length)


NAMES = tuple(sorted(_TABLE))
"""All operators, but COALESCE, which is made of these."""
