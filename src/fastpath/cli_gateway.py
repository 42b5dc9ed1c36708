"""`fastpath gateway`: the reference gateway on the ports of a configuration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import aio
from .cli_scope import add_scope, scope_of
from .config import Scope, load
from .proxy import Gateway
from .watching import ConfigFiles, ConfigFollowing

__all__ = ["add_gateway"]


def add_gateway(commands: Any) -> None:
    """Add the command to those of the parser."""
    gateway = commands.add_parser("gateway", help="serve a configuration's listeners until Ctrl-C")
    gateway.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files and directories, loaded together")
    gateway.add_argument("--watch", action="store_true", help="take up what the files say when they change")
    gateway.add_argument("--seed", type=int, help="make the gateway's choices repeatable")
    add_scope(gateway)
    gateway.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    return _run(options.files, scope_of(options), watch=options.watch, seed=options.seed)


def _run(files: Sequence[Path], scope: Scope, *, watch: bool, seed: int | None) -> int:
    loading = partial(load, scope=scope)
    gateway = Gateway(loading(files), seed=seed)
    aio.run(_serve(gateway, ConfigFiles(files, load=loading) if watch else None))
    return 0


async def _serve(gateway: Gateway, files: ConfigFiles | None) -> None:
    followings: list[ConfigFollowing] = []

    def ready() -> None:
        for name, (address, port) in gateway.addresses.items():
            print(f"{name or 'listener'}: {address} port {port}", flush=True)
        if files is not None:
            followings.append(gateway.follow(files, on_failure=_tell))

    try:
        await gateway.serve(ready=ready)
    finally:
        for following in followings:
            await following.close()


def _tell(error: Exception) -> None:
    print(f"fastpath: not taken up: {error}", file=sys.stderr, flush=True)
