"""Whose configuration is read: the sidecars or gateways that objects are shown to, or hidden from.

Source: `exportTo` of VirtualService, DestinationRule and ServiceEntry, the annotation of Services
(https://istio.io/latest/docs/reference/config/annotations/), and https://istio.io/latest/docs/ops/deployment/
deployment-model/#namespace-tenancy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..fields import Section, Value
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_scope import Scope
from ..node import shorten
from .fields import GROUP

__all__ = [
    "ROOT_NAMESPACE",
    "Client",
    "Exports",
    "Locality",
    "exports_of",
    "read_client",
    "read_exports",
    "read_service_exports",
]

Locality = tuple[str, str, str]

ROOT_NAMESPACE = "istio-system"
"""Whose objects are for all namespaces."""
_ANNOTATION = "networking.istio.io/exportTo"
_is_namespace = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z").match


@dataclass(frozen=True, slots=True)
class Exports:
    """The namespaces that an object is shown to; None: all."""

    namespaces: frozenset[str] | None = None

    def reach(self, namespace: str) -> bool:
        return self.namespaces is None or namespace in self.namespaces

    def distance(self, owner: str, namespaces: AbstractSet[str]) -> int:
        """Orders what some namespaces see: what they keep to themselves, what is shown to them, what is for all."""
        if self.namespaces is None:
            return 2
        return 0 if owner in namespaces and owner in self.namespaces else 1


@dataclass(frozen=True, slots=True)
class Client:
    """A workload of the mesh, and the gateways. What is None is not known."""

    namespace: str | None
    """Of the workload."""
    gateways: frozenset[str]
    """Namespaces of the gateways, which are those of their Gateways unless told."""
    labels: Mapping[str, str] | None
    locality: Locality | None
    node: str | None = None

    def is_shown_at(self, gateway: str, exports: Exports) -> bool:
        """Whether a gateway whose Gateway is in a namespace sees an object."""
        return any(exports.reach(each) for each in self.namespaces_of(gateway))

    def namespaces_of(self, gateway: str) -> AbstractSet[str]:
        """Where gateways may be whose Gateway is in a namespace."""
        return {gateway} & self.gateways or self.gateways

    @property
    def namespaces(self) -> frozenset[str]:
        """All that may look at an object."""
        return self.gateways if self.namespace is None else self.gateways | {self.namespace}

    def is_shown(self, exports: Exports) -> bool:
        """Whether one of them sees an object."""
        return exports.namespaces is None or any(exports.reach(each) for each in self.namespaces)


def read_client(objects: Objects, scope: Scope) -> Client:
    """What the scope says, or else what is plain: the only Sidecar's namespace, or the only one that there is."""
    gateways = {item.namespace for item in objects.of_kind(GROUP, "Gateway")}
    namespace = scope.namespace
    if namespace is None:
        sidecars = [item.namespace for item in objects.of_kind(GROUP, "Sidecar")]
        others = {item.namespace for group, kind in objects.kinds() for item in objects.of_kind(group, kind)} - {""}
        if len(sidecars) == 1:
            namespace = sidecars[0]
        elif len(others) == 1:
            (namespace,) = others
    told = (scope.region, scope.zone, scope.sub_zone)
    locality = None if told == (None, None, None) else (told[0] or "", told[1] or "", told[2] or "")
    return Client(
        namespace,
        frozenset(gateways if scope.namespace is None else {scope.namespace}),
        scope.labels,
        locality,
        scope.node_name,
    )


def read_exports(spec: Section, namespace: str, client: Client, *, hidden: bool = False) -> Exports:
    """The field `exportTo` of an object in a namespace, where it counts who the client is."""
    exports = exports_of(spec, namespace, hidden=hidden)
    if exports.namespaces is not None and not client.namespaces:
        spec.error("exportTo shows it to some namespaces: say with Scope.namespace whose configuration this is")
    return exports


def exports_of(spec: Section, namespace: str, *, hidden: bool = False) -> Exports:
    """`hidden`: "~", which shows it to nobody, is allowed."""
    values = spec.items("exportTo")
    texts = [_read_namespace(value, namespace, hidden=hidden) for value in values]
    if len(set(texts)) < len(texts):
        spec.error("exportTo names a namespace twice")
    if len(texts) > 1 and not {"*", "~"}.isdisjoint(texts):
        spec.error('exportTo: "*" and "~" stand alone')
    return _exports(texts, namespace)


def _read_namespace(value: Value, namespace: str, *, hidden: bool) -> str:
    text = value.string()
    if text == ".":
        return namespace
    if not (text == "*" or (text == "~" and hidden) or _is_namespace(text)):
        value.error(f'expected a namespace, "." or "*", found {shorten(text)!r}')
    return text


def read_service_exports(service: KubernetesObject, client: Client) -> Exports:
    """The annotation of a Service that says what `exportTo` says of others."""
    texts = [text.strip() for text in service.annotations.get(_ANNOTATION, "").split(",")]
    exports = _exports([text for text in texts if text], service.namespace)
    if exports.namespaces is not None and not client.namespaces:
        service.error(
            f"{_ANNOTATION} shows it to some namespaces: say with Scope.namespace whose configuration this is"
        )
    return exports


def _exports(texts: list[str], namespace: str) -> Exports:
    if not texts or "*" in texts:
        return Exports()
    return Exports(frozenset(namespace if text == "." else text for text in texts if text != "~"))
