"""GatewayClass and Gateway: listeners, their certificates, and whether they can be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...models import Condition, ListenerStatus, ObjectStatus, Position, TlsCertificate
from ..fields import Section
from ..kubernetes_fields import choice, host_name, ip_address, port_number
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_scope import Scope
from ..kubernetes_secret import Secrets
from ..virtual_hosts import covers
from .allowed_routes import AllowedRoutes, read_allowed_routes
from .references import GROUP, Grants, Problem

__all__ = ["Gateway", "GatewayListener", "by_port", "condition", "read_gateways"]

_KINDS = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute",),
    "TCP": ("TCPRoute",),
}
_PROTOCOLS = (*_KINDS, "UDP")
_MAX_LISTENERS = 64
# Protocols that can share a port: TLS tells them apart by the name that the client asks for.
_SHARING = {"HTTPS": "TLS"}


@dataclass(slots=True, eq=False)
class GatewayListener:
    """A Gateway's listener, and what attaches to it."""

    name: str
    hostname: str
    """ "*" when every host is meant."""
    port: int
    protocol: str
    passthrough: bool
    certificates: tuple[TlsCertificate, ...]
    allowed: AllowedRoutes
    position: Position | None
    no_certificate: Problem | None = None
    not_accepted: Problem | None = None
    conflict: Problem | None = None
    overlap: str = ""
    """The listener of the port that may be asked for a name of this one."""
    attached: dict[str, dict[KubernetesObject, tuple[str, ...]]] = field(default_factory=dict)
    """By kind: the routes, each with its domains here."""

    @property
    def accepted(self) -> bool:
        return self.not_accepted is None and self.conflict is None

    @property
    def programmed(self) -> bool:
        """Whether it is served. A kind of routes too many does not keep it from serving the others."""
        has_kinds = bool(self.allowed.kinds) or not self.allowed.invalid_kinds
        return self.accepted and self.no_certificate is None and has_kinds

    @property
    def unresolved(self) -> Problem | None:
        if self.no_certificate is not None or not self.allowed.invalid_kinds:
            return self.no_certificate
        names = ", ".join(self.allowed.invalid_kinds)
        return Problem("InvalidRouteKinds", f"a listener of {self.protocol} carries no {names}")

    def status(self) -> ListenerStatus:
        rejected = Problem("Invalid", self.conflict.message) if self.conflict is not None else None
        conditions = [
            condition("Accepted", self.not_accepted or rejected),
            condition("ResolvedRefs", self.unresolved),
            Condition("Programmed", self.programmed, "Programmed" if self.programmed else "Invalid"),
            Condition(
                "Conflicted",
                self.conflict is not None,
                self.conflict.reason if self.conflict is not None else "NoConflicts",
                self.conflict.message if self.conflict is not None else "",
            ),
        ]
        if self.overlap:
            message = f"clients of {self.overlap} may send requests for hosts of this listener"
            conditions.append(Condition("OverlappingTLSConfig", True, "OverlappingHostnames", message))
        return ListenerStatus(self.name, tuple(conditions), self.allowed.kinds, sum(map(len, self.attached.values())))


def condition(kind: str, problem: Problem | None) -> Condition:
    """True, with its own name as reason, or false for the problem's."""
    if problem is None:
        return Condition(kind, status=True, reason=kind)
    return Condition(kind, status=False, reason=problem.reason, message=problem.message)


@dataclass(slots=True, eq=False)
class Gateway:
    """A Gateway with its listeners."""

    item: KubernetesObject
    addresses: tuple[str, ...]
    listeners: list[GatewayListener]
    not_accepted: Problem | None

    def status(self) -> ObjectStatus:
        any_accepted = any(each.accepted for each in self.listeners)
        invalid = Problem("ListenersNotValid", "not all listeners can be served")
        accepted = condition("Accepted", self.not_accepted or (None if any_accepted else invalid))
        if accepted.status and not all(each.programmed for each in self.listeners):
            accepted = Condition("Accepted", True, invalid.reason, invalid.message)
        programmed = accepted.status and any(each.programmed for each in self.listeners)
        return ObjectStatus(
            "Gateway",
            self.item.namespace,
            self.item.name,
            (accepted, Condition("Programmed", programmed, "Programmed" if programmed else "Invalid")),
            tuple(each.status() for each in self.listeners),
            position=self.item.position,
        )


