"""Active health checking (envoy.config.core.v3.HealthCheck)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import GrpcHealthCheck, HealthCheck, HttpHealthCheck, Int64Range, TcpHealthCheck
from .fields import Json, changed, duration
from .header import write_header_options
from .matcher import write_range

__all__ = ["write_health_checks"]

_TIMES = (
    "initial_jitter",
    "interval_jitter",
    "no_traffic_interval",
    "no_traffic_healthy_interval",
    "unhealthy_interval",
    "unhealthy_edge_interval",
    "healthy_edge_interval",
)


def write_health_checks(checks: Iterable[HealthCheck]) -> list[Json]:
    """HealthChecks."""
    return [_write(each) for each in checks]


def _write(check: HealthCheck) -> Json:
    return {
        "timeout": duration(check.timeout),
        "interval": duration(check.interval),
        "unhealthy_threshold": check.unhealthy_threshold,
        "healthy_threshold": check.healthy_threshold,
        **changed(check, *_TIMES, write=duration),
        **changed(check, "interval_jitter_percent", "reuse_connection"),
        **_write_kind(check.check),
    }


def _write_kind(check: HttpHealthCheck | TcpHealthCheck | GrpcHealthCheck) -> Json:
    if isinstance(check, GrpcHealthCheck):
        metadata = changed(check, "initial_metadata", write=write_header_options)
        return {"grpc_health_check": {**changed(check, "service_name", "authority"), **metadata}}
    payloads = {**changed(check, "send", write=_write_payload), **changed(check, "receive", write=_write_payloads)}
    if isinstance(check, TcpHealthCheck):
        return {"tcp_health_check": payloads}
    return {
        "http_health_check": {
            "path": check.path,
            **changed(check, "host", "method", "response_buffer_size"),
            **payloads,
            **changed(check, "expected_statuses", "retriable_statuses", write=_write_ranges),
            **changed(check, "request_headers_to_add", write=write_header_options),
            **changed(check, "request_headers_to_remove"),
        }
    }


def _write_payload(data: bytes) -> Json:
    return {"text": data.hex()}


def _write_payloads(payloads: Iterable[bytes]) -> list[Json]:
    return [_write_payload(each) for each in payloads]


def _write_ranges(ranges: Iterable[Int64Range]) -> list[Json]:
    return [write_range(each) for each in ranges]
