"""Services, and the clusters that do what kube-proxy does with them.

Source: https://kubernetes.io/docs/concepts/services-networking/service/ and
https://kubernetes.io/docs/reference/networking/virtual-ips/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..models import (
    CircuitBreakerThresholds,
    Cluster,
    DiscoveryType,
    Endpoint,
    HealthStatus,
    LocalityEndpoints,
    Position,
)
from .fields import Section, Value
from .kubernetes_endpoints import Address, EndpointSet, family_of, read_endpoint_sets
from .kubernetes_fields import choice, integer, port_number, string_map, strings
from .kubernetes_object import KubernetesObject, Objects
from .kubernetes_scope import Scope

__all__ = ["Service", "ServicePort", "Services", "cluster_name", "read_services"]

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
_POLICIES = ("Cluster", "Local")
_ANY = 2**32 - 1
_UNLIMITED = CircuitBreakerThresholds(_ANY, _ANY, _ANY, _ANY)
_DEFAULT_AFFINITY = 10800
# How addresses are handed out and which pods are behind the Service has been decided by the time endpoints are there.
_OTHER_FIELDS = (
    "allocateLoadBalancerNodePorts",
    "externalIPs",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "ipFamilyPolicy",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "publishNotReadyAddresses",
    "trafficDistribution",
)


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port that a Service is reached at."""

    name: str
    port: int
    protocol: str = "TCP"
    target: int | str | None = None
    """Of its pods, by number or name; None: the same number."""
    app_protocol: str = ""
    """What is spoken there ("http", "kubernetes.io/h2c"), if told."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a Service says of its traffic."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...] = ()
    external_name: str = ""
    affinity: float | None = None
    """Seconds that a client's address stays with an endpoint."""
    local: bool = False
    """Only endpoints of the same node are used (internalTrafficPolicy)."""
    headless: bool = False
    """Its pods are reached by names below its own."""
    addresses: tuple[str, ...] = ()
    """Its own (clusterIPs), or ranges "10.0.0.0/8" of a ServiceEntry."""
    selector: Mapping[str, str] = field(default_factory=dict)
    """Labels of its pods; without any there are none."""
    subject_alt_names: tuple[str, ...] = ()
    """What the certificates of its hosts are for, of a ServiceEntry."""
    family: str = ""
    """IPv4 or IPv6: of its first address, if told."""
    position: Position | None = None

    def cluster_name(self, port: ServicePort) -> str:
        return cluster_name(self.namespace, self.name, port.port)

    def find_port(self, wanted: int | str) -> ServicePort | None:
        """The TCP port with this number or name."""
        for port in self.ports:
            if port.protocol == "TCP" and wanted in (port.port, port.name):
                return port
        return None


def cluster_name(namespace: str, name: str, port: int | str) -> str:
    """The cluster of a Service's port: "namespace/name:port"."""
    return f"{namespace}/{name}:{port}"


class Services:
    """Services by namespace and name, and the clusters made of them."""

    def __init__(self, services: Iterable[Service], sets: dict[tuple[str, str], list[EndpointSet]], scope: Scope):
        self._services = {(each.namespace, each.name): each for each in services}
        self._sets = sets
        self._scope = scope

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def find(self, namespace: str, name: str) -> Service | None:
        return self._services.get((namespace, name))

    def without_hints(self) -> Services:
        """The same, whose endpoints are those of all zones."""
        return Services(self, self._sets, replace(self._scope, zone=None))

    def names(self, namespace: str) -> Iterator[str]:
        """For suggestions."""
        return (name for place, name in self._services if place == namespace)

    def clusters(self) -> Iterator[Cluster]:
        """One for each TCP port of each Service, in the order of the documents."""
        return (cluster for _, _, cluster in self.ports())

    def ports(self) -> Iterator[tuple[Service, ServicePort, Cluster]]:
        """The clusters with what they are for."""
        for service in self._services.values():
            sets = self._sets.get((service.namespace, service.name), [])
            for port in service.ports:
                if port.protocol == "TCP":
                    yield service, port, _cluster(service, port, sets, self._scope)


