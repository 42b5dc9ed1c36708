"""Envoy's passive health checking (envoy.config.cluster.v3.OutlierDetection)."""

from __future__ import annotations

from typing import Any

from ..models import OutlierDetection
from .fields import Section

__all__ = ["read_outlier_detection"]

_TIMES = ("interval", "base_ejection_time", "max_ejection_time")
_COUNTS = (
    "consecutive_5xx",
    "consecutive_gateway_failure",
    "consecutive_local_origin_failure",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
    "failure_percentage_minimum_hosts",
    "failure_percentage_request_volume",
)
_PERCENTAGES = (
    "max_ejection_percent",
    "failure_percentage_threshold",
    "enforcing_consecutive_5xx",
    "enforcing_consecutive_gateway_failure",
    "enforcing_consecutive_local_origin_failure",
    "enforcing_success_rate",
    "enforcing_local_origin_success_rate",
    "enforcing_failure_percentage",
    "enforcing_failure_percentage_local_origin",
)
_FLAGS = ("always_eject_one_host", "split_external_local_origin_errors", "successful_active_health_check_uneject_host")


def read_outlier_detection(section: Section | None) -> OutlierDetection | None:
    """An OutlierDetection, None when there is none. Its `monitors` and `detect_degraded_hosts` are not supported."""
    if section is None:
        return None
    default = OutlierDetection()
    read: dict[str, Any] = {name: _milliseconds(section, name) for name in _TIMES}
    read |= {name: section.integer(name) for name in _COUNTS}
    read |= {name: section.integer(name, 0, 100) for name in _PERCENTAGES}
    read |= {name: section.boolean(name, default=getattr(default, name)) for name in _FLAGS}
    read["max_ejection_time_jitter"] = section.duration("max_ejection_time_jitter")
    given = {name: value for name, value in read.items() if value is not None}
    detection = OutlierDetection(**given, position=section.position)
    if section.boolean("detect_degraded_hosts"):
        section.error("detect_degraded_hosts is not supported")
    if detection.max_ejection_time is not None and detection.max_ejection_time < detection.base_ejection_time:
        section.error("max_ejection_time is below base_ejection_time")
    section.end(("monitors",))
    return detection


def _milliseconds(section: Section, name: str) -> float | None:
    """A duration that Envoy takes and counts in milliseconds: one below that would be 0, without an end."""
    value = section.duration(name)
    if value is not None and value < 0.001:
        section.error(f"{name} must be at least 0.001s")
    return value
