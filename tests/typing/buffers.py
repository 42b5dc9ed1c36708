"""Buffers as mypy and pyright see them; nothing runs it."""

from __future__ import annotations

import os
import socket

from typing_extensions import assert_type

from fastpath import Buffer, BufferPool, Room, View


def adding(buffer: Buffer, pool: BufferPool) -> None:
    Buffer(b"data", pool=pool).append(bytearray(b"more"))
    buffer.prepend(memoryview(b"before"))
    buffer += buffer.peek()
    buffer.append(Buffer())
    buffer.append("text")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def looking(buffer: Buffer) -> None:
    assert_type(buffer.peek(4), View)
    assert_type(buffer.take(4), View)
    assert_type(buffer.split(4), Buffer)
    assert_type(buffer.views(), list[View])
    assert_type(buffer[0], int)
    assert_type(buffer[1:], Buffer)
    assert_type(buffer.peek()[0], int)
    assert_type(buffer.peek()[1:], View)
    assert_type(buffer.find(b"\r\n", 3), int)
    assert_type(bytes(buffer), bytes)
    assert_type(list(buffer), list[int])
    b"".join(buffer.views())
    memoryview(buffer)


def sockets(buffer: Buffer, sock: socket.socket) -> None:
    assert_type(buffer.reserve(1000), Room)
    sock.recv_into(buffer.reserve(1000))
    sock.recvmsg_into(buffer.readv_buffers(1000))
    sock.sendmsg(buffer.writev_buffers())
    os.writev(1, buffer.writev_buffers())
    assert_type(buffer.receive_from(sock), int)
    assert_type(buffer.send_to(sock.fileno()), int)
