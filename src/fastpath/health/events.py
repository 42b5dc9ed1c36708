"""What becomes of a cluster's hosts, for those who want to know."""

from __future__ import annotations

from dataclasses import dataclass

from fastpath._host import Host
from fastpath.errors import ConfigError
from fastpath.models import HostFlag, OutlierEjectionType

__all__ = [
    "HealthEvent",
    "HostDrained",
    "HostEjected",
    "HostFlagsChanged",
    "HostReadmitted",
    "OutlierDetected",
    "PanicChanged",
    "UpdateFailed",
]


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


@dataclass(frozen=True, slots=True)
class PanicChanged:
    """So many hosts of a priority are unhealthy that all are used; or that is over."""

    priority: int
    panic: bool


@dataclass(frozen=True, slots=True)
class HostDrained:
    """A host that an update has removed has no active request any more."""

    host: Host


@dataclass(frozen=True, slots=True)
class UpdateFailed:
    """An update was refused; what was there before goes on."""

    error: ConfigError


HealthEvent = (
    HostEjected | OutlierDetected | HostReadmitted | HostFlagsChanged | PanicChanged | HostDrained | UpdateFailed
)
