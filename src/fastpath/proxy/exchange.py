"""One request on its way: matched, sent to a host, tried again elsewhere when that fails, answered.

    Downstream ── request, body ──> Exchange ── head, body ──> Upstream of host 1     refused
        ^                              │                       Upstream of host 2     next attempt
        └──────── response ────────────┴────── response ───────────┘

Everything happens in callbacks of the two connections and of timers. There is no task for a request, unless a hook of
the user's is a coroutine.
"""

from __future__ import annotations

import inspect
from asyncio import Task, TimerHandle
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastpath import (
    Data,
    EndOfMessage,
    InformationalResponse,
    NoHostAvailable,
    ProtocolError,
    Request,
    Response,
    RetryPriority,
)

from ..actions import direct_answer
from ..substitution.grpc import is_grpc
from ..substitution.joined import join
from .finalizer import Finalizer
from .grpc_reply import reply_to
from .heads import HeaderChanges
from .load_reports import load_in, note_trailers
from .replay import ReplayBody
from .reply import Reply
from .retry import CONNECT_FAILURE, RESET, TIMEOUT, reset_kind
from .shadow import Shadow, start_shadows
from .stateful_session import Session, session_of
from .upstream_request import UpstreamRequest

if TYPE_CHECKING:
    from fastpath import CircuitBreaker, Cluster, Host, Match, PathNormalizer, Pick, RequestHead

    from ..actions.policies import Fault
    from ..balancing.override_hosts import OverrideHosts
    from .downstream import Downstream
    from .fault_filter import FaultFilter
    from .gateway import Gateway
    from .plan import Plan
    from .upstream import Upstream

__all__ = ["Exchange"]

_IDEMPOTENT = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))

_FAILED = {
    CONNECT_FAILURE: Reply(503, b"no connection to the upstream\n"),
    RESET: Reply(503, b"the upstream closed the connection before it answered\n"),
    TIMEOUT: Reply(504, b"the upstream did not answer in time\n"),
    "protocol": Reply(502, b"the upstream's answer was not HTTP\n"),
    "overflow": Reply(503, b"too much is under way to the upstream\n", ((b"x-envoy-overloaded", b"true"),)),
}
_UNSENDABLE = Reply(500, b"the request cannot be sent as the route rewrites it\n")


