"""asyncio at the edge: event loops, and a protocol that puts an HTTP/1.1 Connection on a transport."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from fastpath import Buffer, Connection

__all__ = ["HTTPProtocol", "new_event_loop", "run"]

T = TypeVar("T")

_SCRATCH = bytearray(65536)  # where bytes go that nobody will read


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A uvloop loop when uvloop is installed (the extra fastpath[aio]), else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(main: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, on a `new_event_loop`."""
    loop = new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        try:
            _cancel_all(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


class HTTPProtocol(asyncio.BufferedProtocol):
    """A Connection on a transport. Bytes are received straight into the connection's memory.

    A subclass takes events from `connection.next_event()` in `received`, appends what it has to say to `out`
    (`connection.send_into(self.out, event)`) and calls `flush` when it has said all for now, so that head and body
    leave in one system call. `write_paused` tells that the peer does not take what is sent; `writable_changed` is
    called when that changes.
    """

    def __init__(self, connection: Connection):
        self.connection = connection
        self.out = Buffer()
        self.transport: asyncio.Transport | None = None
        self.closing = False
        """The transport is closed, or about to be."""
        self.read_paused = False
        self.write_paused = False
        self.discarding = -1
        """Bytes received since nobody reads them any more; -1 while somebody does."""
        self.tunnel: HTTPProtocol | None = None
        """Where bytes go as they are, once the two sides speak another protocol."""

    # What subclasses fill in.

    def connected(self) -> None:
        """The transport is there."""

    def received(self) -> None:
        """Bytes have come; `connection.next_event` gives the events they make."""

    def discarded(self) -> None:
        """Bytes have come that nobody reads (`discarding` counts them)."""

    def tunnelled(self, nbytes: int) -> None:
        """Bytes have gone through the tunnel."""

    def eof(self) -> None:
        """The peer has ended its stream, and the connection knows."""

    def lost(self, error: Exception | None) -> None:
        """The transport is gone."""

    def writable_changed(self) -> None:
        """`write_paused` has changed."""

    # What subclasses use.

    def flush(self) -> None:
        """Write what was appended to `out`."""
        out = self.out
        if not out or self.closing:
            return
        transport = cast(asyncio.Transport, self.transport)
        views = out.views()
        out.clear()
        if len(views) == 1:
            transport.write(memoryview(views[0]))
        else:
            transport.writelines([memoryview(view) for view in views])

    def close(self) -> None:
        """End the connection once what was written has left."""
        if not self.closing:
            self.flush()
            self.closing = True
            if self.transport is not None:
                self.transport.close()

    def abort(self) -> None:
        """End the connection now."""
        self.closing = True
        if self.transport is not None:
            self.transport.abort()

    def pause_reading(self) -> None:
        """Take no bytes from the peer until `resume_reading`."""
        if not self.read_paused and not self.closing and self.transport is not None:
            self.read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        if self.read_paused and not self.closing and self.transport is not None:
            self.read_paused = False
            self.transport.resume_reading()

    def tunnel_to(self, other: HTTPProtocol) -> None:
        """From now on pass on what comes, beginning with what came behind the switch of protocols."""
        self.tunnel = other
        before = len(other.out)
        self.connection.take_trailing_data_into(other.out)
        count = len(other.out) - before
        other.flush()
        if count:
            self.tunnelled(count)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.connected()

    def get_buffer(self, sizehint: int) -> Any:
        if self.discarding >= 0:
            return _SCRATCH
        return self.connection.get_buffer() if self.tunnel is None else self.tunnel.out.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        if self.discarding >= 0:
            self.discarding += nbytes
            self.discarded()
        elif self.tunnel is None:
            self.connection.buffer_updated(nbytes)
            self.received()
        else:
            self.tunnel.out.buffer_updated(nbytes)
            self.tunnel.flush()
            self.tunnelled(nbytes)

    def eof_received(self) -> bool:
        if self.discarding < 0 and self.tunnel is None:
            self.connection.receive_data(b"")
        self.eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self.lost(exc)

    def pause_writing(self) -> None:
        self.write_paused = True
        self.writable_changed()

    def resume_writing(self) -> None:
        self.write_paused = False
        self.writable_changed()
