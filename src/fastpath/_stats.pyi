from typing import NamedTuple, final

from fastpath._cluster import Cluster
from fastpath._host import Host

@final
class Latencies:
    @property
    def count(self) -> int: ...
    @property
    def sum(self) -> float: ...
    def quantile(self, share: float) -> float: ...
    def at_most(self, seconds: float) -> int: ...

class ClusterStats(NamedTuple):
    statuses: dict[int, int]
    resets: dict[str, int]
    lost: int
    latencies: Latencies

def cluster_stats(cluster: Cluster) -> ClusterStats: ...
def host_latencies(host: Host) -> Latencies: ...
