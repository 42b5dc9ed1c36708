"""IngressClasses: which Ingresses are ours to serve."""

from __future__ import annotations

from .kubernetes_object import KubernetesObject, Objects
from .kubernetes_scope import Scope

__all__ = ["IngressClasses", "read_ingress_classes"]

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_OLD_ANNOTATION = "kubernetes.io/ingress.class"


class IngressClasses:
    """The classes that there are, and the one that is wanted."""

    def __init__(self, names: set[str], default: str | None, wanted: str | None):
        self._names = names
        self._default = default
        self._wanted = wanted

    def serve(self, item: KubernetesObject) -> bool:
        """Whether an Ingress is served: not when its class is another one, or is missing among those that are there."""
        name = _class_of(item) or self._default
        if self._wanted is not None:
            return name == self._wanted
        return name is None or not self._names or name in self._names


def _class_of(item: KubernetesObject) -> str | None:
    spec = item.section.members.get("spec")
    named = spec.get("ingressClassName") if isinstance(spec, dict) else None
    if isinstance(named, str):
        return named
    return item.annotations.get(_OLD_ANNOTATION)


def read_ingress_classes(objects: Objects, scope: Scope) -> IngressClasses:
    names: set[str] = set()
    defaults: list[KubernetesObject] = []
    for item in objects.of_kind("networking.k8s.io", "IngressClass"):
        spec = item.section.section("spec")
        item.section.end()
        if spec is not None:
            spec.string("controller", required=True)
            spec.section("parameters")
            spec.end()
        names.add(item.name)
        if item.annotations.get(_DEFAULT) == "true":
            defaults.append(item)
    # Of several the newest is assigned to Ingresses, then the first by name.
    defaults.sort(key=lambda each: each.name)
    default = max(defaults, key=lambda each: each.seniority[0], default=None)
    return IngressClasses(names, default.name if default is not None else None, scope.ingress_class)
