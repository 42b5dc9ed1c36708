"""The fenced blocks of a page, run one after the other as its reader would: Python, shell, YAML, C.

A page may say three things of a block, all of which its reader sees too:

    # shop.yaml                             the first line names a file: the block is what is in it. Python that is a
                                            file runs when a shell block runs it
    # bad.yaml: refused                     so is this one, and the loader does not take it
    # not run by the tests: REASON          nothing is done with it
    $ fastpath config check x   # exits with 1    a command that does not succeed

Ports 18000 to 18999 stand for free ones.

What a page shows below a command is what comes out, line by line in this order, with more in between if need be; `...`
stands for any text. A command with `&` is waited for until it has written what is shown.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

import fastpath
from fastpath.config import Scope

__all__ = ["LANGUAGES", "Block", "Command", "blocks_of", "commands_of", "run"]

# nginx is what others have; text is a picture or an output.
LANGUAGES = {"python", "console", "yaml", "c", "nginx", "text"}
_FENCED = re.compile(r"^(```+)([^\n]*)\n(.*?)^\1$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# ([\w.-]+\.(?:yaml|py|json))(: refused)?")
_NOT_RUN = re.compile(r"# not run by the tests: (\S.*)")
_EXITS = re.compile(r"# exits with (\d+)$")
_PORT = re.compile(r"\b18\d{3}\b")
_PATIENCE = 60.0


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    """Of its first line within the page."""
    language: str
    text: str

    @property
    def first(self) -> str:
        return self.text.partition("\n")[0]

    @property
    def not_run(self) -> str:
        """Why it is not run; "" when it is."""
        found = _NOT_RUN.fullmatch(self.first)
        return found[1] if found else ""

    @property
    def file(self) -> str:
        found = _FILE.fullmatch(self.first)
        return found[1] if found else ""

    @property
    def refused(self) -> bool:
        found = _FILE.fullmatch(self.first)
        return bool(found and found[2])

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    text: str
    shown: tuple[str, ...]
    """What is to come out."""

    @property
    def status(self) -> int:
        found = _EXITS.search(self.text)
        return int(found[1]) if found else 0

    @property
    def in_background(self) -> bool:
        return self.text.endswith("&")


def blocks_of(page: Path) -> list[Block]:
    """Those of languages; directives of Sphinx are its own business."""
    text = page.read_text()
    return [
        Block(page, text.count("\n", 0, found.start()) + 2, found[2], found[3])
        for found in _FENCED.finditer(text)
        if not found[2].startswith("{")
    ]


def commands_of(block: Block) -> list[Command]:
    commands: list[tuple[str, list[str]]] = []
    for line in () if block.not_run else block.text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif line.startswith("> ") and not commands[-1][1]:
            commands[-1] = (commands[-1][0] + "\n" + line[2:], [])
        elif not commands:
            raise AssertionError(f"{block}: a shell block begins with a command, '$ ...'")
        elif line.strip():
            commands[-1][1].append(line)
    return [Command(text, tuple(shown)) for text, shown in commands]


def run(blocks: Sequence[Block], directory: Path, names: dict[str, Any]) -> None:
    """All of a page's, in a directory that is the current one."""
    for block in _with_free_ports(blocks):
        if block.not_run:
            continue
        if block.file:
            Path(directory, block.file).write_text(block.text)
        if block.language == "python" and not block.file:
            code = "\n" * (block.line - 1) + block.text  # so that a traceback names the line of the page
            exec(compile(code, str(block.page), "exec", dont_inherit=True), names)
        elif block.language == "yaml":
            _load(block, directory)
        elif block.language == "console":
            with Shell(directory) as shell:
                for command in commands_of(block):
                    shell.run(command, str(block))
        elif block.language == "c":
            _compile(block)


def _with_free_ports(blocks: Sequence[Block]) -> list[Block]:
    named = sorted({port for block in blocks for port in _PORT.findall(block.text)})
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in named]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        free = {port: str(each.getsockname()[1]) for port, each in zip(named, sockets, strict=True)}
    return [replace(block, text=_PORT.sub(lambda found: free[found[0]], block.text)) for block in blocks]


def _load(block: Block, directory: Path) -> None:
    document = yaml.safe_load(block.text) if "\n---" not in block.text else None
    if isinstance(document, dict) and "tests" in document:
        return  # `fastpath routes check` reads it, in a shell block of the page
    file = directory / (block.file or "documented.yaml")
    file.write_text(block.text)
    refusal = _refusal_of(file)
    assert bool(refusal) == block.refused, f"{block}: {refusal or 'is taken'}"


def _refusal_of(file: Path) -> str:
    try:
        config = fastpath.load(file, scope=Scope(labels={"app": "web"}))  # some documents are for a workload
        for routes in config.route_configurations.values():
            fastpath.RouteTable(routes)
        fastpath.ClusterManager(config.clusters)
    except fastpath.ConfigError as error:
        return str(error)
    return ""


def _compile(block: Block) -> None:
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", fastpath.get_include()]
    done = subprocess.run([*command, "-x", "c", "-"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block}: {done.stderr}"


class Shell:
    """A bash that is told one command at a time. What it left running ends with it."""

    def __init__(self, directory: Path):
        self._output = directory / ".shell-output"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment: Mapping[str, str] = {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "120",
        }
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [shutil.which("bash") or "bash", "--norc"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=environment,
                start_new_session=True,
                text=True,
            )
        # A sanitized archive wants its flags; curl hangs at its start with a sanitizer loaded before it.
        self._say('cc() { command cc $CFLAGS "$@"; }; curl() { LD_PRELOAD= command curl "$@"; }')

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def run(self, command: Command, where: str) -> None:
        begin = self._output.stat().st_size
        self._say(f"{{ {command.text}\n}} </dev/null\necho $? >.shell-status")
        status = self._output.parent / ".shell-status"
        deadline = time.monotonic() + _PATIENCE
        while True:
            done = status.exists() and status.read_text().strip()
            written = self._output.read_bytes()[begin:].decode(errors="replace")
            missing = _missing(command.shown, written)
            if done and (missing is None or not command.in_background):
                break
            assert self._process.poll() is None, f"{where}: the shell has ended: {written}"
            assert time.monotonic() < deadline, f"{where}: {command.text} takes too long; it wrote {written!r}"
            time.sleep(0.02)
        status.unlink()
        assert int(done) == command.status, f"{where}: {command.text} exits with {done}: {written}"
        assert missing is None, f"{where}: {command.text} does not write {missing!r}, but\n{written}"


def _missing(shown: Sequence[str], written: str) -> str | None:
    """The first line that is shown and was not written at its turn."""
    lines = iter([" ".join(line.split()) for line in written.splitlines()])
    for wanted in shown:
        pattern = ".*".join(re.escape(part) for part in " ".join(wanted.split()).split("..."))
        if not any(re.fullmatch(pattern, line) for line in lines):
            return wanted
    return None
