"""The code of the README runs as it stands there."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block_with(text: str) -> str:
    (found,) = [block for block in BLOCKS if text in block]
    return found


@pytest.fixture
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("in_the_repository")
def test_the_library_without_the_gateway(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block_with("parse_request"), "README.md", "exec"), {"__name__": "readme"})
    assert capsys.readouterr().out.startswith("127.0.0.1 10")


def test_the_custom_gateway(tmp_path: Path) -> None:
    """As its own program, in front of an upstream of the demo."""
    program = block_with("class Guarded")
    assert len(program.strip().splitlines()) <= 25
    script = tmp_path / "gateway.py"
    script.write_text(program)
    example = (ROOT / "examples" / "canary.yaml").read_text()
    command = [sys.executable, "-u", "-m", "fastpath.demo.upstream", "v2-a", "0"]
    upstream = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert upstream.stdout is not None
        port = upstream.stdout.readline().strip()
        listening = _free_port()
        (tmp_path / "examples").mkdir()
        changed = example.replace("port_value: 10021", f"port_value: {port}").replace("10000", str(listening))
        (tmp_path / "examples" / "canary.yaml").write_text(changed)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with subprocess.Popen(
            [sys.executable, "-u", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment
        ) as gateway:
            try:
                assert gateway.stdout is not None
                assert _get(listening, {}) == (401, b"say the word\n")
                assert _get(listening, {"Authorization": "Bearer sesame"}) == (200, b"v2-a GET /x 0\n")
                lines = [gateway.stdout.readline() for _ in range(2)]
                assert lines == ["b'GET' b'/shop/beta/x' 401 None\n", f"b'GET' b'/shop/beta/x' 200 127.0.0.1:{port}\n"]
                gateway.terminate()
                assert gateway.wait(20) == 0
            finally:
                gateway.kill()
    finally:
        upstream.kill()
        upstream.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(port: int, headers: dict[str, str]) -> tuple[int, bytes]:
    """Wait for the gateway to listen, then ask it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/shop/beta/x", headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        except ConnectionRefusedError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise AssertionError("the gateway does not listen")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
