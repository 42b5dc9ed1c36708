"""YAML from libyaml's events: no recursion, no constructors, each node with its line and column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .node import Limits, Node, NodeValue, document_error, shorten

if TYPE_CHECKING:
    import yaml

__all__ = ["read_yaml"]

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,59})\Z")
# The words that yaml-cpp, which Envoy reads YAML with, takes for booleans and null.
_WORDS: dict[str, bool | None] = {"~": None, "": None, "null": None, "Null": None, "NULL": None}
for _word in ("y", "yes", "true", "on"):
    _WORDS |= {_word: True, _word.upper(): True, _word.capitalize(): True}
for _word in ("n", "no", "false", "off"):
    _WORDS |= {_word: False, _word.upper(): False, _word.capitalize(): False}

_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")} | {"!"}


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    mark = event.start_mark
    assert mark is not None  # the parser marks every event
    return mark.line + 1, mark.column + 1


def _scalar(event: yaml.ScalarEvent) -> NodeValue:
    text: str = event.value
    if not event.implicit[0]:  # quoted or tagged
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.match(text) else text


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("anchor", "expected_key", "node", "size")

    def __init__(self, node: Node, anchor: str | None):
        self.node = node
        self.anchor = anchor
        self.size = 1
        self.expected_key: str | None = None


def read_yaml(text: str, file: str | None, limits: Limits, problems: list[ConfigError]) -> list[Node]:
    """Read the documents of a YAML stream, of which there may be none."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("reading YAML needs PyYAML: pip install 'fastpath[config]'") from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(file, limits, problems).build(yaml.parse(text, Loader=loader), yaml)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise document_error(f"not YAML: {shorten(reason, 200)}", file, line, column) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise document_error(f"not YAML: {shorten(str(error.reason))}", file, line, column) from error


class _Builder:
    """Turns events into nodes, with the open collections on a stack of its own."""

    def __init__(self, file: str | None, limits: Limits, problems: list[ConfigError]):
        self.file = file
        self.limits = limits
        self.problems = problems
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # None while the anchored collection is open
        self.roots: list[Node] = []
        self.nodes = 0
        self.alias_nodes = 0

    def build(self, events: object, kinds: object) -> list[Node]:
        import yaml

        scalar = yaml.ScalarEvent
        for event in events:  # type: ignore[attr-defined]
            if event.__class__ is scalar:
                self.scalar(event)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self.open(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                closed = self.stack.pop()
                if closed.anchor is not None:
                    self.anchors[closed.anchor] = (closed.node, closed.size)
                if self.stack:
                    self.stack[-1].size += closed.size
            elif isinstance(event, yaml.AliasEvent):
                self.alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.anchors.clear()
        return self.roots

    def error(self, reason: str, event: yaml.Event) -> ConfigError:
        return document_error(reason, self.file, *_place(event))

    def check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        tag = event.tag
        if tag is not None and tag not in _TAGS:
            raise self.error(f"the tag {shorten(tag)!r} is not allowed", event)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            self.check_tag(event)
        parent = self.stack[-1] if self.stack else None
        if parent is not None and parent.expected_key is None and parent.node.keys is not None:
            self.count(event)
            parent.size += 1
            if event.anchor is not None:
                self.anchors[event.anchor] = (Node(_scalar(event), *_place(event)), 1)
            self.key(parent, event.value, event)
            return
        node = Node(_scalar(event), *_place(event))
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)
        self.place(node, 1, event)

    def open(self, event: yaml.CollectionStartEvent, value: dict[str, Node] | list[Node]) -> None:
        self.check_tag(event)
        if len(self.stack) >= self.limits.max_depth:
            raise self.error(f"nested deeper than {self.limits.max_depth} levels", event)
        keys: dict[str, tuple[int, int]] | None = {} if isinstance(value, dict) else None
        node = Node(value, *_place(event), keys)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.place(node, 0, event)
        self.stack.append(_Open(node, event.anchor))

    def alias(self, event: yaml.AliasEvent) -> None:
        anchor = event.anchor or ""
        if anchor not in self.anchors:
            raise self.error(f"the alias *{shorten(anchor)} has no anchor", event)
        anchored = self.anchors[anchor]
        if anchored is None:
            raise self.error(f"the alias *{shorten(anchor)} contains itself", event)
        node, size = anchored
        self.alias_nodes += size
        if self.alias_nodes > self.limits.max_alias_nodes:
            raise self.error(f"aliases stand for more than {self.limits.max_alias_nodes} values", event)
        self.place(node, size, event)

    def place(self, node: Node, size: int, event: yaml.Event) -> None:
        """Put a node where the innermost open collection expects one."""
        self.count(event)
        if not self.stack:
            self.roots.append(node)
            return
        parent = self.stack[-1]
        parent.size += size
        value = parent.node.value
        if isinstance(value, list):
            value.append(node)
        elif parent.expected_key is None:
            key = node.value
            if isinstance(key, (dict, list)):
                raise self.error(f"a key is a string, found {node.describe()}", event)
            self.key(parent, key if isinstance(key, str) else str(key), event)
        elif isinstance(value, dict):
            value[parent.expected_key] = node
            parent.expected_key = None

    def count(self, event: yaml.Event) -> None:
        self.nodes += 1
        if self.nodes > self.limits.max_nodes:
            raise self.error(f"there are more than {self.limits.max_nodes} values", event)

    def key(self, parent: _Open, key: str, event: yaml.Event) -> None:
        line, column = _place(event)
        keys = parent.node.keys
        if keys is not None:
            if key in keys:
                first = keys[key][0]
                reason = f"the key {shorten(key)!r} stands here twice (first in line {first})"
                self.problems.append(document_error(reason, self.file, line, column))
            keys[key] = (line, column)
        parent.expected_key = key