def read_gateways(
    objects: Objects, secrets: Secrets, grants: Grants, scope: Scope
) -> tuple[list[Gateway], list[ObjectStatus]]:
    """The Gateways of the scope's class, and the statuses of the classes."""
    statuses = []
    classes: set[str] = set()
    for item in objects.of_kind(GROUP, "GatewayClass"):
        statuses.append(_read_class(item))
        classes.add(item.name)
    gateways = []
    for item in objects.of_kind(GROUP, "Gateway"):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is None:
            continue
        name = spec.string("gatewayClassName", required=True)
        gateway = _Reader(item, secrets, grants).read(spec)
        served = name == scope.gateway_class if scope.gateway_class is not None else not classes or name in classes
        if served:
            gateways.append(gateway)
        else:
            statuses.append(_not_served(item, name))
    return gateways, statuses


def _not_served(item: KubernetesObject, name: str) -> ObjectStatus:
    """What the API says of a Gateway that no controller has taken on."""
    problem = Problem("Pending", f'its class "{name}" is not served here')
    conditions = (condition("Accepted", problem), condition("Programmed", problem))
    return ObjectStatus("Gateway", item.namespace, item.name, conditions, position=item.position)


def _read_class(item: KubernetesObject) -> ObjectStatus:
    spec = item.section.section("spec", required=True)
    item.section.end()
    problem = None
    if spec is not None:
        spec.string("controllerName", required=True)
        spec.string("description")
        if spec.get("parametersRef") is not None:
            problem = Problem("InvalidParameters", "parametersRef is not supported")
        spec.end()
    return ObjectStatus("GatewayClass", "", item.name, (condition("Accepted", problem),), position=item.position)


class _Reader:
    def __init__(self, item: KubernetesObject, secrets: Secrets, grants: Grants):
        self._item = item
        self._secrets = secrets
        self._grants = grants

    def read(self, spec: Section) -> Gateway:
        addresses, refused = self._read_addresses(spec.sections("addresses"))
        sections = spec.sections("listeners")
        if not 1 <= len(sections) <= _MAX_LISTENERS:
            spec.error(f"a Gateway has 1 to {_MAX_LISTENERS} listeners, found {len(sections)}")
        listeners = [self._read_listener(each) for each in sections[:_MAX_LISTENERS]]
        refused = self._read_infrastructure(spec) or refused
        self._read_tls_of_all(spec, listeners)
        spec.asked.add("allowedListeners")  # ListenerSets, which are not read at all
        spec.end(("backendTLS", "defaultScope"))
        _refuse_repetitions(spec, listeners)
        _find_conflicts(listeners)
        _find_overlaps(listeners)
        return Gateway(self._item, addresses, listeners, refused)

    @staticmethod
    def _read_addresses(sections: Iterable[Section]) -> tuple[tuple[str, ...], Problem | None]:
        found: dict[str, None] = {}
        problem = None
        for each in sections:
            kind, value = each.string("type", "IPAddress"), each.get("value")
            each.end()
            if kind != "IPAddress":
                problem = Problem("UnsupportedAddress", f"addresses of the type {kind} are not supported")
            elif value is not None and value.raw != "":
                found[ip_address(value, value.string())] = None
        return tuple(found) or ("0.0.0.0",), problem

    @staticmethod
    def _read_infrastructure(spec: Section) -> Problem | None:
        """Labels and annotations are for the objects that a controller would make."""
        section = spec.section("infrastructure")
        if section is None:
            return None
        section.asked.update(("annotations", "labels"))
        parameters = section.get("parametersRef")
        section.end()
        return Problem("InvalidParameters", "parametersRef is not supported") if parameters is not None else None

    @staticmethod
    def _read_tls_of_all(spec: Section, listeners: list[GatewayListener]) -> None:
        """Clients' certificates would be asked for at every HTTPS listener."""
        section = spec.section("tls")
        if section is None:
            return
        if section.get("frontend") is not None:
            for each in listeners:
                if each.protocol == "HTTPS":
                    each.not_accepted = Problem("UnsupportedValue", "certificates of clients are not asked for")
        section.end(("backend",))

    def _read_listener(self, section: Section) -> GatewayListener:
        protocol = section.string("protocol", required=True)
        if protocol.upper() in _PROTOCOLS:
            protocol = protocol.upper()
        host = section.get("hostname")
        hostname = host_name(host) if host is not None and host.raw != "" else "*"
        tls = section.section("tls")
        if tls is not None and protocol in ("HTTP", "TCP", "UDP"):
            section.error(f"a listener of the protocol {protocol} has no tls")
        if hostname != "*" and protocol in ("TCP", "UDP"):
            section.error(f"a listener of the protocol {protocol} has no hostname")
        listener = GatewayListener(
            section.string("name", required=True),
            hostname,
            port_number(section, "port", required=True) or 0,
            protocol,
            False,
            (),
            read_allowed_routes(section, _KINDS.get(protocol, ())),
            section.position,
        )
        section.end()
        if protocol not in _KINDS:
            listener.not_accepted = Problem("UnsupportedProtocol", f"the protocol {protocol} is not supported")
        elif protocol in ("HTTPS", "TLS"):
            self._read_tls(section, tls, listener)
        return listener

    def _read_tls(self, section: Section, tls: Section | None, listener: GatewayListener) -> None:
        if tls is None:
            section.error(f'"tls" is missing: a listener of the protocol {listener.protocol} needs it')
            return
        mode = choice(tls, "mode", ("Terminate", "Passthrough"), "Terminate")
        references = tls.sections("certificateRefs") if mode == "Terminate" else []
        certificates = [self._certificate(each, listener) for each in references]
        if mode == "Passthrough":
            tls.asked.add("certificateRefs")  # the API ignores them
            if listener.protocol == "HTTPS":
                tls.error("the protocol HTTPS is decrypted here: the mode is Terminate")
            listener.passthrough = True
        elif not references:
            listener.no_certificate = Problem("InvalidCertificateRef", "there are no certificateRefs")
        for name in ("options", "frontendValidation"):
            if tls.get(name) is not None:
                listener.not_accepted = Problem("UnsupportedValue", f'"{name}" of its tls is not supported')
        tls.end()
        listener.certificates = tuple(each for each in certificates if each is not None)

    def _certificate(self, section: Section, listener: GatewayListener) -> TlsCertificate | None:
        group, kind = section.string("group"), section.string("kind", "Secret")
        namespace = section.string("namespace", self._item.namespace)
        name = section.string("name", required=True)
        section.end()
        if (group, kind) != ("", "Secret"):
            problem = Problem("InvalidCertificateRef", f"a certificate is in a Secret, not in a {kind}")
        elif not self._grants.allow(self._item, group, kind, namespace, name):
            problem = Problem("RefNotPermitted", f'no ReferenceGrant allows the Secret "{namespace}/{name}"')
        else:
            certificate = self._secrets.certificate(namespace, name)
            if certificate is not None and _is_pem(certificate):
                return certificate
            is_there = self._secrets.find(namespace, name) is not None
            what = "no certificate and key are in" if is_there else "there is no Secret"
            problem = Problem("InvalidCertificateRef", f'{what} "{namespace}/{name}"')
        listener.no_certificate = problem
        return None


