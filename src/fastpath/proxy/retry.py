"""Whether and when a request is tried again, by Envoy's rules.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from ..models import RetryPolicy
from .host_predicates import HostPredicates

__all__ = ["CONNECT_FAILURE", "RESET", "RETRY_CONDITIONS", "TIMEOUT", "RetryRules", "reset_kind"]

# How an attempt ends without a response.
CONNECT_FAILURE: Final = "connect-failure"
RESET: Final = "reset"
TIMEOUT: Final = "timeout"

RETRY_CONDITIONS: Final = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "reset",
    "reset-before-request",
    "refused-stream",
    "retriable-4xx",
    "retriable-status-codes",
    "retriable-headers",
)
"""What RetryRules takes in a policy's retry_on: what the gateway can meet. HTTP/1 refuses no streams."""

_ANY_FAILURE = frozenset({"5xx", "gateway-error", "reset"})


def reset_kind(failure: str) -> Literal["connect-failure", "reset", "timeout"]:
    """What an attempt's failure counts as."""
    if failure == CONNECT_FAILURE:
        return CONNECT_FAILURE
    return TIMEOUT if failure == TIMEOUT else RESET


class RetryRules:
    """A RetryPolicy, laid out for asking it."""

    __slots__ = (
        "_failures",
        "_statuses",
        "base",
        "host_attempts",
        "maximum",
        "num_retries",
        "predicates",
        "previous_priorities",
    )

    def __init__(self, policy: RetryPolicy):
        conditions = frozenset(policy.retry_on)
        statuses: set[int] = set()
        if "5xx" in conditions:
            statuses.update(range(500, 600))
        if "gateway-error" in conditions:
            statuses.update((502, 503, 504))
        if "retriable-4xx" in conditions:
            statuses.add(409)
        if "retriable-status-codes" in conditions:
            statuses.update(policy.retriable_status_codes)
        # Envoy counts an upstream reset as a 5xx, since it results in one.
        any_failure = bool(conditions & _ANY_FAILURE)
        failures = {RESET, TIMEOUT, CONNECT_FAILURE} if any_failure else set()
        if conditions & {"connect-failure", "reset-before-request"}:
            failures.add(CONNECT_FAILURE)
        self._statuses = frozenset(statuses)
        self._failures = frozenset(failures)
        self.num_retries = policy.num_retries
        self.predicates = HostPredicates(policy)
        self.previous_priorities = policy.previous_priorities
        self.host_attempts = policy.host_selection_retry_max_attempts
        self.base = policy.back_off_base_interval
        limit = policy.back_off_max_interval
        self.maximum = 10 * self.base if limit is None else limit

    def on_status(self, status: int) -> bool:
        """Whether a response of this status is worth another try."""
        return status in self._statuses

    def on_failure(self, failure: str) -> bool:
        """Whether an attempt that ended like this, without a response, is worth another try."""
        return reset_kind(failure) in self._failures

    def back_off(self, retry: int, random: Random) -> float:
        """Seconds to wait before retry number `retry` (from 1): fully jittered, exponential."""
        span = self.base * (2.0 ** min(retry, 32) - 1.0)
        return min(random.random() * span, self.maximum)
