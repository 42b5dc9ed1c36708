"""Health on asyncio: timers for outlier detection, and connections for active checks.

async with HealthRunner(manager.values()):
    ...                                       # hosts are checked, ejected and taken back
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType

from fastpath.clusters import Cluster, Host
from fastpath.health import Check, CheckResult, HealthChecker

__all__ = ["HealthRunner"]

_LONGEST_WAIT = 1.0  # seconds: updates may bring earlier times than were known

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HealthRunner:
    """Drives the health of clusters on the running loop, from `start` to `close`.

    `checkers` holds the HealthChecker of each cluster that is configured with health_checks, by the cluster's name.
    Clusters use the clock they were made with; it must run like the loop's. `seed` makes jitter repeatable.
    """

    def __init__(self, clusters: Iterable[Cluster], *, seed: int | None = None):
        self._clusters = tuple(clusters)
        self._seed = seed
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = 0.0  # of the loop's clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: dict[Host, _Streams] = {}
        self._checked = asyncio.Event()
        self.checkers: dict[str, HealthChecker] = {}

    def start(self) -> None:
        """Begin; hosts of clusters with health_checks count as unhealthy until they were checked."""
        self._checked.clear()
        for cluster in self._clusters:
            for check in cluster.model.health_checks:
                self.checkers[cluster.name] = HealthChecker(cluster, check, seed=self._seed)
        self._wake()

    def update(self, clusters: Iterable[Cluster]) -> None:
        """Drive these clusters from now on. What was driven before goes on if its health_checks are as they were."""
        self._clusters = tuple(clusters)
        before, self.checkers = self.checkers, {}
        for cluster in self._clusters:
            for check in cluster.model.health_checks:
                known = before.get(cluster.name)
                if known is not None and known.cluster is cluster and known.config == check:
                    self.checkers[cluster.name] = before.pop(cluster.name)
                else:
                    if known is not None:
                        before.pop(cluster.name).close()
                    self.checkers[cluster.name] = HealthChecker(cluster, check, seed=self._seed)
        for gone in before.values():
            gone.close()
        if self._timer is not None:
            self._wake()

    async def ready(self) -> None:
        """Return once every host that there is has had its first check."""
        await self._checked.wait()

    async def close(self) -> None:
        """End all checks. What they have said stays."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, writer in self._kept.values():
            writer.close()
        self._kept.clear()

    async def __aenter__(self) -> HealthRunner:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _wake(self) -> None:
        """Do what is due, and come again when something is."""
        loop = asyncio.get_running_loop()
        delay = _LONGEST_WAIT
        for cluster in self._clusters:
            times = [cluster.tick()]
            checker = self.checkers.get(cluster.name)
            if checker is not None:
                for check in checker.take_due():
                    task = loop.create_task(self._run(checker, check))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                times.append(checker.next_due())
            now = cluster.clock()
            delay = min([delay, *(time - now for time in times if time is not None)])
        self._note_checked()
        self._forget()
        self._set_timer(delay)

    def _set_timer(self, delay: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = loop.time() + max(delay, 0.0)
        self._timer = loop.call_at(self._wakes_at, self._wake)

    def _note_checked(self) -> None:
        if not self._checked.is_set() and all(checker.all_checked for checker in self.checkers.values()):
            self._checked.set()

    def _forget(self) -> None:
        """Close what is kept of hosts that are gone."""
        for host in [host for host in self._kept if not any(each.knows(host) for each in self.checkers.values())]:
            self._kept.pop(host)[1].close()

    async def _run(self, checker: HealthChecker, check: Check) -> None:
        try:
            result = await asyncio.wait_for(self._ask(checker, check), checker.config.timeout)
        except asyncio.TimeoutError:
            result = CheckResult.TIMEOUT
        except (OSError, ValueError):  # ValueError: a name that DNS cannot have
            result = CheckResult.NETWORK
        checker.finish(check, result)
        self._note_checked()
        due = checker.next_due()
        if due is not None and self._timer is not None:
            delay = due - checker.cluster.clock()
            if asyncio.get_running_loop().time() + delay < self._wakes_at:
                self._set_timer(delay)

    async def _ask(self, checker: HealthChecker, check: Check) -> CheckResult:
        streams = self._kept.pop(check.host, None)
        if streams is not None and streams[0].at_eof():
            streams[1].close()
            streams = None
        reader, writer = streams or await asyncio.open_connection(check.host.address, check.host.port)
        kept = False
        try:
            probe = check.probe
            result = probe.connected()
            if result is None:
                while result is None:
                    if probe.outgoing:
                        writer.write(probe.outgoing)
                    result = probe.receive(await reader.read(65536))
                kept = checker.config.reuse_connection and probe.reusable and result is not CheckResult.NETWORK
            return result
        finally:
            if kept:
                self._kept[check.host] = (reader, writer)
            else:
                writer.close()
