"""Values of documents: how they are told in messages, where they stand, and what it may cost to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from ..errors import ConfigError

__all__ = ["DocumentLimits", "Node", "NodeValue", "describe", "document_error", "shorten", "values_of"]

NodeValue = Union["dict[str, Node]", "list[Node]", str, int, float, bool, None]


class Node:
    """One value of a text with its place: a dict or list of nodes, or a scalar. Line and column count from 1."""

    __slots__ = ("column", "keys", "line", "value")

    def __init__(
        self, value: NodeValue, line: int = 0, column: int = 0, keys: dict[str, tuple[int, int]] | None = None
    ):
        self.value = value
        self.line = line
        self.column = column
        self.keys = keys
        """Of an object: line and column of each key."""


def values_of(root: Node) -> object:
    """The dicts, lists and scalars that a node and those below it stand for."""
    found: list[object] = [None]
    pending: list[tuple[Node, list[object] | dict[str, object], int | str]] = [(root, found, 0)]
    while pending:
        node, container, key = pending.pop()
        value: object = node.value
        if isinstance(node.value, dict):
            members: dict[str, object] = {}
            members.update(dict.fromkeys(node.value))
            value = members
            pending += [(each, members, name) for name, each in node.value.items()]
        elif isinstance(node.value, list):
            items: list[object] = [None] * len(node.value)
            value = items
            pending += [(each, items, index) for index, each in enumerate(node.value)]
        container[key] = value  # type: ignore[index]
    return found[0]


def describe(value: object) -> str:
    """What a value is, for an error message: `the integer 5`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int):
        return f"the integer {shorten(str(value)) if abs(value) < 10**60 else 'with more than 60 digits'}"
    if isinstance(value, float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {shorten(value)!r}"
    return "an object" if isinstance(value, dict) else "a list"


@dataclass(frozen=True)
class DocumentLimits:
    """What a document may cost. The defaults leave room for tens of thousands of routes."""

    max_bytes: int = 64 * 1024 * 1024
    max_depth: int = 100
    max_nodes: int = 5_000_000
    max_alias_nodes: int = 100_000
    """Nodes that all aliases of a document may stand for, counted as if they were written out."""


def shorten(text: str, limit: int = 60) -> str:
    """At most `limit` characters of `text`, so that no message grows with the input."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def document_error(reason: str, file: str | None, line: int = 0, column: int = 0, path: str = "") -> ConfigError:
    """A ConfigError at a place in a document."""
    place = [file] if file else []
    place += [str(number) for number in (line, column) if number]
    return ConfigError(reason, path=path, source=":".join(place) or None, line=line or None, column=column or None)
