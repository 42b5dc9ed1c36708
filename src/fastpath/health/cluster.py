"""The health of a cluster's hosts while it is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastpath import _cluster, _health, _stats
from fastpath._health import OutlierStats
from fastpath._host import Host
from fastpath._stats import ClusterStats
from fastpath.models import HostFlag, OutlierDetection, OutlierEjectionType

from .events import (
    HealthEvent,
    HostDrained,
    HostEjected,
    HostFlagsChanged,
    HostReadmitted,
    OutlierDetected,
    PanicChanged,
)
from .outliers import OutlierValues

__all__ = ["HealthCluster"]

_ACTIVE = HostFlag.FAILED_ACTIVE_HC | HostFlag.DEGRADED_ACTIVE_HC | HostFlag.ACTIVE_HC_TIMEOUT
_NANOSECONDS = 1e9


class HealthCluster(_cluster.Cluster):
    """What fastpath.Cluster can say and be told about the health of its hosts. Any thread may call any method."""

    __slots__ = ("_detection", "_leaving", "_observers", "_panics", "_seed", "clock")

    clock: Callable[[], float]
    """Seconds; what all times of the cluster's health are of."""
    _detection: OutlierDetection | None
    _leaving: list[Host]  # removed by an update, while somebody wants to know when they are drained
    _observers: list[Callable[[HealthEvent], object]]
    _panics: tuple[bool, ...]  # as last told
    _seed: int

    def _start_health(self, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self.clock = clock
        self._detection = None
        self._leaving = []
        self._observers = []
        self._panics = ()

    def _detect(self, detection: OutlierDetection | None, values: OutlierValues | None) -> None:
        """Detect outliers as the model, and what outlier_values has made of it, say."""
        if detection != self._detection:
            _health.detect_outliers(self, values, self._seed, self._now())
            self._detection = detection
            self._tell()

    def _now(self) -> int:
        return int(self.clock() * _NANOSECONDS)

    def _judge(self, host: Host) -> None:
        _health.judge_host(self, host, self._now())
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
        self._tell()
        return True

    def readmit_host(self, host: Host) -> bool:
        """End a host's ejection before its time. Whether it was ejected."""
        changed = _health.readmit_host(self, host, self._now())
        self._tell()
        return changed

    @property
    def checks_readmit(self) -> bool:
        """Whether a passed active check ends a host's ejection (successful_active_health_check_uneject_host)."""
        return self._detection is not None and self._detection.successful_active_health_check_uneject_host

    @property
    def stats(self) -> ClusterStats:
        """What was reported of all hosts, those that are gone included: counts by status and reset, and latencies."""
        return _stats.cluster_stats(self)

    @property
    def outlier_stats(self) -> OutlierStats:
        """Counters of outlier detection; those of a type are at its number (OutlierEjectionType.value)."""
        return _health.outlier_stats(self)

    def subscribe(self, observer: Callable[[HealthEvent], object]) -> Callable[[], None]:
        """Call `observer` with each event from now on; returns what ends that.

        It is called by whoever brought the event about (a report, an update, a tick), after the fact; what it raises
        goes there. That a host is drained comes with the update, or with a later tick.
        """
        if not self._observers:
            self._panics = _health.panics(self)
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
        if self._observers:
            self._tell_panic()
            self._tell_drained()

    def _tell_panic(self) -> None:
        before, self._panics = self._panics, _health.panics(self)
        for priority, panic in enumerate(self._panics):
            if panic != (priority < len(before) and before[priority]):
                self._emit(PanicChanged(priority, panic))

    def _tell_drained(self) -> None:
        drained = [host for host in self._leaving if not host.active_requests]
        if drained:
            self._leaving = [host for host in self._leaving if host not in drained]
            for host in drained:
                self._emit(HostDrained(host))

    def _note_update(self, before: tuple[Host, ...]) -> None:
        """The hosts may be other ones than before."""
        if self._observers:
            present = set(self.hosts)
            self._leaving += [host for host in before if host not in present]
        self._tell()

    def _emit(self, event: HealthEvent) -> None:
        for observer in tuple(self._observers):
            observer(event)
