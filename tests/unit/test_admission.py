"""What is let in: token buckets, sliding windows, in-flight limits, circuit breakers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fastpath import CircuitBreaker, ConfigError, ConfigErrors, InFlightLimit, SlidingWindow, TokenBucket, load
from fastpath.models import CircuitBreakerThresholds, RetryBudget


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestTokenBucket:
    def test_refill_is_continuous_as_envoys(self) -> None:
        """Envoy with 100 tokens per 60 s: 102 of 300 requests within 1.5 s, and 10 more 6 s later."""
        clock = Clock()
        bucket = TokenBucket(100, 100, 60, clock=clock)
        passed = 0
        for number in range(300):
            clock.now = 1.5 * number / 299
            passed += bucket.take()
        assert passed == 102
        clock.now += 6
        assert [bucket.take() for _ in range(300)].count(True) == 10

    def test_several_or_none(self) -> None:
        clock = Clock()
        bucket = TokenBucket(5, clock=clock)
        assert bucket.take(4)
        assert not bucket.take(2)
        assert bucket.available == 1
        assert bucket.wait_time(3) == pytest.approx(2.0, abs=1e-8)
        assert bucket.wait_time(6) == float("inf")
        clock.now = 2
        assert bucket.take(3)

    def test_the_systems_clock(self) -> None:
        bucket = TokenBucket(1, 1, 0.001)
        assert bucket.take()
        while not bucket.take():
            assert 0 <= bucket.wait_time() < 0.002

    def test_threads_share_it(self) -> None:
        bucket = TokenBucket(1000, 1, 1000)
        taken = []

        def take() -> None:
            taken.append(sum(bucket.take() for _ in range(500)))

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(taken) == 1000

    @pytest.mark.parametrize("arguments", [(0,), (1, 0), (1, 2**40, 1), (1, 1, 8e9)])
    def test_what_cannot_be_counted_is_refused(self, arguments: tuple[Any, ...]) -> None:
        with pytest.raises(ConfigError):
            TokenBucket(*arguments)

    @pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), float("inf")])
    def test_intervals_that_are_none(self, interval: float) -> None:
        with pytest.raises(ValueError, match="seconds"):
            TokenBucket(1, 1, interval)

    def test_a_clock_that_says_nothing(self) -> None:
        with pytest.raises(ValueError, match="clock"):
            TokenBucket(1, clock=lambda: float("nan"))


def test_sliding_window() -> None:
    clock = Clock()
    window = SlidingWindow(10, 60, clock=clock)
    clock.now = 30
    assert window.take(10)
    assert not window.take()
    clock.now = 60 + 12
    assert window.count == 8
    assert window.take(2)
    assert not window.take()
    clock.now = 1000
    assert window.count == 0
    with pytest.raises(ConfigError):
        SlidingWindow(0, 1)


def test_in_flight_limit() -> None:
    limit = InFlightLimit(2)
    assert [limit.acquire() for _ in range(3)] == [True, True, False]
    assert limit.active == 2
    limit.release()
    assert limit.acquire()
    limit.release()
    limit.release()
    with pytest.raises(RuntimeError):
        limit.release()


class TestCircuitBreaker:
    def test_each_resource_has_its_own_limit(self) -> None:
        breaker = CircuitBreaker(CircuitBreakerThresholds(1, 2, 3, 4))
        for resource, limit in (("connections", 1), ("pending_requests", 2), ("requests", 3), ("retries", 4)):
            assert [breaker.acquire(resource) for _ in range(5)] == [True] * limit + [False] * (5 - limit)
            assert breaker.stats(resource) == (limit, limit, 0, 5 - limit)
        breaker.add("connections")
        assert breaker.stats("connections") == (2, 1, 0, 4)

    def test_a_budget_follows_the_requests(self) -> None:
        breaker = CircuitBreaker(CircuitBreakerThresholds(retry_budget=RetryBudget(50.0, 1)))
        assert [breaker.acquire("retries") for _ in range(2)] == [True, False]
        for _ in range(5):
            breaker.acquire("requests")
        assert breaker.stats("retries").max == 2
        assert breaker.stats("retries").remaining == 1
        breaker.configure(CircuitBreakerThresholds(max_retries=0))
        assert breaker.stats("retries") == (1, 0, 0, 1)

    def test_what_makes_no_sense(self) -> None:
        with pytest.raises(ConfigError):
            CircuitBreaker(CircuitBreakerThresholds(retry_budget=RetryBudget(101.0)))
        with pytest.raises(OverflowError):
            CircuitBreaker(CircuitBreakerThresholds(max_requests=-1))
        breaker = CircuitBreaker(CircuitBreakerThresholds())
        with pytest.raises(ValueError, match="none of"):
            breaker.acquire("request")  # type: ignore[arg-type]
        with pytest.raises(RuntimeError):
            breaker.release("requests")


def load_breaker(**fields: Any) -> CircuitBreakerThresholds:
    cluster = {"name": "c", "circuit_breakers": fields}
    return load({"static_resources": {"clusters": [cluster]}}).clusters[0].circuit_breaker


class TestConfiguration:
    def test_thresholds(self) -> None:
        assert load_breaker() == CircuitBreakerThresholds()
        thresholds = {
            "max_connections": 1,
            "max_pending_requests": 2,
            "max_requests": 3,
            "max_retries": 4,
            "retry_budget": {"budget_percent": {"value": 5.5}, "min_retry_concurrency": 6},
            "track_remaining": True,
        }
        high = {"priority": "HIGH", "max_requests": 9}
        loaded = load_breaker(thresholds=[high, thresholds, {"max_requests": 7}])
        assert loaded == CircuitBreakerThresholds(1, 2, 3, 4, RetryBudget(5.5, 6), True)
        assert load_breaker(thresholds=[high]) == CircuitBreakerThresholds()
        assert load_breaker(thresholds=[{"retry_budget": {}}]).retry_budget == RetryBudget()

    @pytest.mark.parametrize(
        "fields",
        [
            {"thresholds": [{"max_requests": -1}]},
            {"thresholds": [{"priority": "LOW"}]},
            {"thresholds": [{"max_connection_pools": 1}]},
            {"thresholds": [{"retry_budget": {"budget_percent": {"value": 101}}}]},
            {"per_host_thresholds": [{"max_connections": 1}]},
        ],
    )
    def test_what_cannot_be_done_is_refused(self, fields: dict[str, Any]) -> None:
        with pytest.raises(ConfigErrors) as caught:
            load_breaker(**fields)
        assert caught.value.path.startswith("static_resources.clusters[0].circuit_breakers")
