"""Gateway API (gateway.networking.k8s.io): Gateways and routes as listeners, routes, and the status of each object.

Source: https://gateway-api.sigs.k8s.io/reference/spec/.
"""

from __future__ import annotations

from ...models import Config, ObjectStatus
from ..kubernetes_object import Objects
from ..kubernetes_scope import Scope
from ..kubernetes_secret import Secrets
from ..kubernetes_service import Services
from .compile import Attached, compile_gateway
from .gateway import read_gateways
from .http_route import read_http_route
from .parents import attach
from .references import GROUP, read_grants
from .stream_route import read_stream_route

__all__ = ["GROUP", "read_gateway_api"]


def read_gateway_api(objects: Objects, services: Services, secrets: Secrets, scope: Scope) -> Config:
    """All Gateways of the scope's class with the routes that attach to them."""
    grants = read_grants(objects)
    gateways, statuses = read_gateways(objects, secrets, grants, scope)
    by_name = {(each.item.namespace, each.item.name): each for each in gateways}
    routes = {listener: Attached() for gateway in gateways for listener in gateway.listeners}
    route_statuses: list[ObjectStatus] = []
    for kind in ("HTTPRoute", "GRPCRoute"):
        for item in objects.of_kind(GROUP, kind):
            http = read_http_route(item, services, grants)
            found, status = attach(item, http.parents, http.hostnames, by_name, objects, http.unresolved)
            route_statuses.append(status)
            for each in found:
                routes[each.listener].http.append((http, each))
    for kind in ("TLSRoute", "TCPRoute"):
        for item in objects.of_kind(GROUP, kind):
            stream = read_stream_route(item, services, grants)
            found, status = attach(item, stream.parents, stream.hostnames, by_name, objects, stream.unresolved)
            route_statuses.append(status)
            for each in found:
                routes[each.listener].stream.append((stream, each))
    parts = [compile_gateway(gateway, routes) for gateway in gateways]
    return Config(
        listeners=tuple(each for part in parts for each in part.listeners),
        route_configurations={name: each for part in parts for name, each in part.route_configurations.items()},
        statuses=(*statuses, *(each.status() for each in gateways), *route_statuses),
    )
