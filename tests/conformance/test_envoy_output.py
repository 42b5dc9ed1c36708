"""What is written of the examples, whatever they are written in, is a bootstrap that a real Envoy accepts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from conformance.envoy_oracle import program
from property.mutated_documents import SCOPE

from fastpath.config import load, to_yaml
from fastpath.models import Config

EXAMPLES = Path(__file__).parents[2] / "examples"
ISTIO = Path(__file__).parents[1] / "property" / "istio"


@pytest.mark.parametrize(
    "names",
    [
        ("canary.yaml",),
        ("canary-ingress.yaml", "canary-services.yaml"),
        ("canary-gateway.yaml", "canary-services.yaml"),
        ("canary-istio.yaml", "canary-services.yaml"),
    ],
    ids=lambda names: names[0],
)
def test_the_examples_written_again_are_what_envoy_accepts(names: tuple[str, ...], tmp_path: Path) -> None:
    refuse_nothing(load([EXAMPLES / name for name in names]), tmp_path)


@pytest.mark.parametrize("name", ["connections", "policies"])
def test_istio_documents_become_what_envoy_accepts(name: str, tmp_path: Path) -> None:
    """Filter chains of the mesh and of gateways, priorities and shares of localities."""
    documents = list(yaml.safe_load_all((ISTIO / f"{name}.yaml").read_text()))
    for each in documents:
        if each["kind"] == "Gateway":  # without servers whose certificates are only names
            servers = each["spec"]["servers"]
            each["spec"]["servers"] = [server for server in servers if "privateKey" not in server.get("tls", {})]
    refuse_nothing(load(documents, scope=SCOPE), tmp_path)


def refuse_nothing(config: Config, directory: Path) -> None:
    file = directory / "envoy.yaml"
    file.write_text(to_yaml(config), encoding="utf-8")
    command = [program(), "--mode", "validate", "-c", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
