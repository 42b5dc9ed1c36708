"""Where the mesh can send: the hosts of Services and ServiceEntries, and what DestinationRules make of their clusters.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ...models import Cluster, Endpoint, HashPolicy
from ..fields import Section
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Service, Services
from ..node import shorten
from .fields import GROUP, labels, port_selector, visible_everywhere
from .service_entry import LABELS, ServiceEntry, read_service_entries
from .traffic_policy import TrafficPolicy, read_traffic_policy

__all__ = ["Destinations", "Target", "full_name", "read_destinations"]

_DOMAIN = "svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster to send to, and what requests to it are hashed by."""

    cluster: str
    hash_policy: HashPolicy | None = None


@dataclass(frozen=True, slots=True)
class _Subset:
    labels: Mapping[str, str]
    policy: TrafficPolicy
    section: Section


@dataclass(frozen=True, slots=True)
class _Rule:
    item: KubernetesObject
    host: str
    policy: TrafficPolicy
    subsets: Mapping[str, _Subset]


def full_name(host: str, namespace: str) -> str:
    """A host without a dot is a Service of the namespace."""
    return host if "." in host or host == "*" else f"{host}.{namespace}.{_DOMAIN}"


def read_destinations(objects: Objects, services: Services) -> Destinations:
    """The hosts of all Services and ServiceEntries, as the DestinationRules have it."""
    entries = list(read_service_entries(objects))
    rules = [_read_rule(item) for item in objects.of_kind(GROUP, "DestinationRule")]
    destinations = Destinations(services, entries, rules)
    destinations.add_clusters([*services.clusters(), *(each for entry in entries for each in entry.clusters)], objects)
    return destinations


class Destinations:
    """Hosts by their full name."""

    def __init__(self, services: Services, entries: Iterable[ServiceEntry], rules: Iterable[_Rule]):
        self._services = {full_name(each.name, each.namespace): each for each in services}
        for entry in entries:
            if self._services.setdefault(entry.service.name, entry.service) is not entry.service:
                entry.item.error(f"another Service or ServiceEntry has the host {entry.service.name}")
        self._rules: dict[str, _Rule] = {}
        for rule in rules:
            first = self._rules.setdefault(rule.host, rule)
            if not rule.host.startswith("*") and rule.host not in self._services:
                near = rule.item.section.value.problems.suggest(rule.host, self._services)
                rule.item.error(f"there is no Service with the host {shorten(rule.host)!r}{near}")
            if first is not rule:
                rule.item.error(f"another DestinationRule, {first.item.full_name}, speaks of the host {rule.host}")
        self._targets: dict[tuple[str, int, str], Target] = {}
        self.clusters: list[Cluster] = []

    def services(self) -> Iterator[tuple[str, Service]]:
        """With their hosts."""
        yield from self._services.items()

    def add_clusters(self, clusters: Iterable[Cluster], objects: Objects) -> None:
        """A cluster for each port of each Service, and one for each subset of it."""
        by_name = {each.name: each for each in clusters}
        for host, service in self._services.items():
            rule = self._rule_of(host)
            for port in service.ports:
                cluster = by_name.get(service.cluster_name(port))
                if cluster is None or port.protocol != "TCP":
                    continue
                policy = rule.policy.at(port.port) if rule is not None else TrafficPolicy()
                self._add(host, port.port, "", policy, cluster)
                for name, subset in rule.subsets.items() if rule is not None else ():
                    part = _subset_of(cluster, name, subset, service, objects)
                    self._add(host, port.port, name, policy.under(subset.policy, port.port), part)

    def _add(self, host: str, port: int, subset: str, policy: TrafficPolicy, cluster: Cluster) -> None:
        self._targets[host, port, subset] = Target(cluster.name, policy.hash_policy)
        self.clusters.append(policy.apply(cluster))

    def _rule_of(self, host: str) -> _Rule | None:
        """The rule for the host itself, or else for the longest wildcard."""
        labels = host.split(".")
        names = [host, *(".".join(("*", *labels[index:])) for index in range(1, len(labels))), "*"]
        return next((self._rules[name] for name in names if name in self._rules), None)

    def target(self, host: str, port: int) -> Target | None:
        """All hosts of a Service's port."""
        return self._targets.get((host, port, ""))

    def read(self, section: Section, namespace: str) -> Target:
        """A Destination; without a port it is the Service's only one."""
        value = section.get("host", required=True)
        subset = section.string("subset")
        number = port_selector(section)
        section.end()
        if value is None:
            return Target("")
        host = full_name(value.string(), namespace)
        service = self._services.get(host)
        if service is None:
            near = value.problems.suggest(host, self._services)
            value.error(f"there is no Service with the host {shorten(host)!r}{near}")
            return Target("")
        ports = [each.port for each in service.ports if each.protocol == "TCP"]
        if number is None:
            if len(ports) != 1:
                section.error(f'"port" is missing: {host} has {len(ports)} ports')
                return Target("")
            number = ports[0]
        if number not in ports:
            section.error(f"{host} has no port {number}; it has {', '.join(map(str, ports)) or 'none'}")
            return Target("")
        found = self._targets.get((host, number, subset))
        if found is None:
            names = [name for other, _, name in self._targets if other == host and name]
            section.error(f"{host} has no subset {shorten(subset)!r}{value.problems.suggest(subset, names)}")
        return found or Target("")


def _read_rule(item: KubernetesObject) -> _Rule:
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return _Rule(item, "", TrafficPolicy(), {})
    visible_everywhere(spec)
    host = full_name(spec.string("host", required=True), item.namespace)
    policy = read_traffic_policy(spec)
    subsets: dict[str, _Subset] = {}
    for each in spec.sections("subsets"):
        name = each.string("name", required=True)
        if name in subsets:
            each.error(f"the subset {shorten(name)!r} is there twice")
        subsets[name] = _Subset(labels(each), read_traffic_policy(each), each)
        each.end()
    spec.end()
    return _Rule(item, host, policy, subsets)


def _subset_of(cluster: Cluster, name: str, subset: _Subset, service: Service, objects: Objects) -> Cluster:
    """The endpoints that have the labels: of their Pods, or their own in a ServiceEntry."""

    is_entry = "." in service.name

    def fits(endpoint: Endpoint) -> bool:
        if is_entry:
            return subset.labels.items() <= endpoint.metadata.get(LABELS, {}).items()
        pod = str(endpoint.metadata.get("kubernetes", {}).get("pod", ""))
        found = objects.find("", "Pod", service.namespace, pod)
        if found is None and subset.labels:
            what = f"the Pod {pod}" if pod else "the Pod (no targetRef)"
            subset.section.error(
                f"a subset is chosen by labels, but {what} behind {endpoint.address}:{endpoint.port} is not there"
            )
        return not subset.labels or (found is not None and subset.labels.items() <= found.labels.items())

    localities = (
        replace(each, endpoints=tuple(endpoint for endpoint in each.endpoints if fits(endpoint)))
        for each in cluster.localities
    )
    return replace(
        cluster,
        name=f"{cluster.name}/{name}",
        localities=tuple(each for each in localities if each.endpoints),
        position=subset.section.position,
    )
