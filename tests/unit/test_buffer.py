"""Buffers from Python: what is copied, who keeps memory alive, what an export forbids, sockets, asyncio."""

from __future__ import annotations

import array
import asyncio
import gc
import mmap
import os
import pickle
import select
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import uvloop

from fastpath import Buffer, BufferPool, View

BIG = bytes(range(256)) * 16  # long enough to be referenced


def address(data: View | bytes | memoryview) -> int:
    """Where bytes lie, to tell a copy from a reference."""
    import ctypes

    class PyBuffer(ctypes.Structure):
        _fields_ = (("buf", ctypes.c_void_p), ("obj", ctypes.py_object), ("rest", ctypes.c_char * 128))

    held = PyBuffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(data), ctypes.byref(held), 0)
    place = held.buf
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(held))
    assert place is not None
    return int(place)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


class TestAdding:
    def test_starts_with_data(self) -> None:
        assert bytes(Buffer()) == b""
        assert bytes(Buffer(b"hello")) == b"hello"

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: Buffer(data).peek(), Buffer])
    @pytest.mark.parametrize("data", [b"", b"short", BIG])
    def test_takes_whatever_is_bytes_like(self, kind: Callable[[bytes], bytes], data: bytes) -> None:
        buffer = Buffer(b"middle")
        buffer.append(kind(data))
        buffer.prepend(kind(data))
        assert bytes(buffer) == data + b"middle" + data
        buffer += kind(data)
        assert len(buffer) == 6 + 3 * len(data)

    def test_takes_items_wider_than_a_byte(self) -> None:
        values = array.array("I", [1, 2, 3])
        assert bytes(Buffer(values)) == values.tobytes()

    def test_references_long_immutable_bytes(self) -> None:
        for data in (BIG, memoryview(BIG), memoryview(BIG)[7:-7], Buffer(BIG).peek(), memoryview(Buffer(BIG).peek())):
            assert address(Buffer(data).views()[0]) == address(data)

    def test_keeps_referenced_bytes_alive_and_lets_them_go(self) -> None:
        data = bytes(5000)
        before = sys.getrefcount(data)
        buffer = Buffer(data)
        view = buffer.take(5)
        assert sys.getrefcount(data) == before + 1
        del buffer
        assert sys.getrefcount(data) == before + 1
        del view
        assert sys.getrefcount(data) == before

    def test_copies_what_its_owner_may_change(self) -> None:
        class Mine(bytes):
            pass

        source = bytearray(BIG)
        with mmap.mmap(-1, 4096) as mapped:
            mapped[:] = BIG
            buffers = [
                Buffer(source),
                Buffer(memoryview(source)),
                Buffer(memoryview(source).toreadonly()),
                Buffer(mapped),
                Buffer(Mine(BIG)),
            ]
            source[:] = bytes(len(source))
            source.clear()  # nothing holds it
            mapped[:] = bytes(4096)
        for buffer in buffers:
            assert bytes(buffer) == BIG

    def test_refuses_strides_and_other_types(self) -> None:
        buffer = Buffer(b"kept")
        with pytest.raises(BufferError):
            buffer.append(memoryview(b"abcdef")[::2])
        for wrong in ("text", 7, None, [b"x"]):
            with pytest.raises(TypeError):
                buffer.append(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                buffer.prepend(wrong)  # type: ignore[arg-type]
        released = memoryview(b"abc")
        released.release()
        with pytest.raises(ValueError, match="released"):
            buffer.append(released)
        assert bytes(buffer) == b"kept"

    def test_can_be_added_to_itself(self) -> None:
        buffer = Buffer(b"ab")
        buffer.append(buffer)
        buffer.prepend(buffer)
        assert bytes(buffer) == b"abababab"

    def test_buffers_that_share_memory_grow_apart(self) -> None:
        first = Buffer(b"shared")
        second = first[:]
        second.append(b" two")
        first.append(b" one")
        assert (bytes(first), bytes(second)) == (b"shared one", b"shared two")

    def test_moves_without_copying(self) -> None:
        source, target = Buffer(BIG), Buffer(b"> ")
        place = address(source.views()[0])
        target.move_from(source, 4000)
        assert address(target.views()[1]) == place
        target.move_from(source)
        assert not source
        assert bytes(target) == b"> " + BIG
        for wrong in (1, -1):
            with pytest.raises(ValueError, match=r"bytes wanted|negative"):
                target.move_from(source, wrong)
        with pytest.raises(ValueError, match="itself"):
            target.move_from(target)
        with pytest.raises(TypeError):
            target.move_from(None)  # type: ignore[arg-type]


class TestLooking:
    def test_finds_across_pieces(self) -> None:
        buffer = Buffer()
        for piece in (b"GET / HTTP/1.1\r", b"\nHost: a\r\n\r", b"\nbody"):
            buffer.append(Buffer(piece))
        assert len(buffer.views()) == 3
        whole = bytes(buffer)
        for sub in (b"\r\n\r\n", b"body", b"", b"GET", b"nothing", b"y"):
            for start in (0, 5, -4, -100, len(whole), len(whole) + 1):
                assert buffer.find(sub, start) == whole.find(sub, start), (sub, start)
        assert buffer.find(ord("\n")) == whole.find(b"\n")
        assert b"\r\nHost" in buffer
        assert b"absent" not in buffer
        for wrong in (256, -1):
            with pytest.raises(ValueError, match="0 to 255"):
                buffer.find(wrong)
        with pytest.raises(TypeError):
            buffer.find("text")  # type: ignore[arg-type]

    def test_indexes_and_slices_like_bytes(self) -> None:
        buffer = Buffer(b"hel")
        buffer.append(Buffer(b"lo"))
        whole = b"hello"
        for i in range(-5, 5):
            assert buffer[i] == whole[i]
            for j in range(-7, 7):
                assert bytes(buffer[i:j]) == whole[i:j]
        assert list(buffer) == list(whole)
        for wrong in (5, -6):
            with pytest.raises(IndexError):
                buffer[wrong]
        with pytest.raises(ValueError, match="steps of 1"):
            buffer[::2]
        with pytest.raises(TypeError):
            buffer["a"]  # type: ignore[call-overload]

    def test_compares_like_bytes(self) -> None:
        buffer = Buffer(b"a")
        buffer.append(Buffer(b"b"))
        assert buffer == b"ab"
        assert buffer == bytearray(b"ab")
        assert buffer == Buffer(b"ab")
        assert buffer == Buffer(b"ab").peek()
        assert buffer != b"abc"
        assert buffer != "ab"
        assert b"aa" < buffer < b"ac"
        assert buffer <= b"ab" <= buffer
        assert buffer > b""
        with pytest.raises(TypeError):
            buffer < "ab"  # type: ignore[operator]  # noqa: B015
        with pytest.raises(TypeError):
            hash(buffer)

    def test_peek_leaves_and_take_removes(self) -> None:
        buffer = Buffer(b"head")
        buffer.append(Buffer(b"body"))
        assert buffer.peek(6) == b"headbo"
        assert len(buffer) == 8
        taken = buffer.take(6)
        assert taken == b"headbo"
        assert bytes(buffer) == b"dy"
        assert buffer.peek() == b"dy"
        assert buffer.take(0) == b""

    def test_coalesces_on_demand_only(self) -> None:
        buffer = Buffer()
        for piece in (b"ab", b"cd", b"ef"):
            buffer.append(Buffer(piece))
        buffer.coalesce(2)
        assert len(buffer.views()) == 3
        buffer.coalesce(3)
        assert [bytes(view) for view in buffer.views()] == [b"abc", b"d", b"ef"]
        buffer.coalesce()
        assert [bytes(view) for view in buffer.views()] == [b"abcdef"]

    @pytest.mark.parametrize("method", ["drain", "take", "peek", "coalesce", "split", "commit"])
    @pytest.mark.parametrize("n", [4, -1, 2**63 - 1])
    def test_sizes_out_of_range_change_nothing(self, method: str, n: int) -> None:
        buffer = Buffer(b"abc")
        with pytest.raises(ValueError, match=r"bytes|negative"):
            getattr(buffer, method)(n)
        with pytest.raises(OverflowError):
            getattr(buffer, method)(2**63)
        with pytest.raises(TypeError):
            getattr(buffer, method)(1.0)
        assert bytes(buffer) == b"abc"

    def test_split_gives_a_buffer(self) -> None:
        pool = BufferPool(block_size=64)
        buffer = Buffer(b"headbody", pool=pool)
        head = buffer.split(4)
        assert (bytes(head), bytes(buffer)) == (b"head", b"body")
        head.append(bytes(100))
        assert pool.in_use == 1  # 100 bytes do not fit a block
        head.append(b"x")
        assert pool.in_use == 2

    def test_repr_says_how_much(self) -> None:
        buffer = Buffer(b"abc")
        assert "3 bytes" in repr(buffer)
        assert "3 bytes" in repr(buffer.peek())
        assert "64-byte" in repr(BufferPool(block_size=64))
        buffer.release()
        assert "released" in repr(buffer)


class TestLifetime:
    def test_views_outlive_buffer_and_pool(self) -> None:
        pool = BufferPool(block_size=64)
        buffer = Buffer(b"kept bytes", pool=pool)
        view = buffer.peek(4)
        part = memoryview(view[1:])
        buffer.drain(10)
        del buffer, pool, view
        gc.collect()
        assert part == b"ept"

    def test_a_block_under_a_view_is_not_reused(self) -> None:
        pool = BufferPool(block_size=64, max_blocks=8)
        buffer = Buffer(b"first", pool=pool)
        view = buffer.take(5)
        for _ in range(20):
            buffer.append(b"other bytes" * 5)
            buffer.clear()
        assert view == b"first"
        assert pool.in_use == 1
        view.release()
        assert pool.in_use == 0
        assert pool.cached <= 8

    def test_an_export_forbids_changes(self) -> None:
        buffer = Buffer(b"abc")
        buffer.append(Buffer(b"def"))
        other = Buffer(b"other")
        room = buffer.reserve(10)
        changes: list[Callable[[], object]] = [
            lambda: buffer.append(b"x"),
            lambda: buffer.append(BIG),
            lambda: buffer.append(other),
            lambda: buffer.prepend(b"x"),
            lambda: buffer.prepend(other),
            lambda: buffer.prepend(BIG),
            lambda: buffer.drain(1),
            lambda: buffer.clear(),
            lambda: buffer.take(1),
            lambda: buffer.split(1),
            lambda: buffer.move_from(other),
            lambda: other.move_from(buffer),
            lambda: buffer.commit(1),
            lambda: buffer.send_to(1),
            lambda: buffer.receive_from(0),
            lambda: buffer.release(),
            lambda: buffer.__init__(),  # type: ignore[misc]
        ]
        with memoryview(buffer) as shown:
            assert shown.readonly
            assert shown == b"abcdef"
            for change in changes:
                with pytest.raises(BufferError, match="exported"):
                    change()
            assert shown == b"abcdef"
            assert buffer.peek(6) == b"abcdef"  # looking is no change
            assert bytes(buffer[2:4]) == b"cd"
            other.append(buffer)
        assert bytes(other) == b"otherabcdef"
        memoryview(room)[:1] = b"g"
        buffer.commit(1)
        assert bytes(buffer) == b"abcdefg"

    def test_an_empty_buffer_can_be_exported(self) -> None:
        assert bytes(memoryview(Buffer())) == b""

    def test_nothing_hands_out_writable_bytes(self, pair: tuple[socket.socket, socket.socket]) -> None:
        pair[0].send(b"xyz")
        buffer = Buffer(b"abc")
        for target in (buffer, buffer.peek()):
            with pytest.raises((BufferError, TypeError)):
                pair[1].recv_into(target)  # type: ignore[arg-type]
        assert bytes(buffer) == b"abc"

    def test_use_after_release_is_an_exception(self) -> None:
        buffer = Buffer(b"abc")
        view = buffer.peek()
        buffer.release()
        buffer.release()
        uses: list[Callable[[], object]] = [
            lambda: len(buffer),
            lambda: bool(buffer),
            lambda: bytes(buffer),
            lambda: memoryview(buffer),
            lambda: buffer.append(b"x"),
            lambda: buffer.prepend(b"x"),
            lambda: Buffer().append(buffer),
            lambda: buffer[0],
            lambda: buffer[:],
            lambda: buffer == b"abc",
            lambda: Buffer() == buffer,
            lambda: buffer.drain(0),
            lambda: buffer.clear(),
            lambda: buffer.take(0),
            lambda: buffer.peek(),
            lambda: buffer.split(0),
            lambda: buffer.views(),
            lambda: buffer.find(b"a"),
            lambda: buffer.coalesce(),
            lambda: buffer.reserve(1),
            lambda: buffer.commit(0),
            lambda: buffer.get_buffer(),
            lambda: buffer.readv_buffers(1),
            lambda: buffer.writev_buffers(),
            lambda: buffer.send_to(1),
            lambda: buffer.receive_from(0),
            lambda: buffer.move_from(Buffer()),
            lambda: Buffer().move_from(buffer),
            lambda: buffer.__enter__(),
        ]
        for use in uses:
            with pytest.raises(ValueError, match="released"):
                use()
        assert view == b"abc"

        view.release()
        view.release()
        for use in (
            lambda: len(view),
            lambda: bytes(view),
            lambda: view[0],
            lambda: view == b"abc",
            lambda: hash(view),
            lambda: memoryview(view),
            lambda: Buffer(view),
        ):
            with pytest.raises(ValueError, match="released"):
                use()
        assert "released" in repr(view)

    def test_an_exported_view_is_not_released(self) -> None:
        view = Buffer(b"abc").peek()
        with memoryview(view) as shown:
            with pytest.raises(BufferError):
                view.release()
            assert shown == b"abc"
        with view:
            pass
        with pytest.raises(ValueError, match="released"):
            len(view)

    def test_is_a_context_manager(self) -> None:
        with Buffer(b"abc") as buffer:
            assert len(buffer) == 3
        with pytest.raises(ValueError, match="released"):
            len(buffer)

    def test_cycles_through_subclasses_are_collected(self) -> None:
        class Node(Buffer):
            held: object

        node = Node(BIG)
        node.held = [node, memoryview(node)]
        gone = weakref.ref(node) if hasattr(node, "__weakref__") else None
        pool = BufferPool(block_size=64)
        other = Node(b"abc", pool=pool)
        other.held = [other, memoryview(other), other.peek()]
        del node, other
        gc.collect()
        assert gone is None or gone() is None
        assert pool.in_use == 0

    def test_made_without_init_is_unusable_and_harmless(self) -> None:
        with pytest.raises(ValueError, match="released"):
            len(Buffer.__new__(Buffer))
        for kind in (View, type(Buffer().reserve(1))):
            with pytest.raises(TypeError):
                kind()

    def test_can_be_made_anew(self) -> None:
        buffer = Buffer(b"abc")
        view = buffer.peek()
        buffer.__init__(b"xyz")  # type: ignore[misc]
        assert bytes(buffer) == b"xyz"
        assert view == b"abc"

    @pytest.mark.parametrize("thing", [Buffer(b"a"), Buffer(b"a").peek(), BufferPool()])
    def test_does_not_pickle(self, thing: object) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(thing)

    def test_views_go_between_threads(self) -> None:
        pool = BufferPool(block_size=256, max_blocks=4)
        failures: list[object] = []

        def consume(views: list[View], expected: bytes) -> None:
            while views:
                view = views.pop()
                if view != expected:
                    failures.append(bytes(view))
                del view

        threads = []
        for number in range(4):
            buffer, expected = Buffer(pool=pool), b"%d" % number * 100
            views = []
            for _ in range(500):
                buffer.append(expected)
                views.append(buffer.take(100))
            threads.append(threading.Thread(target=consume, args=(views, expected)))
            del buffer, views
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert pool.in_use == 0


class TestViews:
    def test_are_bytes_like(self) -> None:
        buffer = Buffer(b"hello")
        view = buffer.peek()
        assert (len(view), bytes(view), view.tobytes(), view[1], view[-1]) == (5, b"hello", b"hello", 101, 111)
        assert (bytes(view[1:3]), bytes(view[3:1]), bytes(view[-2:])) == (b"el", b"", b"lo")
        assert b"".join([view, view]) == b"hellohello"
        assert hash(view) == hash(b"hello")
        assert {view: 1}[b"hello"] == 1  # type: ignore[index]
        assert view == b"hello"
        assert view != b"hellp"
        assert view != "hello"
        assert b"hella" < view < b"hello!"
        assert view >= b"hello"
        assert b"ell" in memoryview(view).tobytes()
        for wrong in (5, -6):
            with pytest.raises(IndexError):
                view[wrong]
        with pytest.raises(ValueError, match="steps of 1"):
            view[::-1]

    def test_slicing_copies_nothing_and_keeps_memory(self) -> None:
        view = Buffer(BIG).peek()
        assert address(view[100:200]) == address(view) + 100
        assert address(view[100:200][5:]) == address(view) + 105

    def test_go_back_into_buffers_without_copying(self) -> None:
        buffer = Buffer(b"abcdef")
        view = buffer.take(3)
        buffer.prepend(view)
        assert len(buffer.views()) == 1  # joined again
        other = Buffer()
        other.append(memoryview(view)[1:])
        assert address(other.views()[0]) == address(view) + 1


class TestPool:
    def test_keeps_a_bounded_number_of_blocks(self) -> None:
        pool = BufferPool(block_size=64, max_blocks=2)
        buffers = [Buffer(b"x", pool=pool) for _ in range(5)]
        assert (pool.block_size, pool.in_use, pool.cached) == (64, 5, 0)
        del buffers
        assert (pool.in_use, pool.cached) == (0, 2)

    @pytest.mark.parametrize("size", [-1, 0, 63, 2**30 + 1])
    def test_refuses_odd_sizes(self, size: int) -> None:
        with pytest.raises(ValueError, match="block_size"):
            BufferPool(block_size=size)
        with pytest.raises(ValueError, match="max_blocks"):
            BufferPool(max_blocks=-1)
        with pytest.raises(OverflowError):
            BufferPool(max_blocks=2**63)

    def test_an_empty_buffer_holds_no_block(self) -> None:
        pool = BufferPool()
        buffer = Buffer(b"abc", pool=pool)
        buffer.drain(3)
        assert pool.in_use == 0
        buffer.get_buffer()
        buffer.buffer_updated(0)
        assert pool.in_use == 0


class TestReceiving:
    def test_reserve_and_commit(self) -> None:
        buffer = Buffer(b"before ")
        room = buffer.reserve(5)
        assert len(room) >= 5
        memoryview(room)[:5] = b"after"
        buffer.append(b"between ")
        buffer.commit(5)
        assert bytes(buffer) == b"before between after"
        assert len(room) == 0
        with pytest.raises(ValueError, match="committed"):
            memoryview(room)
        with pytest.raises(ValueError, match="reserved"):
            buffer.commit(1)
        for wrong in (0, -1):
            with pytest.raises(ValueError, match="cannot be reserved"):
                buffer.reserve(wrong)

    def test_out_of_memory_changes_nothing(self) -> None:
        buffer = Buffer(b"abc")
        for more_than_there_is in (2**63 - 4, 2**63 - 40):
            with pytest.raises(MemoryError):
                buffer.reserve(more_than_there_is)
        with pytest.raises(OverflowError):
            buffer.reserve(2**63 - 1)
        assert bytes(buffer) == b"abc"

    def test_rooms_hold_their_memory(self) -> None:
        buffer = Buffer()
        late = memoryview(buffer.reserve(100))
        buffer.commit(0)
        buffer.release()
        late[:] = bytes(len(late))

    def test_readv(self, pair: tuple[socket.socket, socket.socket]) -> None:
        one, other = pair
        pool = BufferPool(block_size=1000)
        buffer = Buffer(b"head", pool=pool)
        one.sendall(BIG[:3500])
        rooms = buffer.readv_buffers(3500)
        assert len(rooms) == 4
        received = os.readv(other.fileno(), rooms)
        buffer.commit(received)
        assert bytes(buffer) == b"head" + BIG[:received]
        one.sendall(b"more")
        buffer.commit(other.recvmsg_into(buffer.readv_buffers(1))[0])
        assert bytes(buffer).endswith(b"more")

    @pytest.mark.parametrize("by_number", [False, True])
    @pytest.mark.parametrize("pool", [None, BufferPool(block_size=64), BufferPool(block_size=4096)])
    def test_there_and_back(
        self, pair: tuple[socket.socket, socket.socket], pool: BufferPool | None, by_number: bool
    ) -> None:
        one, other = pair
        out, back = Buffer(pool=pool), Buffer(pool=pool)
        expected = b""
        for size in (1, 10, 1000, 3000, 100):
            out.append(BIG[:size])
            expected += BIG[:size]
        while out:
            assert out.send_to(one.fileno() if by_number else one) > 0
        while len(back) < len(expected):
            assert back.receive_from(other.fileno() if by_number else other) > 0
        assert bytes(back) == expected
        one.close()
        assert back.receive_from(other.fileno() if by_number else other) == 0
        assert out.send_to(other) == 0

    def test_failed_calls_leave_the_buffer(self, pair: tuple[socket.socket, socket.socket]) -> None:
        one, other = pair
        other.setblocking(False)
        one.setblocking(False)
        pool = BufferPool()
        buffer = Buffer(pool=pool)
        with pytest.raises(BlockingIOError):
            buffer.receive_from(other)
        assert pool.in_use == 0
        out = Buffer(bytes(1 << 20))
        sent = out.send_to(one)
        while select.select([], [one], [], 0)[1]:
            sent += out.send_to(one)
        with pytest.raises(BlockingIOError):
            out.send_to(one)
        assert 0 < sent < 1 << 20
        assert len(out) == (1 << 20) - sent

    def test_more_pieces_than_one_call_takes(self, pair: tuple[socket.socket, socket.socket]) -> None:
        one, other = pair
        buffer = Buffer()
        for i in range(1500):
            buffer.append(Buffer(b"%04d" % i))
        expected = bytes(buffer)
        assert len(buffer.writev_buffers()) == 1024
        assert len(buffer.writev_buffers(3)) == 3
        with pytest.raises(ValueError, match="negative"):
            buffer.writev_buffers(-1)
        back = Buffer()
        while buffer:
            buffer.send_to(one)
            back.receive_from(other)
        while len(back) < len(expected):
            back.receive_from(other)
        assert bytes(back) == expected

    def test_one_run_at_a_time_for_targets_without_sendmsg(self) -> None:
        class Tls:
            def send(self, data: View) -> int:
                return len(data)

            def sendmsg(self, buffers: object) -> int:
                raise NotImplementedError

        buffer = Buffer(b"one")
        buffer.append(Buffer(b"two"))
        assert [buffer.send_to(Tls()), buffer.send_to(Tls()), buffer.send_to(Tls())] == [3, 3, 0]


class Echo(asyncio.BufferedProtocol):
    """Receives into a Buffer and sends its views back."""

    def __init__(self) -> None:
        self.inbox = Buffer(pool=BufferPool(block_size=4096))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's does not derive from it

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.inbox.get_buffer(sizehint)  # type: ignore[return-value]

    def buffer_updated(self, nbytes: int) -> None:
        self.inbox.buffer_updated(nbytes)
        self.transport.writelines(self.inbox.views())  # type: ignore[arg-type]
        self.inbox.clear()


@pytest.mark.parametrize("new_event_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_buffered_protocol(new_event_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def talk() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for size in (1, 4096, 100_000):
            data = os.urandom(size)
            writer.write(data)
            assert await reader.readexactly(size) == data
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    loop = new_event_loop()
    try:
        loop.run_until_complete(asyncio.wait_for(talk(), 30))
    finally:
        loop.close()


FORK = """
import os
from fastpath import Buffer, BufferPool
pool = BufferPool(block_size=64, max_blocks=4)
buffer = Buffer(b"before the fork", pool=pool)
view = buffer.peek()
child = os.fork()
buffer.append(bytes(1000))
buffer.clear()
buffer.append(b"after the fork")
assert buffer == b"after the fork" and view == b"before the fork" and pool.in_use == 2
assert child == 0 or os.waitpid(child, 0)[1] == 0
"""


def test_parent_and_child_go_on_after_a_fork() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True)
