"""Passive health checking (envoy.config.cluster.v3.OutlierDetection)."""

from __future__ import annotations

from dataclasses import fields

from ...models import OutlierDetection
from .fields import Json, changed, duration

__all__ = ["write_outlier_detection"]

_TIMES = ("interval", "base_ejection_time", "max_ejection_time", "max_ejection_time_jitter")
_OTHERS = tuple(each.name for each in fields(OutlierDetection) if each.compare and each.name not in _TIMES)


def write_outlier_detection(detection: OutlierDetection) -> Json:
    """An OutlierDetection, whose fields have the names that Envoy gives them."""
    return changed(detection, *_TIMES, write=duration) | changed(detection, *_OTHERS)
