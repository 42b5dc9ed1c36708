"""Gateway: the ports at the edge of the mesh, what is spoken there, and the hosts that each is for.

Source: https://istio.io/latest/docs/reference/config/networking/gateway/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..fields import Section, Value
from ..kubernetes_fields import ip_address, is_ip_address, port_number, string_map
from ..kubernetes_object import KubernetesObject, Objects
from ..kubernetes_secret import Secrets
from ..node import shorten
from .client import Client
from .fields import GROUP, age, lower_host
from .protocols import protocol_name
from .server_tls import ServerTls, read_server_tls

__all__ = ["Gateway", "Server", "common_host", "read_gateways"]


_HTTP = ("HTTP", "HTTP2", "GRPC", "GRPC-WEB")
_PROTOCOLS = (*_HTTP, "HTTPS", "MONGO", "MYSQL", "REDIS", "TCP", "TLS")


@dataclass(frozen=True, slots=True)
class Server:
    """A port, and what is spoken there for some hosts."""

    port: int
    port_name: str
    protocol: str
    """HTTP, HTTPS, TLS or TCP."""
    hosts: tuple[tuple[str, str], ...]
    """Each with the namespace that VirtualServices for it live in; "*" is any."""
    bind: str
    tls: ServerTls
    section: Section

    @property
    def layer(self) -> str:
        """What a port's servers have in common: plain HTTP, TLS that names a host, or bytes."""
        has_tls = self.protocol in ("HTTPS", "TLS") or self.tls.context is not None or self.tls.passes_through
        return "TLS" if has_tls else self.protocol

    def host_names(self) -> tuple[str, ...]:
        """Without namespaces."""
        return tuple(dict.fromkeys(host for _, host in self.hosts))

    def common_hosts(self, host: str, namespace: str) -> Iterator[str]:
        """What a host of a VirtualService has in common with the server's."""
        for place, own in self.hosts:
            common = common_host(own, host) if place in ("*", namespace) else None
            if common is not None:
                yield common


@dataclass(frozen=True, slots=True)
class Gateway:
    item: KubernetesObject
    servers: tuple[Server, ...]
    is_ours: bool = True
    """Whether it selects the proxy whose configuration this is."""


def common_host(one: str, other: str) -> str | None:
    """The hosts that two patterns ("host", "*.suffix", "*") both stand for."""
    if one in ("*", other):
        return other
    if other == "*":
        return one
    if one.startswith("*") and other.endswith(one[1:]):
        return other
    if other.startswith("*") and one.endswith(other[1:]):
        return one
    return None


def read_gateways(objects: Objects, secrets: Secrets, client: Client) -> dict[str, Gateway]:
    """All Gateways by their full name, the oldest first. Those that do not select the client have no servers.

    Without labels of a client they are those of one proxy, so that they select the same.
    """
    gateways: dict[str, Gateway] = {}
    selectors: list[Mapping[str, str]] = []
    for item in sorted(objects.of_kind(GROUP, "Gateway"), key=age):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is None:
            continue
        selectors.append(string_map(spec, "selector"))
        is_ours = client.labels is None or selectors[-1].items() <= client.labels.items()
        if client.labels is None and selectors[-1] != selectors[0]:
            spec.error(
                "the selector differs from that of another Gateway: say with Scope.labels which proxy's configuration"
                " this is"
            )
        servers = [_read_server(each, item.namespace, secrets) for each in spec.sections("servers")]
        _refuse_repeated_port_names(servers)
        if not servers:
            spec.error("has no servers")
        spec.end()
        found = tuple(each for each in servers if each is not None)
        gateways[item.full_name] = Gateway(item, found if is_ours else (), is_ours=is_ours)
    return gateways


def _refuse_repeated_port_names(servers: Iterable[Server | None]) -> None:
    """They tell the routes of one from those of another."""
    seen: set[str] = set()
    for server in servers:
        if server is not None and server.port_name in seen:
            server.section.error(f"another server of the Gateway has the port name {shorten(server.port_name)!r}")
        seen.add(server.port_name if server is not None else "")


def _read_server(section: Section, namespace: str, secrets: Secrets) -> Server | None:
    number, name, protocol = _read_port(section)
    hosts = tuple(_read_host(value, namespace) for value in section.items("hosts"))
    if not hosts:
        section.error("has no hosts")
    bind = section.get("bind")
    address = ip_address(bind, bind.string()) if bind is not None else "0.0.0.0"
    tls = _read_tls(section, protocol, secrets, namespace)
    section.string("name")
    section.end(("defaultEndpoint",))
    return Server(number, name, protocol, hosts, address, tls, section) if number is not None else None


def _read_tls(section: Section, protocol: str, secrets: Secrets, namespace: str) -> ServerTls:
    """TLS is asked for by HTTPS and TLS; HTTP may only send clients there."""
    inner = section.section("tls")
    if inner is None:
        if protocol in ("HTTPS", "TLS"):
            section.error(f'"tls" is missing, which the protocol {protocol} needs')
        return ServerTls()
    if protocol == "HTTP":
        found = ServerTls(None, inner.boolean("httpsRedirect"))
        inner.end(("mode",))
        return found
    if protocol not in ("HTTPS", "TLS"):
        section.error(f"the protocol {protocol} has no TLS: use TLS, whose bytes go by routes of tcp")
    return read_server_tls(inner, secrets, namespace, has_http=protocol == "HTTPS")


def _read_port(section: Section) -> tuple[int | None, str, str]:
    """Number, name and what is spoken: gRPC and HTTP/2 are HTTP, and bytes are bytes."""
    port = section.section("port", required=True)
    if port is None:
        return None, "", ""
    number = port_number(port, "number", required=True)
    name = port.string("name", required=True)
    protocol = protocol_name(port, _PROTOCOLS, required=True)
    port.end()
    return number, name, "HTTP" if protocol in _HTTP else protocol if protocol in ("HTTPS", "TLS") else "TCP"


def _read_host(value: Value, namespace: str) -> tuple[str, str]:
    text = value.string()
    place, slash, name = text.rpartition("/")
    if not slash:
        place = "*"
    if name != "*" and not is_ip_address(name):
        name = lower_host(Value(name, value.where, value.problems))
        if "." not in name:
            value.error(f"a Gateway's host has a dot, found {shorten(name)!r}")
    if slash and not place:
        value.error(f"expected a host, or namespace/host, found {shorten(text)!r}")
    return namespace if place == "." else place, name
