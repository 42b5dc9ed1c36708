"""Envoy's active health checking (envoy.config.core.v3.HealthCheck): HTTP/1, TCP and gRPC."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

from ..models import GrpcHealthCheck, HeaderValueOption, HealthCheck, HttpHealthCheck, Int64Range, TcpHealthCheck
from .envoy_header import read_header_mutations, read_header_options
from .fields import Section, Value

__all__ = ["read_health_checks"]

_NOT_BUILT = ("event_log_path", "event_logger", "event_service", "tls_options", "transport_socket_match_criteria")
_LOGGED = ("always_log_health_check_failures", "always_log_health_check_success")
_INTERVALS = (
    "no_traffic_interval",
    "no_traffic_healthy_interval",
    "unhealthy_interval",
    "unhealthy_edge_interval",
    "healthy_edge_interval",
)


class _Method(enum.Enum):
    METHOD_UNSPECIFIED = 0
    GET = 1
    HEAD = 2
    POST = 3
    PUT = 4
    DELETE = 5
    OPTIONS = 7
    TRACE = 8
    PATCH = 9


class _Codec(enum.Enum):
    HTTP1 = 0


_WITHOUT_BODY = (_Method.METHOD_UNSPECIFIED, _Method.GET, _Method.HEAD, _Method.DELETE, _Method.TRACE)


def read_health_checks(cluster: Section) -> tuple[HealthCheck, ...]:
    """A cluster's health_checks, of which Envoy allows one."""
    sections = cluster.sections("health_checks")
    if len(sections) > 1:
        cluster.error("several health_checks are not supported")
    return tuple(check for section in sections if (check := _read(section)) is not None)


def _read(section: Section) -> HealthCheck | None:
    kind = section.one_of(
        "health checker", "http_health_check", "tcp_health_check", "grpc_health_check", "custom_health_check"
    )
    check: HttpHealthCheck | TcpHealthCheck | GrpcHealthCheck | None = None
    if kind is not None and kind in _KINDS:
        inner = section.section(kind)
        check = None if inner is None else _KINDS[kind](inner)
    elif kind is not None:
        section.error(f"{kind} is not supported; supported are {', '.join(_KINDS)}")
    read: dict[str, Any] = {name: _positive(section, name) for name in _INTERVALS}
    read |= {name: section.duration(name) for name in ("initial_jitter", "interval_jitter")}
    read["interval_jitter_percent"] = section.integer("interval_jitter_percent")
    for name in _LOGGED:
        if section.boolean(name):
            section.error(f"{name} is not supported")
    timeout, interval = _required(section, "timeout"), _required(section, "interval")
    unhealthy, healthy = _threshold(section, "unhealthy_threshold"), _threshold(section, "healthy_threshold")
    reuse = section.boolean("reuse_connection", default=True)
    section.end((*_NOT_BUILT, "alt_port"))
    if check is None:
        return None
    return HealthCheck(
        timeout,
        interval,
        unhealthy,
        healthy,
        check,
        reuse_connection=reuse,
        position=section.position,
        **{name: value for name, value in read.items() if value is not None},
    )


def _positive(section: Section, name: str) -> float | None:
    value = section.duration(name)
    if value is not None and value < 0.001:
        section.error(f"{name} must be at least 0.001s")
    return value


def _required(section: Section, name: str) -> float:
    section.get(name, required=True)
    return _positive(section, name) or 0.0


def _threshold(section: Section, name: str) -> int:
    section.get(name, required=True)
    return section.integer(name, 1) or 1


def _read_http(section: Section) -> HttpHealthCheck:
    path = section.string("path", required=True)
    method = section.enum("method", _Method, _Method.GET, {"CONNECT": 6})
    section.enum("codec_client_type", _Codec, _Codec.HTTP1, {"HTTP2": 1, "HTTP3": 2})
    send = section.section("send")
    if send is not None and method in _WITHOUT_BODY:
        section.error(f"a request with the method {method.name} has no payload to send")
    size = section.get("response_buffer_size")
    limit = 1024 if size is None else size.integer(0, 2**64 - 1) or 0
    mutations = read_header_mutations(section).get("mutations")
    added, removed = (
        (mutations.request_headers_to_add, mutations.request_headers_to_remove) if mutations is not None else ((), ())
    )
    _refuse_operators(section, added)
    receive = tuple(_read_payload(item) for item in section.sections("receive"))
    if limit and sum(map(len, receive)) > limit:
        section.error(f"receive is longer than the {limit} bytes of response_buffer_size")
    check = HttpHealthCheck(
        path=path,
        host=section.header_text("host") or "",
        method="GET" if method is _Method.METHOD_UNSPECIFIED else method.name,
        send=b"" if send is None else _read_payload(send),
        receive=receive,
        response_buffer_size=limit,
        expected_statuses=_read_ranges(section, "expected_statuses") or (Int64Range(200, 201),),
        retriable_statuses=_read_ranges(section, "retriable_statuses"),
        request_headers_to_add=added,
        request_headers_to_remove=removed,
        position=section.position,
    )
    if path and not _is_target(path):
        section.error("path must begin with / and hold only visible ASCII characters")
    section.end(("service_name_matcher",))
    return check


def _refuse_operators(section: Section, options: tuple[HeaderValueOption, ...]) -> None:
    for option in options:
        if "%" in option.value:
            section.problems.add_at(option.position, "format operators are not supported in health checks")


def _is_target(path: str) -> bool:
    return path.startswith("/") and all("!" <= character <= "~" for character in path)


def _read_ranges(section: Section, name: str) -> tuple[Int64Range, ...]:
    ranges = []
    for item in section.sections(name):
        start, end = item.get("start"), item.get("end")
        first, last = _bound(start), _bound(end)
        if not 100 <= first < last <= 600:
            item.error(f"expected statuses from 100 up to 600, start below end, found {first} and {last}")
        ranges.append(Int64Range(first, last))
        item.end()
    return tuple(ranges)


def _bound(value: Value | None) -> int:
    return 0 if value is None else value.integer(-(2**63), 2**63 - 1) or 0


def _read_tcp(section: Section) -> TcpHealthCheck:
    send = section.section("send")
    check = TcpHealthCheck(
        send=b"" if send is None else _read_payload(send),
        receive=tuple(_read_payload(item) for item in section.sections("receive")),
        position=section.position,
    )
    section.end(("proxy_protocol_config",))
    return check


def _read_payload(section: Section) -> bytes:
    """Bytes, as hexadecimal digits or as base64."""
    kind = section.one_of("payload", "text", "binary")
    value = section.get(kind) if kind is not None else None
    data = b""
    if value is not None and kind == "binary":
        data = value.base64()
    elif value is not None:
        text = value.string()
        try:
            data = bytes.fromhex(text)
            if " " in text or not text:
                raise ValueError
        except ValueError:
            value.expected("hexadecimal digits")
    section.end()
    return data


def _read_grpc(section: Section) -> GrpcHealthCheck:
    metadata = read_header_options(section, "initial_metadata")
    _refuse_operators(section, metadata)
    check = GrpcHealthCheck(
        section.string("service_name"),
        section.header_text("authority") or "",
        metadata,
        position=section.position,
    )
    section.end()
    return check


_KINDS: Mapping[str, Callable[[Section], HttpHealthCheck | TcpHealthCheck | GrpcHealthCheck]] = {
    "http_health_check": _read_http,
    "tcp_health_check": _read_tcp,
    "grpc_health_check": _read_grpc,
}
