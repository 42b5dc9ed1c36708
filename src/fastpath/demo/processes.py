"""The demo's other processes: upstreams and the client, each ended with the demo, however that ends."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

__all__ = ["dead_port", "run_client", "start_upstream"]


async def _start(stack: AsyncExitStack, module: str, *arguments: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"fastpath.demo.{module}",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
        start_new_session=True,  # Ctrl-C is for the demo, which ends them in order
    )
    stack.push_async_callback(_end, process)
    return process


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


async def start_upstream(stack: AsyncExitStack, name: str, port: int = 0) -> int:
    """Start an upstream; returns its port. OSError when it cannot have the port."""
    process = await _start(stack, "upstream", name, str(port))
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise OSError(f"the upstream {name} does not start on port {port}")
    return int(line)


def dead_port(stack: AsyncExitStack, port: int = 0) -> int:
    """A port that refuses connections for as long as the stack lives: bound, but nothing listens."""
    holder = socket.socket()
    stack.callback(holder.close)
    holder.bind(("127.0.0.1", port))
    return int(holder.getsockname()[1])


async def run_client(
    stack: AsyncExitStack,
    address: tuple[str, int],
    connections: int,
    plan: Sequence[tuple[str, int]],
    advance: Callable[[int], None],
) -> list[Any]:
    """Send the plan's requests; returns [path, status, upstream, seconds] of each."""
    process = await _start(stack, "client", address[0], str(address[1]), str(connections))
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(plan).encode() + b"\n")
    await process.stdin.drain()
    while line := await process.stdout.readline():
        message = json.loads(line)
        if "results" in message:
            return list(message["results"])
        advance(message["done"])
    raise OSError("the client ended without results")
