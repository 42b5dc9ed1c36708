"""The health of a cluster's hosts while it is used: outlier detection, active checks, and who wants to know.

    with cluster.pick() as pick:
        pick.report(503)         # the fifth in a row ejects the host: the next pick goes elsewhere
    cluster.tick()               # from a timer: hosts come back, rates are compared

Nothing here waits, keeps a timer or opens a connection: whoever drives a cluster calls `tick` when that says so, and
runs the checks that a HealthChecker hands out; `fastpath.health_runner` does both on asyncio. The clock is the one that
the ClusterManager was given.
"""

from fastpath._health import OutlierStats

from .checker import Check, CheckResult, HealthChecker, HealthCheckStats
from .cluster import HealthCluster
from .events import (
    HealthEvent,
    HostDrained,
    HostEjected,
    HostFlagsChanged,
    HostReadmitted,
    OutlierDetected,
    PanicChanged,
    UpdateFailed,
)
from .outliers import outlier_values

__all__ = [
    "Check",
    "CheckResult",
    "HealthCheckStats",
    "HealthChecker",
    "HealthCluster",
    "HealthEvent",
    "HostDrained",
    "HostEjected",
    "HostFlagsChanged",
    "HostReadmitted",
    "OutlierDetected",
    "OutlierStats",
    "PanicChanged",
    "UpdateFailed",
    "outlier_values",
]
