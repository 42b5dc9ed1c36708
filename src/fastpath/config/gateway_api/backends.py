"""Where a rule sends traffic: its backends by weight, those that lead nowhere included.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutebackendrefs: what would go to a backend that cannot be
resolved is answered with 500, by its weight, calls of gRPC are UNAVAILABLE (503), and connections are closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import (
    DenominatorType,
    DirectResponse,
    FractionalPercent,
    HeaderMutations,
    Position,
    RouteAction,
    RuntimeFraction,
    TcpProxy,
    TcpProxyCluster,
    WeightedCluster,
)
from .filters import Filters
from .references import Backend

__all__ = ["INVALID_BACKEND", "HttpBackend", "forward", "proxy_to", "split"]

INVALID_BACKEND = "invalid-backend"
"""A cluster that is never there."""


@dataclass(frozen=True, slots=True)
class HttpBackend:
    """A backend of an HTTPRoute or GRPCRoute, with what is done to its requests alone."""

    backend: Backend
    filters: Filters


def forward(
    backends: Sequence[HttpBackend], unavailable: int, position: Position | None, **fields: Any
) -> RouteAction | DirectResponse:
    """The action of a rule; `fields` are those of RouteAction that do not choose the cluster."""
    weighted = [each for each in backends if each.backend.weight]
    if not any(each.backend.cluster for each in weighted):
        return DirectResponse(unavailable, position=position)
    if len(weighted) == 1 and weighted[0].filters.mutations == HeaderMutations():
        return RouteAction(cluster=weighted[0].backend.cluster, position=position, **fields)
    clusters = tuple(
        WeightedCluster(
            each.backend.cluster or INVALID_BACKEND,
            each.backend.weight,
            mutations=each.filters.mutations,
            position=each.backend.position,
        )
        for each in weighted
    )
    return RouteAction(
        weighted_clusters=clusters, cluster_not_found_response_code=unavailable, position=position, **fields
    )


def split(backends: Sequence[HttpBackend]) -> Iterator[tuple[HttpBackend, RuntimeFraction | None]]:
    """Backends one by one, each with the fraction of requests up to and with its own; None is what is left.

    All fractions of a request look at one random number, so that each backend gets what its weight says.
    """
    weighted = [each for each in backends if each.backend.weight]
    total, taken = sum(each.backend.weight for each in weighted), 0
    for each in weighted:
        taken += each.backend.weight
        share = FractionalPercent(taken * 1_000_000 // total, DenominatorType.MILLION)
        yield each, RuntimeFraction(share) if taken < total else None


def proxy_to(backends: Sequence[Backend], position: Position | None) -> TcpProxy:
    """Connections to the backends by weight."""
    weighted = [each for each in backends if each.weight]
    if len(weighted) < 2:
        name = weighted[0].cluster if weighted else ""
        return TcpProxy(name or INVALID_BACKEND, position=position)
    clusters = tuple(TcpProxyCluster(each.cluster or INVALID_BACKEND, each.weight) for each in weighted)
    return TcpProxy(weighted_clusters=clusters, position=position)
