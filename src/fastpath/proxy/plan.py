"""What a route asks for, laid out once for all its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models import DirectResponse, RedirectAction, RetryPolicy, Route, RouteAction
from .reply import Reply, rewrite_path
from .retry import RetryRules

if TYPE_CHECKING:
    from .exchange import Exchange
    from .timeouts import TimeoutQueue, TimeoutQueues

__all__ = ["Plan"]


class Plan:
    """A route's action: one of `action` (forward), `redirect` and `reply`, and what goes with forwarding."""

    __slots__ = (
        "action",
        "authority",
        "per_try_timeout",
        "policy",
        "prefix_rewrite",
        "redirect",
        "reply",
        "route",
        "rules",
        "timeout",
    )

    def __init__(
        self, route: Route, policy: RetryPolicy | None, routes: TimeoutQueues[Exchange], tries: TimeoutQueues[Exchange]
    ):
        self.route = route
        self.policy = policy
        """The virtual host's, which may change while the route stays."""
        self.action = route.action if isinstance(route.action, RouteAction) else None
        self.redirect = route.action if isinstance(route.action, RedirectAction) else None
        self.reply = Reply(200)
        if isinstance(route.action, DirectResponse):
            self.reply = Reply(route.action.status, route.action.body)
        self.rules: RetryRules | None = None
        self.timeout: TimeoutQueue[Exchange] | None = None
        self.per_try_timeout: TimeoutQueue[Exchange] | None = None
        self.prefix_rewrite: bytes | None = None
        self.authority: bytes | None = None
        if self.action is not None:
            self._lay_out(self.action, policy, routes, tries)

    def _lay_out(
        self,
        action: RouteAction,
        policy: RetryPolicy | None,
        routes: TimeoutQueues[Exchange],
        tries: TimeoutQueues[Exchange],
    ) -> None:
        policy = action.retry_policy if action.retry_policy is not None else policy
        if policy is not None and policy.num_retries and policy.retry_on:
            self.rules = RetryRules(policy)
        if policy is not None and policy.per_try_timeout:
            self.per_try_timeout = tries.of(policy.per_try_timeout)
        if action.timeout:
            self.timeout = routes.of(action.timeout)
        if action.prefix_rewrite is not None:
            self.prefix_rewrite = action.prefix_rewrite.encode()
        if action.host_rewrite_literal is not None:
            self.authority = action.host_rewrite_literal.encode()

    def path(self, exchange: Exchange) -> bytes | None:
        """The path to send, None to send the one that came."""
        if self.prefix_rewrite is not None:
            return rewrite_path(self.route, self.prefix_rewrite, exchange.path)
        return exchange.path if exchange.path != exchange.request.path else None
