"""Where an Ingress sends requests: a Service's port, by number or name."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Position
from .fields import Section
from .kubernetes_fields import port_number
from .kubernetes_service import Services, cluster_name

__all__ = ["Backend", "BackendReader"]


@dataclass(frozen=True, slots=True)
class Backend:
    """The cluster that a backend names, whether it exists or not."""

    cluster: str
    position: Position | None


class BackendReader:
    """Reads the backends of one namespace; `missing` tells reason and message for those that lead nowhere."""

    def __init__(self, services: Services, namespace: str):
        self._services = services
        self._namespace = namespace
        self.missing: list[tuple[str, str]] = []

    def read(self, section: Section) -> Backend:
        """An IngressBackend. One that is not there yet is no mistake of the Ingress: Kubernetes accepts it too."""
        section.one_of("backend", "service", "resource")
        target, resource = section.section("service"), section.section("resource")
        section.end()
        if resource is not None:
            return Backend(self._read_resource(resource), section.position)
        if target is None:
            return Backend("", section.position)
        name = target.string("name", required=True)
        port = self._read_port(target)
        target.end()
        return Backend(self._resolve(target, name, port), section.position)

    def _read_resource(self, resource: Section) -> str:
        """What only its own controller can serve is a backend that is not there."""
        kind, name = resource.string("kind", required=True), resource.string("name", required=True)
        resource.string("apiGroup")
        resource.end()
        self.missing.append(("InvalidKind", f'only Services are served, not the {kind} "{self._namespace}/{name}"'))
        return f"{self._namespace}/{kind}/{name}"

    def _read_port(self, target: Section) -> int | str:
        section = target.section("port", required=True)
        if section is None:
            return 0
        section.one_of("port", "number", "name")
        port: int | str = port_number(section, "number") or section.string("name")
        section.end()
        return port

    def _resolve(self, target: Section, name: str, port: int | str) -> str:
        service = self._services.find(self._namespace, name)
        if service is None:
            near = target.problems.suggest(name, self._services.names(self._namespace))
            self.missing.append(("BackendNotFound", f'there is no Service "{self._namespace}/{name}"{near}'))
            return cluster_name(self._namespace, name, port)
        found = service.find_port(port)
        if found is None:
            ports = ", ".join(f"{each.port} {each.name}".strip() for each in service.ports)
            self.missing.append(
                ("BackendNotFound", f'the Service "{self._namespace}/{name}" has no port {port}, only {ports}')
            )
            return cluster_name(self._namespace, name, port)
        return service.cluster_name(found)
