"""Memory of what is built: what a process of its own grows by (Linux). Models do not count."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from .. import RouteTable
from ..clusters import ClusterManager
from ..models import LbPolicy, Route, RouteAction, RouteMatch, VirtualHost
from .balancers import model_of

__all__ = ["figures", "grown"]


def grown(policy: str, count: int, ring_size: int) -> int:
    """Bytes that a process grows by when it makes such a cluster and has picked once."""
    command = [sys.executable, "-m", "fastpath.benchmarking.memory", policy, str(count), str(ring_size)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def figures() -> dict[str, float]:
    """Bytes, by what they are of."""
    routes = tuple(Route(RouteMatch(prefix=f"/api/v{i % 3}/{i}/"), RouteAction(cluster="c")) for i in range(10_000))
    hosts = grown("ROUND_ROBIN", 100_000, 1024)
    ring = grown("RING_HASH", 1_000, 1_000_000) - grown("ROUND_ROBIN", 1_000, 1024)
    return {
        "index of a route": RouteTable([VirtualHost("all", ("*",), routes)]).size / len(routes),
        "host, its Host in Python included": hosts / 100_000,
        "point of a ring": ring / 1_000_000,
        "Maglev table of 65537": float(grown("MAGLEV", 10, 1024)),
    }


def _resident() -> int:
    import resource

    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _measure(policy: LbPolicy, count: int, ring_size: int) -> int:
    model = model_of([1 + i % 5 for i in range(count)], policy, ring_size)
    gc.collect()
    before = _resident()
    cluster = ClusterManager([model])["c"]
    cluster.pick_host(hash_key=b"key")
    return _resident() - before


if __name__ == "__main__":
    print(_measure(LbPolicy[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])))
