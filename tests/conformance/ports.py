"""Ports that stay free between choosing one and binding it.

The kernel hands out ports of its ephemeral range to every connection and every server that asks for any port, so that
one of them may be gone a moment after it was seen to be free. These come from outside that range, and from blocks that
only this process uses: who has a block holds a socket with a name of its own in the kernel's abstract namespace.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from pathlib import Path

__all__ = ["free_ports"]

BLOCK = 64
FIRST = 10240
_claims: list[socket.socket] = []
_unused: list[int] = []


def _blocks() -> Iterator[int]:
    """The first ports of blocks outside the ephemeral range, in random order."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    outside = [port for port in range(FIRST, 65536 - BLOCK, BLOCK) if port + BLOCK <= low or port > high]
    yield from random.sample(outside, len(outside))


def _claim() -> None:
    """Take a block that nobody else has."""
    for first in _blocks():
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0fastpath-test-ports-{first}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        _unused.extend(range(first, first + BLOCK))
        return
    raise RuntimeError("all ports outside the ephemeral range are taken")


def _is_free(port: int) -> bool:
    """Whether no program that does not know of the blocks has it, on whatever address."""
    try:
        socket.create_server(("", port)).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that are not handed out again."""
    found: list[int] = []
    while len(found) < count:
        if not _unused:
            _claim()
        port = _unused.pop()
        if _is_free(port):
            found.append(port)
    return found
