"""LocalityLoadBalancerSetting: which localities of a cluster a workload sends to, by where it is itself.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ...models import Cluster, Endpoint, LocalityEndpoints
from ..fields import Section, Value
from ..kubernetes_fields import integer, strings
from ..node import shorten
from .client import Client, Locality

__all__ = ["TOPOLOGY", "LocalitySettings", "apply_locality", "read_locality_settings"]

TOPOLOGY = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
"""Labels of region, zone and sub-zone."""
_NODE = "kubernetes.io/hostname"
_SHARED = ("topology.istio.io/cluster", "topology.istio.io/network")
"""Labels of what all documents are of one of."""
_ALL = 100
_LEVELS = 5
"""How near a place may be."""

LabelsOf = Callable[[Endpoint], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class LocalitySettings:
    """By default a workload prefers what is near, as long as hosts that fail are ejected."""

    enabled: bool = True
    distribute: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    """Patterns of localities, each with patterns that get a share of its load, in percent."""
    failover: tuple[tuple[str, str], ...] = ()
    """Regions, each with the region that comes before others when it fails."""
    failover_priority: tuple[str, ...] = ()
    """Labels, "name" or "name=value", of which the nearest endpoints have the most in common."""


def read_locality_settings(section: Section, client: Client) -> LocalitySettings:
    if section.get("distribute") is not None:
        section.one_of("locality setting", "distribute", "failover", required=False)
    distribute = tuple(_read_distribute(each) for each in section.sections("distribute"))
    failover = []
    for each in section.sections("failover"):
        failover.append((each.string("from", required=True), each.string("to", required=True)))
        if failover[-1][0] == failover[-1][1]:
            each.error("a region fails over to another one")
        if any(mark in text for text in failover[-1] for mark in "/*"):
            each.error("expected names of regions")
        each.end()
    settings = LocalitySettings(
        section.boolean("enabled", default=True),
        distribute,
        tuple(failover),
        strings(section, "failoverPriority"),
    )
    section.end()
    own = {text for text in settings.failover_priority if "=" not in text}.difference(_SHARED)
    if failover and not own.isdisjoint(TOPOLOGY):
        section.error(f"failover and {', '.join(sorted(own.intersection(TOPOLOGY)))} exclude each other")
    if (distribute or failover) and client.locality is None:
        section.error("say with Scope.region and Scope.zone where the workload is")
    if client.locality is None and not own.isdisjoint(TOPOLOGY):
        section.error("failoverPriority: say with Scope.region and Scope.zone where the workload is")
    if client.node is None and client.labels is None and _NODE in own:
        section.error("failoverPriority: say with Scope.node_name which node the workload is on")
    if client.labels is None and own.difference(TOPOLOGY, (_NODE,)):
        section.error("failoverPriority: say with Scope.labels which labels the workload has")
    return settings


def _read_distribute(section: Section) -> tuple[str, tuple[tuple[str, int], ...]]:
    source = section.get("from", required=True)
    shares = section.section("to", required=True)
    section.end()
    found = []
    for name in shares.members if shares is not None else ():
        found.append((name, integer(shares, name, 1, _ALL) or 0 if shares is not None else 0))
    if shares is not None and sum(share for _, share in found) != _ALL:
        shares.error(f"the shares sum up to {_ALL}, found {sum(share for _, share in found)}")
    return _pattern(source) if source is not None else "", tuple(found)


def _pattern(value: Value) -> str:
    text = value.string()
    if text.count("/") > 2 or not text:
        value.error(f"expected region/zone/subzone, each of which may be '*', found {shorten(text)!r}")
    return text


def _matches(pattern: str, locality: Locality) -> bool:
    parts = (*pattern.split("/"), "", "")
    return all(
        part in ("*", own) or (part == "" and index > 0)
        for index, (part, own) in enumerate(zip(parts, locality, strict=False))
    )


def apply_locality(cluster: Cluster, settings: LocalitySettings | None, client: Client, labels_of: LabelsOf) -> Cluster:
    """The cluster as a client sees it. Nothing fails over unless hosts that fail are ejected."""
    own = settings or LocalitySettings()
    if not own.enabled:
        return cluster
    if own.distribute:
        return _distributed(cluster, own, client.locality) if client.locality is not None else cluster
    if cluster.outlier_detection is None:
        return cluster
    here = client.locality
    if here is None and not own.failover_priority:
        return cluster
    labels = dict(client.labels or {}) | dict(zip(TOPOLOGY, here or ("", "", ""), strict=True))
    if client.node is not None:
        labels.setdefault(_NODE, client.node)

    def priority(endpoint: Endpoint, place: Locality) -> int:
        level = 0
        if own.failover_priority:
            level = _label_priority(own, labels, labels_of(endpoint), endpoint, place)
        is_by_place = here is not None and bool(own.failover or not own.failover_priority)
        return level * _LEVELS + (_priority(here, place, own.failover) if is_by_place and here is not None else 0)

    return _by_priority(cluster, priority, is_weighted=bool(own.failover or own.failover_priority))


def _distributed(cluster: Cluster, settings: LocalitySettings, here: Locality) -> Cluster:
    """Shares of the load by locality; places that have no share get none."""
    shares = next((to for source, to in settings.distribute if _matches(source, here)), None)
    if shares is None:
        weighted = (replace(each, weight=_weight(each.endpoints)) for each in cluster.localities)
        return replace(cluster, localities=tuple(weighted), locality_weighted=True)
    left = list(cluster.localities)
    found: list[LocalityEndpoints] = []
    for pattern, share in shares:
        chosen = [each for each in left if _matches(pattern, _place(each))]
        left = [each for each in left if each not in chosen]
        total = sum(_weight(each.endpoints) for each in chosen)
        for each in chosen if share else ():
            found.append(replace(each, weight=math.ceil(_weight(each.endpoints) * share / total)))
    return replace(cluster, localities=tuple(found), locality_weighted=True)


def _by_priority(cluster: Cluster, priority: Callable[[Endpoint, Locality], int], *, is_weighted: bool) -> Cluster:
    """Localities by how near they are, counted from 0 without gaps."""
    groups: dict[tuple[int, int], list[Endpoint]] = {}
    for index, locality in enumerate(cluster.localities):
        for endpoint in locality.endpoints:
            groups.setdefault((priority(endpoint, _place(locality)), index), []).append(endpoint)
    levels = {level: number for number, level in enumerate(sorted({level for level, _ in groups}))}
    localities = tuple(
        replace(
            cluster.localities[index],
            endpoints=tuple(endpoints),
            priority=levels[level],
            weight=_weight(endpoints) if is_weighted else None,
        )
        for (level, index), endpoints in sorted(groups.items(), key=lambda each: each[0])
    )
    return replace(cluster, localities=localities, locality_weighted=is_weighted)


def _priority(here: Locality, place: Locality, failover: Iterable[tuple[str, str]]) -> int:
    """Same place, zone, region; then the region that this one fails over to, then others."""
    for common in (3, 2, 1):
        if here[:common] == place[:common]:
            return 3 - common
    wanted = next((target for source, target in failover if source == here[0]), place[0])
    return 3 if place[0] == wanted else 4


def _label_priority(
    settings: LocalitySettings, own: Mapping[str, str], labels: Mapping[str, str], endpoint: Endpoint, place: Locality
) -> int:
    """How many labels, from the first that differs, are left."""
    node = str(endpoint.metadata.get("kubernetes", {}).get("node", ""))
    labels = {_NODE: node, **labels, **dict(zip(TOPOLOGY, place, strict=True))}
    for index, text in enumerate(settings.failover_priority):
        name, is_told, value = text.partition("=")
        if name in _SHARED and not is_told:
            continue
        if labels.get(name, "") != (value if is_told else own.get(name, "")):
            return len(settings.failover_priority) - index
    return 0


def _place(locality: LocalityEndpoints) -> Locality:
    return locality.region, locality.zone, locality.sub_zone


def _weight(endpoints: Iterable[Endpoint]) -> int:
    return sum(each.weight or 1 for each in endpoints)
