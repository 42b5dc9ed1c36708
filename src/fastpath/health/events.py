"""What becomes of a cluster's hosts, for those who want to know."""

from __future__ import annotations

from dataclasses import dataclass

from fastpath._cluster import Host
from fastpath.models import HostFlag, OutlierEjectionType

__all__ = ["HealthEvent", "HostEjected", "HostFlagsChanged", "HostReadmitted", "OutlierDetected"]


@dataclass(frozen=True, slots=True)
class HostEjected:
    """An outlier gets no requests for a while."""

    host: Host
    type: OutlierEjectionType


@dataclass(frozen=True, slots=True)
class OutlierDetected:
    """An outlier that is not ejected, since `enforcing_*` lets some pass."""

    host: Host
    type: OutlierEjectionType


@dataclass(frozen=True, slots=True)
class HostReadmitted:
    """A host's ejection is over."""

    host: Host


@dataclass(frozen=True, slots=True)
class HostFlagsChanged:
    """Active checks have changed what is held against a host."""

    host: Host
    flags: HostFlag


HealthEvent = HostEjected | OutlierDetected | HostReadmitted | HostFlagsChanged
