"""Active checks: which host is to be asked when, and what its answers make of it.

    checker = HealthChecker(cluster, check)
    for check in checker.take_due():              # connect to check.host, send check.probe.outgoing, then and
        ...                                       # after all that came, which is fed to check.probe.receive
        checker.finish(check, result)             # the flags of the host follow
    wait_until(checker.next_due())

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/health_checking
"""

from __future__ import annotations

import enum
import heapq
from dataclasses import dataclass
from itertools import count
from random import Random

from fastpath import _health
from fastpath._host import Host
from fastpath.models import GrpcHealthCheck, HealthCheck, HostFlag, HttpHealthCheck

from .cluster import HealthCluster
from .grpc_probe import GrpcProbe, connection_maker
from .probes import CheckResult, HttpProbe, TcpProbe

__all__ = ["Check", "CheckResult", "HealthCheckStats", "HealthChecker"]

Probe = HttpProbe | TcpProbe | GrpcProbe

_FAILED, _DEGRADED, _TIMEOUT = HostFlag.FAILED_ACTIVE_HC, HostFlag.DEGRADED_ACTIVE_HC, HostFlag.ACTIVE_HC_TIMEOUT
_LEAST_INTERVAL = 0.001
_TRAFFIC_LOOKS = 1.0  # seconds between two looks for a first request


@dataclass(slots=True)
class HealthCheckStats:
    """Envoy's counters (cluster.<name>.health_check.*)."""

    attempt: int = 0
    success: int = 0
    failure: int = 0
    network_failure: int = 0
    """Of the failures: those without a whole answer."""


@dataclass(eq=False, slots=True)
class Check:
    """One check under way. `deadline` is the time of the clock when it has to be finished with TIMEOUT."""

    host: Host
    probe: Probe
    deadline: float


class _Session:
    """What is known of one host."""

    __slots__ = ("failures", "first", "host", "passes", "running")

    def __init__(self, host: Host):
        self.host = host
        self.first = True
        self.passes = 0
        self.failures = 0
        self.running: Check | None = None


class _Transition(enum.Enum):
    UNCHANGED = 0
    PENDING = 1
    CHANGED = 2


