"""Routes to measure with, and routers that find one of them by its path."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Literal

from .. import PathRouter, RouteTable
from ..models import Route, RouteAction, RouteMatch, VirtualHost
from .peers import peer

__all__ = ["Find", "paths_of", "questions", "table_of", "with_dict", "with_path_router", "with_pymatchit"]

RESOURCES = ["users", "orders", "items", "invoices", "reports", "sessions", "search"]

Find = Callable[[str], object]


def paths_of(count: int) -> list[str]:
    """The same names as the benchmark of the C core gives its routes."""
    return [f"/api/v{i % 3}/team{i % 101}/{RESOURCES[i % 7]}/{i}/" for i in range(count)]


def questions(count: int, lookups: int) -> list[str]:
    """Strings of their own, in an order that no branch predictor learns."""
    paths = ["".join(path) for path in paths_of(count)]
    return random.Random(count).choices(paths, k=lookups)


def table_of(paths: list[str], kind: Literal["path", "prefix"]) -> RouteTable:
    matches = (RouteMatch(path=path) if kind == "path" else RouteMatch(prefix=path) for path in paths)
    routes = tuple(Route(match, RouteAction(cluster=f"c{i % 50}")) for i, match in enumerate(matches))
    return RouteTable([VirtualHost("all", ("*",), routes)])


def with_dict(paths: list[str]) -> Find:
    return dict(zip(paths, range(len(paths)), strict=True)).__getitem__


def with_path_router(paths: list[str]) -> Find:
    return PathRouter(dict(zip(paths, range(len(paths)), strict=True))).find


def with_pymatchit(paths: list[str]) -> Find:
    router = peer("pymatchit").PyRouter()
    for index, path in enumerate(paths):
        router.insert(path, index)
    find: Find = router.at
    return find
