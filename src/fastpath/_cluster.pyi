from collections.abc import Callable, Collection, Iterable
from types import TracebackType
from typing import Any, Literal, TypeAlias, final, overload

from _typeshed import ReadableBuffer, WriteableBuffer
from typing_extensions import Self

from fastpath._endpoints import EndpointArray
from fastpath._host import Host
from fastpath._retry_priority import RetryPriority
from fastpath._subset import Labels, SubsetRules
from fastpath.models import OverrideHostConfig

_HashKeys: TypeAlias = Iterable[int | str | ReadableBuffer] | ReadableBuffer
_Rules: TypeAlias = tuple[int, int, bool, bool, int, bool]
_Options: TypeAlias = tuple[float, int, int, int, int, int, int, float, float, int, bool, int, int, int]
_Zones: TypeAlias = tuple[Cluster, int, int, int, bool, bool, int]

def has_policy(policy: int) -> bool: ...

@final
class Pick:
    @property
    def host(self) -> Host: ...
    def release(self) -> None: ...
    def report(
        self,
        status: int | None = None,
        *,
        latency: float | None = None,
        reset: Literal["connect-failure", "reset", "timeout"] | None = None,
        load_report: object | None = None,
    ) -> None: ...
    def __enter__(self) -> Pick: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

class Policy: ...

class ClusterDirectory:
    _clusters: dict[str, Any]

class Cluster:
    def __new__(
        cls,
        name: str,
        policy: int | Policy,
        rules: _Rules,
        options: _Options,
        subset_rules: SubsetRules | None,
        zones: _Zones | None,
        endpoints: EndpointArray,
        seed: int,
        clock: Callable[[], float] | None = None,
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    @property
    def policy(self) -> int | Policy: ...
    @property
    def looks_at_requests(self) -> bool: ...
    @property
    def hosts(self) -> tuple[Host, ...]: ...
    def _reseed(self, seed: int) -> None: ...
    def report_load(self, host: Host, report: Any) -> None: ...
    _override_host: OverrideHostConfig | None
    def override_hosts(self, request: Any, metadata: Any = None) -> Any: ...
    def acquire(self, host: Host) -> Pick: ...
    def _update(
        self,
        policy: int | Policy,
        rules: _Rules,
        options: _Options,
        subset_rules: SubsetRules | None,
        zones: _Zones | None,
        endpoints: EndpointArray,
    ) -> None: ...
    def pick(
        self,
        request: object = None,
        *,
        hash_key: int | str | ReadableBuffer | None = None,
        exclude: Collection[Host] = (),
        max_attempts: int | None = None,
        metadata_match: Labels | None = None,
        override_host: str | None = None,
        override_strict: bool = False,
        retry_priority: RetryPriority | None = None,
    ) -> Pick: ...
    def pick_host(
        self,
        request: object = None,
        *,
        hash_key: int | str | ReadableBuffer | None = None,
        exclude: Collection[Host] = (),
        max_attempts: int | None = None,
        metadata_match: Labels | None = None,
        override_host: str | None = None,
        override_strict: bool = False,
        retry_priority: RetryPriority | None = None,
    ) -> Host: ...
    @overload
    def pick_many(self, count: int | None = None, *, hash_keys: _HashKeys | None = None) -> list[Host]: ...
    @overload
    def pick_many(
        self,
        count: int | None = None,
        *,
        hash_keys: _HashKeys | None = None,
        out: WriteableBuffer,
    ) -> tuple[Host, ...]: ...
