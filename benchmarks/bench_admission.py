"""What is let in, and what is counted of it, beside what one would write in Python.

- Python bucket: a token bucket with a lock and time.monotonic
- Python semaphore: threading.BoundedSemaphore, acquired without waiting
- Python counters: a Counter of statuses and a sorted list of bounds for latencies, with a lock
"""

from __future__ import annotations

import bisect
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath import CircuitBreaker, Cluster, ClusterManager, InFlightLimit, SlidingWindow, TokenBucket, models
from fastpath.benchmarking.balancers import BATCH, repeat
from fastpath.models import CircuitBreakerThresholds, Endpoint, LocalityEndpoints, OutlierDetection


class PythonBucket:
    def __init__(self, size: int, rate: float) -> None:
        self.size, self.rate, self.tokens, self.at = size, rate, float(size), time.monotonic()
        self.lock = threading.Lock()

    def take(self) -> bool:
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
            self.at = now
            if self.tokens < 1:
                return False
            self.tokens -= 1
            return True


class PythonCounters:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.statuses: Counter[int] = Counter()
        self.bounds = [0.001 * 1.5**power for power in range(30)]
        self.buckets = [0] * 31

    def report(self) -> None:
        with self.lock:
            self.statuses[200] += 1
            self.buckets[bisect.bisect(self.bounds, 0.012)] += 1


def cluster_of(detection: OutlierDetection | None) -> Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(10))
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), outlier_detection=detection)
    return ClusterManager([model], seed=1)["c"]


def reporting(cluster: Cluster) -> Callable[[], None]:
    pick = cluster.pick

    def run() -> None:
        for _ in itertools.repeat(None, BATCH):
            pick().report(200, latency=0.012)

    return run


@pytest.mark.benchmark(group=f"rate limits, {BATCH} requests")
class TestRates:
    def test_fastpath_token_bucket(self, benchmark: BenchmarkFixture) -> None:
        benchmark(repeat(TokenBucket(10**9, 10**6, 1.0).take))

    def test_fastpath_token_bucket_empty(self, benchmark: BenchmarkFixture) -> None:
        bucket = TokenBucket(1, 1, 1e6)
        bucket.take()
        benchmark(repeat(bucket.take))

    def test_fastpath_sliding_window(self, benchmark: BenchmarkFixture) -> None:
        benchmark(repeat(SlidingWindow(1_000_000, 0.001).take))

    def test_python_bucket(self, benchmark: BenchmarkFixture) -> None:
        benchmark(repeat(PythonBucket(10**9, 1e6).take))


@pytest.mark.benchmark(group=f"limits of what is active, {BATCH} times in and out")
class TestLimits:
    def test_fastpath_in_flight_limit(self, benchmark: BenchmarkFixture) -> None:
        limit = InFlightLimit(10)

        def in_and_out() -> None:
            limit.acquire()
            limit.release()

        benchmark(repeat(in_and_out))

    def test_fastpath_circuit_breaker(self, benchmark: BenchmarkFixture) -> None:
        breaker = CircuitBreaker(CircuitBreakerThresholds())

        def in_and_out() -> None:
            breaker.acquire("requests")
            breaker.release("requests")

        benchmark(repeat(in_and_out))

    def test_python_semaphore(self, benchmark: BenchmarkFixture) -> None:
        semaphore = threading.BoundedSemaphore(10)

        def in_and_out() -> None:
            semaphore.acquire(blocking=False)
            semaphore.release()

        benchmark(repeat(in_and_out))


@pytest.mark.benchmark(group=f"{BATCH} outcomes counted")
class TestReports:
    def test_fastpath_pick_only(self, benchmark: BenchmarkFixture) -> None:
        benchmark(repeat(cluster_of(None).pick))

    def test_fastpath_pick_and_report(self, benchmark: BenchmarkFixture) -> None:
        benchmark(reporting(cluster_of(None)))

    def test_fastpath_pick_and_report_with_outlier_detection(self, benchmark: BenchmarkFixture) -> None:
        benchmark(reporting(cluster_of(OutlierDetection())))

    def test_python_counters(self, benchmark: BenchmarkFixture) -> None:
        benchmark(repeat(PythonCounters().report))
