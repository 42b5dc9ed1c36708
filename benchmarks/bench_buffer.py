"""Buffers against what Python programs do without them: one bytearray, or a list of bytes and b"".join.

Each group is one job done three ways; the results are checked to be equal.

relay      64 KiB blocks arrive and leave as they are, 1 MiB in all (a body on its way through)
pipeline   100 messages of 650 bytes arrive in one block and are taken out one by one
assemble   a 32 KiB head arrives in packets of 1400 bytes, its end is looked for after each, then it is taken
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fastpath import Buffer, BufferPool

BLOCK = bytes(range(256)) * 256
BLOCKS = [bytes(bytearray(BLOCK)) for _ in range(16)]
MESSAGE = b"m" * 646 + b"\r\n\r\n"
PIPELINE = MESSAGE * 100
HEAD = b"x" * 32000 + b"\r\n\r\n"
PACKETS = [HEAD[i : i + 1400] for i in range(0, len(HEAD), 1400)]
POOL = BufferPool(block_size=65536, max_blocks=64)


def relay_buffer() -> int:
    buffer, sent = Buffer(pool=POOL), 0
    for block in BLOCKS:
        buffer.append(block)
        sent += sum(map(len, buffer.writev_buffers()))
        buffer.clear()
    return sent


def relay_bytearray() -> int:
    buffer, sent = bytearray(), 0
    for block in BLOCKS:
        buffer += block
        sent += len(bytes(buffer))
        buffer.clear()
    return sent


def relay_join() -> int:
    pieces: list[bytes] = []
    sent = 0
    for block in BLOCKS:
        pieces.append(block[:4096])
        pieces.append(block[4096:])
        sent += len(b"".join(pieces))
        pieces.clear()
    return sent


def pipeline_buffer() -> int:
    buffer, taken = Buffer(PIPELINE, pool=POOL), 0
    while buffer:
        taken += len(buffer.take(buffer.find(b"\r\n\r\n") + 4))
    return taken


def pipeline_bytearray() -> int:
    buffer, taken = bytearray(PIPELINE), 0
    while buffer:
        end = buffer.find(b"\r\n\r\n") + 4
        taken += len(bytes(buffer[:end]))
        del buffer[:end]
    return taken


def pipeline_slices() -> int:
    rest, taken = PIPELINE, 0
    while rest:
        end = rest.find(b"\r\n\r\n") + 4
        taken += len(rest[:end])
        rest = rest[end:]
    return taken


def assemble_buffer() -> int:
    buffer, looked = Buffer(pool=POOL), 0
    for packet in PACKETS:
        buffer.append(packet)
        end = buffer.find(b"\r\n\r\n", looked)
        if end >= 0:
            return len(buffer.take(end + 4))
        looked = max(0, len(buffer) - 3)
    return 0


def assemble_bytearray() -> int:
    buffer, looked = bytearray(), 0
    for packet in PACKETS:
        buffer += packet
        end = buffer.find(b"\r\n\r\n", looked)
        if end >= 0:
            return len(bytes(buffer[: end + 4]))
        looked = max(0, len(buffer) - 3)
    return 0


def assemble_join() -> int:
    pieces: list[bytes] = []
    for packet in PACKETS:
        pieces.append(packet)
        whole = b"".join(pieces)
        end = whole.find(b"\r\n\r\n")
        if end >= 0:
            return len(whole[: end + 4])
    return 0


JOBS = {
    "relay 1 MiB": (relay_buffer, relay_bytearray, relay_join, 1 << 20),
    "pipeline of 100 messages": (pipeline_buffer, pipeline_bytearray, pipeline_slices, len(PIPELINE)),
    "assemble a 32 KiB head": (assemble_buffer, assemble_bytearray, assemble_join, len(HEAD)),
}


@pytest.mark.parametrize("way", ["fastpath", "bytearray", "bytes"])
@pytest.mark.parametrize("job", JOBS)
def test_buffer(benchmark: Any, job: str, way: str) -> None:
    benchmark.group = job
    *ways, expected = JOBS[job]
    run: Callable[[], int] = ways[["fastpath", "bytearray", "bytes"].index(way)]
    assert benchmark(run) == expected
