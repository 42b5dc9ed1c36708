"""The rows under pytest-benchmark. `fastpath bench` runs this file; FASTPATH_BENCH says which rows, as JSON."""

from __future__ import annotations

import json
import os

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath.benchmarking.rows import Benchmark, chosen

ROWS = chosen(**json.loads(os.environ.get("FASTPATH_BENCH", '{"words": [], "quick": false}')))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.group}, {row.name}")
def test_row(benchmark: BenchmarkFixture, row: Benchmark) -> None:
    benchmark.group = row.group
    benchmark.extra_info.update(topic=row.topic, name=row.name, operations=row.operations, size=row.size)
    benchmark(row.make())
