"""Proxies on loopback, the fastpath gateway among them, and what comes out of them at an upstream that keeps it all."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.envoy_oracle import program
from conformance.ports import free_ports
from smuggling.outcome import Case, Message, Outcome, host_name, origin_form

__all__ = ["PROXIES", "missing_program", "through_proxy"]

LANES = 8  # streams that go through a proxy at a time, each to a port and an upstream of its own
QUIET_SECONDS = 0.7  # after which a proxy that says and sends nothing waits for more
START_SECONDS = 30
# No refusal, and no 2xx, which would make a tunnel of what a CONNECT asked for.
ANSWER = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Lane:
    port: int  # the proxy listens on it
    upstream: int  # and goes there


@dataclass
class Upstream:
    """Takes one request of each connection, as the proxy framed it, and keeps it."""

    arrived: list[Message] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    connections: set[asyncio.Task[None]] = field(default_factory=set)
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # not a whole request, or the case is over
        finally:
            self.connections.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        start, *lines = head[:-4].split(b"\r\n")
        method, target, _ = start.split(b" ", 2)
        fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        named = dict(fields)
        framing = [name for name, _ in fields if name in (b"content-length", b"transfer-encoding")]
        if len(framing) > 1:
            self.odd.append("framed twice")
        if b"chunked" in named.get(b"transfer-encoding", b"").lower():
            length = 0
            while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
                length += len(await reader.readexactly(size))
                await reader.readexactly(2)
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
        else:
            length = int(named.get(b"content-length", b"0"))
            await reader.readexactly(length)
        self.arrived.append(Message(method, origin_form(target), length, host_name(named.get(b"host"))))
        self.seen.set()
        writer.write(ANSWER)
        await writer.drain()
        if rest := await reader.read():
            self.odd.append(f"{len(rest)} bytes behind a request")

    async def clear(self) -> None:
        for task in list(self.connections):
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)
        self.arrived, self.odd = [], []


async def _send(lane: Lane, upstream: Upstream, case: Case, quiet: float) -> Outcome:
    """What came of a stream, once the request behind it arrived, the proxy closed, or nothing more happens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lane.port)
    answers, end = b"", ""
    try:
        writer.write(case.bytes)
        read = asyncio.ensure_future(reader.read(65536))
        while not (upstream.arrived and upstream.arrived[-1].target == b"/next"):
            upstream.seen.clear()
            seen = asyncio.ensure_future(upstream.seen.wait())
            done, _ = await asyncio.wait([read, seen], timeout=quiet, return_when=asyncio.FIRST_COMPLETED)
            seen.cancel()
            if not done:
                end = "waits"
                break
            if read in done:
                try:
                    data = read.result()
                except ConnectionError:
                    data = b""
                if not data:
                    end = "closed"
                    break
                answers += data
                read = asyncio.ensure_future(reader.read(65536))
        read.cancel()
    except ConnectionError:
        end = "closed"
    finally:
        writer.close()
    refusals = [status for status in re.findall(rb"HTTP/1\.[01] (\d{3})", answers) if status >= b"400"]
    if refusals and end:
        end = refusals[-1].decode()
    if upstream.odd:
        end = " ".join([end, *upstream.odd]).strip()
    return Outcome(tuple(upstream.arrived), end)


async def _through(lanes: Sequence[Lane], cases: Sequence[Case], quiet: float) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    waiting = list(reversed(cases))

    async def drive(lane: Lane, upstream: Upstream) -> None:
        while waiting:
            case = waiting.pop()
            outcomes[case.name] = await _send(lane, upstream, case, quiet)
            await upstream.clear()

    async with AsyncExitStack() as stack:
        drivers = []
        for lane in lanes:
            upstream = Upstream()
            server = await asyncio.start_server(upstream.accept, "127.0.0.1", lane.upstream)
            stack.callback(server.close)
            drivers.append(drive(lane, upstream))
        await asyncio.gather(*drivers)
    return outcomes


# ---- the programs


def nginx(lanes: Sequence[Lane], directory: Path) -> list[str]:
    servers = "".join(
        f"server {{ listen 127.0.0.1:{lane.port}; location / {{ "
        f"proxy_pass http://127.0.0.1:{lane.upstream}; proxy_set_header Host $host; }} }}\n"
        for lane in lanes
    )
    temporary = "".join(
        f"{name}_temp_path {directory}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (directory / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {directory}/nginx.pid; error_log {directory}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}}}\n"
    )
    return ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]


