"""Workloads that Services and ServiceEntries select by labels: WorkloadEntries, and Pods with an address.

Source: https://istio.io/latest/docs/reference/config/networking/workload-entry/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ...models import Endpoint, HealthStatus, LocalityEndpoints
from ..fields import UINT32_MAX, Section
from ..kubernetes_fields import host_name, integer, is_ip_address, port_number, string_map
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Service, ServicePort
from ..node import shorten

__all__ = [
    "LABELS",
    "LOCALITY_LABEL",
    "Workload",
    "Workloads",
    "localities",
    "parse_locality",
    "read_workload",
    "read_workloads",
]

T = TypeVar("T")

LABELS = "istio.labels"
"""The endpoint metadata that hold labels."""
LOCALITY_LABEL = "istio-locality"
"""Where a workload is, when nothing else tells it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """An address, and the ports and labels of what runs there."""

    endpoint: Endpoint
    """Its port is not told yet."""
    locality: tuple[str, str, str] = ("", "", "")
    ports: Mapping[str, int] = field(default_factory=dict)
    """Numbers of ports by name."""
    labels: Mapping[str, str] = field(default_factory=dict)
    item: KubernetesObject | None = None

    @property
    def is_ip(self) -> bool:
        return is_ip_address(self.endpoint.address)

    def at(self, port: ServicePort, *, by_target: bool) -> Endpoint | None:
        """The endpoint for a Service's port: the workload's own of that name, or else the target.

        `by_target`: a target that is a name is looked for among the workload's ports, and is the only one.
        """
        if by_target and isinstance(port.target, str):
            number = self.ports.get(port.target)
        else:
            number = self.ports.get(port.name) or (port.target if isinstance(port.target, int) else port.port)
        return None if number is None else replace(self.endpoint, port=number)


class Workloads:
    """All of them, found by namespace and labels."""

    def __init__(self, objects: Objects):
        entries = [_read_entry(item) for item in objects.of_kind("networking.istio.io", "WorkloadEntry")]
        self._entries = _by_label((each.item.namespace, each.labels, each) for each in entries if each.item)
        self._pods = _by_label((item.namespace, item.labels, item) for item in objects.of_kind("", "Pod"))

    def entries(self, namespace: str, selector: Mapping[str, str]) -> Iterator[Workload]:
        """The WorkloadEntries that have the labels, of which there is at least one."""
        for each in self._entries.get(_key(namespace, selector), ()):
            if selector.items() <= each.labels.items():
                yield each

    def selected(self, namespace: str, selector: Mapping[str, str]) -> Iterator[Workload]:
        """The Pods as well."""
        yield from self.entries(namespace, selector)
        for item in self._pods.get(_key(namespace, selector), ()):
            if selector.items() <= item.labels.items():
                pod = _read_pod(item)
                if pod is not None:
                    yield pod


_Key = tuple[str, str, str]


def _key(namespace: str, selector: Mapping[str, str]) -> _Key:
    """By what those are found that may have all labels."""
    name, value = next(iter(selector.items()), ("", ""))
    return namespace, name, value


def _by_label(labelled: Iterable[tuple[str, Mapping[str, str], T]]) -> Mapping[_Key, list[T]]:
    found: dict[_Key, list[T]] = {}
    for namespace, labels, each in labelled:
        for label in labels.items():
            found.setdefault((namespace, *label), []).append(each)
    return found


def read_workloads(objects: Objects) -> Workloads:
    return Workloads(objects)


def read_workload(section: Section) -> Workload:
    """A WorkloadEntry's spec, or one of a ServiceEntry's endpoints."""
    value = section.get("address", required=True)
    address = value.string() if value is not None else ""
    if value is not None and not is_ip_address(address):
        host_name(value)
    inner, ports = section.section("ports"), {}
    for name in inner.members if inner is not None else ():
        number = port_number(inner, name) if inner is not None else None
        ports[name] = number or 1
    labels = string_map(section, "labels")
    told = section.string("locality")
    if told.count("/") > 2:
        section.error("a locality is region/zone/subzone")
    endpoint = Endpoint(
        address,
        1,
        integer(section, "weight", 0, UINT32_MAX) or None,
        hostname="" if is_ip_address(address) else address,
        metadata={LABELS: dict(labels)} if labels else {},
        position=section.position,
    )
    section.string("serviceAccount")
    section.end(("network",))
    return Workload(endpoint, parse_locality(told or labels.get(LOCALITY_LABEL, "")), ports, labels)


def parse_locality(text: str) -> tuple[str, str, str]:
    """Of "region/zone/subzone", or of a label that has dots instead."""
    region, zone, sub_zone, *_ = (*text.split("/" if "/" in text else "."), "", "")
    return region, zone, sub_zone


def _read_entry(item: KubernetesObject) -> Workload:
    """Labels of the object count as well, and win."""
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return Workload(Endpoint("0.0.0.0", 1))
    found = read_workload(spec)
    labels = {**found.labels, **item.labels}
    endpoint = replace(found.endpoint, metadata={LABELS: labels} if labels else {})
    place = found.locality if any(found.locality) else parse_locality(labels.get(LOCALITY_LABEL, ""))
    return replace(found, labels=labels, endpoint=endpoint, item=item, locality=place)


def _read_pod(item: KubernetesObject) -> Workload | None:
    """A Pod that has got its address; one that is not ready gets nothing."""
    status = item.section.section("status")
    address = status.string("podIP") if status is not None else ""
    if status is None or not address:
        return None
    if not is_ip_address(address):
        status.error(f"expected an IP address as podIP, found {shorten(address)!r}")
    ready = True
    for each in status.sections("conditions"):
        if each.string("type") == "Ready":
            ready = each.string("status") == "True"
    endpoint = Endpoint(
        address,
        1,
        health_status=HealthStatus.HEALTHY if ready else HealthStatus.UNHEALTHY,
        metadata={LABELS: dict(item.labels)} if item.labels else {},
        position=item.position,
    )
    return Workload(
        endpoint, parse_locality(item.labels.get(LOCALITY_LABEL, "")), _container_ports(item), item.labels, item
    )


def _container_ports(item: KubernetesObject) -> Mapping[str, int]:
    """Numbers of a Pod's ports by name."""
    spec = item.section.section("spec")
    containers = spec.sections("containers") if spec is not None else ()
    return {
        name: port_number(port, "containerPort") or 1
        for container in containers
        for port in container.sections("ports")
        if (name := port.string("name"))
    }


def localities(
    workloads: Iterable[Workload], service: Service, port: ServicePort, *, by_target: bool
) -> tuple[LocalityEndpoints, ...]:
    """The endpoints for a port, those of one place together."""
    found: dict[tuple[str, str, str], list[Endpoint]] = {}
    for each in workloads:
        endpoint = each.at(port, by_target=by_target)
        if endpoint is None:
            if each.item is not None:
                each.item.section.warn(f"has no port named {port.target!r}, which {service.name} asks for")
            continue
        found.setdefault(each.locality, []).append(endpoint)
    return tuple(LocalityEndpoints(tuple(own), *place, position=own[0].position) for place, own in found.items())
