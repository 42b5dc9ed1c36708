"""How long Envoy's configuration takes to load: 5,000 routes as JSON and as protobuf, and 9 MB of them as YAML.

    pytest benchmarks/bench_config.py --benchmark-only

The peers only parse, or make a dict of a message: what json and PyYAML's C loader make has no positions, is not checked
and means nothing yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf import json_format
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath.config import load

ROUTES, YAML_BYTES = 5_000, 9_000_000


def route(number: int, padding: int = 0) -> dict[str, Any]:
    """With padding, that many bytes more of metadata, which is what long routes are long of."""
    made: dict[str, Any] = {
        "name": f"route-{number}",
        "match": {
            "prefix": f"/api/v{number % 7}/service-{number}/",
            "headers": [{"name": "x-tenant", "string_match": {"exact": f"tenant-{number % 50}"}}],
        },
        "route": {
            "weighted_clusters": {"clusters": [{"name": "one", "weight": 90}, {"name": "two", "weight": 10}]},
            "timeout": "15s",
            "retry_policy": {"retry_on": "connect-failure,5xx", "num_retries": 2, "per_try_timeout": "5s"},
        },
        "request_headers_to_add": [{"header": {"key": "x-route", "value": f"{number}"}}],
    }
    if padding:
        labels = {f"label-{index}": f"value-{number}-{index}" for index in range(padding // 32)}
        made["metadata"] = {"filter_metadata": {"labels": labels}}
    return made


def routes(padding: int = 0) -> dict[str, Any]:
    hosts = [{"name": "all", "domains": ["*"], "routes": [route(number, padding) for number in range(ROUTES)]}]
    return {"name": "all", "virtual_hosts": hosts}


def once(benchmark: BenchmarkFixture, call: Callable[[], object], file: Path) -> None:
    benchmark.extra_info.update(routes=ROUTES, bytes=file.stat().st_size)
    benchmark.pedantic(call, rounds=1, warmup_rounds=0)


@pytest.fixture(scope="module")
def as_json(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("json") / "routes.json"
    file.write_text(json.dumps(routes()))
    return file


@pytest.fixture(scope="module")
def as_yaml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("yaml") / "routes.yaml"
    file.write_text(yaml.dump(routes(padding=1300), Dumper=yaml.CSafeDumper))
    assert file.stat().st_size > YAML_BYTES
    return file


@pytest.mark.benchmark(group="5,000 routes as JSON")
def test_json_fastpath(benchmark: BenchmarkFixture, as_json: Path) -> None:
    once(benchmark, lambda: load(as_json), as_json)


@pytest.mark.benchmark(group="5,000 routes as JSON")
def test_json_only_parsed(benchmark: BenchmarkFixture, as_json: Path) -> None:
    once(benchmark, lambda: json.loads(as_json.read_bytes()), as_json)


@pytest.fixture(scope="module")
def as_message() -> RouteConfiguration:
    message: RouteConfiguration = json_format.ParseDict(routes(), RouteConfiguration())
    return message


@pytest.mark.benchmark(group="5,000 routes as a protobuf message")
def test_message_fastpath(benchmark: BenchmarkFixture, as_message: RouteConfiguration) -> None:
    benchmark.extra_info.update(routes=ROUTES, bytes=as_message.ByteSize())
    benchmark.pedantic(lambda: load(as_message), rounds=1, warmup_rounds=0)


@pytest.mark.benchmark(group="5,000 routes as a protobuf message")
def test_message_only_to_dict(benchmark: BenchmarkFixture, as_message: RouteConfiguration) -> None:
    benchmark.pedantic(lambda: json_format.MessageToDict(as_message), rounds=1, warmup_rounds=0)


@pytest.mark.benchmark(group="5,000 routes as 9 MB of YAML")
def test_yaml_fastpath(benchmark: BenchmarkFixture, as_yaml: Path) -> None:
    once(benchmark, lambda: load(as_yaml), as_yaml)


@pytest.mark.benchmark(group="5,000 routes as 9 MB of YAML")
def test_yaml_only_parsed(benchmark: BenchmarkFixture, as_yaml: Path) -> None:
    once(benchmark, lambda: yaml.load(as_yaml.read_bytes(), Loader=yaml.CSafeLoader), as_yaml)
