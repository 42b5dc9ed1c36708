"""Envoy's retry policies (envoy.config.route.v3.RetryPolicy)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models import RetryPolicy
from .envoy_matcher import read_header_matcher
from .envoy_metadata import read_metadata
from .envoy_types import OMIT_CANARY_HOSTS, OMIT_HOST_METADATA, PREVIOUS_HOSTS, PREVIOUS_PRIORITIES
from .fields import Section
from .node import shorten

__all__ = ["read_retry_policy"]

_CONDITIONS = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "reset",
    "reset-before-request",
    "refused-stream",
    "retriable-4xx",
    "retriable-status-codes",
    "retriable-headers",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
)
_KNOWN = frozenset(_CONDITIONS)
_OPTIONAL = frozenset(
    {
        "retry_back_off",
        "host_selection_retry_max_attempts",
        "retriable_status_codes",
        "retriable_headers",
        "retriable_request_headers",
        "retry_host_predicate",
        "retry_priority",
        "per_try_idle_timeout",
    }
)
_UNSUPPORTED = ("rate_limited_retry_back_off", "retry_options_predicates")


def read_retry_policy(parent: Section) -> RetryPolicy | None:
    """A message's retry_policy, if it has one."""
    section = parent.section("retry_policy")
    if section is None:
        return None
    num_retries = section.integer("num_retries")
    policy = RetryPolicy(
        retry_on=_read_retry_on(section),
        num_retries=1 if num_retries is None else num_retries,
        per_try_timeout=section.duration("per_try_timeout"),
        **{} if section.lacks(_OPTIONAL) else _read_optional(section),
        position=section.position,
    )
    section.end(_UNSUPPORTED)
    return policy


def _read_optional(section: Section) -> dict[str, Any]:
    back_off = section.section("retry_back_off")
    base, maximum = None, None
    if back_off is not None:
        base, maximum = back_off.duration("base_interval"), back_off.duration("max_interval")
        if not base:
            back_off.error("base_interval is needed and must be more than 0")
        elif maximum is not None and maximum < base:
            back_off.error("max_interval must not be less than base_interval")
        back_off.end()
    attempts = section.integer("host_selection_retry_max_attempts", 0, 2**63 - 1)
    return {
        "retriable_status_codes": _read_status_codes(section),
        "retriable_headers": tuple(map(read_header_matcher, section.sections("retriable_headers"))),
        "retriable_request_headers": tuple(map(read_header_matcher, section.sections("retriable_request_headers"))),
        **_read_host_predicates(section),
        "previous_priorities": _read_priority(section.section("retry_priority")),
        "host_selection_retry_max_attempts": attempts or 1,  # Envoy takes 0 for not set
        "per_try_idle_timeout": section.duration("per_try_idle_timeout"),
        "back_off_base_interval": base or 0.025,
        "back_off_max_interval": maximum,
    }


def _read_retry_on(section: Section) -> tuple[str, ...]:
    conditions = _split(section.string("retry_on"))
    if _KNOWN.issuperset(conditions):
        return conditions
    value = section.get("retry_on")
    assert value is not None
    for condition in conditions:
        if condition not in _KNOWN:  # Envoy reads over it
            near = value.problems.suggest(condition, _CONDITIONS)
            reason = f"the condition {shorten(condition)!r} is unknown{near}"
            value.problems.unknown(reason, value.path)
    return conditions


def _split(text: str) -> tuple[str, ...]:
    return tuple([part for each in text.split(",") if (part := each.strip())])


def _read_status_codes(section: Section) -> tuple[int, ...]:
    codes = (value.integer(100, 599) for value in section.items("retriable_status_codes"))
    return tuple(code for code in codes if code is not None)


def _read_host_predicates(section: Section) -> dict[str, Any]:
    previous, canaries, omitted = False, False, list[Mapping[str, object]]()
    for predicate in section.sections("retry_host_predicate"):
        predicate.string("name", required=True)
        found = predicate.typed_one_of("typed_config", (PREVIOUS_HOSTS, OMIT_CANARY_HOSTS, OMIT_HOST_METADATA))
        predicate.end()
        if found is None:
            continue
        kind, config = found
        if kind == PREVIOUS_HOSTS:
            previous = True
        elif kind == OMIT_CANARY_HOSTS:
            canaries = True
        else:
            omitted.append(read_metadata(config, "metadata_match").get("envoy.lb", {}))
        config.end()
    return {"previous_hosts": previous, "omit_canary_hosts": canaries, "omit_host_metadata": tuple(omitted)}


def _read_priority(section: Section | None) -> int | None:
    """A RetryPriority: its update_frequency."""
    if section is None:
        return None
    section.string("name", required=True)
    found = section.typed_one_of("typed_config", (PREVIOUS_PRIORITIES,))
    section.end()
    if found is None:
        return None
    config = found[1]
    frequency = config.integer("update_frequency", 1, 2**31 - 1)
    if frequency is None:
        config.error("update_frequency is needed and must be more than 0")
    config.end()
    return frequency
