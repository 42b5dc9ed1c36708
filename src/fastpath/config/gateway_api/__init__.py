"""Gateway API (gateway.networking.k8s.io): Gateways and routes as listeners, routes, and the status of each object.

Source: https://gateway-api.sigs.k8s.io/reference/spec/.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...models import Config, ObjectStatus
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_scope import Scope
from ..kubernetes_secret import Secrets
from ..kubernetes_service import Services
from .compile import Attached, compile_gateway
from .gateway import read_gateways
from .http_route import HttpRoute, read_http_route
from .parents import attach
from .references import GROUP, read_grants
from .stream_route import StreamRoute, read_stream_route

__all__ = ["GROUP", "read_gateway_api"]


def read_gateway_api(objects: Objects, services: Services, secrets: Secrets, scope: Scope) -> Config:
    """All Gateways of the scope's class with the routes that attach to them."""
    grants = read_grants(objects)
    gateways, statuses = read_gateways(objects, secrets, grants, scope)
    by_name = {(each.item.namespace, each.item.name): each for each in gateways}
    routes = {listener: Attached() for gateway in gateways for listener in gateway.listeners}
    http = [read_http_route(item, services, grants) for item in _of_kinds(objects, "HTTPRoute", "GRPCRoute")]
    streams = [read_stream_route(item, services, grants) for item in _of_kinds(objects, "TLSRoute", "TCPRoute")]
    all_routes: list[HttpRoute | StreamRoute] = [*http, *streams]
    told: dict[KubernetesObject, ObjectStatus] = {}
    for route in sorted(all_routes, key=lambda each: each.item.seniority):
        found, told[route.item] = attach(route, by_name, objects)
        for each in found:
            if isinstance(route, HttpRoute):
                routes[each.listener].http.append((route, each))
            else:
                routes[each.listener].stream.append((route, each))
    parts = [compile_gateway(gateway, routes) for gateway in gateways]
    return Config(
        listeners=tuple(each for part in parts for each in part.listeners),
        route_configurations={name: each for part in parts for name, each in part.route_configurations.items()},
        statuses=(
            *statuses,
            *(each.status() for each in gateways),
            *(told[route.item] for route in all_routes),
        ),
    )


def _of_kinds(objects: Objects, *kinds: str) -> Iterator[KubernetesObject]:
    for kind in kinds:
        yield from objects.of_kind(GROUP, kind)
