"""Retry policies (envoy.config.route.v3.RetryPolicy)."""

from __future__ import annotations

from collections.abc import Iterator

from ...models import RetryPolicy
from ..envoy_types import OMIT_CANARY_HOSTS, OMIT_HOST_METADATA, PREVIOUS_HOSTS, PREVIOUS_PRIORITIES
from .fields import Json, changed, duration, extension, member, renamed
from .matcher import write_header_matchers
from .metadata import write_metadata_match

__all__ = ["write_retry_policy"]


def write_retry_policy(policy: RetryPolicy) -> Json:
    """A RetryPolicy."""
    return {
        **changed(policy, "retry_on", write=",".join),
        **changed(policy, "num_retries", "retriable_status_codes"),
        **changed(policy, "retriable_headers", "retriable_request_headers", write=write_header_matchers),
        **member("retry_host_predicate", list(_write_predicates(policy))),
        **renamed(policy, {"previous_priorities": "retry_priority"}, write=_write_priority),
        **changed(policy, "host_selection_retry_max_attempts"),
        **changed(policy, "per_try_timeout", "per_try_idle_timeout", write=duration),
        **member("retry_back_off", _write_back_off(policy)),
    }


def _write_predicates(policy: RetryPolicy) -> Iterator[Json]:
    if policy.previous_hosts:
        yield extension("envoy.retry_host_predicates.previous_hosts", PREVIOUS_HOSTS, {})
    if policy.omit_canary_hosts:
        yield extension("envoy.retry_host_predicates.omit_canary_hosts", OMIT_CANARY_HOSTS, {})
    for omitted in policy.omit_host_metadata:
        config: Json = {"metadata_match": write_metadata_match(omitted)}
        yield extension("envoy.retry_host_predicates.omit_host_metadata", OMIT_HOST_METADATA, config)


def _write_priority(update_frequency: int) -> Json:
    config: Json = {"update_frequency": update_frequency}
    return extension("envoy.retry_priorities.previous_priorities", PREVIOUS_PRIORITIES, config)


def _write_back_off(policy: RetryPolicy) -> Json:
    """With a base_interval, which is needed even where only max_interval differs."""
    names = {"back_off_base_interval": "base_interval", "back_off_max_interval": "max_interval"}
    back_off = renamed(policy, names, write=duration)
    return {"base_interval": duration(policy.back_off_base_interval)} | back_off if back_off else {}
