"""HTTPRetry: when and how often a request is tried again.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from ...models import RetryPolicy
from ..fields import Section
from ..kubernetes_fields import integer
from ..node import shorten
from .fields import duration

__all__ = ["default_retries", "read_retries"]

_DEFAULT_ON = ("connect-failure", "refused-stream", "unavailable", "cancelled")
_CONDITIONS = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "refused-stream",
    "reset",
    "reset-before-request",
    "retriable-4xx",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
)
_STATUSES = frozenset(HTTPStatus)
_ATTEMPTS = 5

_DEFAULT = RetryPolicy(_DEFAULT_ON, 2, host_selection_retry_max_attempts=_ATTEMPTS)
_DEFAULT_ELSEWHERE = replace(_DEFAULT, previous_hosts=True)
_UPDATE_FREQUENCY = 2


def default_retries(*, stays: bool = False) -> RetryPolicy:
    """Of routes that say nothing: on hosts not tried yet, unless requests are to stay with a host (consistentHash)."""
    return _DEFAULT if stays else _DEFAULT_ELSEWHERE


def read_retries(section: Section, *, stays: bool = False) -> RetryPolicy | None:
    """None: nothing is tried again."""
    attempts = integer(section, "attempts", 0, 2**31 - 1)
    per_try = duration(section, "perTryTimeout", 0.001)
    conditions, codes = _read_conditions(section)
    ignore = section.boolean("retryIgnorePreviousHosts", default=not stays)
    is_remote = section.boolean("retryRemoteLocalities")
    back_off = duration(section, "backoff", 0.001)
    if not attempts:
        for name in ("perTryTimeout", "retryOn", "retryRemoteLocalities"):
            if section.get(name) is not None:
                section.error(f"{name} has no use without attempts")
    section.end()
    if not attempts:
        return None
    return RetryPolicy(
        retry_on=conditions or _DEFAULT_ON,
        num_retries=attempts,
        retriable_status_codes=codes,
        previous_hosts=ignore,
        previous_priorities=_UPDATE_FREQUENCY if is_remote else None,
        host_selection_retry_max_attempts=_ATTEMPTS,
        per_try_timeout=per_try,
        back_off_base_interval=back_off if back_off is not None else RetryPolicy().back_off_base_interval,
        position=section.position,
    )


def _read_conditions(section: Section) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Envoy's conditions, and numbers that stand for statuses to retry on."""
    value = section.get("retryOn")
    conditions: list[str] = []
    codes: list[int] = []
    for part in value.string().split(",") if value is not None else ():
        word = part.strip()
        if word.isascii() and word.isdigit() and len(word) == 3 and int(word) in _STATUSES:
            codes.append(int(word))
        elif word in _CONDITIONS:
            conditions.append(word)
        elif word and value is not None:
            value.error(f"the condition {shorten(word)!r} is unknown{value.problems.suggest(word, _CONDITIONS)}")
    if codes and "retriable-status-codes" not in conditions:
        conditions.append("retriable-status-codes")
    return tuple(conditions), tuple(codes)
