"""Flawless JSON (RFC 8259), a value at a time: what has a flaw is left to `json_reader`, which tells what it is."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder

from .node import Limits, Node, NodeValue

__all__ = ["read_flawless"]

# The escapes are counted because each costs memory until the string ends.
_STRING = r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*){0,20000}"'
# A value and what may stand around it: its key before, then the ends of all that it is the last of, and a comma.
_STEP = re.compile(
    rf"""[ \t\r\n]*
    (?:({_STRING})[ \t\r\n]*:[ \t\r\n]*)?
    ({_STRING}|[{{\[]|true|false|null|-?(?:0|[1-9][0-9]{{0,59}})(?:\.[0-9]{{1,60}})?(?:[eE][-+]?[0-9]{{1,4}})?)
    [ \t\r\n]*([\]}}][\]}} \t\r\n]*)?(,)?
    |(?s:.)""",
    re.VERBOSE,
)
_BLANKS = " \t\r\n"
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")
_decode = JSONDecoder().decode


def read_flawless(text: str, limits: Limits) -> Node | None:
    """The root of a document; None when anything is wrong with it: grammar, a key given twice, its size or depth."""
    # What is open: the members of an object and the places of their keys, or (members is None) the items of a list.
    members: dict[str, Node] | None = None
    keys: dict[str, tuple[int, int]] | None = None
    items: list[Node] = []  # at first the list that the root is put into
    outer: list[tuple[dict[str, Node] | None, dict[str, tuple[int, int]] | None, list[Node]]] = []
    more = True
    nodes = 0
    line, line_start, line_end = _line_at(text, 0, 1, 0)
    for match in _STEP.finditer(text, 0, len(text.rstrip(_BLANKS))):
        key, raw, ends, comma = match.groups()
        nodes += 1
        if raw is None or not more or nodes > limits.max_nodes:
            return None
        name: str | None = None
        if key is not None:
            place = match.start(1)
            if place > line_end:
                line, line_start, line_end = _line_at(text, place, line, line_end)
            name = _unescaped(key) if "\\" in key else key[1:-1]
            if keys is None or name is None or name in keys:
                return None
            keys[name] = (line, place - line_start + 1)
        place = match.start(2)
        if place > line_end:
            line, line_start, line_end = _line_at(text, place, line, line_end)
        first = raw[0]
        value: NodeValue
        if first == '"':
            value = _unescaped(raw) if "\\" in raw else raw[1:-1]
            if value is None:
                return None
        elif first == "{":
            value = {}
        elif first == "[":
            value = []
        elif raw in _WORDS:
            value = _WORDS[raw]
        else:
            value = int(raw) if raw.lstrip("-").isdigit() else float(raw)
        node = Node(value, line, place - line_start + 1)
        if members is None:
            if name is not None:
                return None
            items.append(node)
        elif name is None:
            return None
        else:
            members[name] = node
        more = comma is not None
        if isinstance(value, (dict, list)):
            if len(outer) >= limits.max_depth or (more and ends is None):
                return None
            outer.append((members, keys, items))
            if isinstance(value, dict):
                members, keys = value, {}
                node.keys = keys
            else:
                members, keys, items = None, None, value
            more = more or ends is None
        if ends is not None:
            for end in ends:
                if end in _BLANKS:
                    continue
                if not outer or (end == "}") is (members is None):
                    return None
                members, keys, items = outer.pop()
        if more and not outer:
            return None
    return items[0] if items and not outer else None


def _line_at(text: str, place: int, line: int, line_end: int) -> tuple[int, int, int]:
    """The number, start and end of the line of a place, from the number and end of one before it."""
    end = text.find("\n", place)
    return (
        line + text.count("\n", line_end, place),
        text.rfind("\n", 0, place) + 1,
        end if end >= 0 else len(text),
    )


def _unescaped(raw: str) -> str | None:
    """What a string in its quotes says; None when its escapes stand for no text."""
    try:
        text: str = _decode(raw)
    except JSONDecodeError:
        return None
    return None if _SURROGATE.search(text) else text
