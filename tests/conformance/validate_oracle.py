"""What a real Envoy and fastpath say against a file."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path

from conformance.envoy_oracle import program

from fastpath import ConfigError, ConfigErrors
from fastpath.clusters import ClusterManager
from fastpath.config import load
from fastpath.connections import FilterChainTable
from fastpath.errors import ConfigWarning
from fastpath.routing import RouteTable

_NODE = ["--service-node", "a", "--service-cluster", "b"]


def envoy_refuses(file: Path) -> str:
    """What Envoy says against a bootstrap; nothing when it takes it."""
    command = [program(), "--mode", "validate", "-c", str(file), "-l", "critical", *_NODE]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
    assert result.returncode in (0, 1), result
    return result.stderr or "refused" if result.returncode else ""


def fastpath_refuses(file: Path) -> Sequence[ConfigError]:
    """What `fastpath config check` says against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            config = load(file)
        for name in config.route_configurations:
            RouteTable.from_config(config, name, warn_shadowed=False)
        for listener in config.listeners:
            FilterChainTable(listener)
        ClusterManager(config.clusters)
    except ConfigErrors as errors:
        return errors.errors
    except ConfigError as error:
        return [error]
    return []
