"""ServiceEntry: hosts beside those of Services, with their addresses, workloads that are selected, or to be looked up.

Source: https://istio.io/latest/docs/reference/config/networking/service-entry/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...models import Cluster, DiscoveryType, Endpoint
from ..fields import Section, Value
from ..kubernetes_fields import choice, host_name, port_number, string_map, strings
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Service, ServicePort
from ..node import shorten
from .client import Client, read_exports
from .fields import GROUP
from .ranges import cidr_range
from .workloads import Workload, Workloads, localities, read_workload

__all__ = ["ServiceEntry", "read_service_entries"]

_PROTOCOLS = ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS")
_TYPES = {
    "STATIC": DiscoveryType.STATIC,
    "DNS": DiscoveryType.STRICT_DNS,
    "DNS_ROUND_ROBIN": DiscoveryType.LOGICAL_DNS,
}
_UNSUPPORTED = {
    "NONE": "the resolution NONE is not supported: requests would go to the address that they were bound for",
    "DYNAMIC_DNS": "the resolution DYNAMIC_DNS is not supported: the hosts of requests would be looked up",
}


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One host of an entry."""

    service: Service
    clusters: tuple[Cluster, ...]
    """One for each port."""
    item: KubernetesObject
    unsupported: str = ""
    """Why it has no clusters, so that 503 is the answer to requests for it."""


def read_service_entries(objects: Objects, workloads: Workloads, client: Client) -> Iterator[ServiceEntry]:
    """Those that are shown to the client."""
    for item in objects.of_kind(GROUP, "ServiceEntry"):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is not None:
            exports = read_exports(spec, item.namespace, client)
            found = list(_read_spec(spec, item, workloads))
            yield from found if client.is_shown(exports) else ()


def _read_spec(spec: Section, item: KubernetesObject, workloads: Workloads) -> Iterator[ServiceEntry]:
    resolution = choice(spec, "resolution", (*_TYPES, *_UNSUPPORTED), required=True)
    unsupported = _UNSUPPORTED.get(resolution, "")
    hosts = [_read_host(value, wildcard=bool(unsupported)) for value in spec.items("hosts")]
    ports = [_read_port(each) for each in spec.sections("ports")]
    addresses = spec.items("addresses")
    for value in addresses:
        cidr_range(value)
    choice(spec, "location", ("MESH_EXTERNAL", "MESH_INTERNAL"), "MESH_EXTERNAL")
    kind = _TYPES.get(resolution, DiscoveryType.STATIC)
    members = None if unsupported else _read_members(spec, item, {port.name for port in ports}, workloads, kind)
    if unsupported and spec.items("endpoints"):
        spec.error(f"endpoints have no use with the resolution {resolution}")
    if not hosts or not ports:
        spec.error("has no hosts" if not hosts else "has no ports")
    if len({port.name for port in ports}) < len(ports) or len({port.port for port in ports}) < len(ports):
        spec.error("a port is there twice")
    names = strings(spec, "subjectAltNames")
    spec.end()
    for host in dict.fromkeys(hosts):
        service = Service(
            item.namespace,
            host,
            tuple(ports),
            addresses=tuple(value.string() for value in addresses),
            subject_alt_names=names,
            position=item.position,
        )
        if unsupported:
            yield ServiceEntry(service, (), item, unsupported)
            continue
        own = members
        if own is None:
            own = [Workload(Endpoint(host, 1, hostname=host, position=item.position))]
        clusters = (
            Cluster(
                service.cluster_name(port),
                localities(own, service, port, by_target=False),
                kind,
                position=item.position,
            )
            for port in ports
        )
        yield ServiceEntry(service, tuple(clusters), item)


def _read_host(value: Value, *, wildcard: bool) -> str:
    host = host_name(value)
    if "." not in host or (host.startswith("*") and not wildcard):
        value.error(f"a wildcard needs the resolution NONE, and every host a dot, found {shorten(host)!r}")
    return host


def _read_port(section: Section) -> ServicePort:
    number = port_number(section, "number", required=True) or 1
    protocol = choice(section, "protocol", _PROTOCOLS, "HTTP")
    port = ServicePort(
        section.string("name", required=True),
        number,
        target=port_number(section, "targetPort"),
        app_protocol=protocol.lower(),
    )
    section.end()
    return port


def _read_members(
    spec: Section, item: KubernetesObject, names: set[str], workloads: Workloads, kind: DiscoveryType
) -> list[Workload] | None:
    """The endpoints, or the workloads that are selected. None: the host is to be looked up itself."""
    spec.one_of("kind of endpoints", "endpoints", "workloadSelector", required=False)
    selector = spec.section("workloadSelector")
    if selector is not None:
        labels = string_map(selector, "labels")
        selector.end()
        if not labels:
            selector.error("has no labels")
        found = list(workloads.selected(item.namespace, labels))
    else:
        found = [_read_endpoint(each, names) for each in spec.sections("endpoints")]
        if not found and kind is not DiscoveryType.STATIC:
            return None
        if not found:
            spec.error("has no endpoints, which the resolution STATIC needs")
    if kind is DiscoveryType.LOGICAL_DNS and len(found) > 1:
        spec.error("the resolution DNS_ROUND_ROBIN takes one endpoint")
    for each in found:
        if kind is DiscoveryType.STATIC and not each.is_ip:
            what = f"expected an IP address for the resolution STATIC, found {shorten(each.endpoint.address)!r}"
            spec.problems.add_at(each.endpoint.position, what)
    if kind is not DiscoveryType.STATIC:
        return [replace(each, endpoint=replace(each.endpoint, hostname=each.endpoint.address)) for each in found]
    return found


def _read_endpoint(section: Section, names: set[str]) -> Workload:
    found = read_workload(section)
    for name in found.ports:
        if name not in names:
            section.error(f"the entry has no port {shorten(name)!r}")
    return found
