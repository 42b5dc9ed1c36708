"""Faults to inject (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

from __future__ import annotations

from ...models import HttpFault
from .fields import Json, changed, duration, member
from .matcher import write_fractional_percent, write_header_matchers

__all__ = ["write_http_fault"]


def write_http_fault(fault: HttpFault) -> Json:
    """An HTTPFault."""
    delay: Json = {}
    abort: Json = {}
    if fault.delay is not None:
        delay = {"fixed_delay": duration(fault.delay), "percentage": write_fractional_percent(fault.delay_percentage)}
    if fault.abort_status is not None:
        abort = {"http_status": fault.abort_status}
    if fault.abort_grpc_status is not None:
        abort |= {"grpc_status": fault.abort_grpc_status}
    if abort:
        abort["percentage"] = write_fractional_percent(fault.abort_percentage)
    return {
        **member("delay", delay),
        **member("abort", abort),
        **changed(fault, "headers", write=write_header_matchers),
        **changed(fault, "upstream_cluster", "max_active_faults"),
    }
