"""TLSRoute and TCPRoute: connections by server name, or all of a port, to destinations by weight.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#TLSRoute and #TCPRoute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...models import CidrRange, Position, TcpProxy, TcpProxyCluster
from ..fields import UINT32_MAX, Section
from ..kubernetes_fields import integer, port_number, strings
from ..node import shorten
from .client import Client
from .destinations import DestinationReader, Target
from .gateway import common_host
from .ranges import cidr_range
from .source import applies_to

__all__ = ["StreamMatch", "StreamRoute", "read_stream_route"]


@dataclass(frozen=True, slots=True)
class StreamMatch:
    """One of a route's matches."""

    sni_hosts: tuple[str, ...] = ()
    subnets: tuple[CidrRange, ...] = ()
    """Of the destination."""
    port: int | None = None
    gateways: tuple[str, ...] = ()
    """As written; none: those of the VirtualService."""
    is_for_us: bool = True
    """Whether the workload is one that it is for. Gateways do not ask."""


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """A route of `tls`, whose matches have server names, or of `tcp`."""

    matches: tuple[StreamMatch, ...]
    section: Section
    reader: DestinationReader
    splits: tuple[tuple[Target, int], ...]

    @property
    def position(self) -> Position:
        return self.section.position

    def proxy(self, port: int) -> TcpProxy:
        """Where connections to a port lead."""
        splits = self.splits
        if self.reader.needs_port:
            splits = _read_splits(self.section.again(), self.reader.at(port))
        clusters = tuple(TcpProxyCluster(target.cluster, weight) for target, weight in splits)
        timeouts = {target.idle_timeout for target, _ in splits}
        timeout = timeouts.pop() if len(timeouts) == 1 else None
        if len(clusters) < 2:
            return TcpProxy(clusters[0].name if clusters else "", idle_timeout=timeout, position=self.position)
        return TcpProxy(weighted_clusters=clusters, idle_timeout=timeout, position=self.position)


def read_stream_route(
    section: Section,
    hosts: tuple[str, ...],
    reader: DestinationReader,
    client: Client,
    *,
    is_tls: bool,
    is_of_mesh: bool,
) -> StreamRoute:
    """A route of a VirtualService with the hosts, as they are written."""
    found = section.sections("match")
    matches = tuple(_read_match(each, hosts, client, is_tls=is_tls, is_of_mesh=is_of_mesh) for each in found)
    if is_tls and not found:
        section.error('"match" is missing: routes of TLS go by server names')
    own = reader.at(None)
    splits = _read_splits(section, own)
    section.string("name")
    section.end()
    return StreamRoute(matches if found else (StreamMatch(),), section, own, splits)


def _read_match(
    section: Section, hosts: tuple[str, ...], client: Client, *, is_tls: bool, is_of_mesh: bool
) -> StreamMatch:
    names = section.items("sniHosts") if is_tls else ()
    for value in names:
        name = value.string()
        if not any(common_host(host, name) == name for host in hosts):
            value.error(f"the server name {shorten(name)!r} is none of the VirtualService's hosts")
    if is_tls and not names:
        section.error('"sniHosts" is missing')
    found = StreamMatch(
        tuple(value.string() for value in names),
        tuple(each for value in section.items("destinationSubnets") if (each := cidr_range(value)) is not None),
        port_number(section, "port"),
        strings(section, "gateways"),
        applies_to(section, client, at_gateways=not is_of_mesh),
    )
    section.end(("sourceSubnet",))
    return found


def _read_splits(section: Section, reader: DestinationReader) -> tuple[tuple[Target, int], ...]:
    """The only destination has all connections, whatever its weight; among several those without weight have none."""
    splits = list(_splits(section, reader))
    if any(target.hash_policy is not None and target.hash_policy.source_ip for target, _ in splits):
        section.warn("consistentHash has no effect on connections: useSourceIp is for requests")
    if not splits:
        section.error("has no destination")
    if len(splits) > 1:
        splits = [(target, weight) for target, weight in splits if weight]
        if not 0 < sum(weight for _, weight in splits) <= UINT32_MAX:
            section.error(f"the weights of the destinations sum up to a number from 1 to {UINT32_MAX}")
    return tuple(splits)


def _splits(section: Section, reader: DestinationReader) -> Iterator[tuple[Target, int]]:
    for each in section.sections("route"):
        destination = each.section("destination", required=True)
        target = reader.read(destination) if destination is not None else Target("")
        yield target, integer(each, "weight", 0, UINT32_MAX) or 0
        each.end()
