"""What a cluster's balancing does, tried out in simulated time: shares, movement of keys, load."""

from __future__ import annotations

from .load import Latency, Load, simulate_load
from .movement import Movement, simulate_movement
from .shares import Share, simulate_shares

__all__ = ["Latency", "Load", "Movement", "Share", "simulate_load", "simulate_movement", "simulate_shares"]
