"""Slow start as the core takes it."""

from __future__ import annotations

import math

from fastpath.models import SlowStartConfig

from .refusal import refusal

__all__ = ["SlowStart", "slow_start_options"]

# The window in nanoseconds, whole milliseconds of them, the aggression, the least weight as a part of 1.
SlowStart = tuple[int, float, float]

_MOST_SECONDS = 2**63 / 1e9 / 2


def slow_start_options(config: SlowStartConfig | None, path: str) -> SlowStart:
    """ConfigError with a path below `path` for values that make no sense."""
    if config is None:
        return 0, 1.0, 0.1
    for name in ("window", "aggression", "min_weight_percent"):
        value = getattr(config, name)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise refusal(f"{value!r} is not a finite number", f"{path}.{name}", config.position)
    if not 0 <= config.window <= _MOST_SECONDS:
        raise refusal(f"{config.window} is not a number of seconds", f"{path}.window", config.position)
    if config.aggression <= 0:
        raise refusal(f"{config.aggression} is not above 0", f"{path}.aggression", config.position)
    if not 0 <= config.min_weight_percent <= 100:
        raise refusal("not a percentage", f"{path}.min_weight_percent", config.position)
    return int(config.window * 1e3) * 10**6, float(config.aggression), config.min_weight_percent / 100
