"""A listener's fault filter: which requests are delayed or answered, by the route's faults or by the listener's.

Source: envoy.extensions.filters.http.fault.v3.HTTPFault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastpath import RouteTable

from ..actions.policies import Fault, decide_fault
from ..models import HttpFault

if TYPE_CHECKING:
    from fastpath import Match, Request

    from ..actions.policies import Random
    from .plan import Plan

__all__ = ["FaultFilter", "FaultRules"]

_NONE = Fault()


class FaultRules:
    """A fault, laid out once. `table`: whose eyes see the requests. ConfigError for headers that no table takes."""

    __slots__ = ("_takers", "fault")

    def __init__(self, fault: HttpFault, table: RouteTable):
        self.fault = fault
        self._takers = table.taking(fault.headers) if fault.headers else None

    def concerns(self, request: Request, match: Match | None) -> bool:
        """Whether the fault is meant for such requests."""
        wanted = self.fault.upstream_cluster
        if wanted and (match is None or match.cluster != wanted):
            return False
        return self._takers is None or self._takers.match(request) is not None


class FaultFilter:
    """Decides, and counts the requests that have a fault: `release` takes one back."""

    __slots__ = ("_random", "_rules", "_table", "active")

    def __init__(self, fault: HttpFault, table: RouteTable, random: Random):
        self._rules = FaultRules(fault, table)
        self._table = table
        self._random = random
        self.active = 0

    def decide(self, request: Request, match: Match | None, plan: Plan | None) -> Fault:
        """The fault to inject. With one in it, the request counts until `release`."""
        rules = self._rules if plan is None else self._rules_of(plan, match)
        fault = rules.fault
        if not rules.concerns(request, match):
            return _NONE
        decided = decide_fault(fault, self._random)
        if decided == _NONE or (fault.max_active_faults is not None and self.active >= fault.max_active_faults):
            return _NONE
        self.active += 1
        return decided

    def release(self) -> None:
        """A request that has a fault is over."""
        self.active -= 1

    def _rules_of(self, plan: Plan, match: Match | None) -> FaultRules:
        split = plan.split and match is not None
        actions = plan.actions.of_share(match.weighted_cluster) if split and match is not None else plan.actions
        fault = actions.fault_policy
        if fault is None:
            return self._rules
        rules = plan.fault_rules.get(id(fault))
        if rules is None:
            rules = plan.fault_rules[id(fault)] = FaultRules(fault, self._table)
        return rules
