from typing import Any, Literal, final

from typing_extensions import Buffer

from fastpath._cluster import Cluster, ClusterDirectory, Pick
from fastpath._host import Host
from fastpath._http import Request
from fastpath._limits import Limits
from fastpath._match import Match
from fastpath._route import FilterState, Metadata, RouteMatcher
from fastpath.models import Route

@final
class Dispatched:
    @property
    def match(self) -> Match | None: ...
    @property
    def route(self) -> Route | None: ...
    @property
    def cluster(self) -> Cluster | None: ...
    @property
    def host(self) -> Host | None: ...
    @property
    def hash(self) -> Any: ...
    @property
    def request(self) -> Request: ...
    @property
    def head_length(self) -> int: ...
    def pick(self) -> Pick: ...

@final
class Dispatcher:
    def __init__(
        self,
        table: RouteMatcher,
        clusters: ClusterDirectory,
        *,
        limits: Limits | None = None,
        scheme: Literal["http", "https"] = "http",
    ) -> None: ...
    @property
    def table(self) -> RouteMatcher: ...
    @property
    def clusters(self) -> ClusterDirectory: ...
    def dispatch(
        self,
        data: Buffer,
        /,
        stream: object = None,
        *,
        tls: object = None,
        metadata: Metadata | None = None,
        filter_state: FilterState | None = None,
    ) -> Dispatched | None: ...
