"""Kubernetes objects as one configuration."""

from __future__ import annotations

from ..models import Config
from .gateway_api import read_gateway_api
from .ingress import read_ingresses
from .istio import read_istio
from .kubernetes_object import Objects
from .kubernetes_scope import Scope
from .kubernetes_secret import read_secrets
from .kubernetes_service import read_services
from .node import shorten
from .problems import Problems

__all__ = ["read"]

_KINDS = {
    "": ("Endpoints", "Namespace", "Node", "Pod", "Secret", "Service"),
    "discovery.k8s.io": ("EndpointSlice",),
    "gateway.networking.k8s.io": (
        "GRPCRoute",
        "Gateway",
        "GatewayClass",
        "HTTPRoute",
        "ReferenceGrant",
        "TCPRoute",
        "TLSRoute",
    ),
    "networking.istio.io": (
        "DestinationRule",
        "Gateway",
        "ServiceEntry",
        "Sidecar",
        "VirtualService",
        "WorkloadEntry",
    ),
    "networking.k8s.io": ("Ingress", "IngressClass"),
}

_VERSIONS = {
    "": ("v1",),
    "discovery.k8s.io": ("v1",),
    "gateway.networking.k8s.io": ("v1", "v1beta1", "v1alpha3", "v1alpha2"),
    "networking.istio.io": ("v1", "v1beta1", "v1alpha3"),
    "networking.k8s.io": ("v1",),
}


def read(objects: Objects, scope: Scope, problems: Problems) -> Config:
    """All that a set of objects says about traffic."""
    _refuse_unknown_kinds(objects, problems)
    services = read_services(objects, scope)
    secrets = read_secrets(objects)
    parts = [
        read_ingresses(objects, services, secrets, scope),
        read_gateway_api(objects, services, secrets, scope),
        read_istio(objects, services, secrets, scope),
    ]
    return Config(
        listeners=tuple(each for part in parts for each in part.listeners),
        route_configurations={name: each for part in parts for name, each in part.route_configurations.items()},
        clusters=tuple(each for part in parts for each in part.clusters),
        statuses=tuple(each for part in parts for each in part.statuses),
    )


def _refuse_unknown_kinds(objects: Objects, problems: Problems) -> None:
    for group, kind in objects.kinds():
        known = _KINDS.get(group, ())
        if kind in known:
            _refuse_unknown_versions(objects, group, kind)
            continue
        names = known or [each for kinds in _KINDS.values() for each in kinds]
        near = problems.suggest(kind, names)
        for item in objects.of_kind(group, kind):
            where = f" of {group}" if group else ""
            reason = f"the kind {kind!r}{where} is unknown or not supported{near}"
            item.section.problems.unknown(reason, item.section.path)


def _refuse_unknown_versions(objects: Objects, group: str, kind: str) -> None:
    versions = _VERSIONS[group]
    for item in objects.of_kind(group, kind):
        if item.version not in versions:
            item.error(f"the version {shorten(item.version)!r} of {kind} is not supported; use {versions[0]}")