def read_services(objects: Objects, scope: Scope) -> Services:
    """All Services. Endpoints without a Service, as in a set of documents of theirs alone, stand for one."""
    sets = read_endpoint_sets(objects)
    services = [_read_service(item) for item in objects.of_kind("", "Service")]
    known = {(each.namespace, each.name) for each in services}
    services += [_implied(key, found) for key, found in sets.items() if key not in known]
    return Services(services, sets, scope)


def _implied(key: tuple[str, str], sets: list[EndpointSet]) -> Service:
    ports = {
        port.name: ServicePort(port.name, port.number, port.protocol)
        for each in sets
        for port in each.ports
        if port.number is not None
    }
    return Service(*key, tuple(ports.values()), position=sets[0].item.position if sets else None)


def _read_service(item: KubernetesObject) -> Service:
    service = Service(item.namespace, item.name, position=item.position)
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return service
    kind = choice(spec, "type", _TYPES, "ClusterIP")
    external = spec.string("externalName", required=kind == "ExternalName")
    address = spec.string("clusterIP")
    headless = address == "None"
    ports = tuple(_read_port(each, several=len(spec.items("ports")) > 1) for each in spec.sections("ports"))
    if not ports and kind != "ExternalName" and not headless:
        spec.error("has no ports")
    _refuse_repeated_ports(spec, ports)
    service = Service(
        item.namespace,
        item.name,
        ports,
        external if kind == "ExternalName" else "",
        _read_affinity(spec),
        choice(spec, "internalTrafficPolicy", _POLICIES, "Cluster") == "Local",
        headless,
        tuple(dict.fromkeys(each for each in (address, *strings(spec, "clusterIPs")) if each not in ("", "None"))),
        string_map(spec, "selector"),
        family=_read_family(spec, address),
        position=item.position,
    )
    choice(spec, "externalTrafficPolicy", _POLICIES, "Cluster")
    spec.asked.update(_OTHER_FIELDS)
    spec.end()
    return service


def _read_family(spec: Section, address: str) -> str:
    families = strings(spec, "ipFamilies")
    if families:
        return families[0]
    return family_of(address) if address not in ("", "None") else ""


def _read_port(section: Section, *, several: bool) -> ServicePort:
    target = section.get("targetPort")
    if several and not section.string("name"):
        section.error('"name" is missing: a Service with several ports names each')
    port = ServicePort(
        section.string("name"),
        port_number(section, "port", required=True) or 0,
        choice(section, "protocol", _PROTOCOLS, "TCP"),
        _read_target(target) if target is not None else None,
        section.string("appProtocol"),
    )
    port_number(section, "nodePort")
    section.end()
    return port


def _read_target(value: Value) -> int | str | None:
    if isinstance(value.raw, str):
        return value.string()
    if type(value.raw) is not int:
        value.expected("a port's number or name")
        return None
    return value.integer(1, 65535)


def _refuse_repeated_ports(spec: Section, ports: tuple[ServicePort, ...]) -> None:
    seen: set[tuple[object, ...]] = set()
    for port in ports:
        for key in ((port.port, port.protocol), (port.name,)):
            if key in seen and key != ("",):
                spec.error(f"the port {port.name or port.port} is there twice")
            seen.add(key)


def _read_affinity(spec: Section) -> float | None:
    affinity = choice(spec, "sessionAffinity", ("None", "ClientIP"), "None")
    config = spec.section("sessionAffinityConfig")
    seconds: int | None = None
    if config is not None:
        client_ip = config.section("clientIP")
        if client_ip is not None:
            seconds = integer(client_ip, "timeoutSeconds", 1, 86400)
            client_ip.end()
        config.end()
        if affinity != "ClientIP":
            config.error("is for the sessionAffinity ClientIP only")
    return float(seconds or _DEFAULT_AFFINITY) if affinity == "ClientIP" else None


def _cluster(service: Service, port: ServicePort, sets: list[EndpointSet], scope: Scope) -> Cluster:
    """kube-proxy sends to ready endpoints and to no others, so nothing is left to panic about, and limits nothing."""
    if service.external_name:
        name = service.external_name
        endpoint = Endpoint(name, port.port, hostname=name, position=service.position)
        localities = [LocalityEndpoints((endpoint,), position=service.position)]
    else:
        localities = list(_localities(_addresses(service, port, sets, scope)))
    return Cluster(
        name=service.cluster_name(port),
        type=DiscoveryType.STRICT_DNS if service.external_name else DiscoveryType.STATIC,
        localities=tuple(localities),
        healthy_panic_threshold=0.0,
        circuit_breaker=_UNLIMITED,
        client_ip_affinity=service.affinity,
        position=service.position,
    )


