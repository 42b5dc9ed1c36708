"""What a real Envoy refuses when it validates a route configuration, item by item, and what we refuse.

Ours say where the fault is. What Envoy takes is shown to it all at once, so that the test starts it fewer times.
"""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conformance.envoy_oracle import program
from conformance.refusal_cases import BOTH_REFUSE, BOTH_TAKE, FAULT, ONLY_ENVOY_REFUSES, ONLY_WE_REFUSE
from conformance.route_oracle import EXTENSIONS, Document, bootstrap, cluster, listener

import fastpath

FILTERS = [
    {"name": "envoy.filters.http.fault", "typed_config": {"@type": FAULT}},
    {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{EXTENSIONS}.http.router.v3.Router"}},
]
LISTENERS = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config"


def document_of(*configurations: Document) -> Document:
    listeners = [
        listener(f"l{index}", index + 1, routes, {"http_filters": FILTERS})
        for index, routes in enumerate(configurations)
    ]
    return bootstrap(listeners, [cluster("c", 1), cluster("d", 1)])


def envoys_refusal(document: Document, file: Path) -> str | None:
    """What Envoy says against the document, None when it takes it."""
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [program(), "--mode", "validate", "-l", "error", "-c", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
    return None if result.returncode == 0 else result.stdout + result.stderr


def our_refusal(routes: Document) -> fastpath.ConfigError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fastpath.ConfigWarning)
            fastpath.RouteTable.from_config(fastpath.load(document_of(routes)), "l0")
    except fastpath.ConfigError as error:
        return error
    return None


def test_what_envoy_refuses(tmp_path: Path) -> None:
    expected = BOTH_REFUSE | ONLY_ENVOY_REFUSES
    files = [tmp_path / f"{index}.json" for index in range(len(expected))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        refusals = pool.map(envoys_refusal, map(document_of, expected.values()), files)
    taken = [name for name, refusal in zip(expected, refusals, strict=True) if refusal is None]
    assert taken == []


def test_what_envoy_takes(tmp_path: Path) -> None:
    expected = BOTH_TAKE | ONLY_WE_REFUSE
    assert envoys_refusal(document_of(*expected.values()), tmp_path / "all.json") is None


@pytest.mark.parametrize("name", [*BOTH_REFUSE, *ONLY_WE_REFUSE])
def test_what_we_refuse(name: str) -> None:
    error = our_refusal((BOTH_REFUSE | ONLY_WE_REFUSE)[name])
    assert error is not None
    first = error.errors[0] if isinstance(error, fastpath.ConfigErrors) else error
    assert first.path.startswith(LISTENERS)
    assert first.reason


@pytest.mark.parametrize("name", [*BOTH_TAKE, *ONLY_ENVOY_REFUSES])
def test_what_we_take(name: str) -> None:
    assert our_refusal((BOTH_TAKE | ONLY_ENVOY_REFUSES)[name]) is None


def test_the_rest_of_the_table_stays_when_one_is_refused() -> None:
    config = fastpath.load(document_of(BOTH_TAKE["same vh name"]))
    table = fastpath.RouteTable.from_config(config, "l0")
    before = table.virtual_hosts
    for routes in (BOTH_REFUSE | ONLY_WE_REFUSE).values():
        try:
            changed = fastpath.load(document_of(routes)).route_configurations["l0"]
        except fastpath.ConfigError:
            continue
        with pytest.raises(fastpath.ConfigError):
            table.update(changed)
        assert table.virtual_hosts == before
