"""What became of the objects of a Kubernetes cluster: what was accepted, what was not, and why.

Source: https://gateway-api.sigs.k8s.io/reference/spec/ (GatewayStatus, ListenerStatus, RouteStatus).
"""

from __future__ import annotations

from collections.abc import Iterator

from .model import model
from .position import Position, position_field

__all__ = ["Condition", "ListenerStatus", "ObjectStatus", "ParentStatus"]


@model(frozen=True, slots=True)
class Condition:
    """A verdict: `type` ("Accepted", "ResolvedRefs", "Programmed") holds or not, for a `reason` ("BackendNotFound")."""

    type: str
    status: bool
    reason: str
    message: str = ""


@model(frozen=True, slots=True)
class ListenerStatus:
    """Of a Gateway's listener."""

    name: str
    conditions: tuple[Condition, ...] = ()
    supported_kinds: tuple[str, ...] = ()
    """Kinds of routes that may attach."""
    attached_routes: int = 0


@model(frozen=True, slots=True)
class ParentStatus:
    """Of a route towards one of its parents; `section_name` and `port` as the route's parentRef gives them."""

    namespace: str
    name: str
    section_name: str = ""
    port: int | None = None
    conditions: tuple[Condition, ...] = ()


@model(frozen=True, slots=True)
class ObjectStatus:
    """Of an object. Gateways have listeners, routes have parents, and the others conditions of their own."""

    kind: str
    namespace: str
    name: str
    conditions: tuple[Condition, ...] = ()
    listeners: tuple[ListenerStatus, ...] = ()
    parents: tuple[ParentStatus, ...] = ()
    position: Position | None = position_field()

    def refusals(self) -> Iterator[tuple[str, Condition]]:
        """Every condition that tells that something was not done, and the listener or parent that it is about."""
        yield from (("", each) for each in self.conditions if not each.status)
        for listener in self.listeners:
            yield from ((f"listener {listener.name}", each) for each in listener.conditions if _refuses(each))
        for parent in self.parents:
            section = f"/{parent.section_name}" if parent.section_name else ""
            name = f"parent {parent.namespace}/{parent.name}{section}"
            yield from ((name, each) for each in parent.conditions if _refuses(each))


def _refuses(condition: Condition) -> bool:
    """Some conditions tell of it by holding, the others by not holding."""
    return condition.status == (condition.type in ("Conflicted", "PartiallyInvalid"))
