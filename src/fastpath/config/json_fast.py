"""Flawless JSON (RFC 8259), a value at a time: from a flaw on it is left to `json_reader`, which tells what it is."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from typing import NamedTuple

from .node import DocumentLimits, Node, NodeValue

__all__ = ["Fault", "read_flawless"]

# The escapes are counted because each costs memory until the string ends.
_TEXT = r'[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*){0,20000}'
# A value and what may stand around it: its key before, then the ends of all that it is the last of, and a comma.
_STEP = re.compile(
    rf"""[ \t\r\n]*
    (?:"({_TEXT})"[ \t\r\n]*:[ \t\r\n]*)?
    (?:"({_TEXT})"|([{{\[]|(?:true|false|null)\b
    |-?(?:0|[1-9][0-9]{{0,59}})(?:\.[0-9]{{1,60}})?(?:[eE][-+]?[0-9]{{1,4}})?(?![0-9.eE])))
    [ \t\r\n]*([\]}}][\]}} \t\r\n]*)?(,)?
    |(?s:.)""",
    re.VERBOSE,
)
_BLANKS = " \t\r\n"
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")
_decode = JSONDecoder().decode


class Fault(NamedTuple):
    """Where reading came to something wrong, and what was read before it: enough to go on from there."""

    position: int
    expect: str
    opened: list[Node]
    """The objects and lists that have not ended, from the outermost one."""
    root: Node | None
    nodes: int


def read_flawless(text: str, limits: DocumentLimits) -> Node | Fault:
    """The root of a document, unless anything is wrong with it: grammar, a key given twice, its size or depth."""
    # What is open: the members of an object and the places of their keys, or (members is None) the items of a list.
    members: dict[str, Node] | None = None
    keys: dict[str, tuple[int, int]] = {}
    items: list[Node] = []  # at first the list that the root is put into
    opened: Node | None = None
    outer: list[tuple[dict[str, Node] | None, dict[str, tuple[int, int]], list[Node], Node | None]] = []
    top = items
    more, left = True, limits.max_nodes
    line, line_start, line_end = _line_at(text, 0, 1, 0)
    end_of_text = len(text.rstrip(_BLANKS))
    fault = -1
    # Each step is taken whole or, where the fault is before its ends, not at all.
    for match in _STEP.finditer(text, 0, end_of_text):
        key, string, other, ends, comma = match.groups()
        if not more or not left or (key is None) is not (members is None):
            fault = match.start()
            break
        if string is not None:
            value: NodeValue = string
            if "\\" in string and (value := _unescaped(string)) is None:
                fault = match.start()
                break
            start = match.start(2) - 1
        elif other is None or (other in "{[" and len(outer) >= limits.max_depth):
            fault = match.start()
            break
        else:
            value = _WORDS[other] if other in _WORDS else None if other in "{[" else _number(other)
            start = match.start(3)
        node = Node(value)
        if key is not None and members is not None:
            if ("\\" in key and (key := _unescaped(key)) is None) or key in members:
                fault = match.start()
                break
            place = match.start(1) - 1
            if place > line_end:
                line, line_start, line_end = _line_at(text, place, line, line_end)
            keys[key] = (line, place - line_start + 1)
            members[key] = node
        else:
            items.append(node)
        left -= 1
        if start > line_end:
            line, line_start, line_end = _line_at(text, start, line, line_end)
        node.line = line
        node.column = start - line_start + 1
        more = comma is not None
        if other is not None and other in "{[":
            outer.append((members, keys, items, opened))
            opened = node
            if other == "{":
                node.value = members = {}
                node.keys = keys = {}
            else:
                members = None
                node.value = items = []
            if ends is None:
                if more:
                    fault = match.start(5)
                    break
                more = True
        if ends is not None:
            depth = len(outer)
            for end in ends:
                if end in _BLANKS:
                    continue
                if not outer or (end == "}") is (members is None):
                    fault = _bracket(text, match.start(4), depth - len(outer))
                    more = depth == len(outer) and not (members if members is not None else items)
                    break
                members, keys, items, opened = outer.pop()
            if fault >= 0:
                break
        if more and not outer:
            fault = match.start(5)
            break
    else:
        if top and not outer and not more:
            return top[0]
        fault = end_of_text
    if not outer:
        expect = "nothing" if top else "value"
    elif not more:
        expect = "comma or end"
    elif members is not None:
        expect = "key" if members else "key or }"
    else:
        expect = "value" if items else "value or ]"
    nodes = [each[3] for each in outer[1:]] + [opened]
    return Fault(
        fault, expect, [each for each in nodes if each is not None], top[0] if top else None, limits.max_nodes - left
    )


def _bracket(text: str, position: int, count: int) -> int:
    """The place of a bracket that stands after `count` others, with nothing but blanks between."""
    while count or text[position] in _BLANKS:
        count -= text[position] not in _BLANKS
        position += 1
    return position


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
