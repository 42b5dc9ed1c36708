"""Documents into plain values: YAML, JSON, Python values and protobuf messages, read iteratively under limits.

A document comes from outside and may be hostile: depth, size, the number of nodes and what aliases expand to are
bounded, an alias that contains itself is refused, and nothing in a document is ever executed or constructed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models.position import Where, path_of
from .json_reader import looks_like_json, read_json
from .message_reader import Message, is_message, read_message
from .node import DocumentLimits, document_error, shorten
from .places import Places
from .problems import Problems
from .yaml_reader import read_yaml

__all__ = ["Document", "Source", "parse", "read_all"]

_SUFFIXES = (".yaml", ".yml", ".json")
_SCALARS = frozenset({str, bool, int, float, type(None)})
_TEXTS = (bytes, bytearray, memoryview, str)
_SURROGATE = re.compile("[\ud800-\udfff]")

Source = str | os.PathLike[str] | Mapping[str, object] | Message


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says: dicts, lists and scalars."""

    value: object
    file: str | None = None
    """None: it is a Python object."""
    path: str = ""
    """Where it stands in a list of such objects."""
    places: Places | None = None


def read_all(source: Source | Iterable[Source], limits: DocumentLimits, problems: Problems) -> list[Document]:
    """Read files (YAML or JSON, by their suffix or else by how they begin), directories of them, mappings and messages.

    A YAML file may hold several documents; empty ones are left out, but not all may be. What cannot be read is noted
    with the file at fault, so that nothing hides what is wrong with the others.
    """
    several = not (isinstance(source, (str, os.PathLike, Mapping)) or is_message(source))
    sources: Iterable[Source] = source if several else (source,)  # type: ignore[assignment]
    documents: list[Document] = []
    for index, each in enumerate(sources):
        path = f"[{index}]" if several else ""
        if isinstance(each, Mapping):
            try:
                documents.append(Document(from_python(each, limits, path), path=path))
            except ConfigError as error:
                problems.errors.append(error)
        elif isinstance(each, (str, os.PathLike)):
            for file in _files(os.fspath(each), problems):
                documents += _read_file(file, limits, problems.of(file))
        elif is_message(each):
            try:
                documents.append(Document(read_message(each, limits, path, problems), path=path))
            except ConfigError as error:
                problems.errors.append(error)
        else:
            raise TypeError(f"a source is a path, a mapping or a protobuf message, not {type(each).__name__}")
    if not documents:
        problems.refuse_nothing()
    return documents


def _files(path: str, problems: Problems) -> list[str]:
    """A directory's files of ours, in the order of their names and not those below it; or the path itself."""
    if not os.path.isdir(path):
        return [path]
    try:
        names = sorted(name for name in os.listdir(path) if _suffix(name) and not name.startswith("."))
    except OSError as error:
        problems.of(path).add(f"cannot be read: {error.strerror or error}", "")
        return []
    if not names:
        problems.of(path).add(f"the directory holds no file that ends with {', '.join(_SUFFIXES)}", "")
    return [os.path.join(path, name) for name in names]


def _suffix(name: str) -> str:
    suffix = os.path.splitext(name)[1].lower()
    return suffix if suffix in _SUFFIXES else ""


def _read_file(file: str, limits: DocumentLimits, problems: Problems) -> list[Document]:
    try:
        roots = parse(_bytes_of(file, limits), file, limits, problems.errors)
    except ConfigError as error:
        problems.errors.append(error)
        return []
    return [Document(root, file, places=places) for root, places in roots if root is not None]


def _bytes_of(file: str, limits: DocumentLimits) -> bytes:
    try:
        size = Path(file).stat().st_size
        if size > limits.max_bytes:
            raise document_error(f"the file has {size} bytes, the limit is {limits.max_bytes}", file)
        return Path(file).read_bytes()
    except OSError as error:
        raise document_error(f"cannot be read: {error.strerror or error}", file) from error
    except ValueError as error:  # a NUL in the name
        raise document_error(f"cannot be read: {error}", shorten(file)) from error


def parse(
    raw: bytes, file: str | None, limits: DocumentLimits, problems: list[ConfigError]
) -> list[tuple[object, Places]]:
    """Read the bytes of a file: what its documents say, and where. What is wrong beside goes to `problems`."""
    if len(raw) > limits.max_bytes:
        raise document_error(f"the document has {len(raw)} bytes, the limit is {limits.max_bytes}", file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise document_error(f"byte 0x{raw[error.start]:02x} is not valid UTF-8", file, line, column) from error
    suffix = _suffix(file or "")
    if suffix == ".json" or (not suffix and looks_like_json(text)):
        return [read_json(text, file, limits, problems)]
    return read_yaml(text, file, limits, problems)


def from_python(source: Mapping[str, object], limits: DocumentLimits, path: str = "") -> object:
    """Take over mappings, sequences and scalars; refuse what no document can say: values of other types, text that has
    no UTF-8, too many values, deep nesting and so cycles.
    """
    found: list[object] = [None]
    pending: list[tuple[object, Any, int | str, Where, int]] = [(source, found, 0, path, 0)]
    nodes = 1
    while pending:
        value, container, place, where, depth = pending.pop()
        if depth > limits.max_depth:
            raise ConfigError(f"nested deeper than {limits.max_depth} levels", path=shorten(path_of(where), 200))
        if isinstance(value, Mapping):
            container[place] = members = dict(value)
            for key, item in members.items():
                if not isinstance(key, str):
                    raise ConfigError(f"keys are strings, found {type(key).__name__}", path=path_of(where))
                if not key.isascii():
                    _refuse_surrogates(key, where)
                if item.__class__ not in _SCALARS or (item.__class__ is str and not item.isascii()):
                    pending.append((item, members, key, (where, key), depth + 1))
            nodes += len(members)
        elif isinstance(value, Sequence) and not isinstance(value, _TEXTS):
            container[place] = items = list(value)
            for index, item in enumerate(items):
                if item.__class__ not in _SCALARS or (item.__class__ is str and not item.isascii()):
                    pending.append((item, items, index, (where, index), depth + 1))
            nodes += len(items)
        elif isinstance(value, str):
            _refuse_surrogates(value, where)
            container[place] = value
        elif isinstance(value, bool | int | float):  # of a class of its own
            container[place] = value
        elif isinstance(value, datetime):  # what YAML's own loaders make of an unquoted timestamp
            moment = value if value.tzinfo is None else value.astimezone(timezone.utc)
            container[place] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            raise ConfigError(f"a document holds no {type(value).__name__}", path=path_of(where))
        if nodes > limits.max_nodes:
            raise ConfigError(f"there are more than {limits.max_nodes} values", path=path_of(where))
    return found[0]


def _refuse_surrogates(text: str, where: Where) -> None:
    if _SURROGATE.search(text):
        raise ConfigError("the text holds half of a surrogate pair", path=path_of(where))
