"""Istio (networking.istio.io): its objects as listeners, routes and clusters.

Source: https://istio.io/latest/docs/reference/config/networking/. What comes through a Gateway goes by the routes of
the VirtualServices bound to it; what a workload of the mesh sends to a Service goes by those bound to "mesh".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...models import Config, ObjectStatus
from ..kubernetes_object import Objects
from ..kubernetes_scope import Scope
from ..kubernetes_secret import Secrets
from ..kubernetes_service import Services
from .client import read_client
from .destinations import Destinations, read_destinations
from .edge import edge_config
from .fields import GROUP
from .gateway import Gateway, read_gateways
from .mesh import mesh_config
from .sidecar import read_sidecar
from .unresolved import refusal
from .virtual_service import read_virtual_services

__all__ = ["GROUP", "read_istio"]


def read_istio(objects: Objects, services: Services, secrets: Secrets, scope: Scope) -> Config:
    """All of it. Without an object of Istio's the Services' clusters are as Kubernetes has them."""
    if not any(group == GROUP for group, _ in objects.kinds()):
        return Config(clusters=tuple(services.clusters()))
    client = read_client(objects, scope)
    destinations = read_destinations(objects, services, secrets, client)
    gateways = read_gateways(objects, secrets, client)
    virtual_services = read_virtual_services(objects, gateways, destinations, client)
    edge = edge_config(gateways, virtual_services, client)
    mesh = mesh_config(virtual_services, destinations, read_sidecar(objects, destinations, client), client)
    return Config(
        (*edge.listeners, *mesh.listeners),
        {**edge.route_configurations, **mesh.route_configurations},
        tuple(destinations.clusters),
        statuses=(
            *destinations.unresolved.statuses(objects),
            *_refusals(destinations, gateways),
            *destinations.statuses,
            *edge.statuses,
            *mesh.statuses,
        ),
    )


def _refusals(destinations: Destinations, gateways: Mapping[str, Gateway]) -> Iterator[ObjectStatus]:
    """Objects that have no part in the configuration, though they might have one in another."""
    for item, reason in destinations.unsupported.items():
        yield refusal(item, "UnsupportedValue", reason)
    for gateway in gateways.values():
        if not gateway.is_ours:
            yield refusal(gateway.item, "NotSelected", "the selector is not for the labels of the scope")