class Exchange(UpstreamRequest):
    """A request and what became of it. Hooks get it, and may read all that has no underscore.

    `failed` holds the attempts that came to nothing, as pairs of a host and its outcome: a status, or
    "connect-failure", "reset", "timeout", "protocol", "overflow". `error` says why the gateway answered by itself or
    broke off: one of these, or "no-route", "no-cluster", "no-host", "filter", "fault", "upgrade", "rewrite",
    "client-gone", "client-protocol", "hook"; "" when it did not. `bytes_received` and `bytes_sent` count the bodies at
    the client's side. `began` and `ended` are times of the loop's clock in seconds. `data` is the hooks' own.
    """

    __slots__ = (
        "_cluster",
        "_end",
        "_faults",
        "_finalizer",
        "_finished",
        "_idle",
        "_overrides",
        "_plan",
        "_replay",
        "_retries_left",
        "_retry_priority",
        "_retrying",
        "_sent_at",
        "_session",
        "_shadows",
        "_task",
        "_timer",
        "began",
        "bytes_received",
        "bytes_sent",
        "data",
        "downstream",
        "ended",
        "error",
        "failed",
        "host",
        "match",
        "path",
        "request",
        "request_complete",
        "response",
        "status",
        "upgrade",
        "wants_body",
    )

    def __init__(self, gateway: Gateway, downstream: Downstream, request: Request, began: float):
        super().__init__(gateway)
        self.downstream = downstream
        self.request = request
        self.path: bytes = request.path
        """The path that was matched: normalised as the listener asks."""
        self.match: Match | None = None
        self.host: Host | None = None
        """Of the latest attempt."""
        self.response: Response | None = None
        """The upstream's head, as received."""
        self.status = 0
        """Sent to the client; 0 when nothing was."""
        self.failed: list[tuple[Host, int | str]] = []
        self._retry_priority: RetryPriority | None = None  # is told of each attempt that came to nothing
        self.error = ""
        self.bytes_received = 0
        self.bytes_sent = 0
        self.began = began
        self.ended = 0.0
        self.data: Any = None
        self.upgrade = False
        """The client asks for another protocol, and the listener allows it."""
        self.request_complete = False
        self.wants_body = not request.has_body  # the end of a message without a body is taken at once
        self._finished = False
        self._session: Session | None = None
        self._overrides: OverrideHosts | None = None  # once its hosts are asked for
        self._faults: FaultFilter | None = None  # what counts this request among those with a fault
        self._finalizer: Finalizer | None = None
        self._shadows: list[Shadow] | None = None
        self._idle = gateway.stream_idle
        self._plan: Plan | None = None
        self._cluster: Cluster | None = None
        self._task: Task[Any] | None = None
        self._timer: TimerHandle | None = None
        self._end: EndOfMessage | None = None
        self._replay: ReplayBody | None = None  # while the request may be tried again
        self._retries_left = 0
        self._retrying: CircuitBreaker | None = None  # what counts this request among the retries
        self._sent_at = began

    # --- from the request to a route -------------------------------------------------------------------------------

    def start(self) -> None:
        """The head is here: find the route and go."""
        request = self.request
        if request.method == b"CONNECT":
            self.reply(Reply(501, b"CONNECT is not supported\n"), "no-route")
            return
        if not request.authority:  # of HTTP/1.0, which need not say; the upstream's HTTP/1.1 has to
            self.reply(Reply(400, b"the request has no Host\n"), "client-protocol")
            return
        server = self.downstream.server
        if server.normalizer is not None and not self._normalize(server.normalizer):
            return
        self.match = server.match(self)
        if self.gateway.filters_requests:
            self._call(self.gateway.request_filter, self._filtered, self)
        else:
            self._route()

    def _normalize(self, normalizer: PathNormalizer) -> bool:
        """Match, and forward, the path as the listener wants it. False when that already is the answer."""
        if not self.path:  # "http://host" or "http://host?query"
            return True
        try:
            self.path, elsewhere = normalizer.resolve(self.request.path)
        except ProtocolError as error:
            self.reply(Reply(error.status, f"{error.reason}\n".encode()), "client-protocol")
            return False
        if elsewhere and is_grpc(self.request.headers.get(b"content-type")):  # whose clients follow no redirect
            self.reply(Reply(400, b"the path is not normal\n"), "client-protocol")
            return False
        if elsewhere:
            query = self.request.query
            location = self.path if query is None else self.path + b"?" + query
            self.reply(Reply(307, headers=((b"Location", location),)), "filter")
            return False
        return True

    def _call(self, hook: Callable[..., Any], then: Callable[[Any], None], *arguments: object) -> None:
        """Call a hook and go on with its result: at once, or when its coroutine is through."""
        try:
            result = hook(*arguments)
        except Exception as error:
            self._hook_failed(error)
            return
        if inspect.iscoroutine(result):
            self._task = self.gateway.start_task(result)
            self._task.add_done_callback(lambda task: self._resume(task, then))
        else:
            then(result)

    def _resume(self, task: Task[Any], then: Callable[[Any], None]) -> None:
        self._task = None
        if self._finished or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._hook_failed(error)
        else:
            then(task.result())

    def _hook_failed(self, error: BaseException) -> None:
        self.gateway.report_exception("a hook raised an exception", error)
        self.reply(Reply(500, b"the gateway failed\n"), "hook")

    def _filtered(self, reply: Reply | None) -> None:
        if reply is not None:
            self.reply(reply, "filter")
        else:
            self._route()

    def _route(self) -> None:
        match = self.match
        if match is not None and not match.tls_redirect:
            plan = self._plan = self.gateway.plan(match)
            actions = plan.actions.of_share(match.weighted_cluster) if plan.split else plan.actions
            self._finalizer = Finalizer(self, actions)
        if self.request.upgrade and not self._may_upgrade():
            # What follows may be of the other protocol.
            self.reply(Reply(403, b"this upgrade is not allowed\n"), "upgrade", close=True)
            return
        faults = self.downstream.server.faults
        if faults is None:
            self._go()
            return
        fault = faults.decide(self.request, match, self._plan)
        if fault.delay is None and fault.abort_status is None:
            self._go()
            return
        self._faults = faults
        if fault.delay is not None:
            self._timer = self.gateway.loop.call_later(fault.delay, self._delayed, fault)
        else:
            self._delayed(fault)

    def _may_upgrade(self) -> bool:
        """Whether the protocol that the client asks for is one that it can have, or one that is never passed on."""
        protocol = (join(self.request.headers.get_all(b"upgrade")) or b"").lower()
        if protocol == b"h2c":
            return True
        allowed = self._plan.upgrade_types.get(protocol) if self._plan is not None else None
        self.upgrade = protocol in self.downstream.server.upgrade_types if allowed is None else allowed
        return self.upgrade

    def _delayed(self, fault: Fault) -> None:
        """A fault's delay is over."""
        self._timer = None
        if fault.abort_status is not None:
            self.reply(Reply(fault.abort_status, b"fault filter abort"), "fault", grpc_status=fault.grpc_status)
        else:
            self._go()

    def _go(self) -> None:
        """No fault holds the request up any more."""
        match, plan, finalizer = self.match, self._plan, self._finalizer
        if match is None:
            self.reply(Reply(404, b"no route\n"), "no-route")
        elif plan is None or finalizer is None:
            answer = direct_answer(match, self.request)
            assert answer is not None
            self._answer(answer)
        else:
            self._forward(match, plan, finalizer)

    def _forward(self, match: Match, plan: Plan, finalizer: Finalizer) -> None:
        action = plan.action
        if action is None:
            self._answer(finalizer.answer(match))
            return
        if finalizer.actions.hashes:
            if action.use_hash_policy and plan.split:
                finalizer.take_hash()
                if finalizer.hash is not None:
                    match = self.match = self.downstream.server.match(self, finalizer.hash) or match
                    finalizer.actions = plan.actions.of_share(match.weighted_cluster)
            try:
                finalizer.take_host_hash(match)
            except (ProtocolError, ValueError):
                self.reply(_UNSENDABLE, "rewrite")
                return
        config = session_of(match, self.downstream.server.sessions)
        if config is not None:
            self._session = Session.begin(config, self.request)
        self._cluster = self.gateway.clusters.get(match.cluster or "")
        if self._cluster is None:
            self.reply(Reply(action.cluster_not_found_response_code, b"no such cluster\n"), "no-cluster")
            return
        self._idle = plan.idle
        if plan.rules is not None:
            self._retries_left = plan.rules.num_retries
            if plan.rules.previous_priorities is not None:
                self._retry_priority = RetryPriority(plan.rules.previous_priorities)
            if self.request.has_body:
                self._replay = ReplayBody(self.gateway.options.max_replay_bytes)
        if self.request.has_body:
            self._idle.start(self)
        self._attempt()

    # --- attempts --------------------------------------------------------------------------------------------------

    def _attempt(self) -> None:
        self._timer = None
        if self.gateway.chooses_peers:
            self._call(self.gateway.upstream_peer, self._chosen, self)
            return
        try:
            pick = self.pick()
        except NoHostAvailable:
            self._no_host()
            return
        self._chosen(pick)

    def pick(self) -> Pick:
        """A host of the route's cluster, on a retry none that the retry policy does not want. NoHostAvailable."""
        cluster, session = self._cluster, self._session
        assert cluster is not None
        overriding = cluster.model.override_host is not None
        if session is not None and session.host is not None and not self.failed:
            try:
                return self._pick_in(cluster, session.host, strict=session.strict or overriding)
            except NoHostAvailable:
                if session.strict or not overriding:
                    raise
        named = self._next_override(cluster) if overriding else None
        if named is not None:
            return cluster.acquire(named)
        if cluster.model.client_ip_affinity is None:
            return self._pick_in(cluster, None)
        timeout, client = cluster.model.client_ip_affinity, self.downstream.info.remote
        if client is None:
            return self._pick_in(cluster, None)
        affinity = self.gateway.affinity(cluster)
        pick = self._pick_in(cluster, None if self.failed else affinity.host_of(client.ip, timeout))
        affinity.note(client.ip, str(pick.host), timeout)
        return pick

    def _next_override(self, cluster: Cluster) -> Host | None:
        """The host that the request, as the route makes it, names for this attempt."""
        if self._overrides is None:
            assert self._finalizer is not None
            assert self.match is not None
            head: Request | RequestHead = self.request
            with suppress(ProtocolError, ValueError):  # which are answered when the request is sent
                head = self._finalizer.request(self.match, None).head()
            self._overrides = cluster.override_hosts(head)
        return self._overrides.take()

    def _pick_in(self, cluster: Cluster, override_host: str | None, *, strict: bool = False) -> Pick:
        plan, finalizer = self._plan, self._finalizer
        assert plan is not None
        assert finalizer is not None
        key, wanted = finalizer.hash, finalizer.actions.metadata_match
        rules = plan.rules
        if self.failed and rules is not None and (rules.predicates or rules.previous_priorities):
            return cluster.pick(
                self.request,
                hash_key=key,
                exclude=rules.predicates.rejected(cluster, [host for host, _ in self.failed]),
                max_attempts=rules.host_attempts,
                metadata_match=wanted,
                retry_priority=self._retry_priority,
            )
        if key is None and wanted is None and override_host is None:
            return cluster.pick(self.request)
        return cluster.pick(
            self.request,
            hash_key=key,
            metadata_match=wanted,
            override_host=override_host,
            override_strict=strict,
        )

    def _no_host(self) -> None:
        self.reply(Reply(503, b"no host is available\n"), "no-host")

    def _chosen(self, pick: Pick | None) -> None:
        if pick is None:
            self._no_host()
            return
        self.host = pick.host
        assert self._cluster is not None
        if not self._go_to(pick, self._cluster):
            self._attempt_failed("overflow")

    def connected(self, upstream: Upstream) -> None:
        """A connection to the host is here: send the request, as far as it is known."""
        upstream.request = self
        self.upstream = upstream
        if self.gateway.changes_requests:
            changes = HeaderChanges()
            self._call(self.gateway.upstream_request_filter, lambda _: self._send(changes), self, changes)
        else:
            self._send(None)

    def connect_failed(self, failure: str) -> None:
        """No connection to the host."""
        self._attempt_failed(failure)

    def _send(self, changes: HeaderChanges | None) -> None:
        upstream, plan = self.upstream, self._plan
        if upstream is None:  # lost while a hook waited; that has been dealt with
            return
        assert plan is not None
        try:
            self._send_head(upstream, changes)
        except (ProtocolError, ValueError) as error:
            upstream.close()
            self.upstream = None
            if changes:
                self._hook_failed(error)
            else:
                self.reply(_UNSENDABLE, "rewrite")
            return
        self._sent_at = self.gateway.loop.time()
        if self._replay is not None:
            for data in self._replay.blocks:
                upstream.send_data(data)
        if self.downstream.write_paused:
            upstream.pause_reading()
        if self.request_complete:
            self._request_sent(upstream)
            upstream.flush()
            return
        upstream.flush()
        if not upstream.write_paused:
            self.wants_body = True
            self.downstream.invite_body()

    def _send_head(self, upstream: Upstream, changes: HeaderChanges | None) -> None:
        match, finalizer = self.match, self._finalizer
        assert match is not None
        assert finalizer is not None
        final = finalizer.request(match, changes)
        upstream.send_head(self.request, final.rewriter, upgrade=self.upgrade, **final.arguments)
        if finalizer.actions.mirror_policies and self._shadows is None:
            self._shadows = start_shadows(self.gateway, finalizer.actions, self.request, final)
            if self.request_complete:
                self._send_shadows()

    def _send_shadows(self) -> None:
        plan = self._plan
        timeout = plan.timeout.seconds if plan is not None and plan.timeout is not None else self._idle.seconds
        for shadow in self._shadows or ():
            shadow.start(self._end, timeout)
        self._shadows = []

    def _request_sent(self, upstream: Upstream) -> None:
        if self._end is not None:
            upstream.send_end(self._end)
        plan = self._plan
        if plan is not None and plan.per_try_timeout is not None:
            plan.per_try_timeout.start(self)

    def _attempt_failed(self, failure: str) -> None:
        """The attempt ended without a response head."""
        pick, plan = self._pick, self._plan
        self._abandon()
        assert pick is not None
        assert plan is not None
        self._note_failed(pick.host, failure)
        if failure == "overflow":  # no fault of the host's, and trying again would add to it
            self._release()
            self.reply(_FAILED[failure], failure)
            return
        if failure != TIMEOUT or self._counted is not None:  # waiting for a connection is no fault of the host's
            pick.report(reset=reset_kind(failure))
        self._release()
        if plan.rules is not None and plan.rules.on_failure(failure) and self._retry():
            return
        self.reply(_FAILED[failure], failure)

    def _note_failed(self, host: Host, outcome: int | str) -> None:
        self.failed.append((host, outcome))
        if self._retry_priority is not None:
            self._retry_priority.attempted(host)

    def _retry(self) -> bool:
        """Try again after the back-off, when tries are left and the request can be sent again."""
        plan = self._plan
        assert plan is not None
        self._retry_over()
        if plan.rules is None or self._retries_left <= 0 or not self._replayable():
            return False
        self._retries_left -= 1
        assert self._cluster is not None
        breaker = self.gateway.breaker(self._cluster)
        if not breaker.acquire("retries"):
            return False
        self._retrying = breaker
        if plan.per_try_timeout is not None:
            plan.per_try_timeout.stop(self)
        retry = plan.rules.num_retries - self._retries_left
        self.wants_body = False
        delay = plan.rules.back_off(retry, self.gateway.random)
        self._timer = self.gateway.loop.call_later(delay, self._attempt)
        return True

    def _retry_over(self) -> None:
        breaker, self._retrying = self._retrying, None
        if breaker is not None:
            breaker.release("retries")

    def _replayable(self) -> bool:
        kept = self._replay is not None and self._replay.complete
        return kept or not self.request.has_body or self.bytes_received == 0

    # --- from the client -------------------------------------------------------------------------------------------

    def request_data(self, data: Data) -> None:
        """A stretch of the request's body."""
        self.bytes_received += len(data)
        if self._replay is not None:
            self._replay.add(data)
        if self.upstream is not None:
            self.upstream.send_data(data)
        for shadow in self._shadows or ():
            shadow.data(data)
        self._idle.start(self)

    def request_end(self, end: EndOfMessage) -> None:
        """The request is complete."""
        self.request_complete = True
        self.wants_body = False
        self._end = end
        if self.request.has_body:
            self._idle.stop(self)
        if self._shadows:
            self._send_shadows()
        plan = self._plan
        if plan is not None and not self._finished and plan.action is not None:
            if plan.timeout is not None:
                plan.timeout.start(self)
            else:
                self._idle.start(self)
        if self.upstream is not None:
            self._request_sent(self.upstream)

    def client_gone(self, error: str = "client-gone") -> None:
        """Nobody waits for the response any more: give the upstream up."""
        if self._finished:
            return
        if self.downstream.tunnel is None:
            self.error = error
        elif self.upstream is not None:
            self.upstream.close_tunnel()
            self.upstream = None
        self._give_up()
        self._finish()

    # --- from the upstream -----------------------------------------------------------------------------------------

    def upstream_writable(self, writable: bool) -> None:
        """The upstream's send buffer has filled up, or has room again."""
        if not self.request_complete:
            self.wants_body = writable
            if writable:
                self.downstream.advance()

    def interim_response(self, response: InformationalResponse) -> None:
        """A 1xx on the way to the final response. The gateway has said 100 itself."""
        if response.status_code != 100:
            self.downstream.send_interim(response)

    def response_head(self, response: Response) -> bool:
        """The response begins. False when it is not wanted, because the request is tried again."""
        pick, plan = self._pick, self._plan
        assert pick is not None
        assert plan is not None
        status = response.status_code
        load = load_in(response.headers, self._cluster)
        if plan.rules is not None and plan.rules.on_status(status) and self._retry():
            pick.report(status, load_report=load)
            self._release()
            self.upstream = None
            self._note_failed(pick.host, status)
            return False
        pick.report(status, latency=self.gateway.loop.time() - self._sent_at, load_report=load)
        self.response = response
        self._replay = None
        changes: HeaderChanges | None = None
        if self._session is not None:
            changes = HeaderChanges()
            self._session.update(str(pick.host), changes)
        if self.gateway.changes_responses:
            changes = changes or HeaderChanges()
            try:
                self.gateway.response_filter(self, changes)
            except Exception as error:
                self._hook_failed(error)
                return False
        assert self._finalizer is not None
        try:
            rewriter, values = self._finalizer.response(response, changes)
        except ValueError as error:
            self._hook_failed(error)
            return False
        self.status = status
        close = self.gateway.draining or self.downstream.connection.client_is_waiting_for_100_continue
        self.downstream.send_response(response, self.request, rewriter, values, close)
        if status == 101:
            self._open_tunnel()
        return True

    def _open_tunnel(self) -> None:
        """The upstream has agreed to another protocol (Connection has seen to it that it was asked)."""
        upstream = self.upstream
        assert upstream is not None
        self._stop_timeouts()
        self.downstream.flush()
        self.downstream.tunnel_to(upstream)
        upstream.tunnel_to(self.downstream)
        self._idle.start(self)

    def tunnelled(self, *, received: int = 0, sent: int = 0) -> None:
        """Bytes of another protocol have passed."""
        self.bytes_received += received
        self.bytes_sent += sent
        self._idle.start(self)

    def response_data(self, data: Data) -> None:
        """A stretch of the response's body."""
        self.bytes_sent += len(data)
        self.downstream.send_data(data)
        plan = self._plan
        if plan is not None and plan.timeout is None:
            self._idle.start(self)

    def response_end(self, end: EndOfMessage) -> None:
        """The response is complete."""
        self.upstream = None
        note_trailers(end, self._cluster, self.host, self.response)
        self.downstream.send_end(end)
        self._finish()

    def upstream_lost(self, failure: str, reused: bool) -> None:
        """The upstream's connection has ended, or sent what is not HTTP. `reused`: before a byte of this response."""
        self.upstream = None
        if self.downstream.tunnel is not None:
            self.downstream.close()
            self._finish()
        elif self.status:
            self.error = failure
            self._give_up()
            self.downstream.abort()
            self._finish()
        elif reused and failure == RESET and self.request.method in _IDEMPOTENT and not self.request.has_body:
            # A kept connection that ends as it is used was most likely closed for being idle (RFC 9112, 9.3.1).
            assert self._cluster is not None
            if not self._go_again(self._cluster):
                self._attempt_failed("overflow")
        else:
            self._attempt_failed(failure)

    def events_taken(self) -> None:
        """What has come is on its way to the client."""
        self.downstream.flush()

    # --- the end ---------------------------------------------------------------------------------------------------

    def timed_out(self) -> None:
        """The route's time is up."""
        if self._finished:
            return
        if self.status:
            self.error = TIMEOUT
            self._give_up()
            self.downstream.abort()
            self._finish()
            return
        if self._pick is not None:
            if self._counted is not None:
                self._pick.report(reset=TIMEOUT)
            self._note_failed(self._pick.host, TIMEOUT)
        self.reply(_FAILED[TIMEOUT], TIMEOUT)

    def try_timed_out(self) -> None:
        """This attempt's time is up."""
        if not self._finished and not self.status and self._pick is not None:
            self._attempt_failed(TIMEOUT)

    def stalled(self) -> None:
        """Nothing has moved for too long."""
        if self.request_complete:
            self.timed_out()
        else:
            self.reply(Reply(408, b"the request did not arrive in time\n"), "client-gone", close=True)

    def reply(self, reply: Reply, error: str = "", *, close: bool = False, grpc_status: int | None = None) -> None:
        """Answer without an upstream; the route's changes to responses apply."""
        if self._finalizer is not None and not self._finished and not self.status:
            reply = self._finalizer.decorate(reply, error)
        self._answer(reply, error, close=close, grpc_status=grpc_status)

    def _answer(self, reply: Reply, error: str = "", *, close: bool = False, grpc_status: int | None = None) -> None:
        if self._finished:
            return
        self.error = self.error or error
        self._give_up()
        if self.status:
            self.downstream.abort()
        else:
            reply = reply_to(self.request, reply, grpc_status)
            self.status = reply.status
            self.bytes_sent = len(reply.body)
            self.downstream.send_reply(reply, self.request, close or self.gateway.draining)
        self._finish()

    def _give_up(self) -> None:
        """Whatever is under way for this request ends."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._abandon()

    def _finish(self) -> None:
        self._finished = True
        self.wants_body = False
        self._replay = None
        for shadow in self._shadows or ():
            shadow.give_up()
        self._release()
        self._retry_over()
        faults, self._faults = self._faults, None
        if faults is not None:
            faults.release()
        self._stop_timeouts()
        self.ended = self.gateway.loop.time()
        if self.gateway.logs:
            try:
                self.gateway.logging(self)
            except Exception as problem:
                self.gateway.report_exception("the logging hook raised an exception", problem)
        self.downstream.exchange_finished()

    def _stop_timeouts(self) -> None:
        plan = self._plan
        if plan is None:
            return
        if plan.timeout is not None:
            plan.timeout.stop(self)
        if plan.per_try_timeout is not None:
            plan.per_try_timeout.stop(self)
        if plan.timeout is None or not self.request_complete or self.upgrade:
            self._idle.stop(self)
