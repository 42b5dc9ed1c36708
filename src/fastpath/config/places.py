"""Where the values of a text stand. It is read for what it says first, and again for its places once one is wanted."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from ..errors import ConfigError
from .node import Node

__all__ = ["Places", "Text"]

_MARK = re.compile(r"[.\[]|\Z")
_INDEX = re.compile(r"\[([0-9]{1,9})\]")
_QUOTED = re.compile(r"""\[('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]""", re.DOTALL)
_MAX_STEPS = 1000
"""Of one search: a hostile document may have names that let a path be read in any number of ways."""


class Text:
    """A text that has been read, and how to read it again, with places. What is wrong with it has been told before."""

    def __init__(self, read: Callable[[list[ConfigError]], Sequence[Node]], roots: Sequence[Node] | None = None):
        self._read = read
        self._roots = roots

    def root(self, index: int) -> Node:
        if self._roots is None:
            self._roots = self._read([])
        return self._roots[index]


class Places:
    """Of one document of a text. What has a path that leads nowhere stands where that leaves the document."""

    def __init__(self, text: Text, file: str | None = None, index: int = 0):
        self.file = file
        self._text = text
        self._index = index

    def find(self, path: str) -> tuple[int, int]:
        """Line and column of the value at a path such as `a.b[3]`."""
        node = self._node(path)
        return node.line, node.column

    def find_key(self, path: str, name: str) -> tuple[int, int]:
        """Those of a key of the object at a path."""
        node = self._node(path)
        return (node.keys or {}).get(name, (node.line, node.column))

    def _node(self, path: str) -> Node:
        """Names may hold dots and brackets themselves, so that a path can be read in several ways."""
        deepest = self._text.root(self._index)
        shortest = len(path) + 1
        pending: list[Iterator[tuple[Node, str]]] = [iter([(deepest, f".{path}" if path else "")])]
        for _ in range(_MAX_STEPS):
            if not pending:
                break
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                continue
            node, rest = step
            if not rest:
                return node
            if len(rest) < shortest:
                deepest, shortest = node, len(rest)
            pending.append(_steps(node, rest))
        return deepest


def _steps(node: Node, path: str) -> Iterator[tuple[Node, str]]:
    """Where the beginning of a path leads to, and the rest of it; the best guess comes first."""
    value = node.value
    if isinstance(value, list):
        index = _INDEX.match(path)
        if index is not None and int(index[1]) < len(value):
            yield value[int(index[1])], path[index.end() :]
    elif isinstance(value, dict) and path[0] == ".":
        for mark in _MARK.finditer(path, 1):
            name = path[1 : mark.start()]
            if name in value:
                yield value[name], path[mark.start() :]
    elif isinstance(value, dict):
        quoted = _QUOTED.match(path)
        if quoted is not None:
            with suppress(SyntaxError, KeyError):  # another name may look like a quoted one
                yield value[ast.literal_eval(quoted[1])], path[quoted.end() :]
