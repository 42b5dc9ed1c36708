"""Ingress and IngressClass (networking.k8s.io/v1) as listeners and routes.

Source: https://kubernetes.io/docs/concepts/services-networking/ingress/. All Ingresses share two listeners and one
route configuration; when several speak of the same host and path, the oldest wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..models import (
    Condition,
    Config,
    HeaderMatcher,
    Listener,
    ObjectStatus,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatcher,
    TlsCertificate,
    WeightedCluster,
)
from .fields import Section
from .ingress_backend import Backend, BackendReader
from .ingress_canary import ANNOTATIONS, Share, canary_share
from .ingress_class import read_ingress_classes
from .kubernetes_fields import choice, host_name, url_path
from .kubernetes_listener import http_listener, https_chain, tls_listener
from .kubernetes_object import KubernetesObject, Objects
from .kubernetes_scope import Scope
from .kubernetes_secret import Secrets
from .kubernetes_service import Services
from .node import shorten
from .virtual_hosts import DEFAULT_RETRY, Candidate, build_virtual_hosts, host_rank, prefix_match

__all__ = ["read_ingresses"]

_PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
_VENDORS = re.compile(
    r"(?:[a-z]+\.)?ingress\.kubernetes\.io/|nginx\.org/|haproxy\.org/|haproxy-ingress\.github\.io/|projectcontour\.io/"
    r"|konghq\.com/"
)
_NAME = "ingress"


@dataclass(frozen=True, slots=True)
class _Path:
    """A rule's path for a host ("*": any) and where it leads."""

    host: str
    path: str
    exact: bool
    backend: Backend
    item: KubernetesObject

    @property
    def place(self) -> tuple[str, str, bool]:
        return self.host, self.path, self.exact


def read_ingresses(objects: Objects, services: Services, secrets: Secrets, scope: Scope) -> Config:
    """All Ingresses of the scope's class."""
    classes = read_ingress_classes(objects, scope)
    items = sorted(objects.of_kind("networking.k8s.io", "Ingress"), key=lambda item: item.seniority)
    reader = _Reader(services, secrets)
    served = {item for item in items if classes.serve(item)}
    statuses = [reader.read(item) if item in served else _not_served(item) for item in items]
    if not served:
        return Config(statuses=tuple(statuses))
    reader.refuse_lonely_canaries()
    configuration = RouteConfiguration(
        _NAME,
        build_virtual_hosts(reader.candidates(), domains=reader.hosts()),
        ignore_port_in_host_matching=True,
        validate_clusters=False,
    )
    return Config(tuple(reader.listeners()), {_NAME: configuration}, statuses=tuple(statuses))


def _not_served(item: KubernetesObject) -> ObjectStatus:
    """What is another controller's to read stays unread."""
    item.section.asked.add("spec")
    item.section.end()
    condition = Condition("Accepted", False, "OtherClass", "its class is not served here")
    return ObjectStatus("Ingress", item.namespace, item.name, (condition,), position=item.position)


