"""Where the mesh can send: the hosts of Services and ServiceEntries, and what DestinationRules make of their clusters.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ...models import Cluster, Endpoint, HashPolicy, HealthStatus, ObjectStatus
from ..fields import Located, Section
from ..kubernetes_fields import string_map
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_secret import Secrets
from ..kubernetes_service import Service, ServicePort, Services
from ..node import shorten
from .client import ROOT_NAMESPACE, Client, Exports, Locality, read_exports, read_service_exports
from .fields import GROUP, age, port_selector
from .locality import TOPOLOGY, apply_locality
from .service_entry import ServiceEntry, joined_entries, read_service_entries
from .traffic_policy import TrafficPolicy, read_traffic_policy
from .unresolved import Unresolved, refusal
from .workloads import LABELS, LOCALITY_LABEL, Workloads, localities, parse_locality, read_workloads

__all__ = ["DOMAIN", "DestinationReader", "Destinations", "Target", "full_name", "read_destinations"]

DOMAIN = "svc.cluster.local"
"""Of the hosts that are Services."""
_READY = (HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster to send to, and what its policy says of requests and connections to it."""

    cluster: str
    hash_policy: HashPolicy | None = None
    idle_timeout: float | None = None
    missing: str = ""
    """Why there is no such cluster."""


@dataclass(frozen=True, slots=True)
class _Subset:
    labels: Mapping[str, str]
    policy: TrafficPolicy
    section: Section


@dataclass(frozen=True, slots=True)
class _Rule:
    item: KubernetesObject
    host: str
    policy: TrafficPolicy = TrafficPolicy()
    subsets: Mapping[str, _Subset] = field(default_factory=dict)
    exports: Exports = Exports()
    workloads: Mapping[str, str] = field(default_factory=dict)
    """The labels of workloads that it is for; none: of all."""

    @property
    def is_private(self) -> bool:
        """Whether its own namespace alone sees it."""
        return self.exports.namespaces == frozenset({self.item.namespace})


def full_name(host: str, namespace: str) -> str:
    """A host without a dot is a Service of the namespace."""
    return host if "." in host or host == "*" else f"{host}.{namespace}.{DOMAIN}"


def read_destinations(objects: Objects, services: Services, secrets: Secrets, client: Client) -> Destinations:
    """The hosts of all Services and ServiceEntries, as the DestinationRules have it."""
    workloads = read_workloads(objects)
    entries, dropped = joined_entries(read_service_entries(objects, workloads, client), client)
    rules = [_read_rule(item, secrets, client) for item in sorted(objects.of_kind(GROUP, "DestinationRule"), key=age)]
    shown = [each for each in services if _is_shown(each, objects, client)]
    destinations = Destinations(shown, entries, rules, client)
    entries = [each for each in entries if destinations.service(each.service.name) is each.service]
    destinations.note_conflicts(dropped)
    destinations.note_unknown_hosts(rules)
    clusters = [_with_entries(*each, workloads) for each in services.without_hints().ports()]
    destinations.add_clusters([*clusters, *(each for entry in entries for each in entry.clusters)], objects)
    destinations.note_missing_clusters(entries)
    return destinations


def _is_shown(service: Service, objects: Objects, client: Client) -> bool:
    item = objects.find("", "Service", service.namespace, service.name)
    return item is None or client.is_shown(read_service_exports(item, client))


