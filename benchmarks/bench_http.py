"""HTTP/1 with pytest-benchmark, for comparing one's own changes; `http_rows.py` compares with the peers."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath.benchmarking import inputs
from fastpath.benchmarking import parsers as peers

SETS = inputs.sets()
OPERATIONS = {
    "parse": peers.fastpath_parse,
    "route": peers.fastpath_route,
    "pairs": peers.fastpath_pairs,
    "flat": peers.fastpath_flat,
    "rewrite": peers.fastpath_rewrite,
    "connection": peers.fastpath_connection,
}


@pytest.mark.parametrize("name", ["a", "b", "c", "g"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests(benchmark: BenchmarkFixture, operation: str, name: str) -> None:
    """512 requests in each round."""
    benchmark.group = f"http {operation}"
    benchmark(OPERATIONS[operation], SETS[name] * (512 // len(SETS[name])))


@pytest.mark.parametrize("size", [64, 1024])
@pytest.mark.parametrize("operation", [peers.fastpath_dechunk, peers.fastpath_dechunk_views])
def test_chunked_bodies(benchmark: BenchmarkFixture, operation: peers.Operation, size: int) -> None:
    """One body of 64 KB in each round."""
    benchmark.group = "http chunked"
    benchmark(operation, [peers.chunked_body(size)])
