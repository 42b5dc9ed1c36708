"""Documents into nodes: YAML, JSON and Python values, read iteratively under limits.

A document comes from outside and may be hostile: depth, size, the number of nodes and what aliases expand to are
bounded, an alias that contains itself is refused, and nothing in a document is ever executed or constructed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import ConfigError
from .json_reader import looks_like_json, read_json
from .node import Limits, Node, document_error, shorten
from .yaml_reader import read_yaml

__all__ = ["parse", "read"]

_SCALARS = frozenset({str, bool, int, float, type(None)})
_TEXTS = (bytes, bytearray, memoryview, str)


def read(
    source: str | os.PathLike[str] | Mapping[str, object], limits: Limits, problems: list[ConfigError]
) -> tuple[Node, str | None]:
    """Read a file (YAML or JSON, by its suffix or else by how it begins) or a Python mapping.

    Returns the root and the file's name. Raises ConfigError when there is no tree to speak of; what can be said beside
    a tree (duplicate keys) is added to `problems`.
    """
    if isinstance(source, Mapping):
        return from_python(source, limits), None
    file = os.fspath(source)
    try:
        size = Path(file).stat().st_size
        if size > limits.max_bytes:
            raise document_error(f"the file has {size} bytes, the limit is {limits.max_bytes}", file)
        raw = Path(file).read_bytes()
    except OSError as error:
        raise document_error(f"cannot be read: {error.strerror or error}", file) from error
    return parse(raw, file, limits, problems), file


def parse(raw: bytes, file: str | None, limits: Limits, problems: list[ConfigError]) -> Node:
    """Read the bytes of one document."""
    if len(raw) > limits.max_bytes:
        raise document_error(f"the document has {len(raw)} bytes, the limit is {limits.max_bytes}", file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise document_error(f"byte 0x{raw[error.start]:02x} is not valid UTF-8", file, line, column) from error
    suffix = os.path.splitext(file or "")[1].lower()
    if suffix == ".json" or (suffix not in (".yaml", ".yml") and looks_like_json(text)):
        return read_json(text, file, limits, problems)
    return read_yaml(text, file, limits, problems)


def from_python(source: Mapping[str, object], limits: Limits) -> Node:
    """Take over mappings, sequences and scalars; refuse other types, too many values, deep nesting and so cycles."""
    root = Node(None)
    pending: list[tuple[object, Node, str, int]] = [(source, root, "", 0)]
    nodes = 1
    while pending:
        value, node, path, depth = pending.pop()
        if depth > limits.max_depth:
            raise ConfigError(f"nested deeper than {limits.max_depth} levels", path=shorten(path, 200))
        if isinstance(value, Mapping):
            members: dict[str, Node] = {}
            node.value = members
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ConfigError(f"keys are strings, found {type(key).__name__}", path=path)
                members[key] = child = Node(item)
                if item.__class__ not in _SCALARS:
                    pending.append((item, child, f"{path}.{key}" if path else key, depth + 1))
            nodes += len(members)
        elif isinstance(value, Sequence) and not isinstance(value, _TEXTS):
            items: list[Node] = []
            node.value = items
            for index, item in enumerate(value):
                child = Node(item)
                items.append(child)
                if item.__class__ not in _SCALARS:
                    pending.append((item, child, f"{path}[{index}]", depth + 1))
            nodes += len(items)
        elif isinstance(value, str | bool | int | float):  # of a class of its own
            node.value = value
        else:
            raise ConfigError(f"a document holds no {type(value).__name__}", path=path)
        if nodes > limits.max_nodes:
            raise ConfigError(f"there are more than {limits.max_nodes} values", path=path)
    return root
