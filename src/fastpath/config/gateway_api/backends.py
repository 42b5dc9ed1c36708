"""Where a rule sends traffic: its backends by weight, those that lead nowhere included.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutebackendrefs: what would go to a backend that cannot be
resolved is answered with 500, by its weight, and connections are closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...models import (
    DirectResponse,
    HeaderMutations,
    Position,
    RouteAction,
    TcpProxy,
    TcpProxyCluster,
    WeightedCluster,
)
from .references import Backend

__all__ = ["INVALID_BACKEND", "forward", "proxy_to"]

INVALID_BACKEND = "invalid-backend"
"""A cluster that is never there."""


def forward(
    backends: Sequence[tuple[Backend, HeaderMutations]], position: Position | None, **fields: Any
) -> RouteAction | DirectResponse:
    """The action of a rule; `fields` are those of RouteAction that do not choose the cluster."""
    weighted = [(each, mutations) for each, mutations in backends if each.weight]
    if not any(each.cluster for each, _ in weighted):
        return DirectResponse(500, position=position)
    if len(weighted) == 1 and weighted[0][1] == HeaderMutations():
        return RouteAction(cluster=weighted[0][0].cluster, position=position, **fields)
    clusters = tuple(
        WeightedCluster(each.cluster or INVALID_BACKEND, each.weight, mutations=mutations, position=each.position)
        for each, mutations in weighted
    )
    return RouteAction(weighted_clusters=clusters, cluster_not_found_response_code=500, position=position, **fields)


def proxy_to(backends: Sequence[Backend], position: Position | None) -> TcpProxy:
    """Connections to the backends by weight."""
    weighted = [each for each in backends if each.weight]
    if len(weighted) < 2:
        name = weighted[0].cluster if weighted else ""
        return TcpProxy(name or INVALID_BACKEND, position=position)
    clusters = tuple(TcpProxyCluster(each.cluster or INVALID_BACKEND, each.weight) for each in weighted)
    return TcpProxy(weighted_clusters=clusters, position=position)
