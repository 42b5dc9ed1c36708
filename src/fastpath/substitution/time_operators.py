"""Operators for points in time and durations."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .registry import REQUIRED, BadOperator, Kind, Reader, number_operator, operator, time_operator

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__: list[str] = []


def _start(stream: StreamInfo) -> float | None:
    return stream.start_time


def _now(stream: StreamInfo) -> float:
    return time.time()


time_operator("START_TIME", _start)
time_operator("START_TIME_LOCAL", _start, local=True)
time_operator("EMIT_TIME", _now)
time_operator("EMIT_TIME_LOCAL", _now, local=True)


def _span(begin: str, *ends: str, unit: float = 1e3) -> Callable[[StreamInfo], int | None]:
    """Whole units from one point in time to the first of others that is known."""

    def read(stream: StreamInfo) -> int | None:
        times = stream.times
        start = times.get(begin)
        for end in ends:
            if end in times and start is not None:
                duration = times[end] - start
                return int(duration * unit + 1e-6) if duration >= 0 else None
        return None

    return read


number_operator("DURATION", _span("DS_RX_BEG", "NOW", "DS_TX_END"))
number_operator("REQUEST_DURATION", _span("DS_RX_BEG", "DS_RX_END"))
number_operator("REQUEST_TX_DURATION", _span("DS_RX_BEG", "US_TX_END"))
number_operator("RESPONSE_DURATION", _span("DS_RX_BEG", "US_RX_BEG"))
number_operator("RESPONSE_TX_DURATION", _span("US_RX_BEG", "DS_TX_END"))
number_operator("DOWNSTREAM_HANDSHAKE_DURATION", _span("DS_CX_BEG", "DS_HS_END"))


@operator("COMMON_DURATION", REQUIRED)
def _common_duration(argument: str, length: int | None) -> Reader:
    parts = argument.split(":")
    if not 2 <= len(parts) <= 3:
        raise BadOperator("COMMON_DURATION takes two points in time and a unit, separated by colons")
    units = {"ms": 1e3, "us": 1e6, "ns": 1e9}
    unit = parts[2] if len(parts) == 3 else "ms"
    if unit not in units:
        raise BadOperator(f"COMMON_DURATION counts in ms, us or ns, not {unit!r}")
    return Reader(Kind.NUMBER, _span(parts[0], parts[1], unit=units[unit]))
