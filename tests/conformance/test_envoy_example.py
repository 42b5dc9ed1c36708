"""The example that the demo serves is a bootstrap that a real Envoy accepts."""

from __future__ import annotations

import subprocess

from conformance.envoy_oracle import program

from fastpath.demo.run import example


def test_the_example_is_what_envoy_accepts() -> None:
    command = [program(), "--mode", "validate", "-c", example()]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert f"configuration '{example()}' OK" in result.stdout
