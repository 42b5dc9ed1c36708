"""Peak EWMA as the core takes it."""

from __future__ import annotations

import math

from fastpath.models import PeakEwmaConfig

from .refusal import refusal

__all__ = ["PeakEwma", "peak_ewma_options"]

# Nanoseconds: decay time, default latency, penalty.
PeakEwma = tuple[int, int, int]

_LEAST_DECAY = 1e-3
_MOST_SECONDS = 2**63 / 1e9 / 2


def peak_ewma_options(config: PeakEwmaConfig, path: str) -> PeakEwma:
    """ConfigError with a path below `path` for values that make no sense."""
    for name in ("decay_time", "default_latency", "latency_penalty"):
        value, least = getattr(config, name), _LEAST_DECAY if name == "decay_time" else 0.0
        if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= _MOST_SECONDS:
            raise refusal(f"{value!r} is not a number of seconds from {least:g} on", f"{path}.{name}", config.position)
    return int(config.decay_time * 1e9), int(config.default_latency * 1e9), int(config.latency_penalty * 1e9)
