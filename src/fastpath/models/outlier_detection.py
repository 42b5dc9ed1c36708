"""Passive health checking. Source: Envoy v3 API, envoy.config.cluster.v3.OutlierDetection."""

from __future__ import annotations

import enum

from .model import model
from .position import Position, position_field

__all__ = ["HostFlag", "OutlierDetection", "OutlierEjectionType"]


class HostFlag(enum.IntFlag):
    """Why a host gets no load, or less; the bits are those of Envoy's health flags."""

    FAILED_ACTIVE_HC = 0x1
    """An active check has failed, or none has passed yet."""
    FAILED_OUTLIER_CHECK = 0x2
    """Ejected by outlier detection."""
    FAILED_EDS_HEALTH = 0x4
    """Configured as UNHEALTHY, DRAINING or TIMEOUT."""
    DEGRADED_ACTIVE_HC = 0x8
    """An active check was answered with x-envoy-degraded."""
    DEGRADED_EDS_HEALTH = 0x10
    """Configured as DEGRADED."""
    ACTIVE_HC_TIMEOUT = 0x100
    """Beside FAILED_ACTIVE_HC: the check was not answered in time."""


class OutlierEjectionType(enum.Enum):
    """What makes a host an outlier (envoy.data.cluster.v3.OutlierEjectionType)."""

    CONSECUTIVE_5XX = 0
    CONSECUTIVE_GATEWAY_FAILURE = 1
    SUCCESS_RATE = 2
    CONSECUTIVE_LOCAL_ORIGIN_FAILURE = 3
    SUCCESS_RATE_LOCAL_ORIGIN = 4
    FAILURE_PERCENTAGE = 5
    FAILURE_PERCENTAGE_LOCAL_ORIGIN = 6


@model(frozen=True, slots=True)
class OutlierDetection:
    """When a host is ejected for what it answers, and for how long. Times are in seconds, to the millisecond.

    `enforcing_*` is the share, in percent, of outliers of that kind that are ejected; the others are only counted.
    """

    interval: float = 10.0
    """Between two looks at rates; also when hosts come back, and when their ejection times shrink."""
    base_ejection_time: float = 30.0
    """Times how often the host was ejected, less one for each quiet interval."""
    max_ejection_time: float | None = None
    """The longest; None: 300, or base_ejection_time if that is longer."""
    max_ejection_time_jitter: float = 0.0
    """Up to so much is added to each time."""
    max_ejection_percent: int = 10
    """Of the cluster's hosts, ejected at once."""
    always_eject_one_host: bool = False
    """One host may be ejected whatever share that is."""
    consecutive_5xx: int = 5
    """5xx statuses in a row, resets and timeouts among them; 0: never."""
    consecutive_gateway_failure: int = 5
    """The same of 502, 503 and 504."""
    split_external_local_origin_errors: bool = False
    """Connections that fail, resets and timeouts count apart from statuses."""
    consecutive_local_origin_failure: int = 5
    """Of those, when they count apart."""
    success_rate_minimum_hosts: int = 5
    """With success_rate_request_volume requests within an interval, or rates are not compared."""
    success_rate_request_volume: int = 100
    success_rate_stdev_factor: int = 1900
    """Thousandths: how many standard deviations below the average is an outlier."""
    failure_percentage_threshold: int = 85
    failure_percentage_minimum_hosts: int = 5
    failure_percentage_request_volume: int = 50
    enforcing_consecutive_5xx: int = 100
    enforcing_consecutive_gateway_failure: int = 0
    enforcing_consecutive_local_origin_failure: int = 100
    enforcing_success_rate: int = 100
    enforcing_local_origin_success_rate: int = 100
    enforcing_failure_percentage: int = 0
    enforcing_failure_percentage_local_origin: int = 0
    successful_active_health_check_uneject_host: bool = True
    """A passed active check ends an ejection."""
    position: Position | None = position_field()
