"""Circuit breakers (envoy.config.cluster.v3.CircuitBreakers), those of the default priority."""

from __future__ import annotations

from ...models import CircuitBreakerThresholds, RetryBudget
from .fields import Json, changed, plain

__all__ = ["write_circuit_breakers"]


def write_circuit_breakers(thresholds: CircuitBreakerThresholds) -> Json:
    """A CircuitBreakers."""
    limits = changed(thresholds, "max_connections", "max_pending_requests", "max_requests", "max_retries")
    budget = changed(thresholds, "retry_budget", write=_write_budget)
    return {"thresholds": [limits | budget | changed(thresholds, "track_remaining")]}


def _write_budget(budget: RetryBudget) -> Json:
    return {
        **changed(budget, "budget_percent", write=lambda percent: {"value": plain(percent)}),
        **changed(budget, "min_retry_concurrency"),
    }
