"""Timeouts, retries, mirrors and faults of a route, for one request.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter,
envoy.extensions.filters.http.fault.v3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

from fastpath.models import FractionalPercent, HttpFault, RequestMirrorPolicy, RetryPolicy, RouteAction
from fastpath.substitution.heads import HeaderSource, RequestHead, as_bytes

__all__ = ["Fault", "Mirror", "Timeouts", "decide_fault", "holds", "mirrors", "retry_policy", "shadow_host", "timeouts"]

Random = Callable[[], int]
"""Draws a number from 0 to 2^64-1."""


class Timeouts(NamedTuple):
    """Seconds; None stands for no timeout."""

    request: float | None
    """From the end of the request to the end of the response."""
    per_try: float | None
    idle: float | None
    """Without a byte; None leaves it to the listener, 0 means none."""


class Mirror(NamedTuple):
    """Another cluster to send a copy to, with this host."""

    cluster: str
    authority: bytes


class Fault(NamedTuple):
    """What to do to a request: wait so many seconds, then answer with this status; None leaves either out."""

    delay: float | None = None
    abort_status: int | None = None
    grpc_status: int | None = None
    """What requests of gRPC get instead of what the status stands for."""


def holds(percent: FractionalPercent, random: int) -> bool:
    """Whether a share of all requests has this one in it: random % denominator < numerator."""
    return random % percent.denominator.denominator < percent.numerator


def _milliseconds(headers: HeaderSource, name: bytes) -> float | None:
    """A header's value in seconds; None when it is missing or not a whole number."""
    value = headers.get(name)
    return int(value) / 1e3 if value is not None and value.isdigit() and len(value) < 19 else None


def timeouts(action: RouteAction, policy: RetryPolicy | None, headers: HeaderSource | None = None) -> Timeouts:
    """What a route allows. `headers`: of an internal request, whose x-envoy-upstream-rq-... fields count; else None.

    Envoy takes a request for internal when its source is among the connection manager's internal addresses; without
    any it drops these fields. grpc-timeout counts only where a route says so, which the models do not.
    """
    request: float | None = action.timeout
    per_try = policy.per_try_timeout if policy is not None else None
    if headers is not None:
        request = _first(_milliseconds(headers, b"x-envoy-upstream-rq-timeout-ms"), request)
        per_try = _first(_milliseconds(headers, b"x-envoy-upstream-rq-per-try-timeout-ms"), per_try)
    if per_try and request and per_try >= request:
        per_try = None
    return Timeouts(request or None, per_try or None, action.idle_timeout)


def _first(value: float | None, other: float | None) -> float | None:
    return other if value is None else value


def retry_policy(route: RetryPolicy | None, virtual_host: RetryPolicy | None) -> RetryPolicy | None:
    """The route's, else the virtual host's."""
    return route if route is not None else virtual_host


def internal_retry_policy(policy: RetryPolicy | None, headers: HeaderSource) -> RetryPolicy | None:
    """The policy with what an internal request's x-envoy-retry-on and x-envoy-max-retries add to it."""
    added = headers.get(b"x-envoy-retry-on")
    most = headers.get(b"x-envoy-max-retries")
    if added is None and (most is None or policy is None):
        return policy
    policy = policy if policy is not None else RetryPolicy()
    names = [name.strip().decode("latin-1") for name in (added or b"").split(b",")]
    conditions = dict.fromkeys([*policy.retry_on, *(name for name in names if name)])
    retries = int(most) if most is not None and most.isdigit() and len(most) < 10 else policy.num_retries
    return dataclasses.replace(policy, retry_on=tuple(conditions), num_retries=retries)


def shadow_host(authority: bytes) -> bytes:
    """ "-shadow" after the host, before the port."""
    host, colon, port = authority.rpartition(b":")
    if colon and port.isdigit() and (host.endswith(b"]") or b":" not in host):
        return host + b"-shadow:" + port
    return authority + b"-shadow"


def mirrors(policies: Sequence[RequestMirrorPolicy], head: RequestHead, random: Random) -> list[Mirror]:
    """Where copies of a request go; `head` is the one that goes upstream. One number is drawn for each fraction."""
    found = []
    for policy in policies:
        fraction = policy.runtime_fraction
        if fraction is not None and not holds(fraction.default_value, random()):
            continue
        cluster = policy.cluster
        if not cluster:
            value = head.value(as_bytes(policy.cluster_header).lower())
            if not value:
                continue
            cluster = value.decode("utf-8", "surrogateescape")
        bare = policy.disable_shadow_host_suffix_append
        found.append(Mirror(cluster, head.authority if bare else shadow_host(head.authority)))
    return found


def decide_fault(fault: HttpFault, random: Random) -> Fault:
    """Draw for the delay and for the abort, each when it is configured."""
    delay = fault.delay if fault.delay is not None and holds(fault.delay_percentage, random()) else None
    abort, grpc = fault.abort_status, fault.abort_grpc_status
    if (abort is None and grpc is None) or not holds(fault.abort_percentage, random()):
        return Fault(delay or None)
    return Fault(delay or None, 200 if abort is None else abort, grpc)
