"""What objects name in vain. Istio takes them, since it may come to be there later; until then 503 is the answer."""

from __future__ import annotations

from collections.abc import Iterator

from ...models import Condition, ObjectStatus
from ..fields import Located
from ..kubernetes_object import KubernetesObject, Objects
from .fields import GROUP

__all__ = ["Unresolved", "refusal"]

_KINDS = ("VirtualService", "DestinationRule", "Sidecar")
_REASON = "ReferencedResourceNotFound"
"""As `istioctl analyze` names it."""


class Unresolved:
    """Collects what is not there, object by object."""

    def __init__(self) -> None:
        self._missing: dict[KubernetesObject, dict[str, None]] = {}

    def add(self, item: KubernetesObject, where: Located, reason: str) -> None:
        """A part of an object leads nowhere. The same is told once, however often it is read."""
        self._missing.setdefault(item, {})[f"{where.path}: {reason}"] = None

    def statuses(self, objects: Objects) -> Iterator[ObjectStatus]:
        """A verdict on each object that refers to others."""
        for item in (item for kind in _KINDS for item in objects.of_kind(GROUP, kind)):
            messages = "; ".join(self._missing.get(item, ()))
            reason = _REASON if messages else "ResolvedRefs"
            resolved = Condition("ResolvedRefs", not messages, reason, messages)
            yield ObjectStatus(item.kind, item.namespace, item.name, (resolved,), position=item.position)


def refusal(item: KubernetesObject, reason: str, message: str) -> ObjectStatus:
    """Of an object that has no part in the configuration, or not all of it has, though it might have one in another."""
    condition = Condition("Accepted", status=False, reason=reason, message=message)
    return ObjectStatus(item.kind, item.namespace, item.name, (condition,), position=item.position)
