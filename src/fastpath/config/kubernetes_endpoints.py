"""EndpointSlices and Endpoints: the addresses behind Services.

Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ and discovery.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..models import Position
from .fields import Section
from .kubernetes_fields import choice, ip_address, port_number
from .kubernetes_object import KubernetesObject, Objects

__all__ = ["Address", "EndpointPort", "EndpointSet", "family_of", "read_endpoint_sets"]

_SERVICE_NAME = "kubernetes.io/service-name"
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@dataclass(frozen=True, slots=True)
class Address:
    """One address, and in what state its pod is."""

    ip: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    node: str = ""
    zone: str = ""
    pod: str = ""
    hostname: str = ""
    hint_zones: tuple[str, ...] = ()
    """Zones that ought to use it; without any there is no hint."""
    hint_nodes: tuple[str, ...] = ()
    """Nodes, likewise."""
    annotations: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Of its slice: what annotations like fastpath.a/b say, as {"fastpath.a": {"b": ...}}."""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """A port of all addresses of a set. `number` is None when every port of them may be used."""

    name: str
    protocol: str
    number: int | None


@dataclass(frozen=True, slots=True)
class EndpointSet:
    """Addresses that have the same ports."""

    ports: tuple[EndpointPort, ...]
    addresses: tuple[Address, ...]
    item: KubernetesObject


def family_of(ip: str) -> str:
    return "IPv6" if ":" in ip else "IPv4"


def read_endpoint_sets(objects: Objects) -> dict[tuple[str, str], list[EndpointSet]]:
    """The addresses by namespace and name of the Service. Where there are slices, Endpoints only repeat them.

    A slice without the label belongs to no Service; its name is that of a cluster where no Service has it.
    """
    sets: dict[tuple[str, str], list[EndpointSet]] = {}
    alone: list[tuple[tuple[str, str], EndpointSet]] = []
    for item in objects.of_kind("discovery.k8s.io", "EndpointSlice"):
        service, found = item.labels.get(_SERVICE_NAME), _read_slice(item)
        if service:
            sets.setdefault((item.namespace, service), []).append(found)
        elif objects.find("", "Service", item.namespace, item.name) is None:
            alone.append(((item.namespace, item.name), found))
    repeated = set(sets)
    for item in objects.of_kind("", "Endpoints"):
        addresses = list(_read_endpoints(item))
        if (item.namespace, item.name) not in repeated:
            sets.setdefault((item.namespace, item.name), []).extend(addresses)
    for key, found in alone:
        sets.setdefault(key, []).append(found)
    return sets


def _read_slice(item: KubernetesObject) -> EndpointSet:
    section = item.section
    kind = choice(section, "addressType", ("IPv4", "IPv6", "FQDN"), required=True)
    if kind == "FQDN":
        section.error("the addressType FQDN is not supported; supported are IPv4, IPv6")
    ports = tuple(_read_port(each, required=False) for each in section.sections("ports"))
    annotations = _own_annotations(item)
    addresses = tuple(
        address
        for each in section.sections("endpoints")
        for address in _read_slice_endpoint(each, annotations, is_ip=kind != "FQDN")
    )
    section.end()
    return EndpointSet(ports, addresses, item)


def _read_port(section: Section, *, required: bool) -> EndpointPort:
    number = port_number(section, "port", required=required)
    section.string("appProtocol")
    port = EndpointPort(section.string("name"), choice(section, "protocol", _PROTOCOLS, "TCP"), number)
    section.end()
    return port


def _own_annotations(item: KubernetesObject) -> dict[str, dict[str, object]]:
    """Annotations that are meant for this library become metadata of the endpoints."""
    found: dict[str, dict[str, object]] = {}
    for name, text in item.annotations.items():
        prefix, slash, rest = name.partition("/")
        if slash and prefix.startswith("fastpath."):
            found.setdefault(prefix, {})[rest] = text
    return found


def _read_slice_endpoint(
    section: Section, annotations: Mapping[str, Mapping[str, object]], *, is_ip: bool
) -> Iterator[Address]:
    ready, serving, terminating = _read_conditions(section.section("conditions"))
    node, zone, hostname = section.string("nodeName"), section.string("zone"), section.string("hostname")
    pod = _read_target(section)
    zones, nodes = _read_hints(section.section("hints"))
    section.get("deprecatedTopology")
    position = section.position
    addresses = section.items("addresses")
    section.end()
    if not addresses:
        section.error("has no addresses")
    for index, value in enumerate(addresses):
        ip = ip_address(value, value.string()) if is_ip else value.string()
        if index:
            continue  # it has no meaning, and kube-proxy does not look at it
        yield Address(ip, ready, serving, terminating, node, zone, pod, hostname, zones, nodes, annotations, position)


def _read_conditions(section: Section | None) -> tuple[bool, bool, bool]:
    """Ready, serving and terminating; what is not told is ready, serving, and not terminating."""
    if section is None:
        return True, True, False
    ready = section.boolean("ready", default=True)
    serving = section.boolean("serving", default=True)
    terminating = section.boolean("terminating")
    section.end()
    return ready, serving, terminating


def _read_target(parent: Section) -> str:
    reference = parent.section("targetRef")
    if reference is None:
        return ""
    kind, name = reference.string("kind"), reference.string("name")
    reference.asked.update(("apiVersion", "fieldPath", "namespace", "resourceVersion", "uid"))
    reference.end()
    return name if kind == "Pod" else ""


def _read_hints(section: Section | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For zones and for nodes."""
    if section is None:
        return (), ()
    zones, nodes = _read_names(section, "forZones"), _read_names(section, "forNodes")
    section.end()
    return zones, nodes


def _read_names(section: Section, field_: str) -> tuple[str, ...]:
    names = []
    for each in section.sections(field_):
        names.append(each.string("name", required=True))
        each.end()
    return tuple(names)


def _read_endpoints(item: KubernetesObject) -> Iterable[EndpointSet]:
    for subset in item.section.sections("subsets"):
        ports = tuple(_read_port(each, required=True) for each in subset.sections("ports"))
        ready = [_read_address(each, ready=True) for each in subset.sections("addresses")]
        unready = [_read_address(each, ready=False) for each in subset.sections("notReadyAddresses")]
        subset.end()
        yield EndpointSet(ports, (*ready, *unready), item)
    item.section.end()


def _read_address(section: Section, *, ready: bool) -> Address:
    value = section.get("ip", required=True)
    address = Address(
        ip_address(value, value.string()) if value is not None else "",
        ready=ready,
        serving=ready,
        node=section.string("nodeName"),
        pod=_read_target(section),
        hostname=section.string("hostname"),
        position=section.position,
    )
    section.end()
    return address
