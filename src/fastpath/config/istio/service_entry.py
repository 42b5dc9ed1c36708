"""ServiceEntry: hosts beside those of Services, with their addresses, workloads that are selected, or to be looked up.

Source: https://istio.io/latest/docs/reference/config/networking/service-entry/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ...models import Cluster, DiscoveryType, Endpoint, LocalityEndpoints
from ..fields import Section, Value
from ..kubernetes_fields import choice, port_number, string_map, strings
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Service, ServicePort
from ..node import shorten
from .client import Client, read_exports
from .fields import GROUP, age, lower_host
from .protocols import Protocol, protocol_name, protocol_of
from .ranges import cidr_range
from .workloads import Workload, Workloads, localities, read_workload

__all__ = ["ServiceEntry", "joined_entries", "read_service_entries"]

_PROTOCOLS = ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "MYSQL", "REDIS", "TCP", "TLS")
_ANY_PROTOCOL = "any"
"""What Istio finds out when it is not told."""
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
    for item in sorted(objects.of_kind(GROUP, "ServiceEntry"), key=age):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is not None:
            exports = read_exports(spec, item.namespace, client, hidden=True)
            found = list(_read_spec(spec, item, workloads))
            yield from found if client.is_shown(exports) else ()


def joined_entries(
    entries: Iterable[ServiceEntry], client: Client
) -> tuple[list[ServiceEntry], list[tuple[ServiceEntry, ServiceEntry]]]:
    """One entry for each host, and the others, each with the one that counts.

    A host is that of the client's namespace, or else the oldest one's. Entries of one namespace are joined.
    """
    by_host: dict[str, list[ServiceEntry]] = {}
    for each in entries:
        by_host.setdefault(each.service.name, []).append(each)
    kept, dropped = [], []
    for same in by_host.values():
        found = next((each for each in same if each.item.namespace == client.namespace), same[0])
        for each in same:
            if each is found:
                continue
            if _can_join(found, each):
                found = _joined(found, each)
            else:
                dropped.append((each, found))
        kept.append(found)
    return kept, dropped


def _can_join(one: ServiceEntry, other: ServiceEntry) -> bool:
    kinds = {each.type for entry in (one, other) for each in entry.clusters}
    return one.item.namespace == other.item.namespace and one.unsupported == other.unsupported and len(kinds) < 2


def _joined(one: ServiceEntry, other: ServiceEntry) -> ServiceEntry:
    """The ports and the endpoints of both."""
    numbers = {each.port for each in one.service.ports}
    ports = (*one.service.ports, *(each for each in other.service.ports if each.port not in numbers))
    addresses = tuple(dict.fromkeys((*one.service.addresses, *other.service.addresses)))
    clusters = {each.name: each for each in one.clusters}
    for each in other.clusters:
        known = clusters.setdefault(each.name, each)
        if known is not each:
            clusters[each.name] = replace(known, localities=_joined_localities(known.localities, each.localities))
    service = replace(one.service, ports=ports, addresses=addresses)
    return replace(one, service=service, clusters=tuple(clusters.values()))


def _joined_localities(
    some: Iterable[LocalityEndpoints], more: Iterable[LocalityEndpoints]
) -> tuple[LocalityEndpoints, ...]:
    found: dict[tuple[str, str, str], LocalityEndpoints] = {}
    for each in (*some, *more):
        place = each.region, each.zone, each.sub_zone
        known = found.get(place)
        if known is not None:
            addresses = {(host.address, host.port) for host in known.endpoints}
            new = tuple(host for host in each.endpoints if (host.address, host.port) not in addresses)
            each = replace(known, endpoints=known.endpoints + new)
        found[place] = each
    return tuple(found.values())


def _read_spec(spec: Section, item: KubernetesObject, workloads: Workloads) -> Iterator[ServiceEntry]:
    resolution = choice(spec, "resolution", (*_TYPES, *_UNSUPPORTED), "NONE")
    unsupported = _UNSUPPORTED.get(resolution, "")
    has_hosts = bool(unsupported or resolution == "STATIC" or spec.items("endpoints"))
    hosts = [_read_host(value, wildcard=has_hosts) for value in spec.items("hosts")]
    ports = [_read_port(each) for each in spec.sections("ports")]
    addresses = spec.items("addresses")
    for value in addresses:
        cidr_range(value)
        if "/" in value.string() and resolution not in ("NONE", "STATIC"):
            value.error(f"ranges of addresses are for the resolutions NONE and STATIC, found {resolution}")
    choice(spec, "location", ("MESH_EXTERNAL", "MESH_INTERNAL"), "MESH_EXTERNAL")
    kind = _TYPES.get(resolution, DiscoveryType.STATIC)
    members = None if unsupported else _read_members(spec, item, {port.name for port in ports}, workloads, kind)
    if unsupported and (spec.items("endpoints") or spec.section("workloadSelector") is not None):
        spec.error(f"endpoints have no use with the resolution {resolution}")
    if not hosts:
        spec.error("has no hosts")
    names_hosts = all(protocol_of(port) in (Protocol.HTTP, Protocol.TLS) for port in ports)
    if len(hosts) > 1 and resolution != "NONE" and not names_hosts:
        spec.error("several hosts cannot be told from each other at ports that are neither HTTP nor TLS")
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
    name = lower_host(value)
    if "." not in name or (name.startswith("*") and not wildcard):
        value.error(f"a wildcard cannot be looked up, and every host needs a dot, found {shorten(name)!r}")
    return name


def _read_port(section: Section) -> ServicePort:
    number = port_number(section, "number", required=True) or 1
    protocol = protocol_name(section, _PROTOCOLS)
    port = ServicePort(
        section.string("name", required=True),
        number,
        target=port_number(section, "targetPort"),
        app_protocol=protocol.lower() or _ANY_PROTOCOL,
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
