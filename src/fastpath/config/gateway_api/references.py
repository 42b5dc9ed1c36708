"""References to objects of other kinds and namespaces, and ReferenceGrants that allow them.

Source: https://gateway-api.sigs.k8s.io/api-types/referencegrant/.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import Position
from ..fields import Section
from ..kubernetes_fields import integer, port_number
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_service import Services

__all__ = ["GROUP", "Backend", "Grants", "Problem", "ReferenceReader", "read_grants"]

GROUP = "gateway.networking.k8s.io"
_MAX_WEIGHT = 1_000_000
_MAX_ENTRIES = 16


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a reference leads nowhere: a reason of the API, and a sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Backend:
    """A backendRef. `cluster` is "" when it leads nowhere."""

    cluster: str
    weight: int
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    group: str
    kind: str
    namespace: str


class Grants:
    """Who may refer to what in other namespaces."""

    def __init__(self) -> None:
        self._granted: set[tuple[_Subject, str, str, str, str]] = set()

    def add(self, source: _Subject, group: str, kind: str, namespace: str, name: str) -> None:
        """`name` "" stands for every object of the kind."""
        self._granted.add((source, group, kind, namespace, name))

    def allow(self, source: KubernetesObject, group: str, kind: str, namespace: str, name: str) -> bool:
        """Whether `source` may refer to the object; it may to those of its own namespace."""
        if namespace == source.namespace:
            return True
        subject = _Subject(source.group, source.kind, source.namespace)
        return any((subject, group, kind, namespace, each) in self._granted for each in ("", name))


def read_grants(objects: Objects) -> Grants:
    grants = Grants()
    for item in objects.of_kind(GROUP, "ReferenceGrant"):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is None:
            continue
        sources, targets = [], []
        for each in spec.sections("from"):
            sources.append(_Subject(each.string("group"), each.string("kind", required=True), each.string("namespace")))
            each.end()
        for each in spec.sections("to"):
            group, kind = each.string("group"), each.string("kind", required=True)
            targets.append((group, kind, item.namespace, each.string("name")))
            each.end()
        if max(len(sources), len(targets)) > _MAX_ENTRIES:
            spec.error(f"there are more than {_MAX_ENTRIES} entries in from or to")
        spec.end()
        for source in sources[:_MAX_ENTRIES]:
            for target in targets[:_MAX_ENTRIES]:
                grants.add(source, *target)
    return grants


class ReferenceReader:
    """Reads the backendRefs of one route; `problems` tells what is wrong with them."""

    def __init__(self, source: KubernetesObject, services: Services, grants: Grants):
        self.source = source
        self.problems: list[Problem] = []
        self._services = services
        self._grants = grants

    def backend(self, section: Section) -> Backend:
        """One backendRef; the caller ends the section."""
        weight = integer(section, "weight", 0, _MAX_WEIGHT)
        cluster = self._cluster(section)
        return Backend(cluster, 1 if weight is None else weight, section.position)

    def _cluster(self, section: Section) -> str:
        group, kind = section.string("group"), section.string("kind", "Service")
        namespace = section.string("namespace", self.source.namespace)
        name = section.string("name", required=True)
        port = port_number(section, "port")
        target = f'{kind} "{namespace}/{name}"'
        if (group, kind) != ("", "Service"):
            return self._refuse("InvalidKind", f"a backend is a Service, not a {kind} of the group {group!r}")
        if port is None:
            section.error('"port" is missing: a Service is referred to with a port')
            return ""
        if not self._grants.allow(self.source, group, kind, namespace, name):
            return self._refuse("RefNotPermitted", f"no ReferenceGrant allows the {target}")
        service = self._services.find(namespace, name)
        if service is None:
            near = section.problems.suggest(name, self._services.names(namespace))
            return self._refuse("BackendNotFound", f"there is no {target}{near}")
        if service.external_name:
            return self._refuse("UnsupportedValue", f"the {target} is an ExternalName, which routes may not lead to")
        found = next((each for each in service.ports if each.port == port and each.protocol == "TCP"), None)
        if found is None:
            ports = ", ".join(str(each.port) for each in service.ports)
            return self._refuse("BackendNotFound", f"the {target} has no port {port}, only {ports}")
        return service.cluster_name(found)

    def _refuse(self, reason: str, message: str) -> str:
        self.problems.append(Problem(reason, message))
        return ""
