"""Token buckets and sliding windows against models in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from fastpath import SlidingWindow, TokenBucket

steps = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 4)), max_size=60)  # milliseconds, how many


@given(st.integers(1, 20), st.integers(1, 50), st.sampled_from([1, 7, 60]), steps)
def test_a_bucket_lets_in_what_has_flowed_in(
    size: int, tokens: int, interval: int, steps: list[tuple[int, int]]
) -> None:
    now = Fraction(0)
    bucket = TokenBucket(size, tokens, interval, clock=lambda: float(now))
    level, rate = Fraction(size), Fraction(tokens, interval)
    # To the nanosecond for each that was taken, and what a float can say of the time.
    slack = Fraction(len(steps) + 2, 10**8) * rate
    for milliseconds, wanted in steps:
        now += Fraction(milliseconds, 1000)
        level = min(Fraction(size), level + Fraction(milliseconds, 1000) * rate)
        taken = bucket.take(wanted)
        if abs(level - wanted) > slack:
            assert taken == (wanted <= level)
        if taken:
            level = max(level - wanted, Fraction(0))


@given(st.integers(1, 20), st.sampled_from([1, 10]), steps)
def test_a_window_holds_its_limit(limit: int, seconds: int, steps: list[tuple[int, int]]) -> None:
    now = Fraction(0)
    window = SlidingWindow(limit, seconds, clock=lambda: float(now))
    taken: list[tuple[Fraction, int]] = []
    for milliseconds, wanted in steps:
        now += Fraction(milliseconds, 1000)
        number = now // seconds
        share = 1 - (now / seconds - number)
        before = sum(count for at, count in taken if at // seconds == number - 1)
        current = sum(count for at, count in taken if at // seconds == number)
        estimate = before * share + current
        if abs(estimate + wanted - limit) > Fraction(1, 10**6):
            assert window.take(wanted) == (estimate + wanted <= limit)
            if estimate + wanted <= limit:
                taken.append((now, wanted))
        assert current <= limit
