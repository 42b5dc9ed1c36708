"""What a model of outlier detection comes to in the core."""

from __future__ import annotations

from fastpath import models
from fastpath.errors import ConfigError
from fastpath.models import OutlierDetection

__all__ = ["OutlierValues", "outlier_values"]

_MAX_SECONDS = 1e12
OutlierValues = tuple[int | tuple[int, ...], ...]
_COUNTS = (
    "consecutive_5xx",
    "consecutive_gateway_failure",
    "consecutive_local_origin_failure",
    "split_external_local_origin_errors",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
    "failure_percentage_threshold",
    "failure_percentage_minimum_hosts",
    "failure_percentage_request_volume",
)
_ENFORCING = (  # by OutlierEjectionType
    "enforcing_consecutive_5xx",
    "enforcing_consecutive_gateway_failure",
    "enforcing_success_rate",
    "enforcing_consecutive_local_origin_failure",
    "enforcing_local_origin_success_rate",
    "enforcing_failure_percentage",
    "enforcing_failure_percentage_local_origin",
)
_PERCENTAGES = frozenset({"max_ejection_percent", "failure_percentage_threshold", *_ENFORCING})


def outlier_values(detection: OutlierDetection | None, path: str) -> OutlierValues | None:
    """The fields of fp_outlier_config in their order; ConfigError, with a path that begins with `path`."""
    if detection is None:
        return None
    longest = detection.max_ejection_time
    if longest is None:
        longest = max(300.0, detection.base_ejection_time)
    elif longest < detection.base_ejection_time:
        raise _refusal("is below base_ejection_time", f"{path}.max_ejection_time", detection)
    return (
        _milliseconds(detection, "interval", detection.interval, path),
        _milliseconds(detection, "base_ejection_time", detection.base_ejection_time, path),
        _milliseconds(detection, "max_ejection_time", longest, path),
        _milliseconds(detection, "max_ejection_time_jitter", detection.max_ejection_time_jitter, path, least=0),
        _count(detection, "max_ejection_percent", path),
        int(detection.always_eject_one_host),
        *(_count(detection, name, path) for name in _COUNTS),
        tuple(_count(detection, name, path) for name in _ENFORCING),
    )


def _milliseconds(model: OutlierDetection, name: str, seconds: object, path: str, *, least: int = 1) -> int:
    if isinstance(seconds, (int, float)) and 0 <= seconds < _MAX_SECONDS:  # false for NaN
        milliseconds = int(seconds * 1000)
        if milliseconds >= least:
            return milliseconds
    raise _refusal(f"{seconds!r} is not a duration in seconds, of {least} ms or more", f"{path}.{name}", model)


def _count(model: OutlierDetection, name: str, path: str) -> int:
    value = getattr(model, name)
    most = 100 if name in _PERCENTAGES else 2**32 - 1
    if not isinstance(value, int) or not 0 <= value <= most:
        raise _refusal(f"{value!r} is not an integer from 0 to {most}", f"{path}.{name}", model)
    return int(value)


def _refusal(reason: str, path: str, model: OutlierDetection) -> ConfigError:
    position: models.Position | None = model.position
    return ConfigError(reason, path=path, source=(str(position) or None) if position is not None else None)
