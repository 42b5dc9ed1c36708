"""How long the library itself takes: the calls of a request, timed one by one on requests that were really sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fastpath import ClusterManager, HeadRewriter, Request, RouteTable, parse_request

from ..models import Config

__all__ = ["library_share"]

_REPEATS = 15


def library_share(config: Config, heads: Sequence[bytes]) -> dict[str, float]:
    """Nanoseconds per call of parse, match, pick and rewrite: the fastest of several passes over the heads."""
    table = RouteTable.from_config(config)
    clusters = ClusterManager(config.clusters, locality=config.locality, local_cluster_name=config.local_cluster_name)
    rewriter = HeadRewriter(remove=[b"expect"])
    requests: list[Request] = []
    for head in heads:
        request = parse_request(head)
        if request is not None and (match := table.match(request)) is not None and match.cluster is not None:
            requests.append(request)
    raw = [bytes(request) for request in requests]
    cluster = next(iter(clusters.values()))
    return {
        "parse": _fastest(lambda: [parse_request(head) for head in raw], len(raw)),
        "match": _fastest(lambda: [table.match(request) for request in requests], len(raw)),
        "pick": _fastest(lambda: [cluster.pick_host() for _ in requests], len(raw)),
        "rewrite": _fastest(lambda: [rewriter.rewrite(request, path=b"/items/42") for request in requests], len(raw)),
    }


def _fastest(call: Callable[[], object], count: int) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        began = time.perf_counter_ns()
        call()
        best = min(best, time.perf_counter_ns() - began)
    return best / count