def haproxy(lanes: Sequence[Lane], directory: Path) -> list[str]:
    proxies = "".join(
        f"listen l{i}\n bind 127.0.0.1:{lane.port}\n server s 127.0.0.1:{lane.upstream}\n"
        for i, lane in enumerate(lanes)
    )
    (directory / "haproxy.cfg").write_text(
        "global\n nbthread 1\ndefaults\n mode http\n option http-server-close\n retries 0\n"
        f" timeout connect 5s\n timeout client 30s\n timeout server 30s\n{proxies}"
    )
    return ["haproxy", "-db", "-f", str(directory / "haproxy.cfg")]


def bootstrap(lanes: Sequence[Lane], **options: Any) -> dict[str, Any]:
    """For Envoy and for the gateway of fastpath; options are those of the connection manager."""
    extensions = "type.googleapis.com/envoy.extensions.filters"
    clusters, listeners = [], []
    for i, lane in enumerate(lanes):
        address = {"address": "127.0.0.1", "port_value": lane.upstream}
        endpoint = {"endpoint": {"address": {"socket_address": address}}}
        clusters.append(
            {
                "name": f"c{i}",
                "type": "STATIC",
                "load_assignment": {"cluster_name": f"c{i}", "endpoints": [{"lb_endpoints": [endpoint]}]},
            }
        )
        route = {"match": {"prefix": "/"}, "route": {"cluster": f"c{i}"}}
        manager = {
            "@type": f"{extensions}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": f"l{i}",
            "codec_type": "HTTP1",
            "route_config": {"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
            "http_filters": [
                {"name": "router", "typed_config": {"@type": f"{extensions}.http.router.v3.Router"}},
            ],
            **options,
        }
        listeners.append(
            {
                "name": f"l{i}",
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": lane.port}},
                "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
            }
        )
    return {"static_resources": {"listeners": listeners, "clusters": clusters}}


def envoy(lanes: Sequence[Lane], directory: Path) -> list[str]:
    (directory / "envoy.json").write_text(
        json.dumps(bootstrap(lanes, http_protocol_options={"accept_http_10": True}, delayed_close_timeout="0s"))
    )
    options = ["--concurrency", "1", "-l", "error", "--disable-hot-restart"]
    return [program(), "-c", str(directory / "envoy.json"), *options]


def gateway(lanes: Sequence[Lane], directory: Path) -> list[str]:
    (directory / "gateway.json").write_text(json.dumps(bootstrap(lanes)))
    return [sys.executable, "-m", "fastpath", "gateway", str(directory / "gateway.json")]


PROXIES: dict[str, Callable[[Sequence[Lane], Path], list[str]]] = {
    "gateway": gateway,
    "nginx": nginx,
    "HAProxy": haproxy,
    "Envoy": envoy,
}


def missing_program(name: str) -> str:
    """The name of the program that a proxy needs and that is not installed; "" when all is there."""
    wanted = {"nginx": "nginx", "HAProxy": "haproxy"}.get(name, "")
    return "" if not wanted or shutil.which(wanted) else wanted


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


async def _until_listening(lanes: Sequence[Lane], process: subprocess.Popen[bytes], log: Path) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_SECONDS
    for lane in lanes:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", lane.port)
                writer.close()
                break
            except OSError:
                if process.poll() is not None or loop.time() > deadline:
                    raise RuntimeError(f"{process.args} does not listen: {log.read_text()}") from None
                await asyncio.sleep(0.05)


async def through_proxy(
    name: str, cases: Sequence[Case], directory: Path, quiet: float = QUIET_SECONDS
) -> dict[str, Outcome]:
    """What a proxy makes of each case, by its name."""
    ports = free_ports(2 * LANES)
    lanes = [Lane(*pair) for pair in zip(ports[:LANES], ports[LANES:], strict=True)]
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "output.log"
    with running(PROXIES[name](lanes, directory), log) as process:
        await _until_listening(lanes, process, log)
        return await _through(lanes, cases, quiet)
