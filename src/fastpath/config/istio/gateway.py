"""Gateway: the ports at the edge of the mesh, and the hosts that each is for.

Source: https://istio.io/latest/docs/reference/config/networking/gateway/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..fields import Section, Value
from ..kubernetes_fields import choice, host_name, ip_address, port_number
from ..kubernetes_object import KubernetesObject, Objects
from ..node import Node, shorten
from .fields import GROUP

__all__ = ["Gateway", "Server", "common_host", "read_gateways"]


@dataclass(frozen=True, slots=True)
class Server:
    """A port that takes plain HTTP for some hosts."""

    port: int
    hosts: tuple[tuple[str, str], ...]
    """Each with the namespace that VirtualServices for it live in; "*" is any."""
    bind: str
    redirects_to_https: bool
    section: Section

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


def read_gateways(objects: Objects) -> dict[str, Gateway]:
    """All Gateways by their full name; they are those of one proxy, so that they select the same."""
    gateways: dict[str, Gateway] = {}
    selectors: list[Mapping[str, object]] = []
    for item in objects.of_kind(GROUP, "Gateway"):
        spec = item.section.section("spec", required=True)
        item.section.end()
        if spec is None:
            continue
        selector = spec.section("selector")
        selectors.append(_plain(selector))
        if selectors[-1] != selectors[0]:
            spec.error("the selector differs from that of another Gateway: load the Gateways of one proxy only")
        servers = [_read_server(each, item.namespace) for each in spec.sections("servers")]
        if not servers:
            spec.error("has no servers")
        spec.end()
        gateways[item.full_name] = Gateway(item, tuple(each for each in servers if each is not None))
    return gateways


def _plain(section: Section | None) -> Mapping[str, object]:
    if section is None:
        return {}
    path, problems = section.value.path, section.value.problems
    return {name: Value(node, f"{path}.{name}", problems).string() for name, node in section.members.items()}


def _read_server(section: Section, namespace: str) -> Server | None:
    number = _read_port(section)
    hosts = tuple(_read_host(value, namespace) for value in section.items("hosts"))
    if not hosts:
        section.error("has no hosts")
    bind = section.get("bind")
    address = ip_address(bind, bind.string()) if bind is not None else "0.0.0.0"
    tls, redirects = section.section("tls"), False
    if tls is not None:
        redirects = tls.boolean("httpsRedirect")
        tls.end()
    section.string("name")
    section.end()
    return Server(number, hosts, address, redirects, section) if number is not None else None


def _read_port(section: Section) -> int | None:
    port = section.section("port", required=True)
    if port is None:
        return None
    number = port_number(port, "number", required=True)
    port.string("name", required=True)
    protocol = choice(
        port, "protocol", ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS"), required=True
    )
    if protocol not in ("", "HTTP"):
        port.error(f"the protocol {protocol} is not supported; supported is HTTP")
    port.end()
    return number


def _read_host(value: Value, namespace: str) -> tuple[str, str]:
    text = value.string()
    place, slash, host = text.rpartition("/")
    if not slash:
        place = "*"
    if host != "*":
        host_name(Value(Node(host, value.node.line, value.node.column), value.path, value.problems))
    if slash and not place:
        value.error(f"expected a host, or namespace/host, found {shorten(text)!r}")
    return namespace if place == "." else place, host
