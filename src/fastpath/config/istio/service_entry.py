"""ServiceEntry: hosts beside those of Services, with their addresses or to be looked up.

Source: https://istio.io/latest/docs/reference/config/networking/service-entry/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...models import Cluster, DiscoveryType, Endpoint, LocalityEndpoints
from ..fields import UINT32_MAX, Section, Value
from ..kubernetes_fields import choice, host_name, integer, ip_address, port_number
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Service, ServicePort
from ..node import shorten
from .fields import GROUP, labels, visible_everywhere

__all__ = ["LABELS", "ServiceEntry", "read_service_entries"]

LABELS = "istio.labels"
"""The endpoint metadata that hold labels."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One host of an entry."""

    service: Service
    clusters: tuple[Cluster, ...]
    """One for each port."""
    item: KubernetesObject


@dataclass(frozen=True, slots=True)
class _Endpoint:
    endpoint: Endpoint
    locality: tuple[str, str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Other numbers for the ports, by their names."""


def read_service_entries(objects: Objects) -> Iterator[ServiceEntry]:
    for item in objects.of_kind(GROUP, "ServiceEntry"):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is not None:
            yield from _read_spec(spec, item)


def _read_spec(spec: Section, item: KubernetesObject) -> Iterator[ServiceEntry]:
    visible_everywhere(spec)
    hosts = [_read_host(value) for value in spec.items("hosts")]
    ports = [_read_port(each) for each in spec.sections("ports")]
    choice(spec, "location", ("MESH_EXTERNAL", "MESH_INTERNAL"), "MESH_EXTERNAL")
    is_static = choice(spec, "resolution", ("STATIC", "DNS"), required=True) != "DNS"
    names = {port.name for port in ports}
    endpoints = [_read_endpoint(each, names, is_static=is_static) for each in spec.sections("endpoints")]
    if not hosts or not ports:
        spec.error("has no hosts" if not hosts else "has no ports")
    if len(names) < len(ports) or len({port.port for port in ports}) < len(ports):
        spec.error("a port is there twice")
    if is_static and not endpoints:
        spec.error("has no endpoints, which the resolution STATIC needs")
    spec.end()
    for host in dict.fromkeys(hosts):
        service = Service(item.namespace, host, tuple(ports), position=item.position)
        own = endpoints or [_Endpoint(Endpoint(host, 1, hostname=host, position=item.position), ("", "", ""))]
        kind = DiscoveryType.STATIC if is_static else DiscoveryType.STRICT_DNS
        clusters = (
            Cluster(service.cluster_name(port), _localities(own, port), kind, position=item.position) for port in ports
        )
        yield ServiceEntry(service, tuple(clusters), item)


def _read_host(value: Value) -> str:
    host = host_name(value)
    if host.startswith("*") or "." not in host:
        value.error(f"supported are hosts with a dot and without a wildcard, found {shorten(host)!r}")
    return host


def _read_port(section: Section) -> ServicePort:
    number = port_number(section, "number", required=True) or 1
    protocol = section.string("protocol", "HTTP")
    if protocol != "HTTP":
        section.error(f"the protocol {shorten(protocol)!r} is not supported; supported is HTTP")
    port = ServicePort(section.string("name", required=True), number, target=port_number(section, "targetPort"))
    section.end()
    return port


def _read_endpoint(section: Section, names: set[str], *, is_static: bool) -> _Endpoint:
    value = section.get("address", required=True)
    address = value.string() if value is not None else ""
    if value is not None and is_static:
        ip_address(value, address)
    inner, ports = section.section("ports"), {}
    for name in inner.members if inner is not None else ():
        number = port_number(inner, name) if inner is not None else None
        if name not in names:
            section.error(f"the entry has no port {shorten(name)!r}")
        ports[name] = number or 1
    own = labels(section)
    region, zone, sub_zone, *rest = (*section.string("locality").split("/"), "", "")
    if any(rest):
        section.error("a locality is region/zone/subzone")
    endpoint = Endpoint(
        address,
        1,
        integer(section, "weight", 1, UINT32_MAX),
        hostname="" if is_static else address,
        metadata={LABELS: dict(own)} if own else {},
        position=section.position,
    )
    section.end()
    return _Endpoint(endpoint, (region, zone, sub_zone), ports)


def _localities(endpoints: list[_Endpoint], port: ServicePort) -> tuple[LocalityEndpoints, ...]:
    found: dict[tuple[str, str, str], list[Endpoint]] = {}
    for each in endpoints:
        number = each.ports.get(port.name) or (port.target if isinstance(port.target, int) else port.port)
        found.setdefault(each.locality, []).append(replace(each.endpoint, port=number))
    return tuple(LocalityEndpoints(tuple(own), *locality, position=own[0].position) for locality, own in found.items())