class Destinations:
    """Hosts by their full name."""

    def __init__(
        self, services: Iterable[Service], entries: Iterable[ServiceEntry], rules: Iterable[_Rule], client: Client
    ):
        self._client = client
        self._services = {full_name(each.name, each.namespace): each for each in services}
        self.statuses: list[ObjectStatus] = []
        for entry in entries:
            if self._services.setdefault(entry.service.name, entry.service) is not entry.service:
                reason = f"a Service has the host {entry.service.name}"
                self.statuses.append(refusal(entry.item, "ConflictingHosts", reason))
        names = {host: each.external_name for host, each in self._services.items() if each.external_name}
        others = self._services.keys() - names.keys()
        self._aliases = {host: name for host, name in names.items() if name in others}
        self._other_names: dict[str, list[str]] = {}
        for alias, host in self._aliases.items():
            self._other_names.setdefault(host, []).append(alias)
            del self._services[alias]
        self._rules: dict[str, list[_Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.host, []).append(rule)
        self._wild_labels = [each for each in self._rules if each[:1] == "*" and each[1:2] not in ("", ".")]
        self._rule_by_host: dict[str, _Rule] = {}
        self._targets: dict[tuple[str, int, str], Target] = {}
        self.clusters: list[Cluster] = []
        self.unresolved = Unresolved()
        self.unsupported: dict[KubernetesObject, str] = {}
        """ServiceEntries that nothing is sent to, and why."""

    def note_conflicts(self, dropped: Iterable[tuple[ServiceEntry, ServiceEntry]]) -> None:
        """Entries of hosts that others have, each with the one that counts."""
        for entry, found in dropped:
            reason = f"{found.item.full_name} has the host {entry.service.name} too, and counts"
            self.statuses.append(refusal(entry.item, "ConflictingHosts", reason))

    def note_unknown_hosts(self, rules: Iterable[_Rule]) -> None:
        """A rule for a host that is not there has no effect."""
        for rule in rules:
            if not rule.host.startswith("*") and self.resolved(rule.host) not in self._services:
                near = rule.item.section.problems.suggest(rule.host, self._services)
                reason = f"there is no Service with the host {shorten(rule.host)!r}{near}"
                self.unresolved.add(rule.item, rule.item.section, reason)

    def resolved(self, host: str) -> str:
        """The host itself, or the one that it is another name of: a Service's externalName that is a host too."""
        return self._aliases.get(host, host)

    def aliases(self, host: str) -> Sequence[str]:
        """Other names of a host."""
        return self._other_names.get(host, ())

    def services(self) -> Iterator[tuple[str, Service]]:
        """With their hosts."""
        yield from self._services.items()

    def add_clusters(self, clusters: Iterable[Cluster], objects: Objects) -> None:
        """A cluster for each port of each Service, and one for each subset of it."""
        by_name = {each.name: each for each in clusters}
        for host, service in self._services.items():
            rule = self._rule_of(host, service.namespace)
            if rule is not None:
                self._rule_by_host[host] = rule
            labels_of = _Labels(service, objects)
            for port in service.ports:
                cluster = by_name.get(service.cluster_name(port))
                if cluster is None or port.protocol != "TCP":
                    continue
                cluster = _ready(cluster)
                policy = rule.policy.at(port.port) if rule is not None else TrafficPolicy()
                self._add(service, host, port.port, "", policy, cluster, labels_of)
                for name, subset in rule.subsets.items() if rule is not None else ():
                    part = _subset_of(cluster, name, subset, labels_of)
                    self._add(service, host, port.port, name, policy.under(subset.policy, port.port), part, labels_of)

    def note_missing_clusters(self, entries: Iterable[ServiceEntry]) -> None:
        """Hosts that are known, but that nothing can be sent to."""
        for entry in entries:
            for port in entry.service.ports if entry.unsupported else ():
                cluster = entry.service.cluster_name(port)
                self._targets[entry.service.name, port.port, ""] = Target(cluster, missing=entry.unsupported)
            if entry.unsupported:
                self.unsupported[entry.item] = entry.unsupported

    def _add(
        self,
        service: Service,
        host: str,
        port: int,
        subset: str,
        policy: TrafficPolicy,
        cluster: Cluster,
        labels_of: _Labels,
    ) -> None:
        self._targets[host, port, subset] = Target(cluster.name, idle_timeout=policy.idle_timeout)
        names = service.subject_alt_names
        found = policy.apply(cluster, policy.tls.at(host, port, subset, names) if policy.tls is not None else None)
        if policy.locality is not None or self._client.locality is not None:
            found = apply_locality(labels_of.with_localities(found), policy.locality, self._client, labels_of)
        self.clusters.append(found)

    def _rule_of(self, host: str, namespace: str) -> _Rule | None:
        """What counts of the rules for a host: one that selects the workload, or else the last of those for all."""
        found = _joined(self._rules_of(host, namespace))
        own = (self._client.labels or {}).items()
        selected = [each for each in found if each.workloads and each.workloads.items() <= own]
        others = [each for each in found if not each.workloads]
        return selected[0] if selected else others[-1] if others else None

    def _rules_of(self, host: str, namespace: str) -> Sequence[_Rule]:
        """Those of the client's namespace, or else of the Service's, or else of all namespaces."""
        client = self._client
        if not client.namespaces:
            return self._most_specific(host, lambda _: True)
        # What is in the namespace of all is for all, unless it is kept there: its gateways do not prefer it.
        own = client.namespaces - {ROOT_NAMESPACE}
        found = self._most_specific(
            host,
            lambda rule: (
                rule.exports.reach(rule.item.namespace)
                and (rule.item.namespace in own or (rule.item.namespace in client.namespaces and rule.is_private))
            ),
        )
        for place in (namespace, ROOT_NAMESPACE):
            found = found or [
                each
                for each in self._most_specific(host, partial(_is_exported, place))
                if client.is_shown(each.exports)
            ]
        return found

    def _most_specific(self, host: str, is_candidate: Callable[[_Rule], bool]) -> Sequence[_Rule]:
        """The candidates for the host itself, or else for the longest wildcard that has any."""
        labels = host.split(".")
        names = [".".join(("*", *labels[index:])) for index in range(1, len(labels))]
        names += [each for each in self._wild_labels if each != host and host.endswith(each[1:])]
        names = [host, *sorted(names, key=len, reverse=True), "*"]
        candidates = ([each for each in self._rules.get(name, ()) if is_candidate(each)] for name in names)
        return next(filter(None, candidates), [])

    def hash_policy(self, host: str, subset: str = "", port: int | None = None) -> HashPolicy | None:
        """What requests to a destination are hashed by. Istio asks the settings of a port when it is told there."""
        rule = self._rule_by_host.get(host)
        if rule is None:
            return None
        found = rule.subsets.get(subset)
        policies = [found.policy] if found is not None else []
        for policy in (*policies, rule.policy):
            at_port = policy.ports.get(port) if port is not None else None
            chosen = at_port.hash_policy if at_port is not None else None
            if chosen is not None or policy.hash_policy is not None:
                return chosen or policy.hash_policy
        return None

    def target(self, host: str, port: int) -> Target | None:
        """All hosts of a Service's port."""
        return self._targets.get((host, port, ""))

    def find(self, host: str, port: int, subset: str) -> Target | None:
        return self._targets.get((host, port, subset))

    def service(self, host: str) -> Service | None:
        return self._services.get(host)

    def subsets(self, host: str) -> Iterator[str]:
        """For suggestions."""
        return (name for other, _, name in self._targets if other == host and name)


class DestinationReader:
    """Reads the Destinations of an object. `port` is the one that requests come to.

    A Destination without a port is at the only port of its Service, or else at that one. What is not there leads to a
    cluster that is not there either.
    """

    def __init__(self, destinations: Destinations, item: KubernetesObject, port: int | None = None):
        self._destinations = destinations
        self._item = item
        self._port = port
        self.needs_port = False
        """Whether something was read for which the port counts, before it was known."""

    def at(self, port: int | None) -> DestinationReader:
        return DestinationReader(self._destinations, self._item, port)

    def request_port(self) -> int | None:
        """The port that requests come to; None: ask again when it is known."""
        self.needs_port = self.needs_port or self._port is None
        return self._port

    def read(self, section: Section) -> Target:
        value = section.get("host", required=True)
        subset = section.string("subset")
        number = port_selector(section)
        section.end()
        if value is None:
            return Target("")
        if value.string() == "*":
            value.error("a destination is one host")
        host = self._destinations.resolved(full_name(value.string(), self._item.namespace))
        hash_policy = self._destinations.hash_policy(host, subset, number)
        service = self._destinations.service(host)
        if service is None:
            near = value.problems.suggest(host, (name for name, _ in self._destinations.services()))
            self._miss(value, f"there is no Service with the host {shorten(host)!r}{near}")
            return Target(_cluster_of(host, number or self.request_port() or 0, subset), hash_policy)
        ports = [each.port for each in service.ports if each.protocol == "TCP"]
        if number is None:
            number = self._port_of(service, ports)
        found = self._destinations.find(host, number, subset)
        if found is not None:
            if found.missing:
                self._miss(section, f"{host}: {found.missing}")
            return replace(found, hash_policy=hash_policy)
        if number not in ports:
            self._miss(section, f"{host} has no port {number}; it has {', '.join(map(str, ports)) or 'none'}")
        else:
            near = value.problems.suggest(subset, self._destinations.subsets(host))
            self._miss(section, f"{host} has no subset {shorten(subset)!r}{near}")
        return Target(_cluster_of(f"{service.namespace}/{service.name}", number, subset), hash_policy)

    def _port_of(self, service: Service, ports: list[int]) -> int:
        """Of a Destination that gives none. Ports that are not TCP's count too when it comes to the only one."""
        if len(service.ports) == 1 and ports:
            return ports[0]
        return self.request_port() or (ports[0] if ports else 0)

    def _miss(self, where: Located, reason: str) -> None:
        self._destinations.unresolved.add(self._item, where, reason)


def _cluster_of(host: str, port: int, subset: str) -> str:
    return f"{host}:{port}/{subset}" if subset else f"{host}:{port}"


class _Labels:
    """The labels of a Service's endpoints: their own, or those of their Pods."""

    def __init__(self, service: Service, objects: Objects):
        self._service = service
        self._objects = objects

    def __call__(self, endpoint: Endpoint) -> Mapping[str, str]:
        return self.find(endpoint) or {}

    def find(self, endpoint: Endpoint) -> Mapping[str, str] | None:
        """None: its Pod is not among the documents."""
        if LABELS in endpoint.metadata or "." in self._service.name:
            return {name: str(value) for name, value in endpoint.metadata.get(LABELS, {}).items()}
        pod = self._objects.find("", "Pod", self._service.namespace, self.pod_of(endpoint))
        return pod.labels if pod is not None else None

    @staticmethod
    def pod_of(endpoint: Endpoint) -> str:
        return str(endpoint.metadata.get("kubernetes", {}).get("pod", ""))

    def with_localities(self, cluster: Cluster) -> Cluster:
        """Slices know the zone of an endpoint, its node knows more, and a label of its Pod or its own wins."""
        found: dict[tuple[int, Locality], list[Endpoint]] = {}
        for index, each in enumerate(cluster.localities):
            for endpoint in each.endpoints:
                place = self._locality(endpoint, (each.region, each.zone, each.sub_zone))
                found.setdefault((index, place), []).append(endpoint)
        localities = (
            replace(cluster.localities[index], endpoints=tuple(own), region=region, zone=zone, sub_zone=sub_zone)
            for (index, (region, zone, sub_zone)), own in found.items()
        )
        return replace(cluster, localities=tuple(localities))

    def _locality(self, endpoint: Endpoint, known: Locality) -> Locality:
        facts = endpoint.metadata.get("kubernetes", {})
        if not facts:
            return known
        told = self(endpoint).get(LOCALITY_LABEL)
        if told:
            return parse_locality(told)
        node = self._objects.find("", "Node", "", str(facts.get("node", "")))
        labels = node.labels if node is not None else {}
        region, zone, sub_zone = (labels.get(name, "") or here for name, here in zip(TOPOLOGY, known, strict=True))
        return region, zone, sub_zone


def _ready(cluster: Cluster) -> Cluster:
    """Istio tells its proxies of endpoints that are ready, and of no others."""
    parts = (
        replace(each, endpoints=tuple(host for host in each.endpoints if host.health_status in _READY))
        for each in cluster.localities
    )
    return replace(cluster, localities=tuple(each for each in parts if each.endpoints))


def _is_exported(namespace: str, rule: _Rule) -> bool:
    return rule.item.namespace == namespace and not rule.is_private


def _joined(rules: Iterable[_Rule]) -> list[_Rule]:
    """Rules of one host that are shown to the same and select the same as one: the subsets of all, and the policy of
    the oldest that has one."""
    found: dict[tuple[object, ...], _Rule] = {}
    for rule in rules:
        key = (rule.exports, tuple(sorted(rule.workloads.items())))
        first = found.setdefault(key, rule)
        if first is not rule:
            policy = first.policy if first.policy != TrafficPolicy() else rule.policy
            more = {name: each for name, each in rule.subsets.items() if name not in first.subsets}
            found[key] = replace(first, policy=policy, subsets={**first.subsets, **more})
    return list(found.values())


def _read_rule(item: KubernetesObject, secrets: Secrets, client: Client) -> _Rule:
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return _Rule(item, "")
    exports = read_exports(spec, item.namespace, client)
    host = full_name(spec.string("host", required=True), item.namespace)
    policy = read_traffic_policy(spec, secrets, client)
    subsets: dict[str, _Subset] = {}
    for each in spec.sections("subsets"):
        name = each.string("name", required=True)
        if name in subsets:
            each.error(f"the subset {shorten(name)!r} is there twice")
        subsets[name] = _Subset(string_map(each, "labels"), read_traffic_policy(each, secrets, client), each)
        each.end()
    selector, workloads = spec.section("workloadSelector"), {}
    if selector is not None:
        workloads = dict(string_map(selector, "matchLabels"))
        selector.end()
        if workloads and client.labels is None:
            selector.error("say with Scope.labels whose configuration this is")
        if workloads and spec.items("exportTo") and exports.namespaces != frozenset({item.namespace}):
            selector.error(f"a rule with a workloadSelector is for its namespace alone: exportTo is {item.namespace!r}")
        exports = Exports(frozenset({item.namespace})) if workloads else exports
    spec.end()
    return _Rule(item, host, policy, subsets, exports, workloads)


def _with_entries(service: Service, port: ServicePort, cluster: Cluster, workloads: Workloads) -> Cluster:
    """A Service's cluster with the WorkloadEntries that its selector takes."""
    found = list(workloads.entries(service.namespace, service.selector)) if service.selector else []
    for each in found:
        if each.item is not None and not each.is_ip:
            each.item.error(f"expected an IP address as address of a workload of the Service {service.name}")
    joined = {(each.region, each.zone, each.sub_zone): each for each in cluster.localities}
    for more in localities(found, service, port, by_target=True):
        place = (more.region, more.zone, more.sub_zone)
        known = joined.get(place)
        joined[place] = replace(known, endpoints=known.endpoints + more.endpoints) if known is not None else more
    return replace(cluster, localities=tuple(joined.values()))


def _subset_of(cluster: Cluster, name: str, subset: _Subset, labels_of: _Labels) -> Cluster:
    """The endpoints that have the labels."""

    def fits(endpoint: Endpoint) -> bool:
        found = labels_of.find(endpoint)
        if found is None and subset.labels:
            pod = labels_of.pod_of(endpoint)
            what = f"the Pod {pod}" if pod else "the Pod (no targetRef)"
            subset.section.error(
                f"a subset is chosen by labels, but {what} behind {endpoint.address}:{endpoint.port} is not there"
            )
        return not subset.labels or (found is not None and subset.labels.items() <= found.items())

    parts = (
        replace(each, endpoints=tuple(endpoint for endpoint in each.endpoints if fits(endpoint)))
        for each in cluster.localities
    )
    return replace(
        cluster,
        name=f"{cluster.name}/{name}",
        localities=tuple(each for each in parts if each.endpoints),
        position=subset.section.position,
    )
