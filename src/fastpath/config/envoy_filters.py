"""What routes, their shares, virtual hosts and route configurations say to HTTP filters (typed_per_filter_config)."""

from __future__ import annotations

from typing import Any

from .envoy_fault import read_http_fault
from .envoy_stateful_session import read_session_of
from .envoy_types import FAULT_FILTER, HTTP_FAULT, SESSION_FILTER, STATEFUL_SESSION_PER_ROUTE
from .fields import Section

__all__ = ["read_filters"]


def read_filters(section: Section) -> dict[str, Any]:
    """What a message says, as the models' fields `fault` and `stateful_session`."""
    filters = section.section("typed_per_filter_config")
    if filters is None:
        return {}
    found: dict[str, Any] = {}
    if FAULT_FILTER in filters.members:
        content = filters.typed(FAULT_FILTER, HTTP_FAULT)
        found["fault"] = read_http_fault(content) if content is not None else None
    if SESSION_FILTER in filters.members:
        content = filters.typed(SESSION_FILTER, STATEFUL_SESSION_PER_ROUTE)
        found["stateful_session"] = read_session_of(content) if content is not None else None
    filters.end()
    return found
