"""`fastpath demo`: upstreams, a gateway and clients on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from .. import aio, console
from ..config import load
from ..errors import ConfigError
from ..models import Config
from ..proxy import Gateway
from .observe import CountingGateway
from .processes import dead_port, run_client, start_upstream
from .report import report
from .scenario import endpoints, is_dead, requests_for, upstream_name, with_ports
from .timing import library_share

__all__ = ["example", "run", "serve"]


def example(name: str = "canary.yaml") -> Path:
    """A file of examples/, which the installed package carries."""
    here = Path(__file__).resolve().parent.parent
    installed = here / "examples" / name
    return installed if installed.exists() else here.parent.parent / "examples" / name


def run(files: Sequence[Path], requests: int, connections: int, seed: int | None) -> int:
    """Run the demo; the exit status."""
    config = _load(files)
    return aio.run(_run(config, _names(files), requests, connections, seed))


def serve(files: Sequence[Path]) -> int:
    """Keep upstreams and gateway up on the configuration's own ports, until Ctrl-C."""
    config = _load(files)
    return aio.run(_serve(config, _names(files)))


def _load(files: Sequence[Path]) -> Config:
    config = load(files)
    if len(config.listeners) != 1:
        raise ConfigError(f"the demo shows one listener, and here are {len(config.listeners)}", source=_names(files))
    return config


def _names(files: Sequence[Path]) -> str:
    return " and ".join(file.name for file in files)


async def _start_upstreams(stack: AsyncExitStack, config: Config, *, fixed: bool) -> dict[int, int]:
    """Start what the clusters name; returns the ports that stand for the configured ones."""
    ports: dict[int, int] = {}
    for cluster in config.clusters:
        for index, endpoint in enumerate(endpoints(cluster)):
            wanted = endpoint.port if fixed else 0
            if is_dead(endpoint):
                ports[endpoint.port] = dead_port(stack, wanted)
            else:
                ports[endpoint.port] = await start_upstream(stack, upstream_name(cluster, index), wanted)
    return ports


async def _run(config: Config, names: str, count: int, connections: int, seed: int | None) -> int:
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        ports = await _start_upstreams(stack, config, fixed=False)
        config = with_ports(config, lambda port: 0, ports.__getitem__)
        gateway = CountingGateway(config, seed=seed)
        await stack.enter_async_context(gateway)
        (address,) = gateway.addresses.values()
        console.say(f"[bold]fastpath[/bold] serves {names} on {address[0]}:{address[1]}, {_loop_name()}")
        requests = requests_for(config, count)
        total = sum(request.count for request in requests)
        cpu = time.process_time()
        with console.progress(f"{connections} clients", total) as advance:
            plan = [(request.path, request.count) for request in requests]
            results = await run_client(stack, address, connections, plan, advance)
        cpu = time.process_time() - cpu
    problems = report(config, gateway, requests, results)
    _print_times(config, gateway, results, cpu)
    for problem in problems:
        console.say(f"[red]wrong:[/red] {problem}")
    verdict = "[red]not as configured[/red]" if problems else "[green]as configured[/green]"
    console.say(f"{verdict}, {time.monotonic() - began:.1f} s")
    return 1 if problems else 0


def _loop_name() -> str:
    return f"event loop {type(asyncio.get_running_loop()).__module__.partition('.')[0]}"


def _print_times(config: Config, gateway: CountingGateway, results: Sequence[Sequence[object]], cpu: float) -> None:
    times = sorted(float(str(result[3])) for result in results)
    marks = [
        f"p{percent:g} {times[min(len(times) - 1, int(len(times) * percent / 100))] * 1e3:.2f} ms"
        for percent in (50, 90, 99, 99.9)
    ]
    console.say(f"latency at the client: {', '.join(marks)}")
    parts = library_share(config, gateway.heads)
    each = ", ".join(f"{name} {value:.0f}" for name, value in parts.items())
    total = sum(parts.values())
    per_request = cpu / len(results) * 1e9
    console.say(
        f"the library's share of a request: [bold]{total:.0f} ns[/bold] ({each}), {total / per_request:.1%} of the "
        f"gateway's {per_request / 1e3:.0f} us of CPU"
    )


async def _serve(config: Config, names: str) -> int:
    async with AsyncExitStack() as stack:
        await _start_upstreams(stack, config, fixed=True)
        gateway = Gateway(config)
        await gateway.serve(ready=lambda: _print_commands(config, names))
    return 0


def _print_commands(config: Config, names: str) -> None:
    (listener,) = config.listeners
    url = f"http://{listener.address}:{listener.port}"
    console.say(f"[bold]fastpath[/bold] serves {names} on {url}; Ctrl-C ends it")
    for request in requests_for(config, 4):
        console.say(f"  curl -i '{url}{request.path}'")
