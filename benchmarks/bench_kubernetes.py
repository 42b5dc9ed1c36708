"""How long a Kubernetes cluster takes to load: EndpointSlices by the thousand, and an Ingress for each Service.

    pytest benchmarks/bench_kubernetes.py --benchmark-only

The peers only parse: what json and PyYAML's C loader make has no positions, is not checked and means nothing yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath.config import load

SLICES, ENDPOINTS, SERVICES = 10_000, 3, 1_000


def service(number: int) -> dict[str, Any]:
    spec = {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"}, "spec": spec}


def endpoint_slice(number: int) -> dict[str, Any]:
    name = f"s{number % SERVICES}"
    endpoints = [
        {
            "addresses": [f"10.{number // 256}.{number % 256}.{index + 1}"],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": f"node-{index}",
            "zone": f"zone-{index}",
            "targetRef": {"kind": "Pod", "name": f"{name}-{number}-{index}", "namespace": "default"},
        }
        for index in range(ENDPOINTS)
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-{number}", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    }


def ingress(number: int) -> dict[str, Any]:
    backend = {"service": {"name": f"s{number}", "port": {"name": "http"}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend} for path in ("/", "/api", "/static")]
    spec = {"rules": [{"host": f"s{number}.example.com", "http": {"paths": paths}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": f"s{number}"}, "spec": spec}


def once(benchmark: BenchmarkFixture, call: Callable[[], object], objects: int) -> None:
    benchmark.extra_info["objects"] = objects
    benchmark.pedantic(call, rounds=1, warmup_rounds=0)


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    items = [*map(service, range(SERVICES)), *map(endpoint_slice, range(SLICES))]
    file = tmp_path_factory.mktemp("slices") / "slices.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return file


@pytest.fixture(scope="module")
def ingresses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ingress") / "ingress.yaml"
    file.write_text(yaml.dump_all([*map(service, range(SERVICES)), *map(ingress, range(SERVICES))]))
    return file


@pytest.mark.benchmark(group="10,000 EndpointSlices as JSON")
def test_slices_fastpath(benchmark: BenchmarkFixture, slices: Path) -> None:
    once(benchmark, lambda: load(slices), SLICES + SERVICES)


@pytest.mark.benchmark(group="10,000 EndpointSlices as JSON")
def test_slices_json(benchmark: BenchmarkFixture, slices: Path) -> None:
    once(benchmark, lambda: json.loads(slices.read_bytes()), SLICES + SERVICES)


@pytest.mark.benchmark(group="1,000 Ingresses and Services as YAML")
def test_ingresses_fastpath(benchmark: BenchmarkFixture, ingresses: Path) -> None:
    once(benchmark, lambda: load(ingresses), 2 * SERVICES)


@pytest.mark.benchmark(group="1,000 Ingresses and Services as YAML")
def test_ingresses_pyyaml(benchmark: BenchmarkFixture, ingresses: Path) -> None:
    once(benchmark, lambda: list(yaml.load_all(ingresses.read_bytes(), Loader=yaml.CSafeLoader)), 2 * SERVICES)
