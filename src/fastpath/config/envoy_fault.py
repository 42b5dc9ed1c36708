"""Faults to inject (envoy.extensions.filters.http.fault.v3.HTTPFault)."""

from __future__ import annotations

from ..models import FractionalPercent, HttpFault
from .envoy_matcher import read_fractional_percent
from .fields import Section

__all__ = ["FAULT_FILTER", "HTTP_FAULT", "read_http_fault"]

FAULT_FILTER = "envoy.filters.http.fault"
HTTP_FAULT = "envoy.extensions.filters.http.fault.v3.HTTPFault"


def read_http_fault(section: Section) -> HttpFault:
    """An HTTPFault with a fixed delay and an HTTP status."""
    delay, abort = section.section("delay"), section.section("abort")
    seconds, status = None, None
    delay_percentage = abort_percentage = None
    if delay is not None:
        delay.one_of("delay", "fixed_delay")
        seconds = delay.duration("fixed_delay")
        delay_percentage = read_fractional_percent(delay.section("percentage"))
        delay.end()
    if abort is not None:
        abort.one_of("error type", "http_status")
        status = abort.integer("http_status", 200, 599)
        abort_percentage = read_fractional_percent(abort.section("percentage"))
        abort.end()
    fault = HttpFault(
        delay=seconds,
        delay_percentage=delay_percentage or FractionalPercent(),
        abort_status=status,
        abort_percentage=abort_percentage or FractionalPercent(),
        position=section.position,
    )
    section.end()
    return fault
