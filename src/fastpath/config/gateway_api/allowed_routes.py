"""Which routes a Gateway's listener lets attach: by kind, and by the namespace that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..fields import Section
from ..kubernetes_fields import choice, strings
from ..kubernetes_object import KubernetesObject, Objects
from .references import GROUP

__all__ = ["AllowedRoutes", "read_allowed_routes"]

_NAME_LABEL = "kubernetes.io/metadata.name"
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class _Requirement:
    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.operator in ("Exists", "DoesNotExist"):
            return (self.key in labels) == (self.operator == "Exists")
        return (labels.get(self.key) in self.values) == (self.operator == "In")


@dataclass(frozen=True, slots=True)
class AllowedRoutes:
    """What `allowedRoutes` says."""

    kinds: tuple[str, ...]
    """Of those that the listener's protocol can carry."""
    invalid_kinds: tuple[str, ...]
    origin: str
    """All, Same or Selector."""
    requirements: tuple[_Requirement, ...] = ()

    def allows(self, gateway: KubernetesObject, route: KubernetesObject, objects: Objects) -> bool:
        if route.kind not in self.kinds:
            return False
        if self.origin == "Same":
            return route.namespace == gateway.namespace
        if self.origin == "None":
            return False
        if self.origin == "Selector":
            namespace = objects.find("", "Namespace", "", route.namespace)
            labels = {_NAME_LABEL: route.namespace, **(namespace.labels if namespace is not None else {})}
            return all(each.holds(labels) for each in self.requirements)
        return True


def read_allowed_routes(listener: Section, possible: tuple[str, ...]) -> AllowedRoutes:
    """The field of a listener whose protocol can carry the `possible` kinds."""
    section = listener.section("allowedRoutes")
    if section is None:
        return AllowedRoutes(possible, (), "Same")
    kinds: dict[str, None] = {}
    invalid: dict[str, None] = {}
    for each in section.sections("kinds"):
        group, kind = each.string("group", GROUP), each.string("kind", required=True)
        each.end()
        (kinds if group == GROUP and kind in possible else invalid)[kind] = None
    if not kinds and not invalid:
        kinds = dict.fromkeys(possible)
    namespaces = section.section("namespaces")
    section.end()
    if namespaces is None:
        return AllowedRoutes(tuple(kinds), tuple(invalid), "Same")
    origin = choice(namespaces, "from", ("All", "Same", "Selector", "None"), "Same")
    selector = namespaces.section("selector", required=origin == "Selector")
    namespaces.end()
    requirements = _read_selector(selector) if selector is not None else ()
    return AllowedRoutes(tuple(kinds), tuple(invalid), origin, requirements)


def _read_selector(section: Section) -> tuple[_Requirement, ...]:
    """A LabelSelector; an empty one selects everything."""
    found: list[_Requirement] = []
    for key, value in section.fields("matchLabels"):
        found.append(_Requirement(key, "In", (str(value.raw),)))
    for each in section.sections("matchExpressions"):
        key, operator = each.string("key", required=True), choice(each, "operator", _OPERATORS, "In", required=True)
        found.append(_Requirement(key, operator, strings(each, "values")))
        each.end()
    section.end()
    return tuple(found)
