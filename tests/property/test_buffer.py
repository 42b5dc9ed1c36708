"""Buffers against bytearrays: whatever is done in whatever order, both hold the same bytes, and views never change."""

from __future__ import annotations

import pytest
from effort import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from fastpath import Buffer, BufferPool, View

# Around the size from which bytes are referenced, and around the blocks of the pools below.
DATA = st.one_of(st.binary(max_size=40), st.integers(1000, 1100).map(lambda n: bytes(i % 251 for i in range(n))))
WRAP = st.sampled_from([bytes, bytearray, memoryview, lambda data: Buffer(data).peek(), lambda data: Buffer(data)])
FRACTION = st.floats(0, 1)


class Pair:
    """A buffer and what it should hold."""

    def __init__(self, pool: BufferPool | None):
        self.buffer = Buffer(pool=pool)
        self.model = bytearray()
        self.export: memoryview | None = None


class Buffers(RuleBasedStateMachine):
    pairs = Bundle("pairs")
    views = Bundle("views")

    @initialize(target=pairs)
    def start(self) -> object:
        self.all: list[Pair] = []
        self.held: list[tuple[View, bytes]] = []
        self.pool = BufferPool(block_size=256, max_blocks=2)
        return multiple(self.new(True), self.new(False))

    def new(self, pooled: bool) -> Pair:
        pair = Pair(self.pool if pooled else None)
        self.all.append(pair)
        return pair

    def change(self, *pairs: Pair) -> bool:
        """Whether the buffers may be changed."""
        return all(pair.export is None for pair in pairs)

    @rule(pair=pairs, data=DATA, wrap=WRAP, front=st.booleans())
    def add(self, pair: Pair, data: bytes, wrap, front: bool) -> None:  # type: ignore[no-untyped-def]
        method = pair.buffer.prepend if front else pair.buffer.append
        if pair.export is not None and data:
            with pytest.raises(BufferError):
                method(wrap(data))
        elif front:
            method(wrap(data))
            pair.model[:0] = data
        else:
            method(wrap(data))
            pair.model += data

    @rule(pair=pairs, other=pairs)
    def add_buffer(self, pair: Pair, other: Pair) -> None:
        if self.change(pair) and len(other.model) < 5000:
            pair.buffer.append(other.buffer)
            pair.model += bytes(other.model)

    @rule(pair=pairs, fraction=FRACTION)
    def drain(self, pair: Pair, fraction: float) -> None:
        n = int(len(pair.model) * fraction)
        if pair.export is not None and n:
            with pytest.raises(BufferError):
                pair.buffer.drain(n)
        else:
            pair.buffer.drain(n)
            del pair.model[:n]

    @rule(pair=pairs, n=st.integers(-5, 5))
    def drain_too_much(self, pair: Pair, n: int) -> None:
        if n < 0 or n > len(pair.model):
            with pytest.raises(ValueError, match=r"bytes|negative"):
                pair.buffer.drain(n)

    @rule(pair=pairs, fraction=FRACTION, target=views)
    def take(self, pair: Pair, fraction: float) -> View:
        n = int(len(pair.model) * fraction)
        expected = bytes(pair.model[:n])
        if self.change(pair):
            view = pair.buffer.take(n)
            del pair.model[:n]
        else:
            view = pair.buffer.peek(n)
        self.held.append((view, expected))
        return view

    @rule(pair=pairs, view=views, fraction=FRACTION, front=st.booleans())
    def give_back(self, pair: Pair, view: View, fraction: float, front: bool) -> None:
        if self.change(pair) and len(pair.model) < 5000:
            part = view[int(len(view) * fraction) :]
            if front:
                pair.buffer.prepend(part)
                pair.model[:0] = part
            else:
                pair.buffer.append(part)
                pair.model += part

    @rule(view=consumes(views))
    def let_go(self, view: View) -> None:
        self.held = [(held, expected) for held, expected in self.held if held is not view]
        view.release()

    @rule(pair=pairs, fraction=FRACTION, target=pairs)
    @precondition(lambda self: len(self.all) < 5)
    def split(self, pair: Pair, fraction: float) -> object:
        if not self.change(pair):
            return multiple()
        n = int(len(pair.model) * fraction)
        head = Pair(None)
        head.buffer = pair.buffer.split(n)
        head.model = pair.model[:n]
        del pair.model[:n]
        self.all.append(head)
        return head

    @rule(pair=pairs, other=pairs, fraction=FRACTION)
    def move(self, pair: Pair, other: Pair, fraction: float) -> None:
        if pair is not other and self.change(pair, other):
            n = int(len(other.model) * fraction)
            pair.buffer.move_from(other.buffer, n)
            pair.model += other.model[:n]
            del other.model[:n]

    @rule(pair=pairs, n=st.integers(1, 1200), fraction=FRACTION, pieces=st.booleans())
    def receive(self, pair: Pair, n: int, fraction: float, pieces: bool) -> None:
        rooms = pair.buffer.readv_buffers(n) if pieces else [pair.buffer.reserve(n)]
        data = bytes(i % 253 for i in range(int(n * fraction)))
        rest = data
        for room in rooms:
            memoryview(room)[: len(rest)] = rest[: len(room)]
            rest = rest[len(room) :]
        if pair.export is not None and data:
            with pytest.raises(BufferError):
                pair.buffer.commit(len(data))
        else:
            pair.buffer.commit(len(data))
            pair.model += data

    @rule(pair=pairs, fraction=FRACTION)
    def coalesce(self, pair: Pair, fraction: float) -> None:
        n = int(len(pair.model) * fraction)
        pair.buffer.coalesce(n)
        assert n == 0 or len(pair.buffer.views()[0]) >= n

    @rule(pair=pairs)
    def export(self, pair: Pair) -> None:
        pair.export = memoryview(pair.buffer)

    @rule(pair=pairs)
    def end_export(self, pair: Pair) -> None:
        if pair.export is not None:
            assert pair.export == pair.model
            pair.export.release()
            pair.export = None

    @rule(pair=pairs, start=st.integers(-50, 2000), length=st.integers(0, 30), fraction=FRACTION, spoil=st.booleans())
    def find(self, pair: Pair, start: int, length: int, fraction: float, spoil: bool) -> None:
        at = int(len(pair.model) * fraction)
        sub = bytes(pair.model[at : at + length]) + (b"\xff" if spoil else b"")
        assert pair.buffer.find(sub, start) == pair.model.find(sub, start)

    @rule(pair=pairs, start=st.integers(-50, 2000), stop=st.integers(-50, 2000))
    def slice(self, pair: Pair, start: int, stop: int) -> None:
        assert bytes(pair.buffer[start:stop]) == pair.model[start:stop]

    @rule(pair=pairs, other=pairs)
    def compare(self, pair: Pair, other: Pair) -> None:
        assert (pair.buffer == other.buffer) == (pair.model == other.model)
        assert (pair.buffer < other.buffer) == (pair.model < other.model)
        assert (pair.buffer >= bytes(other.model)) == (pair.model >= other.model)

    @invariant()
    def buffers_hold_what_they_should(self) -> None:
        for pair in getattr(self, "all", []):
            assert len(pair.buffer) == len(pair.model)
            assert pair.buffer == pair.model
            assert b"".join(pair.buffer.views()) == pair.model
            assert pair.export is None or pair.export == pair.model

    @invariant()
    def views_never_change(self) -> None:
        for view, expected in getattr(self, "held", []):
            assert view == expected

    def teardown(self) -> None:
        pool = getattr(self, "pool", None)
        for pair in getattr(self, "all", []):
            if pair.export is not None:
                pair.export.release()
            pair.buffer.release()
        for view, expected in getattr(self, "held", []):
            assert view == expected
            view.release()
        assert pool is None or (pool.in_use == 0 and pool.cached <= 2)


TestBuffers = Buffers.TestCase
TestBuffers.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
