"""VirtualService: hosts, the gateways they are reached through, and the routes of what is sent to them.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from ...models import Route, TcpProxy
from ..fields import Section, Value
from ..kubernetes_fields import is_ip_address
from ..kubernetes_object import KubernetesObject, Objects
from ..node import shorten
from .client import Client, Exports, exports_of, read_exports
from .delegate import Delegates
from .destinations import DestinationReader, Destinations, full_name
from .fields import GROUP, age, lower_host
from .gateway import Gateway, common_host
from .http_action import Action, check_action, read_action
from .http_match import HttpMatch, read_http_match
from .stream_route import StreamMatch, StreamRoute, read_stream_route

__all__ = ["MESH", "VirtualService", "read_virtual_services"]

MESH = "mesh"


@dataclass(frozen=True, slots=True)
class _HttpRoute:
    name: str
    matches: tuple[HttpMatch, ...]
    action: Action
    section: Section
    reader: DestinationReader

    def action_at(self, port: int, scheme: str) -> Action:
        """What becomes of requests that come to a port, which counts for destinations without one."""
        found = self.action
        if self.reader.needs_port:
            found = read_action(self.section.again(), self.reader.at(port))
        return found.without_plain_port(scheme)


@dataclass(frozen=True, slots=True)
class VirtualService:
    item: KubernetesObject
    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    """Full names, and MESH."""
    exports: Exports = Exports()
    http: tuple[_HttpRoute, ...] = ()
    tls: tuple[StreamRoute, ...] = ()
    tcp: tuple[StreamRoute, ...] = ()

    def routes(self, gateway: str, port: int, scheme: str = "http") -> Iterator[tuple[bool, Route]]:
        """The routes of what comes through a gateway to a port; each with whether it takes all that comes to it."""
        for each in self.http:
            fitting = [match for match in each.matches if match.is_for_us and self._is_for(match, gateway, port)]
            action = each.action_at(port, scheme) if fitting else each.action
            for match in fitting:
                name = f"{each.name}.{match.name}" if match.name else each.name
                yield (
                    match.takes_all,
                    Route(
                        match.match,
                        action.action,
                        name,
                        mutations=action.mutations,
                        fault=action.fault,
                        position=each.section.position,
                    ),
                )
                if match.takes_all:
                    return

    def tls_proxies(self, gateway: str, port: int) -> Iterator[tuple[StreamMatch, TcpProxy]]:
        """Where connections of TLS lead, by what their matches say."""
        return self._proxies(self.tls, gateway, port)

    def tcp_proxies(self, gateway: str, port: int) -> Iterator[tuple[StreamMatch, TcpProxy]]:
        """Where other connections lead."""
        return self._proxies(self.tcp, gateway, port)

    def _proxies(
        self, routes: tuple[StreamRoute, ...], gateway: str, port: int
    ) -> Iterator[tuple[StreamMatch, TcpProxy]]:
        for each in routes:
            fitting = [match for match in each.matches if self._is_for(match, gateway, port)]
            if fitting:
                proxy = each.proxy(port)
                yield from ((match, proxy) for match in fitting)

    def _is_for(self, match: HttpMatch | StreamMatch, gateway: str, port: int) -> bool:
        if isinstance(match, StreamMatch) and gateway == MESH and not match.is_for_us:
            return False
        names = [_gateway_name(name, self.item.namespace) for name in match.gateways] or self.gateways
        return gateway in names and match.port in (None, port)


def read_virtual_services(
    objects: Objects, gateways: dict[str, Gateway], destinations: Destinations, client: Client
) -> list[VirtualService]:
    """All of them, the oldest first; those without hosts are parts of others."""
    items = sorted(objects.of_kind(GROUP, "VirtualService"), key=age)
    specs = {item.full_name: (item, spec) for item in items if (spec := _spec(item)) is not None}
    parts = {name: found for name, found in specs.items() if not found[1].items("hosts")}
    delegates = Delegates(
        {name: item for name, (item, _) in parts.items()},
        {name: spec for name, (_, spec) in parts.items()},
        destinations.unresolved,
    )
    reader = _Reader(gateways, destinations, client, delegates)
    services = [reader.read(item, spec) for name, (item, spec) in specs.items() if name not in parts]
    for item, spec in parts.values():
        reader.check_delegate(item, spec)
    for item, spec in delegates.unused():
        for each in spec.sections("http"):
            reader.read_http(each, item, (MESH, *gateways), item)
    return services


def _spec(item: KubernetesObject) -> Section | None:
    spec = item.section.section("spec", required=True)
    item.section.end()
    return spec


class _Reader:
    def __init__(
        self, gateways: Mapping[str, Gateway], destinations: Destinations, client: Client, delegates: Delegates
    ):
        self._gateways = gateways
        self._destinations = destinations
        self._client = client
        self._delegates = delegates

    def read(self, item: KubernetesObject, spec: Section) -> VirtualService:
        exports = read_exports(spec, item.namespace, self._client)
        names = tuple(self._read_gateway(value, item) for value in spec.items("gateways")) or (MESH,)
        hosts = tuple(dict.fromkeys(_read_host(value, item.namespace) for value in spec.items("hosts")))
        written = tuple(value.string() for value in spec.items("hosts"))
        for one, other in combinations(written, 2):
            if common_host(one, other) is not None:
                spec.error(f"the hosts {shorten(one)} and {shorten(other)} have hosts in common")
        if MESH in names and "*" in hosts:
            spec.error("the host '*' is for gateways only: name hosts of the mesh")
        for each in spec.sections("http"):
            check_action(each)
        http = [
            self.read_http(joined, part, names, item)
            for each in spec.sections("http")
            for part, joined in self._delegates.routes(each, item)
        ]
        reader = DestinationReader(self._destinations, item)
        tls, tcp = (
            tuple(
                read_stream_route(each, written, reader, self._client, is_tls=kind == "tls", is_of_mesh=MESH in names)
                for each in spec.sections(kind)
            )
            for kind in ("tls", "tcp")
        )
        if not (spec.items("http") or tls or tcp):
            spec.error("has no http, tls or tcp routes")
        for route in (*tls, *tcp):
            self._check_gateways(route.section, route.matches, names, item)
        spec.end()
        return VirtualService(item, hosts, names, exports, tuple(http), tls, tcp)

    def check_delegate(self, item: KubernetesObject, spec: Section) -> None:
        """What a VirtualService without hosts says beside its routes."""
        exports_of(spec, item.namespace)
        for each in spec.sections("http"):
            check_action(each)
        if not spec.items("http"):
            spec.error("has neither hosts nor http routes that another VirtualService could delegate to")
        for name in ("gateways", "tls", "tcp"):
            if spec.items(name):
                spec.error(f"has no hosts: {name} are those of the VirtualService that delegates to it")
        spec.end()

    def read_http(
        self, section: Section, item: KubernetesObject, gateways: tuple[str, ...], root: KubernetesObject
    ) -> _HttpRoute:
        """A route whose hosts are those of the object's namespace, and whose gateways are those of the root's."""
        found = tuple(read_http_match(each, self._client) for each in section.sections("match"))
        self._check_gateways(section, found, gateways, root)
        reader = DestinationReader(self._destinations, item)
        action = read_action(section, reader)
        name = section.string("name")
        cors = section.get("corsPolicy")
        if cors is not None:
            cors.warn("has no effect: preflight requests are forwarded, and answers get no headers of CORS")
        section.end()
        return _HttpRoute(name, found or (HttpMatch(),), action, section, reader)

    def _read_gateway(self, value: Value, item: KubernetesObject) -> str:
        name = _gateway_name(value.string(), item.namespace)
        if name != MESH and name not in self._gateways:
            near = value.problems.suggest(name, self._gateways)
            self._destinations.unresolved.add(item, value, f"there is no Gateway {shorten(name)!r}{near}")
        return name

    def _check_gateways(
        self,
        section: Section,
        matches: Iterable[HttpMatch | StreamMatch],
        gateways: tuple[str, ...],
        item: KubernetesObject,
    ) -> None:
        for name in (name for match in matches for name in match.gateways):
            if _gateway_name(name, item.namespace) not in gateways:
                reason = f"a match names the gateway {shorten(name)!r}, which the VirtualService does not"
                self._destinations.unresolved.add(item, section, reason)


def _read_host(value: Value, namespace: str) -> str:
    text = value.string()
    return text if text == "*" or is_ip_address(text) else full_name(lower_host(value), namespace)


def _gateway_name(name: str, namespace: str) -> str:
    """In full: the namespace may be left out, be "." or, as it was written before, follow the name after a dot."""
    if name == MESH:
        return name
    place, slash, own = name.rpartition("/")
    if slash:
        return f"{namespace if place == '.' else place}/{own}"
    own, dot, rest = name.partition(".")
    return f"{rest.partition('.')[0] if dot else namespace}/{own}"
