"""What routes, their shares, virtual hosts and route configurations say to HTTP filters (typed_per_filter_config)."""

from __future__ import annotations

from ...models import Route, RouteConfiguration, VirtualHost, WeightedCluster
from ..envoy_types import FAULT_FILTER, HTTP_FAULT, SESSION_FILTER, STATEFUL_SESSION_PER_ROUTE
from .fault import write_http_fault
from .fields import Json, any_of, member
from .stateful_session import write_session_of

__all__ = ["write_filters_of"]


def write_filters_of(level: Route | VirtualHost | RouteConfiguration | WeightedCluster) -> Json:
    """The typed_per_filter_config of one of them."""
    filters: Json = {}
    if level.fault is not None:
        filters[FAULT_FILTER] = any_of(HTTP_FAULT, write_http_fault(level.fault))
    if level.stateful_session is not None:
        filters[SESSION_FILTER] = any_of(STATEFUL_SESSION_PER_ROUTE, write_session_of(level.stateful_session))
    return member("typed_per_filter_config", filters)
