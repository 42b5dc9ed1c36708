"""The resources of an Envoy, from any of the forms in which they are passed around.

A bootstrap holds them in `static_resources`, a DiscoveryResponse in a list, Envoy's admin endpoint `/config_dump` by
kind and state (envoy.admin.v3), and each may stand alone. Of a dump counts what is active: not what warms up or drains,
nor what another part of the dump repeats (the bootstrap, routes that stand inline in a listener).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..models import Locality
from .envoy_process import check_admin, read_node
from .envoy_types import CLUSTER, LISTENER, LOAD_ASSIGNMENT, ROUTE_CONFIGURATION, VIRTUAL_HOST
from .fields import Section
from .node import shorten

__all__ = ["Resources", "collect"]

_BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap"
_RESPONSE = "envoy.service.discovery.v3.DiscoveryResponse"
_DUMP = "envoy.admin.v3.ConfigDump"
_DUMPED_BOOTSTRAP = "envoy.admin.v3.BootstrapConfigDump"
_REPEATED = {"envoy.admin.v3.SecretsConfigDump"}


@dataclass
class Resources:
    """What was found, not read yet."""

    listeners: list[Section] = field(default_factory=list)
    routes: list[Section] = field(default_factory=list)
    clusters: list[Section] = field(default_factory=list)
    virtual_hosts: list[Section] = field(default_factory=list)
    assignments: list[Section] = field(default_factory=list)
    locality: Locality | None = None
    local_cluster_name: str = ""
    whole: bool = False
    """Nothing is missing, as in a bootstrap or a dump: what is referred to must be here."""
    without_endpoints: bool = False
    """It is a dump that leaves out what EDS told."""

    def add(self, kind: str, section: Section) -> bool:
        """Keep a resource of this type; false when there is no such type."""
        lists = {
            LISTENER: self.listeners,
            ROUTE_CONFIGURATION: self.routes,
            VIRTUAL_HOST: self.virtual_hosts,
            CLUSTER: self.clusters,
            LOAD_ASSIGNMENT: self.assignments,
        }
        if kind not in lists:
            return False
        lists[kind].append(section)
        return True


def collect(outermost: Sequence[Section]) -> Resources:
    """The resources of documents: by their "@type", or else by the fields that only one form has."""
    found = Resources()
    forms: dict[str, Callable[[Section, Resources], None]] = {
        _BOOTSTRAP: _from_bootstrap,
        _RESPONSE: _from_response,
        _DUMP: _from_dump,
    }
    kinds = [_type_of(section) or _guess(section) for section in outermost]
    if len(kinds) > 1 and not forms.keys().isdisjoint(kinds):
        for section in outermost[1:]:
            section.error("an Envoy configuration stands alone: give one document, or several of one resource each")
        outermost = outermost[:1]
    for kind, section in zip(kinds, outermost, strict=False):
        if kind in forms:
            forms[kind](section, found)
            section.end()
        elif not found.add(kind, section):
            _unknown_type(section, kind)
    return found


def _type_of(section: Section) -> str:
    return section.string("@type").rpartition("/")[2]


def _guess(section: Section) -> str:
    for name, kind in (
        ("virtual_hosts", ROUTE_CONFIGURATION),
        ("configs", _DUMP),
        ("resources", _RESPONSE),
        ("cluster_name", LOAD_ASSIGNMENT),
    ):
        if section.get(name) is not None:
            return kind
    return _BOOTSTRAP


def _unknown_type(section: Section, kind: str) -> None:
    value = section.get("@type", required=True)
    if value is not None:
        value.error(f"the type {shorten(kind, 120)!r} is not supported")


def _from_bootstrap(bootstrap: Section, found: Resources) -> None:
    found.whole = True
    check_admin(bootstrap.section("admin"))
    _place(bootstrap, found)
    static = bootstrap.section("static_resources")
    if static is None:
        if bootstrap.get("static_resources") is None:
            bootstrap.error('has no "static_resources", so there is nothing to load')
        return
    found.clusters += static.sections("clusters")
    found.listeners += static.sections("listeners")
    static.end()


def _place(bootstrap: Section, found: Resources) -> None:
    """Where it runs, and as part of what."""
    found.locality = read_node(bootstrap.section("node"))
    manager = bootstrap.section("cluster_manager")
    if manager is not None:
        found.local_cluster_name = manager.string("local_cluster_name")
        manager.end()


def _from_response(response: Section, found: Resources) -> None:
    for name in ("version_info", "type_url", "nonce"):
        response.string(name)
    response.section("control_plane")
    for section in response.sections("resources"):
        kind = _type_of(section)
        if not found.add(kind, section):
            _unknown_type(section, kind)


def _from_dump(dump: Section, found: Resources) -> None:
    found.whole = True
    parts: dict[str, Callable[[Section, Resources], None]] = {
        "envoy.admin.v3.ListenersConfigDump": _dumped_listeners,
        "envoy.admin.v3.ClustersConfigDump": _dumped_clusters,
        "envoy.admin.v3.RoutesConfigDump": _dumped_routes,
        "envoy.admin.v3.EndpointsConfigDump": _dumped_endpoints,
        "envoy.admin.v3.ScopedRoutesConfigDump": _dumped_scopes,
    }
    found.without_endpoints = True
    for part in dump.sections("configs"):
        kind = _type_of(part)
        if kind in parts:
            parts[kind](part, found)
        elif kind == _DUMPED_BOOTSTRAP:
            bootstrap = part.section("bootstrap")
            if bootstrap is not None:
                _place(bootstrap, found)
        elif kind not in _REPEATED:
            _unknown_type(part, kind)


def _keep(parent: Section, name: str, found: Resources) -> None:
    section = parent.section(name)
    if section is not None:
        kind = _type_of(section)
        if not found.add(kind, section):
            _unknown_type(section, kind)


def _dumped_listeners(part: Section, found: Resources) -> None:
    for entry in part.sections("static_listeners"):
        _keep(entry, "listener", found)
    for entry in part.sections("dynamic_listeners"):
        active = entry.section("active_state")
        if active is not None:
            _keep(active, "listener", found)


def _dumped_clusters(part: Section, found: Resources) -> None:
    for name in ("static_clusters", "dynamic_active_clusters"):
        for entry in part.sections(name):
            _keep(entry, "cluster", found)


def _dumped_routes(part: Section, found: Resources) -> None:
    for entry in part.sections("dynamic_route_configs"):
        _keep(entry, "route_config", found)


def _dumped_endpoints(part: Section, found: Resources) -> None:
    """Static are those of clusters in the bootstrap, whether EDS told them or not."""
    found.without_endpoints = False
    for name in ("static_endpoint_configs", "dynamic_endpoint_configs"):
        for entry in part.sections(name):
            _unset_weights(entry)
            _keep(entry, "endpoint_config", found)


def _unset_weights(entry: Section) -> None:
    """Envoy writes 0 for a locality that has no weight, which it would refuse to read."""
    assignment = entry.section("endpoint_config")
    for locality in assignment.sections("endpoints") if assignment is not None else ():
        weight = locality.get("load_balancing_weight")
        if weight is not None and weight.raw == 0:
            del locality.members[weight.path.rpartition(".")[2]]


def _dumped_scopes(part: Section, found: Resources) -> None:
    for name in ("inline_scoped_route_configs", "dynamic_scoped_route_configs"):
        if part.sections(name):
            part.error("scoped routes are not supported")
