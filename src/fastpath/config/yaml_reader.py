"""YAML from libyaml's events: no recursion, no constructors. What documents say, and for messages where they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ConfigError
from .node import DocumentLimits, Node, describe, document_error, shorten, values_of
from .places import Places, Text

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

_DIGITS = frozenset("0123456789-+")
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")} | {"!"}


def read_yaml(
    text: str, file: str | None, limits: DocumentLimits, problems: list[ConfigError]
) -> list[tuple[object, Places]]:
    """Read the documents of a YAML stream, of which there may be none: what each says, and where."""

    def with_places(noted: list[ConfigError]) -> list[Node]:
        return _build(text, _Builder(file, limits, noted, with_places=True))

    try:
        roots = _build(text, _Builder(file, limits, problems, with_places=False))
    except _RepeatedKey:
        nodes = with_places(problems)
        roots, again = [values_of(each) for each in nodes], Text(with_places, nodes)
    else:
        again = Text(with_places)
    return [(root, Places(again, file, index)) for index, root in enumerate(roots)]


def _build(text: str, builder: _Builder) -> list[Any]:
    """What a builder makes of the events of a text."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("reading YAML needs PyYAML: pip install 'fastpath[config]'") from error
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            builder.build(iter(loader.get_event, None), yaml)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise document_error(f"not YAML: {shorten(reason, 200)}", builder.file, line, column) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise document_error(f"not YAML: {shorten(str(error.reason))}", builder.file, line, column) from error
    return builder.roots


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    mark = event.start_mark
    assert mark is not None  # the parser marks every event
    return mark.line + 1, mark.column + 1


class _RepeatedKey(Exception):
    """A key stands in an object twice, and where it stood first was not kept."""


class _Open(NamedTuple):
    """A mapping or list whose end has not come yet, and what is around it."""

    members: dict[str, Any] | None
    keys: dict[str, tuple[int, int]]
    items: list[Any]
    key: str | None
    value: object
    anchor: str | None
    before: int
    """How many values came before it."""


class _Builder:
    """Turns events into values, or with places into nodes; the open collections are on a stack of its own."""

    def __init__(self, file: str | None, limits: DocumentLimits, problems: list[ConfigError], *, with_places: bool):
        self.file = file
        self.limits = limits
        self.problems = problems
        self.with_places = with_places
        self.anchors: dict[str, tuple[Any, int] | None] = {}
        """What they stand for, and how many values that is; None while the anchored collection is open."""
        self.alias_nodes = 0
        self.roots: list[Any] = []

    def build(self, events: Iterator[Any], kinds: Any) -> None:
        scalar_kind, mapping_kind = kinds.ScalarEvent, kinds.MappingStartEvent
        with_places, max_nodes = self.with_places, self.limits.max_nodes
        # The innermost open mapping and the key whose value comes next, or (members is None) the items of a list.
        members: dict[str, Any] | None = None
        keys: dict[str, tuple[int, int]] = {}
        items: list[Any] = self.roots
        key: str | None = None
        value: Any
        outer: list[_Open] = []
        nodes = expanded = 0  # values so far, and how many more they are with all aliases written out
        for event in events:
            kind = event.__class__
            if kind is scalar_kind:
                if event.tag is not None:
                    self._check_tag(event)
                value = event.value
                if (key is not None or members is None) and event.implicit[0]:  # no key; neither quoted nor tagged
                    if value in _WORDS:
                        value = _WORDS[value]
                    elif value[0] in _DIGITS and _INTEGER.match(value):
                        value = int(value)
            elif kind is mapping_kind or kind is kinds.SequenceStartEvent:
                self._check_tag(event)
                if len(outer) >= self.limits.max_depth:
                    raise self._error(f"nested deeper than {self.limits.max_depth} levels", event)
                value = {} if kind is mapping_kind else []
            elif kind is kinds.AliasEvent:
                value, size = self._anchored(event)
                expanded += size - 1
            elif kind is kinds.MappingEndEvent or kind is kinds.SequenceEndEvent:
                members, keys, items, key, value, anchor, before = outer.pop()
                if anchor is not None:
                    self.anchors[anchor] = (value, nodes + expanded - before)
                continue
            else:
                if kind is kinds.DocumentStartEvent:
                    self.anchors.clear()
                continue
            nodes += 1
            if nodes > max_nodes:
                raise self._error(f"there are more than {max_nodes} values", event)
            if with_places and kind is not kinds.AliasEvent:
                value = Node(value, *_place(event), {} if kind is mapping_kind else None)
            if members is None:
                items.append(value)
            elif key is not None:
                members[key] = value
                key = None
            else:
                name: str = event.value if kind is scalar_kind else self._key(value, event)
                if name in members:
                    self._note_repeated(name, keys, event)
                if with_places:
                    keys[name] = _place(event)
                key = name
            if kind is scalar_kind:
                if event.anchor is not None:
                    self.anchors[event.anchor] = (value, 1)
            elif kind is not kinds.AliasEvent:
                if event.anchor is not None:
                    self.anchors[event.anchor] = None
                outer.append(_Open(members, keys, items, key, value, event.anchor, nodes + expanded - 1))
                inner = value.value if isinstance(value, Node) else value
                if isinstance(inner, dict):
                    members = inner
                    keys = value.keys if isinstance(value, Node) and value.keys is not None else {}
                elif isinstance(inner, list):
                    members, items = None, inner
                key = None

    def _error(self, reason: str, event: yaml.Event) -> ConfigError:
        return document_error(reason, self.file, *_place(event))

    def _check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        tag = event.tag
        if tag is not None and tag not in _TAGS:
            raise self._error(f"the tag {shorten(tag)!r} is not allowed", event)

    def _anchored(self, event: yaml.AliasEvent) -> tuple[Any, int]:
        anchor = event.anchor or ""
        if anchor not in self.anchors:
            raise self._error(f"the alias *{shorten(anchor)} has no anchor", event)
        anchored = self.anchors[anchor]
        if anchored is None:
            raise self._error(f"the alias *{shorten(anchor)} contains itself", event)
        self.alias_nodes += anchored[1]
        if self.alias_nodes > self.limits.max_alias_nodes:
            raise self._error(f"aliases stand for more than {self.limits.max_alias_nodes} values", event)
        return anchored

    def _key(self, value: object, event: yaml.Event) -> str:
        """What an alias as a key stands for."""
        found = value.value if isinstance(value, Node) else value
        if isinstance(found, (dict, list)):
            raise self._error(f"a key is a string, found {describe(found)}", event)
        return found if isinstance(found, str) else str(found)

    def _note_repeated(self, key: str, keys: dict[str, tuple[int, int]], event: yaml.Event) -> None:
        if not self.with_places:
            raise _RepeatedKey
        reason = f"the key {shorten(key)!r} stands here twice (first in line {keys[key][0]})"
        self.problems.append(document_error(reason, self.file, *_place(event)))
