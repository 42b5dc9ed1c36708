"""What routes attach to: parentRefs, and the listeners that take a route or do not.

Source: https://gateway-api.sigs.k8s.io/concepts/api-overview/#attaching-routes-to-gateways.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import Condition, ObjectStatus, ParentStatus
from ..fields import Section
from ..kubernetes_fields import host_name, port_number
from ..kubernetes_object import KubernetesObject, Objects
from ..virtual_hosts import covers
from .gateway import Gateway, GatewayListener, condition
from .references import GROUP, Problem

__all__ = ["AnyRoute", "Attachment", "ParentRef", "attach", "intersect", "read_hostnames", "read_parents"]


@dataclass(frozen=True, slots=True)
class ParentRef:
    """A Gateway, or some of its listeners."""

    group: str
    kind: str
    namespace: str
    name: str
    section_name: str = ""
    port: int | None = None

    def names(self, listener: GatewayListener) -> bool:
        return self.section_name in ("", listener.name) and self.port in (None, listener.port)


@dataclass(frozen=True, slots=True)
class AnyRoute:
    """What all kinds of routes have in common."""

    item: KubernetesObject
    parents: tuple[ParentRef, ...] = ()
    hostnames: tuple[str, ...] = ()
    unresolved: Problem | None = None
    dropped: tuple[str, ...] = ()
    """Rules that cannot be served, and why."""

    @property
    def is_invalid(self) -> bool:
        """Whether no rule is left."""
        return False

    @property
    def dropped_message(self) -> str:
        """As the API wants it to begin."""
        return f"Dropped Rule {'; '.join(self.dropped)}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A listener that a route attaches to, and the hosts there: what both have, and the route's own hostname for it."""

    listener: GatewayListener
    hosts: tuple[tuple[str, str], ...]


def read_parents(spec: Section, item: KubernetesObject) -> tuple[ParentRef, ...]:
    parents = []
    for each in spec.sections("parentRefs"):
        parents.append(
            ParentRef(
                each.string("group", GROUP),
                each.string("kind", "Gateway"),
                each.string("namespace", item.namespace),
                each.string("name", required=True),
                each.string("sectionName"),
                port_number(each, "port"),
            )
        )
        each.end()
    return tuple(parents)


def read_hostnames(spec: Section) -> tuple[str, ...]:
    return tuple(host_name(value) for value in spec.items("hostnames"))


def intersect(listener: str, route: str) -> str | None:
    """The domain that both cover, None when there is none."""
    if covers(listener, route):
        return route
    return listener if covers(route, listener) else None


def attach(
    route: AnyRoute, gateways: dict[tuple[str, str], Gateway], objects: Objects
) -> tuple[list[Attachment], ObjectStatus]:
    """The listeners that take a route, and what each parent says of it. Older routes come first."""
    attachments: dict[int, Attachment] = {}
    statuses = []
    for parent in route.parents:
        found, problem = _ask(route, parent, gateways, objects)
        for each in found:
            domains = tuple(domain for domain, _ in each.hosts)
            each.listener.attached.setdefault(route.item.kind, {})[route.item] = domains
            attachments.setdefault(id(each.listener), each)
        conditions = [condition("Accepted", problem), condition("ResolvedRefs", route.unresolved)]
        if problem is None and route.dropped:
            conditions.append(Condition("PartiallyInvalid", True, "UnsupportedValue", route.dropped_message))
        told = ParentStatus(parent.namespace, parent.name, parent.section_name, parent.port, tuple(conditions))
        statuses.append(told)
    item = route.item
    status = ObjectStatus(item.kind, item.namespace, item.name, parents=tuple(statuses), position=item.position)
    return list(attachments.values()), status


def _ask(
    route: AnyRoute, parent: ParentRef, gateways: dict[tuple[str, str], Gateway], objects: Objects
) -> tuple[list[Attachment], Problem | None]:
    """The listeners of a parent that take the route, or else why none does."""
    is_ours = (parent.group, parent.kind) == (GROUP, "Gateway")
    gateway = gateways.get((parent.namespace, parent.name)) if is_ours else None
    if gateway is None:
        return [], Problem("NoMatchingParent", f'there is no {parent.kind} "{parent.namespace}/{parent.name}"')
    found = _attachments(route, parent, gateway, objects)
    if isinstance(found, Problem):
        return [], found
    if route.is_invalid:
        return [], Problem("UnsupportedValue", route.dropped_message)
    return found, None


def _attachments(route: AnyRoute, parent: ParentRef, gateway: Gateway, objects: Objects) -> list[Attachment] | Problem:
    named = [each for each in gateway.listeners if parent.names(each)]
    if not named:
        return Problem("NoMatchingParent", "the Gateway has no listener of this name and port")
    allowing = [each for each in named if each.allowed.allows(gateway.item, route.item, objects)]
    if not allowing:
        return Problem("NotAllowedByListeners", "allowedRoutes of the listeners leave this route out")
    fitting = [Attachment(each, hosts) for each in allowing if (hosts := _hosts(each.hostname, route.hostnames))]
    if not fitting:
        return Problem("NoMatchingListenerHostname", "no listener has a hostname in common with the route")
    alone = [each for each in fitting if not _is_claimed(each, route.item.kind)]
    return alone or Problem("HostnameConflict", "an older route of another kind has the hostname")


def _is_claimed(attachment: Attachment, kind: str) -> bool:
    """Whether a route of another kind, HTTPRoute or GRPCRoute, has one of the hosts: they do not share any."""
    others = [routes for each, routes in attachment.listener.attached.items() if each != kind]
    return any(
        intersect(domain, other) is not None
        for routes in others
        for domains in routes.values()
        for other in domains
        for domain, _ in attachment.hosts
    )


def _hosts(listener: str, hostnames: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = [(intersect(listener, each), each) for each in hostnames or ("*",)]
    return tuple((domain, own) for domain, own in pairs if domain is not None)
