from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from fastpath._attributes import AttributeTest
from fastpath._http import Request
from fastpath._path import PathNormalizer
from fastpath.models import Route, RouteConfiguration, VirtualHost, WeightedCluster

PATH_PREFIX: Final[int]
PATH_EXACT: Final[int]
PATH_SEPARATED: Final[int]
PATH_REGEX: Final[int]
PATH_TEMPLATE: Final[int]
PATH_CONNECT: Final[int]
CONDITION_HEADER: Final[int]
CONDITION_QUERY: Final[int]
CONDITION_COOKIE: Final[int]
CONDITION_GRPC: Final[int]
CONDITION_FRACTION: Final[int]
CONDITION_TLS_PRESENTED: Final[int]
CONDITION_TLS_VALIDATED: Final[int]
CONDITION_METADATA: Final[int]
CONDITION_FILTER_STATE: Final[int]
CONDITION_FILTER_STATE_ADDRESS: Final[int]
COMPARE_PRESENT: Final[int]
COMPARE_EXACT: Final[int]
COMPARE_PREFIX: Final[int]
COMPARE_SUFFIX: Final[int]
COMPARE_CONTAINS: Final[int]
COMPARE_REGEX: Final[int]
COMPARE_RANGE: Final[int]
INVERT: Final[int]
MISSING_AS_EMPTY: Final[int]
IGNORE_CASE: Final[int]
MATCHER_LIST: Final[int]
MATCHER_EXACT_MAP: Final[int]
MATCHER_PREFIX_MAP: Final[int]
MATCHER_KEY: Final[int]
MATCHER_TEST: Final[int]
MATCHER_AND: Final[int]
MATCHER_OR: Final[int]
MATCHER_NOT: Final[int]
MATCHER_ROUTES: Final[int]
MATCHER_ELSE: Final[int]
MATCHER_IGNORE_CASE: Final[int]

Metadata = Mapping[str, Mapping[str, object]]
FilterState = Mapping[str, str | bytes | IPv4Address | IPv6Address]

_Cluster = str | bytes | None
_Entry = tuple[
    VirtualHost,
    tuple[Route, ...],
    tuple[_Cluster | tuple[_Cluster, ...], ...],
    tuple[tuple[str, ...] | None, ...] | None,
    dict[int, bytes] | None,
    RouteConfiguration | None,
    Mapping[int, object],
]

class RouteTableBuilder:
    @property
    def failed_step(self) -> int: ...
    def set_matcher(self, steps: list[tuple[int, int, int, int, str, str]]) -> None: ...
    def add_virtual_host(self) -> None: ...
    def share_virtual_host(self, snapshot: RouteTableSnapshot, index: int) -> None: ...
    def require_tls(self, require: int) -> None: ...
    def set_host_header(self, name: str | bytes) -> None: ...
    def add_domain(self, domain: str | bytes) -> None: ...
    def add_route(self, kind: int, path: str | bytes, ignore_case: bool = False, any_segment: bool = False) -> None: ...
    def add_condition(
        self,
        kind: int,
        compare: int = 0,
        flags: int = 0,
        name: str | bytes = "",
        value: str | bytes = "",
        start: int = 0,
        end: int = 0,
        numerator: int = 0,
        denominator: int = 1,
        test: AttributeTest | None = None,
    ) -> None: ...
    def add_share(self, weight: int) -> None: ...
    def build(
        self, context: list[list[object]], *, ignore_port: bool = False, ignore_parameters: bool = False
    ) -> RouteTableSnapshot: ...

class RouteTableSnapshot:
    @property
    def context(self) -> tuple[_Entry, ...]: ...
    def shadowed(self, virtual_host: int) -> list[tuple[int, int]]: ...
    @property
    def size(self) -> int: ...

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
        self, requests: Iterable[Request], *, scheme: str | bytes = b"http", tls: object = None
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

class PathMatcher(RouteMatcher):
    def find(self, path: str | bytes, /) -> Any: ...
    def find_with_params(self, path: str | bytes, /) -> tuple[Any, dict[str, Any]] | None: ...

class Match:
    @property
    def params(self) -> dict[str, bytes] | None: ...
    @property
    def tls_redirect(self) -> bool: ...
    @property
    def weighted_cluster(self) -> WeightedCluster | None: ...
    @property
    def configuration(self) -> RouteConfiguration | None: ...
    @property
    def layout(self) -> Any: ...
    @property
    def route(self) -> Route: ...
    @property
    def cluster(self) -> str | None: ...
    @property
    def virtual_host(self) -> VirtualHost: ...
    @property
    def path(self) -> bytes | None: ...
    @property
    def authority(self) -> bytes | None: ...
    @property
    def path_redirect(self) -> bool: ...
