"""The health of a cluster's hosts while it is used: outlier detection, flags, and who wants to know.

    with cluster.pick() as pick:
        pick.report(503)         # the fifth in a row ejects the host: the next pick goes elsewhere
    cluster.tick()               # from a timer: hosts come back, rates are compared

Nothing here waits or keeps a timer: whoever drives the cluster calls `tick` when it says so. The clock is the one that
the ClusterManager was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastpath import _cluster, _health, models
from fastpath._cluster import Host
from fastpath._health import OutlierStats
from fastpath.errors import ConfigError
from fastpath.models import HostFlag, OutlierDetection, OutlierEjectionType

__all__ = [
    "HealthCluster",
    "HealthEvent",
    "HostEjected",
    "HostFlagsChanged",
    "HostReadmitted",
    "OutlierDetected",
    "OutlierStats",
]

_ACTIVE = HostFlag.FAILED_ACTIVE_HC | HostFlag.DEGRADED_ACTIVE_HC | HostFlag.ACTIVE_HC_TIMEOUT
_NANOSECONDS = 1e9
_MAX_SECONDS = 1e12


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


class HealthCluster(_cluster.Cluster):
    """What fastpath.Cluster can say and be told about the health of its hosts. Any thread may call any method."""

    __slots__ = ("_clock", "_detection", "_observers", "_seed")

    _clock: Callable[[], float]
    _detection: OutlierDetection | None
    _observers: list[Callable[[HealthEvent], object]]
    _seed: int

    def _start_health(self, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock
        self._detection = None
        self._observers = []

    def _detect(self, detection: OutlierDetection | None, values: OutlierValues | None) -> None:
        """Detect outliers as the model, and what outlier_values has made of it, say."""
        if detection != self._detection:
            _health.detect_outliers(self, values, self._seed, self._now())
            self._detection = detection
            self._tell()

    def _now(self) -> int:
        return int(self._clock() * _NANOSECONDS)

    def _judge(self, host: Host) -> None:
        if _health.judge_host(self, host, self._now()) or self._observers:
            self._tell()

    def tick(self) -> float | None:
        """Do what time brings: ejected hosts come back, rates are compared.

        Returns the time of the clock, in seconds, when it is to be called again, None for never. Calling earlier is
        harmless; calling late delays what it does.
        """
        due = _health.tick(self, self._now())
        self._tell()
        return None if due is None else due / _NANOSECONDS

    def flag_host(self, host: Host, flags: HostFlag) -> bool:
        """Hold against a host what active checks say, and nothing else that they said before.

        `flags` are FAILED_ACTIVE_HC, DEGRADED_ACTIVE_HC and ACTIVE_HC_TIMEOUT, ValueError for any other. The next pick
        sees it. Whether that changed anything; a host that the cluster does not have any more changes nothing.
        """
        if not _health.flag_host(self, host, flags, _ACTIVE & ~flags):
            return False
        self._emit(HostFlagsChanged(host, host.flags))
        return True

    def readmit_host(self, host: Host) -> bool:
        """End a host's ejection before its time. Whether it was ejected."""
        changed = _health.readmit_host(self, host, self._now())
        self._tell()
        return changed

    @property
    def outlier_stats(self) -> OutlierStats:
        """Counters of outlier detection; those of a type are at its number (OutlierEjectionType.value)."""
        return _health.outlier_stats(self)

    def subscribe(self, observer: Callable[[HealthEvent], object]) -> Callable[[], None]:
        """Call `observer` with each event from now on; returns what ends that.

        It is called by whoever brought the event about (a report, a tick), after the fact; what it raises goes there.
        """
        self._observers.append(observer)
        return partial(self._unsubscribe, observer)

    def _unsubscribe(self, observer: Callable[[HealthEvent], object]) -> None:
        if observer in self._observers:
            self._observers.remove(observer)

    def _tell(self) -> None:
        while (found := _health.next_event(self)) is not None:
            host, kind, number = found
            if kind == 2:
                self._emit(HostReadmitted(host))
            else:
                event = HostEjected if kind == 1 else OutlierDetected
                self._emit(event(host, OutlierEjectionType(number)))

    def _emit(self, event: HealthEvent) -> None:
        for observer in tuple(self._observers):
            observer(event)


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
