"""What a cluster's balancing does, tried out in simulated time: shares, movement of keys, load, slow start."""

from __future__ import annotations

from .growth import Growth, simulate_growth
from .load import Latency, Load, simulate_load
from .movement import Movement, simulate_movement
from .shares import Share, simulate_shares

__all__ = [
    "Growth",
    "Latency",
    "Load",
    "Movement",
    "Share",
    "simulate_growth",
    "simulate_load",
    "simulate_movement",
    "simulate_shares",
]
