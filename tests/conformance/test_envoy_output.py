"""What is written of the examples, whatever they are written in, is a bootstrap that a real Envoy accepts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conformance.envoy_oracle import program

from fastpath.config import load, to_yaml

EXAMPLES = Path(__file__).parents[2] / "examples"


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
    file = tmp_path / "envoy.yaml"
    file.write_text(to_yaml(load([EXAMPLES / name for name in names])), encoding="utf-8")
    command = [program(), "--mode", "validate", "-c", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
