"""What a route asks for, laid out once for all its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..actions import RouteActions
from ..models import RouteAction
from .heads import DROPPED_FROM_REQUESTS
from .retry import RetryRules
from .timeouts import FOREVER

if TYPE_CHECKING:
    from fastpath import Match

    from .exchange import Exchange
    from .fault_filter import FaultRules
    from .gateway import Gateway
    from .timeouts import TimeoutQueue

__all__ = ["Plan"]


class Plan:
    """A route's actions as the gateway uses them. `action` is None for a route that answers by itself."""

    __slots__ = (
        "action",
        "actions",
        "fault_rules",
        "idle",
        "owner",
        "per_try_timeout",
        "rules",
        "split",
        "timeout",
        "upgrade_types",
    )

    def __init__(self, match: Match, gateway: Gateway):
        actions = RouteActions(match.route, match.virtual_host, match.configuration, drops=DROPPED_FROM_REQUESTS)
        self.owner = gateway.route_timeouts
        """Whose timers it knows: those of one run of one gateway."""
        self.actions = actions
        self.action: RouteAction | None = actions.action
        self.split = self.action is not None and bool(self.action.weighted_clusters)
        self.fault_rules: dict[int, FaultRules] = {}
        """The faults of the route and its shares that the fault filter has looked at, by their identity."""
        self.rules: RetryRules | None = None
        self.timeout: TimeoutQueue[Exchange] | None = None
        self.per_try_timeout: TimeoutQueue[Exchange] | None = None
        self.idle = gateway.stream_idle
        self.upgrade_types: dict[bytes, bool] = {}
        if self.action is None:
            return
        policy = actions.retry_policy
        if policy is not None and policy.num_retries and policy.retry_on:
            self.rules = RetryRules(policy)
        limits = actions.timeouts()
        if limits.per_try is not None:
            self.per_try_timeout = gateway.try_timeouts.of(limits.per_try)
        if limits.request is not None:
            self.timeout = gateway.route_timeouts.of(limits.request)
        if limits.idle is not None:
            self.idle = gateway.idle_timeouts.of(limits.idle or FOREVER)
        self.upgrade_types = {name.encode(): allowed for name, allowed in self.action.upgrade_types.items()}
