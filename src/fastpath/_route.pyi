from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from fastpath._http import Request
from fastpath._match import Match
from fastpath._path import PathNormalizer
from fastpath._route_builder import RouteTableSnapshot

Metadata = Mapping[str, Mapping[str, object]]
FilterState = Mapping[str, str | bytes | IPv4Address | IPv6Address]

class RouteMatcher:
    def __init__(
        self,
        seed: int,
        normalizer: PathNormalizer | None = None,
        *,
        strip_trailing_host_dot: bool = False,
        strip_any_host_port: bool = False,
        strip_matching_host_port: int = 0,
    ) -> None: ...
    def _reseed(self, seed: int) -> None: ...
    def publish(self, snapshot: RouteTableSnapshot) -> None: ...
    @property
    def snapshot(self) -> RouteTableSnapshot: ...
    def draw(self) -> int: ...
    def match(
        self,
        request: Request,
        random: int | None = None,
        *,
        scheme: str | bytes = b"http",
        tls: object = None,
        metadata: Metadata | None = None,
        filter_state: FilterState | None = None,
    ) -> Match | None: ...
    def match_many(
        self,
        requests: Iterable[Request],
        *,
        scheme: str | bytes = b"http",
        tls: object = None,
        metadata: Metadata | None = None,
        filter_state: FilterState | None = None,
    ) -> list[Match | None]: ...
    def match_parts(
        self,
        *,
        method: str | bytes = "GET",
        authority: str | bytes | None = None,
        path: str | bytes | None = None,
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        scheme: str | bytes = "http",
        source: object = None,
        tls: object = None,
        random: int | None = None,
        metadata: Metadata | None = None,
        filter_state: FilterState | None = None,
    ) -> Match | None: ...
