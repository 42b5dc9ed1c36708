"""Many deadlines, one timer: those that lie equally far ahead expire in the order in which they were set.

    queue   a ──> b ──> c            one asyncio timer, at a's deadline
            start(b) moves b to the end; stop(b) takes it out; neither touches the timer

An asyncio timer for each request would cost a heap operation and two objects; here it is one entry of a dict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["FOREVER", "TimeoutQueue", "TimeoutQueues"]

FOREVER = 10 * 365 * 86400.0
"""Seconds that stand for no timeout."""

T = TypeVar("T")


class TimeoutQueue(Generic[T]):
    """Calls `expired(item)` once `seconds` have passed since `start(item)`, unless stopped or started again before."""

    __slots__ = ("_deadlines", "_expired", "_loop", "_timer", "seconds")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, expired: Callable[[T], None]):
        self.seconds = seconds
        self._loop = loop
        self._expired = expired
        self._deadlines: dict[T, float] = {}
        self._timer: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._deadlines)

    def __contains__(self, item: T) -> bool:
        return item in self._deadlines

    def start(self, item: T) -> None:
        """Set the item's deadline anew."""
        deadlines = self._deadlines
        deadlines.pop(item, None)
        deadline = self._loop.time() + self.seconds
        deadlines[item] = deadline
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._fire, deadline)

    def stop(self, item: T) -> None:
        """The item has no deadline any more; nothing happens when it had none."""
        self._deadlines.pop(item, None)

    def close(self) -> None:
        """Forget all deadlines."""
        self._deadlines.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, due: float) -> None:
        deadlines = self._deadlines
        now = max(self._loop.time(), due)  # the clock may stand a little before the time the timer was set for
        try:
            while deadlines:
                item, deadline = next(iter(deadlines.items()))
                if deadline > now:
                    break
                del deadlines[item]
                self._expired(item)
        finally:
            self._timer = None
            if deadlines:
                first = next(iter(deadlines.values()))
                self._timer = self._loop.call_at(first, self._fire, first)


class TimeoutQueues(Generic[T]):
    """One queue for each length of time that was asked for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[T], None]):
        self._loop = loop
        self._expired = expired
        self._queues: dict[float, TimeoutQueue[T]] = {}

    def of(self, seconds: float) -> TimeoutQueue[T]:
        """The queue of this length."""
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = TimeoutQueue(self._loop, seconds, self._expired)
        return queue

    def close(self) -> None:
        """Forget all deadlines."""
        for queue in self._queues.values():
            queue.close()
