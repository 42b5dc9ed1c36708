"""Faults to inject (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

from __future__ import annotations

from ..models import FractionalPercent, HttpFault
from .envoy_matcher import read_fractional_percent, read_header_matcher
from .fields import Section

__all__ = ["read_http_fault"]

_UNSUPPORTED = (
    "abort_grpc_status_runtime",
    "abort_http_status_runtime",
    "abort_percent_runtime",
    "delay_duration_runtime",
    "delay_percent_runtime",
    "downstream_nodes",
    "filter_metadata",
    "max_active_faults_runtime",
    "response_rate_limit",
    "response_rate_limit_percent_runtime",
)


def read_http_fault(section: Section) -> HttpFault:
    """An HTTPFault with a fixed delay and an HTTP or gRPC status."""
    delay, abort = section.section("delay"), section.section("abort")
    seconds, status, grpc_status = None, None, None
    delay_percentage = abort_percentage = None
    if delay is not None:
        delay.one_of("delay", "fixed_delay")
        seconds = delay.duration("fixed_delay")
        if seconds == 0:
            delay.error("fixed_delay must be more than 0")
        delay_percentage = read_fractional_percent(delay.section("percentage"))
        delay.end(("header_delay",))
    if abort is not None:
        abort.one_of("error type", "http_status", "grpc_status")
        status = abort.integer("http_status", 200, 599)
        grpc_status = abort.integer("grpc_status")
        abort_percentage = read_fractional_percent(abort.section("percentage"))
        abort.end(("header_abort",))
    fault = HttpFault(
        delay=seconds,
        delay_percentage=delay_percentage or FractionalPercent(),
        abort_status=status,
        abort_grpc_status=grpc_status,
        abort_percentage=abort_percentage or FractionalPercent(),
        headers=tuple(map(read_header_matcher, section.sections("headers"))),
        upstream_cluster=section.string("upstream_cluster"),
        max_active_faults=section.integer("max_active_faults"),
        position=section.position,
    )
    section.end(_UNSUPPORTED)
    return fault
