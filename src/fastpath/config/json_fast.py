"""Flawless JSON (RFC 8259), a value at a time: what has a flaw is left to `json_reader`, which tells what it is."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder

from .node import Limits, Node

__all__ = ["read_flawless"]

# The escapes are counted because each costs memory until the string ends.
_TEXT = r'[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*){0,20000}'
# A value and what may stand around it: its key before, then the ends of all that it is the last of, and a comma.
_STEP = re.compile(
    rf"""[ \t\r\n]*
    (?:"({_TEXT})"[ \t\r\n]*:[ \t\r\n]*)?
    (?:"({_TEXT})"|([{{\[]|true|false|null|-?(?:0|[1-9][0-9]{{0,59}})(?:\.[0-9]{{1,60}})?(?:[eE][-+]?[0-9]{{1,4}})?))
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
    keys: dict[str, tuple[int, int]] = {}
    items: list[Node] = []  # at first the list that the root is put into
    outer: list[tuple[dict[str, Node] | None, dict[str, tuple[int, int]], list[Node]]] = []
    more, left = True, limits.max_nodes
    line, line_start, line_end = _line_at(text, 0, 1, 0)
    for match in _STEP.finditer(text, 0, len(text.rstrip(_BLANKS))):
        key, string, other, ends, comma = match.groups()
        left -= 1
        if not more or left < 0 or (key is None) is not (members is None):
            return None
        more = comma is not None
        node = Node(string)
        if key is not None and members is not None:
            if "\\" in key and (key := _unescaped(key)) is None:
                return None
            if key in members:
                return None
            start = match.start(1) - 1
            if start > line_end:
                line, line_start, line_end = _line_at(text, start, line, line_end)
            keys[key] = (line, start - line_start + 1)
            members[key] = node
        else:
            items.append(node)
        start = match.start(3) if string is None else match.start(2) - 1
        if start > line_end:
            line, line_start, line_end = _line_at(text, start, line, line_end)
        node.line = line
        node.column = start - line_start + 1
        if string is not None:
            if "\\" in string and (string := _unescaped(string)) is None:
                return None
            node.value = string
        elif other is None:
            return None
        elif other in "{[":
            if len(outer) >= limits.max_depth or (more and ends is None):
                return None
            outer.append((members, keys, items))
            if other == "{":
                node.value = members = {}
                node.keys = keys = {}
            else:
                members = None
                node.value = items = []
            more = more or ends is None
        else:
            node.value = _WORDS[other] if other in _WORDS else _number(other)
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


def _number(raw: str) -> int | float:
    return int(raw) if raw.lstrip("-").isdigit() else float(raw)


def _line_at(text: str, place: int, line: int, line_end: int) -> tuple[int, int, int]:
    """The number, start and end of the line of a place, from the number and end of one before it."""
    end = text.find("\n", place)
    return (
        line + text.count("\n", line_end, place),
        text.rfind("\n", 0, place) + 1,
        end if end >= 0 else len(text),
    )


def _unescaped(raw: str) -> str | None:
    """What the inside of a string says; None when its escapes stand for no text."""
    try:
        text: str = _decode(f'"{raw}"')
    except JSONDecodeError:
        return None
    return None if _SURROGATE.search(text) else text
