"""A configuration in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from fastpath.clusters import ClusterManager
from fastpath.errors import ConfigError
from fastpath.models import Config
from fastpath.routing import RouteTable

__all__ = ["LiveConfig"]


class _Current(NamedTuple):
    config: Config
    tables: Mapping[str, RouteTable]


class LiveConfig:
    """The clusters and route tables of a configuration, which another one can take the place of.

    `seed` and `clock` are as for ClusterManager and RouteTable. ConfigError when the configuration is refused. Any
    thread may read while another one applies.
    """

    clusters: ClusterManager
    """Always this object; a cluster whose name stays is the same one too."""

    def __init__(self, config: Config, *, seed: int | None = None, clock: Callable[[], float] = time.monotonic):
        self._seed = seed
        self._applying = threading.Lock()
        self._current = _Current(config, self._tables_of(config, None))
        self.clusters = ClusterManager(
            config.clusters,
            seed=seed,
            clock=clock,
            locality=config.locality,
            local_cluster_name=config.local_cluster_name,
        )

    @property
    def config(self) -> Config:
        """What was applied last."""
        return self._current.config

    @property
    def tables(self) -> Mapping[str, RouteTable]:
        """By the names of route configurations; all of one configuration. Ask again for those of the next."""
        return self._current.tables

    def apply(self, config: Config) -> None:
        """Take up another configuration: all of it or, with a ConfigError, nothing.

        Hosts that stay keep their identity and counters (see ClusterManager.update); tables whose routes and listeners
        are as before stay. New clusters are there before the routes to them, old ones until no table leads to them.
        Where this program runs, and as part of which cluster, cannot change.
        """
        with self._applying:
            before = self._current
            if config == before.config:
                return
            _check_place(before.config, config)
            tables = self._tables_of(config, before)
            names = {model.name for model in config.clusters}
            leaving = [model for model in before.config.clusters if model.name not in names]
            self.clusters.update([*config.clusters, *leaving])
            self._current = _Current(config, tables)
            self.clusters.update(config.clusters)

    def _tables_of(self, config: Config, before: _Current | None) -> Mapping[str, RouteTable]:
        tables: dict[str, RouteTable] = {}
        for name, routes in config.route_configurations.items():
            # A listener's connection manager says what is done to hosts and paths before they are matched.
            same = before is not None and before.config.listeners == config.listeners
            if before is not None and same and before.config.route_configurations.get(name) == routes:
                tables[name] = before.tables[name]
            else:
                tables[name] = RouteTable.from_config(config, name, seed=self._seed)
        return MappingProxyType(tables)


def _check_place(before: Config, after: Config) -> None:
    for name in ("locality", "local_cluster_name"):
        old, new = getattr(before, name), getattr(after, name)
        if new != old:
            raise ConfigError(f"{new!r} takes the place of {old!r}, which cannot change while it is in use", path=name)
