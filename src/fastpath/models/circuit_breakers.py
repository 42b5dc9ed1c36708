"""Limits of what may be under way at once. Source: Envoy v3 API, envoy.config.cluster.v3.CircuitBreakers."""

from __future__ import annotations

from .model import model
from .position import Position, position_field

__all__ = ["CircuitBreakerThresholds", "RetryBudget"]


@model(frozen=True, slots=True)
class RetryBudget:
    """How many retries there may be, by how many requests there are."""

    budget_percent: float = 20.0
    """Of active and pending requests; 0 to 100."""
    min_retry_concurrency: int = 3
    """At least so many."""


@model(frozen=True, slots=True)
class CircuitBreakerThresholds:
    """For the requests of a cluster, all hosts together; each 0 to 2^32-1."""

    max_connections: int = 1024
    max_pending_requests: int = 1024
    """That wait for a connection."""
    max_requests: int = 1024
    max_retries: int = 3
    retry_budget: RetryBudget | None = None
    """Instead of max_retries."""
    track_remaining: bool = False
    """Envoy's switch for gauges of what is left; here they are always there."""
    position: Position | None = position_field()
