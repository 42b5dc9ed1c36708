"""Sidecar: which hosts a workload of the mesh can reach, and what becomes of requests for others.

Source: https://istio.io/latest/docs/reference/config/networking/sidecar/.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..fields import Section, Value
from ..kubernetes_fields import choice, port_number, string_map
from ..kubernetes_object import KubernetesObject, Objects
from ..node import shorten
from .client import ROOT_NAMESPACE, Client
from .destinations import DestinationReader, Destinations, Target
from .fields import GROUP
from .gateway import common_host

__all__ = ["Sidecar", "read_sidecar"]

_UNSUPPORTED = ("inboundConnectionPool", "ingress")


@dataclass(frozen=True, slots=True)
class _Egress:
    port: int | None
    """None: all that no other one has."""
    hosts: tuple[tuple[str, str], ...]
    """Namespaces and patterns of hosts; both may be "*"."""

    def imports(self, namespace: str, host: str) -> bool:
        return any(
            place in ("*", namespace)
            and (pattern in ("*", host) or (pattern[:1] == "*" and host.endswith(pattern[1:])))
            for place, pattern in self.hosts
        )

    def overlaps(self, namespace: str, host: str) -> bool:
        return any(place in ("*", namespace) and common_host(pattern, host) for place, pattern in self.hosts)


@dataclass(frozen=True, slots=True)
class Sidecar:
    item: KubernetesObject
    selector: dict[str, str]
    egress: tuple[_Egress, ...]
    """None of them: everything is reached."""
    registry_only: bool | None = None
    """Requests for hosts that are not reached are refused; None: not told."""
    egress_proxy: Target | None = None
    """Where they go otherwise."""

    def imports(self, port: int, namespace: str, host: str) -> bool:
        """Whether the host of a namespace's Service is reached at a port."""
        return not self.egress or any(each.imports(namespace, host) for each in self._at(port))

    def imports_any(self, port: int, namespace: str, hosts: Iterable[str]) -> bool:
        """Whether one of the hosts of a namespace's VirtualService has something in common with what is reached."""
        return not self.egress or any(each.overlaps(namespace, host) for each in self._at(port) for host in hosts)

    def _at(self, port: int) -> list[_Egress]:
        fitting = [each for each in self.egress if each.port == port]
        return fitting or [each for each in self.egress if each.port is None]


def read_sidecar(objects: Objects, destinations: Destinations, client: Client) -> Sidecar | None:
    """The one that is for the workload: chosen by its labels, or else its namespace's, or else that of all.

    What it does not say it has from the next one.
    """
    sidecars = [_read(item, destinations, client) for item in objects.of_kind(GROUP, "Sidecar")]
    if not sidecars:
        return None
    if client.namespace is None:
        for each in sidecars:
            each.item.error("say with Scope.namespace, and Scope.labels, which workload's configuration this is")
        return None
    own = [each for each in sidecars if each.item.namespace == client.namespace]
    if len(sidecars) == len(own) == 1 and client.labels is None:
        return own[0]
    for each in own:
        if each.selector and client.labels is None:
            each.item.error("say with Scope.labels which workload's configuration this is")
    selected = [each for each in own if each.selector and each.selector.items() <= (client.labels or {}).items()]
    namespace_wide = [each for each in own if not each.selector]
    mesh_wide = [each for each in sidecars if each.item.namespace == ROOT_NAMESPACE and not each.selector]
    levels = [found for each in (selected, namespace_wide, mesh_wide) if (found := _only(each)) is not None]
    if not levels:
        return None
    egress = next((each.egress for each in levels if each.egress), ())
    policy = next((each for each in levels if each.registry_only is not None), levels[0])
    return replace(levels[0], egress=egress, registry_only=policy.registry_only, egress_proxy=policy.egress_proxy)


def _only(sidecars: list[Sidecar]) -> Sidecar | None:
    for each in sidecars[1:]:
        each.item.error(f"another Sidecar, {sidecars[0].item.full_name}, is for the same workloads")
    return sidecars[0] if sidecars else None


def _read(item: KubernetesObject, destinations: Destinations, client: Client) -> Sidecar:
    spec = item.section.section("spec")
    item.section.end()
    if spec is None:
        return Sidecar(item, {}, ())
    selector, labels = spec.section("workloadSelector"), {}
    if selector is not None:
        labels = dict(string_map(selector, "labels"))
        selector.end()
    # Where the Sidecar is for all namespaces, "." is the workload's.
    own = client.namespace or item.namespace
    egress = tuple(_read_egress(each, own) for each in spec.sections("egress"))
    if sum(each.port is None for each in egress) > 1:
        spec.error("several egress listeners have no port: list their hosts in one")
    elif any(each.port is None for each in egress[:-1]):
        spec.error("the egress listener without a port is the last one")
    if len({each.port for each in egress}) < len(egress):
        spec.error("several egress listeners have one port")
    registry_only, proxy = _read_policy(spec, DestinationReader(destinations, item))
    spec.end(_UNSUPPORTED)
    return Sidecar(item, labels, egress, registry_only, proxy)


def _read_egress(section: Section, namespace: str) -> _Egress:
    port, number = section.section("port"), None
    if port is not None:
        number = port_number(port, "number", required=True)
        port.string("name")
        port.string("protocol")
        port.end()
    hosts = tuple(_read_host(value, namespace) for value in section.items("hosts"))
    if not hosts:
        section.error("has no hosts")
    if choice(section, "captureMode", ("DEFAULT", "IPTABLES", "NONE"), "DEFAULT") == "NONE":
        section.error("captureMode NONE is not supported: listeners that workloads name are not made")
    section.end(("bind",))
    return _Egress(number, hosts)


def _read_host(value: Value, namespace: str) -> tuple[str, str]:
    text = value.string()
    place, slash, host = text.partition("/")
    if not (slash and place and host) or "/" in host:
        value.error(f'expected namespace/host, such as "./*" or "*/shop.example", found {shorten(text)!r}')
    return namespace if place == "." else place, host


def _read_policy(spec: Section, reader: DestinationReader) -> tuple[bool | None, Target | None]:
    section = spec.section("outboundTrafficPolicy")
    if section is None:
        return None, None
    mode = choice(section, "mode", ("REGISTRY_ONLY", "ALLOW_ANY"), "REGISTRY_ONLY")
    proxy = section.section("egressProxy")
    target = reader.read(proxy) if proxy is not None else None
    if proxy is not None and proxy.get("port") is None:
        proxy.error('"port" is missing')
    if proxy is not None and mode != "ALLOW_ANY":
        proxy.error("the mode ALLOW_ANY is needed")
    section.end()
    return mode == "REGISTRY_ONLY", target
