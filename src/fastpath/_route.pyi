from collections.abc import Iterable
from typing import Final

from fastpath.models import Route, VirtualHost

PATH_PREFIX: Final[int]
PATH_EXACT: Final[int]
PATH_SEPARATED: Final[int]

_Entry = tuple[VirtualHost, tuple[Route, ...], tuple[str | tuple[str, ...] | None, ...]]

class RouteTableBuilder:
    def add_virtual_host(self) -> None: ...
    def share_virtual_host(self, snapshot: RouteTableSnapshot, index: int) -> None: ...
    def add_domain(self, domain: str | bytes) -> None: ...
    def add_route(self, kind: int, path: str | bytes, ignore_case: bool = False) -> None: ...
    def add_share(self, weight: int) -> None: ...
    def build(self, context: tuple[_Entry, ...], *, ignore_port: bool = False) -> RouteTableSnapshot: ...

class RouteTableSnapshot:
    @property
    def context(self) -> tuple[_Entry, ...]: ...
    @property
    def size(self) -> int: ...

class RouteMatcher:
    def __init__(self, seed: int) -> None: ...
    def publish(self, snapshot: RouteTableSnapshot) -> None: ...
    @property
    def snapshot(self) -> RouteTableSnapshot: ...
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
    ) -> Match | None: ...

class Match:
    @property
    def route(self) -> Route: ...
    @property
    def cluster(self) -> str | None: ...
    @property
    def virtual_host(self) -> VirtualHost: ...