class _Reader:
    """Collects what the Ingresses say, the oldest first."""

    def __init__(self, services: Services, secrets: Secrets):
        self._services = services
        self._secrets = secrets
        self._paths: list[_Path] = []
        self._canaries: dict[tuple[str, str, bool], tuple[_Path, Share]] = {}
        self._defaults: list[tuple[KubernetesObject, Backend]] = []
        self._hosts: dict[KubernetesObject, dict[str, None]] = {}
        self._certificates: dict[str, TlsCertificate] = {}

    def read(self, item: KubernetesObject) -> ObjectStatus:
        backends = BackendReader(self._services, item.namespace)
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is not None:
            self._read_spec(spec, item, backends)
        _refuse_vendor_annotations(item)
        resolved = Condition("ResolvedRefs", status=True, reason="ResolvedRefs")
        if backends.missing:
            resolved = Condition(
                "ResolvedRefs", False, backends.missing[0][0], "; ".join(m for _, m in backends.missing)
            )
        accepted = Condition("Accepted", status=True, reason="Accepted")
        return ObjectStatus("Ingress", item.namespace, item.name, (accepted, resolved), position=item.position)

    def _read_spec(self, spec: Section, item: KubernetesObject, backends: BackendReader) -> None:
        spec.string("ingressClassName")
        default = spec.section("defaultBackend")
        if default is not None:
            self._defaults.append((item, backends.read(default)))
        rules = spec.sections("rules")
        if not rules and default is None:
            spec.error("has neither rules nor a defaultBackend")
        for rule in rules:
            self._read_rule(rule, item, backends)
        for tls in spec.sections("tls"):
            self._read_tls(tls, item, backends)
        spec.end()

    def _read_rule(self, rule: Section, item: KubernetesObject, backends: BackendReader) -> None:
        share = canary_share(item)
        host = _read_host(rule)
        http = rule.section("http")
        rule.end()
        self._hosts.setdefault(item, {})[host] = None
        if http is None:
            return
        paths = http.sections("paths")
        if not paths:
            http.error("has no paths")
        http.end()
        for section in paths:
            kind = choice(section, "pathType", _PATH_TYPES, "Prefix", required=True)
            path = _read_path(section, required=kind != "ImplementationSpecific")
            target = section.section("backend", required=True)
            section.end()
            if target is None:
                continue
            found = _Path(host, path, kind == "Exact", backends.read(target), item)
            if share is None:
                self._paths.append(found)
            else:
                self._canaries.setdefault(found.place, (found, share))

    def _read_tls(self, tls: Section, item: KubernetesObject, backends: BackendReader) -> None:
        hosts = [host_name(value) for value in tls.items("hosts")] or ["*"]
        name = tls.string("secretName")
        tls.end()
        certificate = self._secrets.certificate(item.namespace, name)
        if certificate is None:
            near = tls.problems.suggest(name, self._secrets.names(item.namespace))
            backends.missing.append(
                ("InvalidCertificateRef", f'no Secret "{shorten(name)}" with a certificate is there{near}')
            )
            return
        for host in hosts:
            self._certificates.setdefault(host, certificate)

    def hosts(self) -> Iterator[str]:
        """All that a rule names, with paths or without."""
        for found in self._hosts.values():
            yield from found

    def refuse_lonely_canaries(self) -> None:
        """A canary takes a share of another Ingress's path."""
        places = {each.place for each in self._paths}
        for place, (path, _) in self._canaries.items():
            if place not in places:
                path.item.error(f"no other Ingress has the host {path.host} with the path {path.path}")

    def candidates(self) -> Iterator[Candidate]:
        for index, each in enumerate(self._paths):
            match = RouteMatch(path=each.path) if each.exact else prefix_match(each.path)
            rank = (*host_rank(each.host), not each.exact, -len(each.path.rstrip("/")), index)
            yield Candidate(each.host, rank, _route(each.host, match, self._action(each), each.item))
        # Whatever no rule takes: the default backend of an Ingress that speaks of the host, or else of the oldest.
        for index, (item, backend) in enumerate(self._defaults):
            for host in self._hosts.get(item, {}) | {"*": None}:
                rank = (True, 1, *host_rank(host), index)
                yield Candidate(host, rank, _route(host, RouteMatch(prefix="/"), _action(backend), item))

    def _action(self, path: _Path) -> RouteAction:
        canary, share = self._canaries.get(path.place, (None, None))
        if canary is None or share is None:
            return _action(path.backend)
        return replace(
            _action(path.backend),
            cluster=None,
            weighted_clusters=(
                WeightedCluster(path.backend.cluster, share.total - share.weight, position=path.backend.position),
                WeightedCluster(canary.backend.cluster, share.weight, position=canary.backend.position),
            ),
        )

    def listeners(self) -> Iterator[Listener]:
        yield http_listener(f"{_NAME}-http", "0.0.0.0", 80, _NAME)
        if self._certificates:
            chains = [https_chain(host, certificate, _NAME) for host, certificate in self._certificates.items()]
            yield tls_listener(f"{_NAME}-https", "0.0.0.0", 443, chains)


def _read_host(rule: Section) -> str:
    value = rule.get("host")
    return host_name(value) if value is not None and value.raw != "" else "*"


def _read_path(section: Section, *, required: bool) -> str:
    value = section.get("path", required=required)
    return url_path(value) if value is not None and (required or value.raw != "") else "/"


def _route(host: str, match: RouteMatch, action: RouteAction, item: KubernetesObject) -> Route:
    if host.startswith("*."):
        match = _one_label_more(match, host)
    path = match.path or match.path_separated_prefix or match.prefix
    return Route(match, action, f"Ingress {item.full_name} {path}", position=action.position)


def _action(backend: Backend) -> RouteAction:
    return RouteAction(cluster=backend.cluster, timeout=0.0, retry_policy=DEFAULT_RETRY, position=backend.position)


def _one_label_more(match: RouteMatch, host: str) -> RouteMatch:
    """An Ingress's wildcard stands for exactly one label, Envoy's for any number."""
    pattern = rf"(?i)[^.:]+{re.escape(host[1:])}(:[0-9]+)?"
    condition = HeaderMatcher(":authority", StringMatcher(safe_regex=pattern))
    return RouteMatch(match.prefix, match.path, match.path_separated_prefix, headers=(condition,))


def _refuse_vendor_annotations(item: KubernetesObject) -> None:
    for name in item.annotations:
        if _VENDORS.match(name) and name not in ANNOTATIONS:
            reason = f"the annotation {shorten(name)!r} is not supported"
            item.section.problems.unknown(reason, item.section.path)
