"""Delegates: routes of a VirtualService without hosts, put in the place of a route that names it.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate. What the delegate's route
says counts; what it does not say is taken from the root's. It matches what both match, and is void when one of its
matches is no part of the root's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..fields import Section
from ..kubernetes_object import KubernetesObject
from ..node import shorten
from .client import exports_of
from .unresolved import Unresolved

__all__ = ["Delegates"]

_OWN = ("delegate", "match", "name", "route", "redirect", "directResponse")
_STRINGS = ("authority", "method", "scheme", "uri")
_MAPS = ("headers", "queryParams", "withoutHeaders")

Members = dict[str, object]


class Delegates:
    """VirtualServices without hosts."""

    def __init__(self, items: Mapping[str, KubernetesObject], specs: Mapping[str, Section], unresolved: Unresolved):
        self._items = items
        self._specs = specs
        self._unresolved = unresolved
        self._used: set[str] = set()

    def unused(self) -> Iterator[tuple[KubernetesObject, Section]]:
        """Those that no route names, each with its spec."""
        return ((self._items[name], spec) for name, spec in self._specs.items() if name not in self._used)

    def routes(self, route: Section, item: KubernetesObject) -> Iterator[tuple[KubernetesObject, Section]]:
        """A route of an object itself, or those of its delegate joined with it; each with the object it is written in.

        None, when the delegate is not there.
        """
        delegate = route.section("delegate")
        if delegate is None:
            yield item, route
            return
        name = f"{delegate.string('namespace', item.namespace)}/{delegate.string('name', required=True)}"
        delegate.end()
        for action in ("route", "redirect", "directResponse"):
            if route.get(action) is not None:
                route.error(f"{action} and delegate exclude each other")
        spec = self._specs.get(name)
        if spec is None:
            near = delegate.problems.suggest(name, self._specs)
            reason = f"there is no VirtualService {shorten(name)!r} without hosts{near}"
            self._unresolved.add(item, delegate, reason)
            return
        self._used.add(name)
        found = self._items[name]
        if not exports_of(spec, found.namespace).reach(item.namespace):
            reason = f"the VirtualService {shorten(name)!r} is not shown to the namespace {item.namespace} (exportTo)"
            self._unresolved.add(item, delegate, reason)
            return
        for inner in spec.sections("http"):
            if inner.get("delegate") is not None:
                inner.error("a delegate has no delegates")
                continue
            joined = _joined(route, inner)
            if joined is not None:
                yield found, joined


def _joined(root: Section, own: Section) -> Section | None:
    """A delegate's route with what only the root says; None when its match is no part of the root's."""
    members: Members = {name: raw for name, raw in root.members.items() if name not in _OWN}
    members |= {name: raw for name, raw in own.members.items() if raw is not None}
    matches = _joined_matches(_list(root.members, "match"), _list(own.members, "match"))
    if matches is None:
        own.warn(f"ignored, since its match is not within that of {root.path}, which delegates to it")
        return None
    if matches:
        members["match"] = matches
    name = "-".join(filter(None, (root.string("name"), own.string("name"))))
    if name:
        members["name"] = name
    return Section(members, own.where, own.problems)


def _joined_matches(root: list[object], own: list[object]) -> list[object] | None:
    if not (root and own):
        return root or own
    found: list[object] = []
    for each in own:
        fitting = [_joined_match(outer, each) for outer in root if not _conflict(outer, each)]
        if not fitting:
            return None
        found += fitting
    return found


def _joined_match(root: object, own: object) -> object:
    if not (isinstance(root, dict) and isinstance(own, dict)):
        return own
    members: Members = {**root, **{name: raw for name, raw in own.items() if raw is not None}}
    for name in (*_MAPS, "sourceLabels"):
        both = {**_members(root, name), **_members(own, name)}
        if both:
            members[name] = both
    names = [text for each in (root, own) if isinstance(text := each.get("name"), str) and text]
    if names:
        members["name"] = "-".join(names)
    return members


def _conflict(root: object, own: object) -> bool:
    """Whether a delegate's match is no part of a root's."""
    pairs = [(_get(root, name), _get(own, name)) for name in _STRINGS]
    pairs += [(_members(root, kind).get(name), raw) for kind in _MAPS for name, raw in _members(own, kind).items()]
    if any(_is_outside(outer, inner) for outer, inner in pairs):
        return True
    if bool(_get(root, "ignoreUriCase")) != bool(_get(own, "ignoreUriCase")):
        return True
    port, own_port = _get(root, "port"), _get(own, "port")
    if None not in (port, own_port) and port != own_port:
        return True
    namespace = _get(root, "sourceNamespace")
    if namespace and _get(own, "sourceNamespace") != namespace:
        return True
    labels = _members(root, "sourceLabels")
    if any(name in labels and labels[name] != raw for name, raw in _members(own, "sourceLabels").items()):
        return True
    gateways = _list(root, "gateways")
    return bool(gateways) and any(each not in gateways for each in _list(own, "gateways"))


def _is_outside(root: object, own: object) -> bool:
    """Whether a comparison is not known to hold for less than the other. Nothing is known of regular expressions."""
    if root is None or own is None:
        return False
    outer, inner = (
        {name: text for name in ("exact", "prefix", "regex") if (text := _get(each, name))} for each in (root, own)
    )
    if "regex" in outer or "regex" in inner:
        return True
    if "exact" in outer:
        return inner.get("exact") != outer["exact"]
    text = inner.get("prefix", inner.get("exact"))
    prefix = outer.get("prefix")
    return not (isinstance(prefix, str) and isinstance(text, str) and text.startswith(prefix))


def _get(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _members(value: object, name: str) -> Members:
    found = _get(value, name)
    return found if isinstance(found, dict) else {}


def _list(value: object, name: str) -> list[object]:
    found = _get(value, name)
    return found if isinstance(found, list) else []
