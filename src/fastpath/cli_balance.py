"""`fastpath balance simulate`: what a configuration's clusters do with requests."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from . import console, models
from .clusters import ClusterManager, NoHostAvailable
from .config import load
from .errors import ConfigError
from .simulation import (
    Growth,
    Latency,
    Load,
    Movement,
    Share,
    simulate_growth,
    simulate_load,
    simulate_movement,
    simulate_shares,
)

__all__ = ["add_commands"]

_COLUMNS = ("host", ">priority", ">weight", ">by weight", ">picked", ">under load", ">mean active", ">most active")


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Put `balance simulate` among the commands."""
    balance = commands.add_parser("balance", help="try out clusters").add_subparsers(required=True, metavar="command")
    simulate = balance.add_parser("simulate", help="shares against weights, movement of keys, load of hosts")
    simulate.add_argument("config", type=Path, metavar="CONFIG")
    simulate.add_argument("--cluster", metavar="NAME", help="(default: all)")
    simulate.add_argument("--picks", type=_count, default=100_000, metavar="N", help="(default: %(default)s)")
    simulate.add_argument("--keys", type=_count, default=20_000, metavar="N", help="(default: %(default)s)")
    simulate.add_argument("--rate", type=_rate, default=1000.0, metavar="R", help="requests a second (%(default)s)")
    simulate.add_argument(
        "--latency", type=_latency, default="95:10ms,5:100ms", metavar="MIX", help="parts and times (%(default)s)"
    )
    simulate.add_argument(
        "--slow", type=_slow, action="append", default=[], metavar="HOST=MIX", help="a host with a latency of its own"
    )
    simulate.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    simulate.add_argument("--json", action="store_true", help="print JSON instead of tables")
    simulate.add_argument("--plot", type=_picture, metavar="FILE", help="draw it as well, as .png or .svg; one cluster")
    simulate.set_defaults(command=_simulate)


def _count(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def _rate(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0, and finite")
    return number


def _picture(text: str) -> Path:
    file = Path(text)
    if file.suffix not in (".png", ".svg"):
        raise argparse.ArgumentTypeError("a picture's name ends with .png or .svg")
    return file


def _latency(text: str) -> Latency:
    try:
        return Latency.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _slow(text: str) -> tuple[str, Latency]:
    host, equals, mix = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError("expected HOST=MIX, for example 10.0.0.1:80=100ms")
    return host, _latency(mix)


def _simulate(options: argparse.Namespace) -> int:
    config = load(options.config)
    chosen = [model for model in config.clusters if options.cluster in (None, model.name)]
    if not chosen:
        what = "no cluster" if options.cluster is None else f"no cluster {options.cluster!r}"
        raise ConfigError(f"{what} to simulate", source=str(options.config))
    if options.plot and len(chosen) > 1:
        raise ConfigError("a picture is of one cluster: choose it with --cluster", source=str(options.config))
    manager = ClusterManager(
        [model for model in config.clusters if model in chosen or model.name == config.local_cluster_name],
        seed=options.seed,
        locality=config.locality,
        local_cluster_name=config.local_cluster_name,
    )
    _check_slow(options.slow, {str(host) for model in chosen for host in manager[model.name].hosts}, options.config)
    documents = []
    for model in chosen:
        cluster = manager[model.name]
        try:
            shares = simulate_shares(cluster, options.picks, seed=options.seed)
            movement = simulate_movement(model, options.keys, seed=options.seed)
            growth = simulate_growth(model, options.picks, seed=options.seed)
            loads = simulate_load(
                cluster,
                options.picks,
                rate=options.rate,
                latency=options.latency,
                slow=dict(options.slow),
                seed=options.seed,
            )
        except NoHostAvailable as error:
            console.say(f"[bold]{model.name}[/bold]: {error}")
            continue
        if options.json:
            documents.append(_document(model, shares, movement, growth, loads))
        else:
            _print(model, shares, movement, growth, loads)
        if options.plot:
            from .simulation.plot import draw

            draw(options.plot, f"{model.name}, {model.lb_policy.name}", shares, loads)
    if options.json:
        print(json.dumps(documents, indent=2))
    return 0


def _check_slow(slow: list[tuple[str, Latency]], hosts: set[str], file: Path) -> None:
    for host, _ in slow:
        if host not in hosts:
            raise ConfigError(
                f"--slow: there is no host {host!r}; hosts are {', '.join(sorted(hosts))}", source=str(file)
            )


def _print(
    model: models.Cluster, shares: list[Share], movement: Movement | None, growth: Growth | None, loads: list[Load]
) -> None:
    console.say(f"[bold]{model.name}[/bold], {model.lb_policy.name}")
    rows = [
        [
            str(share.host),
            str(share.host.priority),
            str(share.host.weight),
            f"{share.weight:.2%}",
            f"{share.picked:.2%}",
            f"{load.share:.2%}",
            f"{load.mean_active:.2f}",
            str(load.most_active),
        ]
        for share, load in zip(shares, loads, strict=True)
    ]
    console.table(
        ["host", ">priority", ">weight", ">by weight", ">picked", ">under load", ">mean active", ">most active"], rows
    )
    if movement is not None:
        console.say(
            f"when a host leaves or joins, {movement.moved:.2%} of the keys move: {movement.needed:.2%} because they "
            f"must, {movement.excess:.2%} between hosts that stay"
        )
    if growth is not None:
        shown = ", ".join(f"{share:.2%} after {seconds:g} s" for seconds, share in growth.shares)
        console.say(f"when {growth.host} joins, it gets {shown}")
    console.say("")


def _document(
    model: models.Cluster, shares: list[Share], movement: Movement | None, growth: Growth | None, loads: list[Load]
) -> dict[str, object]:
    return {
        "cluster": model.name,
        "policy": model.lb_policy.name,
        "hosts": [
            {
                "host": str(share.host),
                "priority": share.host.priority,
                "weight": share.host.weight,
                "by_weight": share.weight,
                "picked": share.picked,
                "under_load": load.share,
                "mean_active": load.mean_active,
                "most_active": load.most_active,
            }
            for share, load in zip(shares, loads, strict=True)
        ],
        "movement": None if movement is None else {"moved": movement.moved, "needed": movement.needed},
        "slow_start": None
        if growth is None
        else {
            "host": str(growth.host),
            "shares": [{"seconds": seconds, "picked": share} for seconds, share in growth.shares],
        },
    }