class HealthChecker:
    """Asks the hosts of a cluster, those that updates bring as well, whether they are healthy.

    From its making on hosts count as unhealthy until their first check has passed, as in Envoy. `seed` makes the jitter
    repeatable. One thread at a time may call its methods. ImportError when checks by gRPC lack their package.
    """

    def __init__(self, cluster: HealthCluster, config: HealthCheck, *, seed: int | None = None):
        if isinstance(config.check, GrpcHealthCheck):
            connection_maker()
        self.cluster = cluster
        self.config = config
        self.stats = HealthCheckStats()
        self._random = Random(seed)
        self._hosts: tuple[Host, ...] = ()
        self._sessions: dict[Host, _Session] = {}
        self._queue: list[tuple[float, int, _Session]] = []
        self._numbers = count()
        self._has_traffic = False
        self._looked_for_traffic = float("-inf")
        _health.set_initial_flags(cluster, _FAILED)
        for host in cluster.hosts:
            cluster.flag_host(host, _FAILED)
        self._follow()

    def close(self) -> None:
        """Check no more: nothing of what checks said is held against the hosts any longer."""
        _health.set_initial_flags(self.cluster, 0)
        for host in self.cluster.hosts:
            self.cluster.flag_host(host, HostFlag(0))
        self._sessions.clear()
        self._queue.clear()

    @property
    def all_checked(self) -> bool:
        """Whether every host has had its first check."""
        self._follow()
        return not any(session.first for session in self._sessions.values())

    def knows(self, host: Host) -> bool:
        """Whether it is one of those that are checked."""
        return host in self._sessions

    def take_due(self) -> list[Check]:
        """The checks whose time has come; each is to be finished once."""
        self._follow()
        now = self.cluster.clock()
        checks = []
        while self._queue and self._queue[0][0] <= now:
            session = heapq.heappop(self._queue)[2]
            if self._sessions.get(session.host) is not session:
                continue
            session.running = Check(session.host, self._probe(), now + self.config.timeout)
            checks.append(session.running)
        self.stats.attempt += len(checks)
        return checks

    def next_due(self) -> float | None:
        """The time of the clock, in seconds, of the next check; None when no host waits for one."""
        self._follow()
        return self._queue[0][0] if self._queue else None

    def finish(self, check: Check, result: CheckResult) -> None:
        """A check has ended: the host's flags, and the time of its next check, follow; unless the host is gone."""
        self._follow()
        session = self._sessions.get(check.host)
        if session is None or session.running is not check:
            return
        session.running = None
        passed = result in (CheckResult.PASSED, CheckResult.DEGRADED)
        if passed:
            self.stats.success += 1
            transition = self._pass(session, degraded=result is CheckResult.DEGRADED)
        else:
            transition = self._fail(session, result)
        session.first = False
        self._enqueue(session, self._interval(passed, transition))

    def _probe(self) -> Probe:
        check = self.config.check
        if isinstance(check, GrpcHealthCheck):
            return GrpcProbe(check, self.cluster.name, self.config.timeout)
        return HttpProbe(check, self.cluster.name) if isinstance(check, HttpHealthCheck) else TcpProbe(check)

    def _follow(self) -> None:
        """Take up the hosts that the cluster has now."""
        hosts = self.cluster.hosts
        if hosts is self._hosts:
            return
        self._hosts = hosts
        known = self._sessions
        self._sessions = {host: known.get(host) or _Session(host) for host in hosts}
        for host, session in self._sessions.items():
            if host not in known:
                self._enqueue(session, self._random.random() * self.config.initial_jitter)

    def _enqueue(self, session: _Session, delay: float) -> None:
        heapq.heappush(self._queue, (self.cluster.clock() + delay, next(self._numbers), session))

    def _pass(self, session: _Session, *, degraded: bool) -> _Transition:
        host, transition = session.host, _Transition.UNCHANGED
        flags = host.flags & (_FAILED | _DEGRADED | _TIMEOUT)
        session.failures = 0
        if flags & _FAILED:
            session.passes += 1
            transition = _Transition.PENDING
            if session.first or session.passes == self.config.healthy_threshold:
                flags &= ~(_FAILED | _TIMEOUT)
                transition = _Transition.CHANGED
        if degraded != bool(flags & _DEGRADED):
            flags ^= _DEGRADED
            if transition is _Transition.UNCHANGED:
                transition = _Transition.CHANGED
        self.cluster.flag_host(host, flags)
        if not flags & _FAILED and self.cluster.checks_readmit:
            self.cluster.readmit_host(host)
        return transition

    def _fail(self, session: _Session, result: CheckResult) -> _Transition:
        host, transition = session.host, _Transition.UNCHANGED
        flags = host.flags & (_FAILED | _DEGRADED)
        session.passes = 0
        if not flags & _FAILED:
            session.failures += 1
            transition = _Transition.PENDING
            if result is CheckResult.FAILED or session.failures == self.config.unhealthy_threshold:
                flags |= _FAILED
                transition = _Transition.CHANGED
        if result is CheckResult.TIMEOUT and flags & _FAILED:
            flags |= _TIMEOUT
        self.cluster.flag_host(host, flags)
        self.stats.failure += 1
        self.stats.network_failure += result in (CheckResult.NETWORK, CheckResult.TIMEOUT)
        return transition

    def _interval(self, passed: bool, transition: _Transition) -> float:
        config, pending = self.config, transition is _Transition.PENDING
        if not self._traffic():
            healthy = config.no_traffic_healthy_interval
            interval = healthy if healthy is not None and passed and not pending else config.no_traffic_interval
        elif passed:
            edge = config.healthy_edge_interval
            interval = edge if pending and edge is not None else config.interval
        else:
            interval = config.interval if config.unhealthy_interval is None else config.unhealthy_interval
            edge = config.unhealthy_edge_interval
            interval = edge if pending and edge is not None else interval
        interval += self._random.random() * interval * config.interval_jitter_percent / 100
        interval += self._random.random() * config.interval_jitter
        return max(interval, _LEAST_INTERVAL)

    def _traffic(self) -> bool:
        """Whether the cluster has ever had a request."""
        now = self.cluster.clock()
        if not self._has_traffic and now - self._looked_for_traffic >= _TRAFFIC_LOOKS:
            self._has_traffic = any(host.stats.requests for host in self._hosts)
            self._looked_for_traffic = now
        return self._has_traffic