def _addresses(
    service: Service, port: ServicePort, sets: list[EndpointSet], scope: Scope
) -> list[tuple[Address, int, HealthStatus]]:
    """The addresses for a port with their state.

    One that moves from slice to slice is there twice for a while: the better one counts.
    """
    found: dict[tuple[str, int], Address] = {}
    for each in sets:
        for candidate in each.ports or ():
            if candidate.name != port.name or candidate.protocol != port.protocol:
                continue
            number = candidate.number if candidate.number is not None else _number_of(port)
            for address in each.addresses:
                known = found.get((address.ip, number))
                if known is None or _merit(address) > _merit(known):
                    found[address.ip, number] = address
    usable = _of_one_family(found, service.family)
    if not service.local:
        usable = _hinted(usable, scope)
    elif scope.node_name is not None:
        usable = {key: each for key, each in usable.items() if each.node == scope.node_name}
    any_ready = any(each.ready for each in usable.values())
    return [(each, key[1], _health(each, any_ready=any_ready)) for key, each in usable.items()]


def _number_of(port: ServicePort) -> int:
    return port.target if isinstance(port.target, int) else port.port


def _merit(address: Address) -> tuple[bool, bool]:
    return address.ready, address.serving


def _of_one_family(found: dict[tuple[str, int], Address], family: str) -> dict[tuple[str, int], Address]:
    """Pods with addresses of both families count once: those of the Service's own, or else of IPv4."""
    if sum(":" in ip for ip, _ in found) in (0, len(found)):
        return found
    if family:
        return {key: each for key, each in found.items() if family_of(each.ip) == family}
    pods = {each.pod for each in found.values() if family_of(each.ip) == "IPv4" and each.pod}
    return {key: each for key, each in found.items() if family_of(each.ip) == "IPv4" or each.pod not in pods}


def _hinted(found: dict[tuple[str, int], Address], scope: Scope) -> dict[tuple[str, int], Address]:
    """The endpoints that hints give to a node, or to a zone: where every ready one has a hint, and one is for it."""
    ready = [each for each in found.values() if each.ready]
    wanted: tuple[tuple[str | None, Callable[[Address], tuple[str, ...]]], ...] = (
        (scope.node_name, lambda each: each.hint_nodes),
        (scope.zone, lambda each: each.hint_zones),
    )
    for place, hints in wanted:
        if place is not None and all(map(hints, ready)) and any(place in hints(each) for each in ready):
            return {key: each for key, each in found.items() if place in hints(each)}
    return found


def _health(address: Address, *, any_ready: bool) -> HealthStatus:
    """Endpoints that end but still serve are used when none is ready."""
    if address.ready:
        return HealthStatus.HEALTHY
    if address.terminating and address.serving and not any_ready:
        return HealthStatus.DEGRADED
    return HealthStatus.DRAINING if address.terminating else HealthStatus.UNHEALTHY


def _localities(addresses: list[tuple[Address, int, HealthStatus]]) -> Iterator[LocalityEndpoints]:
    zones: dict[str, list[Endpoint]] = {}
    for address, number, health in addresses:
        endpoint = Endpoint(
            address.ip,
            number,
            hostname=address.hostname,
            health_status=health,
            metadata=_metadata(address),
            position=address.position,
        )
        zones.setdefault(address.zone, []).append(endpoint)
    for zone, endpoints in zones.items():
        yield LocalityEndpoints(tuple(endpoints), zone=zone, position=endpoints[0].position)


def _metadata(address: Address) -> dict[str, Mapping[str, object]]:
    facts: dict[str, object] = {}
    if address.node:
        facts["node"] = address.node
    if address.pod:
        facts["pod"] = address.pod
    if address.hint_zones:
        facts["hint_zones"] = address.hint_zones
    if address.hint_nodes:
        facts["hint_nodes"] = address.hint_nodes
    return {**address.annotations, "kubernetes": facts} if facts else dict(address.annotations)
