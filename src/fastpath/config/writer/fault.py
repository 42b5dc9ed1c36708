"""Faults to inject (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

from __future__ import annotations

from ...models import HttpFault
from ..envoy_types import FAULT_FILTER, HTTP_FAULT
from .fields import Json, any_of, changed, duration, member
from .matcher import write_fractional_percent, write_header_matchers

__all__ = ["write_fault_of", "write_http_fault"]


def write_http_fault(fault: HttpFault) -> Json:
    """An HTTPFault."""
    delay, abort = {}, {}
    if fault.delay is not None:
        delay = {"fixed_delay": duration(fault.delay), "percentage": write_fractional_percent(fault.delay_percentage)}
    if fault.abort_status is not None:
        abort = {"http_status": fault.abort_status, "percentage": write_fractional_percent(fault.abort_percentage)}
    return {
        **member("delay", delay),
        **member("abort", abort),
        **changed(fault, "headers", write=write_header_matchers),
        **changed(fault, "upstream_cluster", "max_active_faults"),
    }


def write_fault_of(fault: HttpFault | None) -> Json:
    """The typed_per_filter_config of a route, virtual host or route configuration."""
    if fault is None:
        return {}
    return {"typed_per_filter_config": {FAULT_FILTER: any_of(HTTP_FAULT, write_http_fault(fault))}}
