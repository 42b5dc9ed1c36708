"""The gateway: listeners, routes and clusters of a configuration, and the phases that a subclass may take part in."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from fastpath import BufferPool, CircuitBreaker, Cluster, ClusterManager, ConfigError, Host, Limits, Match, RouteTable

from ..discovery import DnsSource, Following, Resolver, follow
from ..health_runner import HealthRunner
from ..metrics import prometheus
from ..models import CircuitBreakerThresholds, Config, DiscoveryType, HttpConnectionManager
from ..watching import ConfigFiles, ConfigFollowing
from .client_affinity import ClientAffinity
from .exchange import Exchange
from .fault_filter import FaultFilter
from .heads import HeaderChanges
from .plan import Plan
from .server import Server
from .shadow import Shadow
from .supported import check_supported
from .timeouts import TimeoutQueue, TimeoutQueues
from .upstream import Pool, Upstream

__all__ = ["Gateway", "Options"]


@dataclass(frozen=True)
class Options:
    """What a configuration does not say. Times are in seconds, sizes in bytes."""

    limits: Limits | None = None
    """Of heads, chunk framing and trailers, both sides."""
    max_held_bytes: int = 65536
    """Received from a client and not yet used, before reading from it pauses."""
    max_replay_bytes: int = 65536
    """Of a request's body, kept for another try. A request with a longer body is not tried again."""
    max_shadows: int = 1024
    """Copies of requests to mirror clusters that may be under way at once; more are not sent."""
    max_discarded_bytes: int = 1 << 20
    """Of a body that nobody wants any more, read before the connection is ended instead."""
    write_buffer_bytes: int = 256 * 1024
    """Waiting to be sent to one peer, before reading from the other one pauses."""
    max_affine_clients: int = 65536
    """Remembered for each cluster with client_ip_affinity; at least 1."""
    max_connections_per_host: int = 1024
    max_idle_per_host: int = 128
    upstream_idle_timeout: float = 60.0
    request_headers_timeout: float = 30.0
    """For connection managers that set none. Counts from a head's first byte."""
    idle_timeout: float = 3600.0
    """For connection managers that set none: of a client's connection without a request."""
    stream_idle_timeout: float = 300.0
    """Without a byte of a request's body, or of a response whose route has no timeout."""
    resolver: Resolver | None = None
    """Of the names in STRICT_DNS and LOGICAL_DNS clusters; None for the operating system's."""
    resolve_timeout: float = 5.0
    """How long the start, and an update, waits until names have been asked for once."""
    linger_timeout: float = 2.0
    """How long a client may go on sending after an answer that ends the connection."""


def _frames(config: Config, managers: list[HttpConnectionManager]) -> list[object]:
    """What of listeners stays: all but their routes and faults."""
    return [
        (
            listener.name,
            listener.address,
            listener.port,
            replace(manager, route_config_name="", fault=None),
        )
        for listener, manager in zip(config.listeners, managers, strict=True)
    ]


