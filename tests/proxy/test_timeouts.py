"""Queues of deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from fastpath.proxy.timeouts import TimeoutQueue, TimeoutQueues


class Timer:
    def __init__(self, when: float, call: Callable[[], None]):
        self.when = when
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """A loop whose time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, function: Callable[..., None], *arguments: object) -> Timer:
        timer = Timer(when, lambda: function(*arguments))
        self.timers.append(timer)
        return timer

    def pass_to(self, now: float) -> None:
        while due := sorted((t for t in self.timers if t.when <= now and not t.cancelled), key=lambda t: t.when):
            self.timers.remove(due[0])
            self.now = max(self.now, due[0].when)
            due[0].call()
        self.now = now


def queue_of(expired: Callable[[Any], object], seconds: float = 10.0) -> tuple[Any, Clock]:
    clock = Clock()
    return TimeoutQueue(clock, seconds, expired), clock  # type: ignore[arg-type]


def test_items_expire_in_the_order_in_which_they_were_last_started() -> None:
    expired: list[tuple[str, float]] = []
    queue, clock = queue_of(lambda item: expired.append((item, clock.now)))
    for item in ("a", "b", "c", "d"):
        queue.start(item)
    clock.pass_to(4.0)
    queue.stop("c")
    queue.start("a")
    assert len(queue) == 3
    assert len(clock.timers) == 1
    clock.pass_to(13.9)
    assert expired == [("b", 10.0), ("d", 10.0)]
    clock.pass_to(100.0)
    assert expired == [("b", 10.0), ("d", 10.0), ("a", 14.0)]


def test_the_queue_can_be_used_from_what_it_calls() -> None:
    count = 0

    def again(item: str) -> None:
        nonlocal count
        count += 1
        queue.start(item)

    queue, clock = queue_of(again)
    queue.start("a")
    clock.pass_to(55.0)
    assert count == 5
    assert len(clock.timers) == 1


def test_what_raises_does_not_stop_the_queue() -> None:
    expired: list[str] = []

    def expire(item: str) -> None:
        if item == "bad":
            raise LookupError
        expired.append(item)

    queue, clock = queue_of(expire)
    queue.start("bad")
    queue.start("good")
    with pytest.raises(LookupError):
        clock.pass_to(20.0)
    clock.pass_to(30.0)
    assert expired == ["good"]


def test_a_closed_queue_forgets() -> None:
    expired: list[str] = []
    queue, clock = queue_of(expired.append)
    queue.start("a")
    assert "a" in queue
    queue.close()
    clock.pass_to(20.0)
    assert expired == []


def test_one_queue_for_each_length() -> None:
    queues: TimeoutQueues[str] = TimeoutQueues(Clock(), print)  # type: ignore[arg-type]
    assert queues.of(1.0) is queues.of(1.0)
    assert queues.of(1.0) is not queues.of(2.0)


async def test_on_a_real_loop(lab: Any) -> None:
    loop = asyncio.get_running_loop()
    late: list[float] = []
    queue: TimeoutQueue[tuple[int, float]] = TimeoutQueue(loop, 0.01, lambda item: late.append(loop.time() - item[1]))
    for index in range(100):
        queue.start((index, loop.time()))
        await asyncio.sleep(0.0005)
    await lab.until(lambda: len(queue) == 0)
    assert len(late) == 100
    assert min(late) > 0.008
