"""The command line: `fastpath demo`, `fastpath config`, `fastpath routes`, `fastpath balance`, `fastpath bench`,
`fastpath --version`."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import fastpath

from . import cli_balance, cli_bench, cli_gateway, cli_routes
from .cli_scope import add_scope, scope_of
from .clusters import ClusterManager
from .config import Scope, differences, load, to_json, to_yaml
from .connections import FilterChainTable
from .errors import ConfigError, ConfigErrors, ConfigWarning
from .models import Config
from .routing import RouteTable

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        return 130
    except (ConfigError, OSError, ImportError) as error:
        print(f"fastpath: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fastpath", description=fastpath.__doc__)
    parser.add_argument("--version", action="version", version=f"fastpath {fastpath.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="real upstreams, a gateway and clients on loopback")
    demo.add_argument(
        "--config",
        type=Path,
        nargs="+",
        action="extend",
        metavar="FILE",
        help="a configuration (default: a canary release)",
    )
    demo.add_argument("--requests", type=_positive, default=8000, metavar="N", help="how many (default: %(default)s)")
    demo.add_argument("--connections", type=_positive, default=16, metavar="N", help="at a time (default: %(default)s)")
    demo.add_argument("--seed", type=int, help="make the gateway's choices repeatable")
    demo.add_argument("--serve", action="store_true", help="send nothing; stay up, on the ports of the file, for curl")
    demo.set_defaults(command=_demo)
    cli_gateway.add_gateway(commands)

    config = commands.add_parser("config", help="work on configurations").add_subparsers(
        required=True, metavar="command"
    )
    check = config.add_parser("check", help="load files together and build what they describe; say all that is wrong")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--lenient", action="store_true", help="warn about unknown fields instead of refusing them")
    add_scope(check)
    check.set_defaults(command=_check)
    diff = config.add_parser("diff", help="say what would change if NEW took the place of OLD; exit as diff does")
    diff.add_argument("old", type=Path, metavar="OLD")
    diff.add_argument("new", type=Path, metavar="NEW")
    add_scope(diff)
    diff.set_defaults(command=_diff)
    show = config.add_parser("print", help="load files together and print them as one configuration of Envoy's")
    show.add_argument("files", nargs="+", type=Path, metavar="FILE")
    show.add_argument("--json", action="store_true", help="as JSON (default: YAML)")
    show.add_argument(
        "--form",
        choices=("bootstrap", "resources"),
        default="bootstrap",
        help="a bootstrap, or what discovery tells (default: %(default)s)",
    )
    add_scope(show)
    show.set_defaults(command=_print)
    cli_routes.add_commands(commands)
    cli_balance.add_commands(commands)
    cli_bench.add_commands(commands)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def _demo(options: argparse.Namespace) -> int:
    from .demo.run import example, run, serve

    files = options.config or [example()]
    if options.serve:
        return serve(files)
    return run(files, options.requests, options.connections, options.seed)


def _diff(options: argparse.Namespace) -> int:
    """0 when they are equal, 1 when they differ, 2 when one cannot be loaded."""
    try:
        scope = scope_of(options)
        old, new = load(options.old, scope=scope), load(options.new, scope=scope)
    except ConfigError as error:
        print(f"fastpath: {error}", file=sys.stderr)
        return 2
    found = differences(old, new)
    for difference in found:
        print(difference)
    return 1 if found else 0


def _print(options: argparse.Namespace) -> int:
    config = load(options.files, scope=scope_of(options))
    text = (to_json if options.json else to_yaml)(config, form=options.form)
    _print_refusals(config, sys.stderr)
    sys.stdout.write(text)
    return 0


def _check(options: argparse.Namespace) -> int:
    errors = _problems_of(options.files, lenient=options.lenient, scope=scope_of(options))
    for error in errors:
        print(error)
    verdict = f"{len(errors)} errors" if len(errors) > 1 else "1 error" if errors else "ok"
    print(f"{' '.join(map(str, options.files))}: {verdict}")
    return 1 if errors else 0


def _problems_of(files: Sequence[Path], *, lenient: bool, scope: Scope) -> Sequence[ConfigError]:
    with warnings.catch_warnings():
        warnings.simplefilter("always", ConfigWarning)
        warnings.showwarning = lambda message, *_: print(f"warning: {message}")
        try:
            config = load(files, lenient=lenient, scope=scope)
            for routes in config.route_configurations.values():
                RouteTable(routes, warn_shadowed=True)
            for listener in config.listeners:
                FilterChainTable(listener)
            ClusterManager(config.clusters, locality=config.locality, local_cluster_name=config.local_cluster_name)
            _print_refusals(config, sys.stdout)
        except ConfigErrors as error:
            return error.errors
        except ConfigError as error:
            return [error]
    return []


def _print_refusals(config: Config, output: TextIO) -> None:
    """What the objects of a Kubernetes cluster ask for in vain; it may come to be there later."""
    for status in config.statuses:
        for where, condition in status.refusals():
            name = (
                f"{status.kind} {status.namespace}/{status.name}"
                if status.namespace
                else f"{status.kind} {status.name}"
            )
            message = f": {condition.message}" if condition.message else ""
            place = ", ".join(filter(None, (name, where)))
            verdict = f"{condition.type} is {str(condition.status).lower()}, {condition.reason}{message}"
            print(f"warning: {place}: {verdict}", file=output)
