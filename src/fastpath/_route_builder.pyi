from collections.abc import Mapping
from typing import Final

from fastpath._attributes import AttributeTest
from fastpath.models import Route, RouteConfiguration, VirtualHost

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

_Cluster = str | bytes | None
_Entry = tuple[
    VirtualHost,
    tuple[Route, ...],
    tuple[_Cluster | tuple[_Cluster, ...], ...],
    tuple[tuple[str, ...] | None, ...] | None,
    dict[int, bytes] | None,
    RouteConfiguration | None,
    Mapping[int, object],
    bool,
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