class Gateway:
    """Serves a configuration's listeners, of one filter chain each: plain HTTP/1.

    config: what `fastpath.load` gave. options: see Options. seed: makes choices among clusters and hosts, and
    back-offs, repeatable. Raises ConfigError when tables or clusters cannot be built from the configuration, and for
    what it asks of the gateway that this one cannot do.

    `tables` (by the listener's name, or by address:port for one without) and `clusters` may be updated while requests
    are served, one by one or by `update` together; those under way go on as they began.

    Phases, in order; those that a subclass does not override cost nothing. `request_filter`, `upstream_peer` and
    `upstream_request_filter` may be coroutine functions.

        request_filter           a request was matched; may answer it
        upstream_peer            choose a host; once for each attempt
        upstream_request_filter  change the header fields that go to the host; once for each attempt
        response_filter          change the header fields of the response
        logging                  the exchange is over
    """

    def __init__(self, config: Config, options: Options | None = None, *, seed: int | None = None):
        self._managers = check_supported(config)
        self.config = config
        self.options = options or Options()
        self.clusters = ClusterManager(
            config.clusters, seed=seed, locality=config.locality, local_cluster_name=config.local_cluster_name
        )
        self.health = HealthRunner(self.clusters.values(), seed=seed)
        self.random = random.Random(seed)
        self.draining = False
        self.buffers = BufferPool()
        self._seed = seed
        self._updating = asyncio.Lock()
        self.tables = self._tables_of(config, self._managers)
        self._faults = self._faults_of(self._managers, self.tables)
        self._servers: list[Server] = []
        self._pools: dict[Host, Pool] = {}
        self._breakers: dict[str, tuple[CircuitBreaker, CircuitBreakerThresholds]] = {}
        self._affinities: dict[str, ClientAffinity] = {}
        self._connections = 0
        self.shadows: set[Shadow] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._followings: dict[str, Following] = {}
        kind = type(self)
        self.filters_requests = kind.request_filter is not Gateway.request_filter
        self.chooses_peers = kind.upstream_peer is not Gateway.upstream_peer
        self.changes_requests = kind.upstream_request_filter is not Gateway.upstream_request_filter
        self.changes_responses = kind.response_filter is not Gateway.response_filter
        self.logs = kind.logging is not Gateway.logging

    def _tables_of(self, config: Config, managers: list[HttpConnectionManager]) -> dict[str, RouteTable]:
        return {
            listener.name or f"{listener.address}:{listener.port}": RouteTable.from_config(
                config, manager.route_config_name, listener=listener, seed=self._seed
            )
            for listener, manager in zip(config.listeners, managers, strict=True)
        }

    def _faults_of(
        self, managers: list[HttpConnectionManager], tables: dict[str, RouteTable]
    ) -> list[FaultFilter | None]:
        return [
            FaultFilter(manager.fault, table, self.draw) if manager.fault is not None else None
            for manager, table in zip(managers, tables.values(), strict=True)
        ]

    # --- phases ----------------------------------------------------------------------------------------------------

    def request_filter(self, exchange: Exchange) -> Any:
        """Return a Reply to answer the request here, None to let it pass."""

    def upstream_peer(self, exchange: Exchange) -> Any:
        """Return the Pick of a host, as `exchange.pick()` does; None when there is none (503)."""
        return exchange.pick()

    def upstream_request_filter(self, exchange: Exchange, headers: HeaderChanges) -> Any:
        """Say with `headers.set`, `append` and `remove` what the host shall get."""

    def response_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
        """Say with `headers.set`, `append` and `remove` what the client shall get. `exchange.response` has arrived."""

    def logging(self, exchange: Exchange) -> None:
        """The exchange is over: its attributes say how it went."""

    # --- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. OSError when an address cannot be had; then nothing listens."""
        self.loop = loop = asyncio.get_running_loop()
        options = self.options
        self.route_timeouts: TimeoutQueues[Exchange] = TimeoutQueues(loop, Exchange.timed_out)
        self.idle_timeouts: TimeoutQueues[Exchange] = TimeoutQueues(loop, Exchange.stalled)
        self.try_timeouts: TimeoutQueues[Exchange] = TimeoutQueues(loop, Exchange.try_timed_out)
        self.stream_idle: TimeoutQueue[Exchange] = TimeoutQueue(loop, options.stream_idle_timeout, Exchange.stalled)
        self.upstream_idle: TimeoutQueue[Upstream] = TimeoutQueue(loop, options.upstream_idle_timeout, Upstream.close)
        self.draining = False
        try:
            await self._resolve()
            self.health.start()
            await self.health.ready()
            served = zip(self.config.listeners, self._managers, self.tables.values(), self._faults, strict=True)
            for listener, manager, table, faults in served:
                server = Server(self, listener, manager, table, faults)
                await server.start()
                self._servers.append(server)
        except BaseException:
            await self.close(0.0)
            raise

    async def update(self, config: Config) -> None:
        """Take up the routes and clusters of another configuration: all of it or, with a ConfigError, nothing.

        Connections stay, and requests under way go on as they began. New clusters are there before the routes to them,
        and their names looked up, for at most Options.resolve_timeout; old ones until no route leads to them. Listeners
        cannot change but for their routes and faults: ConfigError.
        """
        async with self._updating:
            if self.draining or config == self.config:
                return
            managers = check_supported(config)
            if _frames(config, managers) != _frames(self.config, self._managers):
                raise ConfigError("listeners cannot change while they are served: begin the gateway anew")
            tables = await asyncio.to_thread(self._tables_of, config, managers)
            faults = self._faults_of(managers, tables)
            before = {model.name: model for model in self.config.clusters}
            given = {model.name: model for model in config.clusters}
            leaving = [model for name, model in before.items() if name not in given]
            await asyncio.to_thread(self.clusters.update, [*config.clusters, *leaving])
            await self._unfollow(name for name in given if given[name] != before.get(name))
            if self._servers:
                await self._resolve()
            self.config, self._managers, self.tables, self._faults = config, managers, tables, faults
            for server, table, fault in zip(self._servers, tables.values(), faults, strict=False):
                server.table, server.faults = table, fault
            self.clusters.update(config.clusters)
            self._breakers = {name: each for name, each in self._breakers.items() if name in given}
            self.health.update(self.clusters.values())
            await self._unfollow(model.name for model in leaving)

    def follow(self, files: ConfigFiles, *, on_failure: Callable[[Exception], object] | None = None) -> ConfigFollowing:
        """Take up what the files say, from now until the result is closed, as fastpath.watching.follow does."""
        return ConfigFollowing(self.update, files, on_failure)

    def _follow_names(self) -> list[Following]:
        """Give the clusters that are configured by name their hosts, from now on; those that were not followed yet."""

        def report(name: str, error: OSError) -> None:
            self.report_exception(f"{name} could not be resolved", error)

        added = []
        for cluster in self.clusters.values():
            is_named = cluster.model.type in (DiscoveryType.STRICT_DNS, DiscoveryType.LOGICAL_DNS)
            if is_named and cluster.name not in self._followings:
                source = DnsSource(cluster.model, resolver=self.options.resolver, on_failure=report)
                self._followings[cluster.name] = follow(cluster, source)
                added.append(self._followings[cluster.name])
        return added

    async def _unfollow(self, names: Iterable[str]) -> None:
        for following in [self._followings.pop(name) for name in names if name in self._followings]:
            await following.close()

    async def _resolve(self) -> None:
        """Look the names up that were not yet, and wait for them, but not for ever."""
        added = self._follow_names()
        if added:
            waiting = [asyncio.ensure_future(following.ready()) for following in added]
            _, late = await asyncio.wait(waiting, timeout=self.options.resolve_timeout)
            for task in late:
                task.cancel()

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Address and port of each listener by its name; a port that was configured as 0 is the one that was given."""
        return {server.listener.name: server.address for server in self._servers}

    async def close(self, drain_timeout: float = 5.0) -> None:
        """Listen no more, let requests under way end (at most so many seconds), and close all connections."""
        self.draining = True
        for server in self._servers:
            server.stop_listening()
        deadline = self.loop.time() + drain_timeout
        while any(server.busy for server in self._servers) and self.loop.time() < deadline:
            await asyncio.sleep(0.01)
        for server in self._servers:
            server.abort()
        await self.health.close()
        for following in self._followings.values():
            await following.close()
        self._followings.clear()
        for shadow in list(self.shadows):
            shadow.give_up()
        for pool in list(self._pools.values()):
            pool.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for queue in (self.stream_idle, self.upstream_idle, self.idle_timeouts, self.route_timeouts, self.try_timeouts):
            queue.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def serve(self, drain_timeout: float = 5.0, *, ready: Callable[[], object] | None = None) -> None:
        """Start, call `ready`, and serve until the task is cancelled or SIGINT or SIGTERM arrive; then close."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        caught = []
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, stop.set)
                caught.append(number)
            except (NotImplementedError, RuntimeError, ValueError):
                pass  # not the main thread: whoever owns it cancels us
        try:
            await self.start()
            if ready is not None:
                ready()
            await stop.wait()
        finally:
            for number in caught:
                loop.remove_signal_handler(number)
            await self.close(drain_timeout)

    async def __aenter__(self) -> Gateway:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # --- for the exchanges -----------------------------------------------------------------------------------------

    def plan(self, match: Match) -> Plan:
        """What the matched route asks for; kept with the table."""
        layout = match.layout
        plan: Plan | None = layout.attachment
        if plan is None or plan.owner is not self.route_timeouts:
            plan = layout.attachment = Plan(match, self)
        return plan

    def next_connection_number(self) -> int:
        """A number that no other connection has."""
        self._connections += 1
        return self._connections

    def draw(self) -> int:
        """A number from 0 to 2^64-1."""
        return self.random.getrandbits(64)

    def pool(self, host: Host, cluster: Cluster) -> Pool:
        """The connections to a host of a cluster."""
        breaker = self.breaker(cluster)
        pool = self._pools.get(host)
        if pool is None:
            pool = Pool(self, host, breaker)
        return pool

    def metrics(self) -> str:
        """The numbers of all clusters, as Prometheus reads them; to be served with fastpath.metrics.CONTENT_TYPE."""
        breakers = {name: breaker for name, (breaker, _) in self._breakers.items()}
        return prometheus(self.clusters.values(), breakers=breakers)

    def breaker(self, cluster: Cluster) -> CircuitBreaker:
        """What bounds the use of a cluster, as its model says now."""
        thresholds = cluster.model.circuit_breaker
        breaker, known = self._breakers.get(cluster.name, (None, None))
        if breaker is None:
            breaker = CircuitBreaker(thresholds)
        elif known is thresholds:
            return breaker
        else:
            breaker.configure(thresholds)
        self._breakers[cluster.name] = breaker, thresholds
        return breaker

    def affinity(self, cluster: Cluster) -> ClientAffinity:
        """Which hosts the clients of a cluster stay with."""
        found = self._affinities.get(cluster.name)
        if found is None:
            found = self._affinities[cluster.name] = ClientAffinity(self.options.max_affine_clients, self.loop.time)
        return found

    def pool_changed(self, pool: Pool) -> None:
        """Know the pool as long as there is something in it, so that hosts that are gone leave nothing behind."""
        if pool.empty:
            if self._pools.get(pool.host) is pool:
                del self._pools[pool.host]
        else:
            self._pools.setdefault(pool.host, pool)

    def start_task(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that ends with the gateway."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def report_exception(self, message: str, error: BaseException) -> None:
        """Tell the loop's exception handler."""
        self.loop.call_exception_handler({"message": message, "exception": error})
