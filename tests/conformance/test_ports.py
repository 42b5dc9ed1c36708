"""The ports that oracles listen on are nobody else's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from conformance.ports import BLOCK, free_ports


def test_no_two_processes_have_the_same_ports() -> None:
    code = "from conformance.ports import BLOCK, free_ports; print(*free_ports(200), flush=True); input()"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    others = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(3)
    ]
    found = list(free_ports(200))
    for other in others:
        assert other.stdout is not None
        found += map(int, other.stdout.readline().split())
    for other in others:
        other.communicate("\n", timeout=30)
    assert len(set(found)) == 800


def test_the_kernel_gives_them_to_nobody() -> None:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert all(not low <= port <= high for port in free_ports(300))


def test_a_port_that_another_program_has_is_passed_over() -> None:
    (port,) = free_ports(1)
    while port % BLOCK == 0:  # otherwise the one below it is of this process's block, and would come next
        (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port - 1)):
        assert port - 1 not in free_ports(BLOCK)
