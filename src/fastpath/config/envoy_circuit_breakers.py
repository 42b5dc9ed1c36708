"""Envoy's circuit breakers (envoy.config.cluster.v3.CircuitBreakers), those of the default priority."""

from __future__ import annotations

import enum
from typing import Any

from ..models import CircuitBreakerThresholds, RetryBudget
from .fields import Section

__all__ = ["read_circuit_breakers"]

_LIMITS = ("max_connections", "max_pending_requests", "max_requests", "max_retries")


class _Priority(enum.Enum):
    DEFAULT = 0
    HIGH = 1


def read_circuit_breakers(section: Section | None) -> CircuitBreakerThresholds:
    """The thresholds of the default priority. Those of HIGH are checked and not kept: no route has that priority."""
    default = CircuitBreakerThresholds()
    if section is None:
        return default
    found: CircuitBreakerThresholds | None = None
    for item in section.sections("thresholds"):
        priority = item.enum("priority", _Priority, _Priority.DEFAULT)
        thresholds = _read_thresholds(item)
        # Of several for one priority the first counts, in Envoy too.
        if priority is _Priority.DEFAULT and found is None:
            found = thresholds
    section.end(("per_host_thresholds",))
    return found or default


def _read_thresholds(section: Section) -> CircuitBreakerThresholds:
    limits: dict[str, Any] = {name: section.integer(name) for name in _LIMITS}
    budget = section.section("retry_budget")
    thresholds = CircuitBreakerThresholds(
        **{name: value for name, value in limits.items() if value is not None},
        retry_budget=None if budget is None else _read_budget(budget),
        track_remaining=section.boolean("track_remaining"),
        position=section.position,
    )
    section.end(("max_connection_pools",))
    return thresholds


def _read_budget(section: Section) -> RetryBudget:
    default = RetryBudget()
    least = section.integer("min_retry_concurrency")
    budget = RetryBudget(
        budget_percent=section.percent("budget_percent", default.budget_percent),
        min_retry_concurrency=default.min_retry_concurrency if least is None else least,
    )
    section.end()
    return budget
