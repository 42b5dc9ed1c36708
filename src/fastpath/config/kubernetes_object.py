"""Kubernetes objects out of documents: what all kinds have in common, lists taken apart, and finding one by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..models import Position
from .document import Document
from .fields import Section, Value
from .kubernetes_fields import string_map
from .node import shorten
from .problems import Problems

__all__ = ["KubernetesObject", "Objects", "is_object", "read_objects"]

_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
# No kind of these groups, and none of these of the core group, says anything about where requests go.
_BYSTANDER_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "events.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
_BYSTANDERS = frozenset(
    {
        "ConfigMap",
        "Event",
        "LimitRange",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "ServiceAccount",
    }
)
_CLUSTER_WIDE = frozenset({"GatewayClass", "IngressClass", "Namespace", "Node"})
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True, eq=False)
class KubernetesObject:
    """One object. `section` is the whole of it, of which apiVersion, kind, metadata and status are read."""

    group: str
    """Of its apiVersion; "" is the core group."""
    version: str
    kind: str
    namespace: str
    name: str
    section: Section
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    """RFC 3339; "" when not told."""

    @property
    def position(self) -> Position:
        return self.section.position

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def seniority(self) -> tuple[str, str]:
        """Orders objects where the older one wins, or else the first by name. Unknown age counts as new."""
        return self.created or "~", self.full_name

    def error(self, reason: str) -> None:
        self.section.error(reason)


class Objects:
    """Objects by kind and name."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[str, str], dict[tuple[str, str], KubernetesObject]] = {}

    def add(self, item: KubernetesObject) -> None:
        """Keep an object; an error at it when there is another of its kind and name."""
        same_kind = self._by_kind.setdefault((item.group, item.kind), {})
        first = same_kind.setdefault((item.namespace, item.name), item)
        if first is not item:
            where = str(first.position) or first.position.path
            item.error(f'there is another {item.kind} named "{item.full_name}"{f" ({where})" if where else ""}')

    def of_kind(self, group: str, kind: str) -> Iterator[KubernetesObject]:
        """All of a kind, in the order in which they came."""
        yield from self._by_kind.get((group, kind), {}).values()

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Group and kind of what there is."""
        yield from self._by_kind

    def find(self, group: str, kind: str, namespace: str, name: str) -> KubernetesObject | None:
        return self._by_kind.get((group, kind), {}).get((namespace, name))


def is_object(document: Document) -> bool:
    """Whether a document is a Kubernetes object, whatever is wrong with it."""
    value = document.value
    return isinstance(value, dict) and not value.keys().isdisjoint(("apiVersion", "kind"))


def read_objects(documents: Iterable[Document], problems: Problems) -> Objects:
    """The objects of all documents, lists taken apart. What says nothing about traffic is left out."""
    objects = Objects()
    for document in documents:
        part = problems.in_document(document.file, document.places, either_case=False)
        pending = [(Value(document.value, document.path, part), "", "")]
        while pending:
            value, version, kind = pending.pop()
            section = value.section()
            if section is None:
                continue
            version = section.string("apiVersion", version, required=not version)
            kind = section.string("kind", kind, required=not kind)
            if kind.endswith("List") and section.get("items") is not None:
                of_kind = ("", "") if kind == "List" else (version, kind.removesuffix("List"))
                pending += [(item, *of_kind) for item in reversed(section.items("items"))]
                section.get("metadata")
                section.end()
            elif version and kind and not _is_bystander(version, kind):
                objects.add(_read_object(section, version, kind))
    return objects


def _is_bystander(version: str, kind: str) -> bool:
    group = version.rpartition("/")[0]
    return group in _BYSTANDER_GROUPS or (not group and kind in _BYSTANDERS)


def _checked(metadata: Section, name: str) -> str:
    """The name; nothing of one that is none, which might be as long as the document."""
    if name and not _NAME.match(name):
        metadata.error(f"expected the name of an object (a-z, 0-9, '-' and '.'), found {shorten(name)!r}")
        return ""
    return name


def _read_object(section: Section, api_version: str, kind: str) -> KubernetesObject:
    group, _, version = api_version.rpartition("/")
    metadata = section.section("metadata", required=True)
    section.get("status")
    item = KubernetesObject(group, version, kind, "", "", section)
    if metadata is None:
        return item
    name = _checked(metadata, metadata.string("name", required=True))
    given = metadata.string("namespace", "" if kind in _CLUSTER_WIDE else "default")
    namespace = _checked(metadata, given or "default")
    created = metadata.get("creationTimestamp")
    item = KubernetesObject(
        group,
        version,
        kind,
        "" if kind in _CLUSTER_WIDE else namespace,
        name,
        section,
        string_map(metadata, "labels"),
        string_map(metadata, "annotations"),
        created.string() if created is not None else "",
    )
    metadata.asked.update(_METADATA)
    metadata.end()
    return item