def _is_pem(certificate: TlsCertificate) -> bool:
    chain, key = certificate.certificate_chain.inline or b"", certificate.private_key.inline or b""
    return b"-----BEGIN CERTIFICATE-----" in chain and b"PRIVATE KEY-----" in key


def _refuse_repetitions(spec: Section, listeners: list[GatewayListener]) -> None:
    names: set[str] = set()
    for each in listeners:
        if each.name in names:
            spec.problems.add_at(each.position, f'there is another listener named "{each.name}"')
        names.add(each.name)


def _find_conflicts(listeners: list[GatewayListener]) -> None:
    """Nobody wins where listeners cannot be told apart. UDP has ports of its own, and what is unknown has none."""
    for each in listeners:
        for other in listeners:
            if other is not each and other.port == each.port and {each.protocol, other.protocol} <= _KINDS.keys():
                each.conflict = each.conflict or _conflict(each, other)


def _conflict(listener: GatewayListener, other: GatewayListener) -> Problem | None:
    """Why two listeners of a port do."""
    is_same = other.protocol == listener.protocol
    if is_same and listener.protocol != "TCP":
        if other.hostname != listener.hostname:
            return None
        return Problem("HostnameConflict", f"{other.name} has the same protocol, port and hostname")
    if not is_same and _layer(other) == _layer(listener) and other.hostname != listener.hostname:
        return None
    return Problem(
        "ProtocolConflict", f"{other.name} has {'the same' if is_same else 'another'} protocol on the same port"
    )


def _find_overlaps(listeners: list[GatewayListener]) -> None:
    """Clients may send requests on a connection that they made for another listener's host of the same certificate."""
    decrypting = [each for each in listeners if _layer(each) == "TLS" and each.accepted and not each.passthrough]
    for each in decrypting:
        for other in decrypting:
            same_port = other is not each and other.port == each.port
            if same_port and (covers(each.hostname, other.hostname) or covers(other.hostname, each.hostname)):
                each.overlap = each.overlap or other.name


def _layer(listener: GatewayListener) -> str:
    return _SHARING.get(listener.protocol, listener.protocol)


def by_port(gateway: Gateway) -> Iterator[tuple[int, list[GatewayListener]]]:
    """The listeners that are served, those of a port together."""
    ports: dict[int, list[GatewayListener]] = {}
    for each in gateway.listeners if gateway.not_accepted is None else ():
        if each.programmed:
            ports.setdefault(each.port, []).append(each)
    yield from ports.items()
