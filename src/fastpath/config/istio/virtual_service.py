"""VirtualService: hosts, the gateways they are reached through, and the routes of their HTTP traffic.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...models import Position, Route
from ..fields import Section, Value
from ..kubernetes_fields import host_name
from ..kubernetes_object import KubernetesObject, Objects
from ..node import shorten
from .destinations import Destinations, full_name
from .fields import GROUP, visible_everywhere
from .gateway import Gateway
from .http_action import Action, read_action
from .http_match import HttpMatch, read_http_match

__all__ = ["MESH", "VirtualService", "read_virtual_services"]

MESH = "mesh"


@dataclass(frozen=True, slots=True)
class _HttpRoute:
    name: str
    matches: tuple[HttpMatch, ...]
    action: Action
    position: Position


@dataclass(frozen=True, slots=True)
class VirtualService:
    item: KubernetesObject
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    """Full names, and MESH."""
    http: tuple[_HttpRoute, ...]

    def routes(self, gateway: str, port: int) -> Iterator[tuple[bool, Route]]:
        """The routes of what comes through a gateway to a port; each with whether it takes all that comes to it."""
        for each in self.http:
            for match in each.matches:
                gateways = [_gateway_name(name, self.item.namespace) for name in match.gateways] or self.gateways
                if gateway not in gateways or match.port not in (None, port):
                    continue
                name = ".".join(filter(None, (each.name, match.name)))
                yield (
                    match.takes_all,
                    Route(
                        match.match,
                        each.action.action,
                        name,
                        mutations=each.action.mutations,
                        fault=each.action.fault,
                        position=each.position,
                    ),
                )
                if match.takes_all:
                    return


def read_virtual_services(
    objects: Objects, gateways: dict[str, Gateway], destinations: Destinations
) -> list[VirtualService]:
    """All of them, the oldest first."""
    items = sorted(objects.of_kind(GROUP, "VirtualService"), key=lambda item: item.seniority)
    return [_read(item, gateways, destinations) for item in items]


def _read(item: KubernetesObject, gateways: dict[str, Gateway], destinations: Destinations) -> VirtualService:
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return VirtualService(item, (), (), ())
    visible_everywhere(spec)
    hosts = tuple(dict.fromkeys(_read_host(value, item.namespace) for value in spec.items("hosts")))
    if not hosts:
        spec.error("has no hosts")
    names = tuple(_read_gateway(value, item.namespace, gateways) for value in spec.items("gateways")) or (MESH,)
    http = tuple(_read_http_route(each, item.namespace, names, destinations) for each in spec.sections("http"))
    if not http:
        spec.error("has no http routes")
    spec.end()
    return VirtualService(item, hosts, names, http)


def _read_host(value: Value, namespace: str) -> str:
    text = value.string()
    return text if text == "*" else full_name(host_name(value), namespace)


def _gateway_name(name: str, namespace: str) -> str:
    return name if name == MESH or "/" in name else f"{namespace}/{name}"


def _read_gateway(value: Value, namespace: str, gateways: dict[str, Gateway]) -> str:
    name = _gateway_name(value.string(), namespace)
    if name != MESH and name not in gateways:
        value.error(f"there is no Gateway {shorten(name)!r}{value.problems.suggest(name, gateways)}")
    return name


def _read_http_route(
    section: Section, namespace: str, gateways: tuple[str, ...], destinations: Destinations
) -> _HttpRoute:
    matches = tuple(read_http_match(each) for each in section.sections("match")) or (HttpMatch(),)
    for match in matches:
        for name in match.gateways:
            if _gateway_name(name, namespace) not in gateways:
                section.error(f"a match names the gateway {shorten(name)!r}, which the VirtualService does not")
    route = _HttpRoute(section.string("name"), matches, read_action(section, destinations, namespace), section.position)
    section.end()
    return route
