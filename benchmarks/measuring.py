"""Rows of the report, and how rivals are timed: in turns, a round each, so that what slows the machine down slows all.

Modules of rows have a `rows()` that yields them; benchmarks/targets.toml says what is wanted of which.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import geometric_mean, median, quantiles
from typing import Any

__all__ = ["Row", "Sample", "Work", "compared", "figure", "in_turns", "middle_half", "timed"]

Work = Callable[[], object]
Sample = Callable[[], float]
"""Seconds that one turn took."""


@dataclass(frozen=True)
class Row:
    """Something that was measured."""

    key: str
    case: str
    """What differs between rows of the same key: a number of hosts, an input."""
    value: float
    """How many times as fast as the peer (unit "x"), or what it takes in another unit: the median of the rounds."""
    spread: tuple[float, float]
    """The middle half of the rounds' values."""
    unit: str = "x"
    figures: dict[str, float] = field(default_factory=dict)
    """Nanoseconds of one operation, by who does it: the least of the rounds."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Row:
        low, high = row["spread"]
        return cls(row["key"], row["case"], float(row["value"]), (low, high), row["unit"], dict(row["figures"]))


def middle_half(values: Sequence[float]) -> tuple[float, float]:
    """The first and the third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high


def timed(work: Work) -> Sample:
    """Seconds of the processor, so that what other processes take away does not count. A short work runs once before,
    with the caches as the rival has left them."""

    def sample() -> float:
        taken = 0.0
        for _ in range(2):
            start = time.process_time()
            work()
            taken = time.process_time() - start
            if taken > 0.02:
                break
        return taken

    return sample


def in_turns(samples: Mapping[str, Sample], rounds: int, budget: float = 0.0) -> dict[str, list[float]]:
    """Seconds of each round by name: so many rounds, and more until the budget of seconds is used up."""
    times: dict[str, list[float]] = {name: [] for name in samples}
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + budget
        done = 0
        while done < rounds or time.perf_counter() < end:
            for name, sample in samples.items():
                times[name].append(sample())
            done += 1
    finally:
        if was_enabled:
            gc.enable()
    return times


def compared(
    key: str, case: str, ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], figures: dict[str, float]
) -> Row:
    """How much faster ours is: the median of the rounds' ratios. Each of one or more inputs has its times of each
    round, and a round's ratio is the geometric mean over the inputs."""
    ratios = [
        geometric_mean([them / us for us, them in zip(us_all, them_all, strict=True)])
        for us_all, them_all in zip(zip(*ours, strict=False), zip(*theirs, strict=False), strict=True)
    ]
    return Row(key, case, median(ratios), middle_half(ratios), "x", figures)


def figure(key: str, case: str, values: Sequence[float], unit: str) -> Row:
    """A figure that is compared with no peer: the median of the rounds."""
    return Row(key, case, median(values), middle_half(values), unit)
