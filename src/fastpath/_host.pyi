from typing import NamedTuple, final

from fastpath.models import HealthStatus, HostFlag

class HostStats(NamedTuple):
    active_requests: int
    requests: int
    success: int
    error: int
    connect_failures: int
    connection_resets: int
    timeouts: int
    latency_count: int
    latency_total: float

@final
class Host:
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def hostname(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def health_status(self) -> HealthStatus: ...
    @property
    def flags(self) -> HostFlag: ...
    @property
    def active_requests(self) -> int: ...
    @property
    def stats(self) -> HostStats: ...
