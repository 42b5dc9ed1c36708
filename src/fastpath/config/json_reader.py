"""JSON (RFC 8259): what a document says, and for messages where it says so, read without recursion."""

from __future__ import annotations

import re
from bisect import bisect_right
from json import JSONDecodeError, JSONDecoder

from ..errors import ConfigError
from .json_fast import Fault, read_flawless
from .json_values import read_values
from .node import DocumentLimits, Node, describe, document_error, shorten, values_of
from .places import Places, Text

__all__ = ["FROM_THE_START", "looks_like_json", "read_flawed", "read_json"]

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
    (?P<punctuation>[{}\[\]:,])
    |(?P<string>")
    |(?P<number>-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?(?:[eE][-+]?[0-9]{1,4})?)(?![0-9.eE])
    |(?P<word>true|false|null)\b
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}


def looks_like_json(text: str) -> bool:
    """Whether a text that begins with '{' is JSON rather than YAML's flow style: JSON's keys are quoted."""
    return re.match(r'\s*\{\s*["}]', text) is not None


FROM_THE_START = Fault(0, "value", [], None, 0)


class _Lines:
    """Line and column of an offset."""

    def __init__(self, text: str):
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def read_json(
    text: str, file: str | None, limits: DocumentLimits, problems: list[ConfigError]
) -> tuple[object, Places]:
    """Read one JSON document: what it says, and where."""

    def with_places(noted: list[ConfigError]) -> list[Node]:
        found = read_flawless(text, limits)
        return [found if isinstance(found, Node) else read_flawed(text, file, limits, noted, found)]

    try:
        return read_values(text, limits), Places(Text(with_places), file)
    except ValueError:
        roots = with_places(problems)
        return values_of(roots[0]), Places(Text(with_places, roots), file)


def read_flawed(
    text: str, file: str | None, limits: DocumentLimits, problems: list[ConfigError], fault: Fault = FROM_THE_START
) -> Node:
    """Read the rest of a document token by token, so that each thing wrong with it is told where it stands."""
    lines = _Lines(text)

    def error(reason: str, offset: int) -> ConfigError:
        return document_error(reason, file, *lines.at(min(offset, len(text))))

    # expect: value, value or ], key, key or }, colon, comma or end, nothing
    position, expect, stack, root, nodes = fault
    stack = [*stack]
    pending_keys: list[str | None] = [None] * len(stack)
    scan, decode = _TOKEN.match, JSONDecoder().raw_decode
    while expect != "nothing":
        match = scan(text, position)
        if match is None:
            start = _BLANK.match(text, position).end()  # type: ignore[union-attr]
            found = f"found {shorten(text[start : start + 20])!r}" if start < len(text) else "the document ends"
            raise error(f"not JSON: expected {expect}, {found}", start)
        position = match.end()
        kind = match.lastgroup or ""
        start = match.start(kind)
        if kind == "punctuation":
            mark = match["punctuation"]
            if mark in "{[" and expect.startswith("value"):
                if len(stack) >= limits.max_depth:
                    raise error(f"nested deeper than {limits.max_depth} levels", start)
                node = Node({}, *lines.at(start), {}) if mark == "{" else Node([], *lines.at(start))
            else:
                if mark in "}]" and stack:
                    is_object = isinstance(stack[-1].value, dict)
                    may_end = expect == "comma or end" or expect == ("key or }" if is_object else "value or ]")
                    if may_end and is_object == (mark == "}"):
                        stack.pop()
                        pending_keys.pop()
                        expect = "comma or end" if stack else "nothing"
                        continue
                if mark == ":" and expect == "colon":
                    expect = "value"
                    continue
                if mark == "," and expect == "comma or end":
                    expect = "key" if isinstance(stack[-1].value, dict) else "value"
                    continue
                raise error(f"not JSON: expected {expect}, found {mark!r}", start)
        elif kind == "string":
            try:
                string, position = decode(text, start)
            except JSONDecodeError as problem:
                raise error(f"not JSON: {problem.msg}", problem.pos) from problem
            if _SURROGATE.search(string):
                raise error("not JSON: half of a surrogate pair", start)
            if expect.startswith("key"):
                parent = stack[-1]
                line, column = lines.at(start)
                keys = parent.keys if parent.keys is not None else {}
                if string in keys:
                    reason = f"the key {shorten(string)!r} stands here twice (first in line {keys[string][0]})"
                    problems.append(document_error(reason, file, line, column))
                keys[string] = (line, column)
                pending_keys[-1] = string
                expect = "colon"
                continue
            node = Node(string, *lines.at(start))
        elif kind == "number":
            number = match["number"]
            whole = number.lstrip("-").isdigit()
            node = Node(int(number) if whole else float(number), *lines.at(start))
        else:
            node = Node(_WORDS[match["word"]], *lines.at(start))
        if not expect.startswith("value"):
            raise error(f"not JSON: expected {expect}, found {describe(node.value)}", start)
        nodes += 1
        if nodes > limits.max_nodes:
            raise error(f"there are more than {limits.max_nodes} values", start)
        if not stack:
            root = node
        elif isinstance(stack[-1].value, dict):
            stack[-1].value[pending_keys[-1] or ""] = node
        elif isinstance(stack[-1].value, list):
            stack[-1].value.append(node)
        if isinstance(node.value, (dict, list)):
            stack.append(node)
            pending_keys.append(None)
            expect = "key or }" if isinstance(node.value, dict) else "value or ]"
        else:
            expect = "comma or end" if stack else "nothing"
    rest = _BLANK.match(text, position).end()  # type: ignore[union-attr]
    if rest < len(text):
        raise error(f"not JSON: the document has ended, found {shorten(text[rest : rest + 20])!r}", rest)
    if root is None:
        raise error("the document is empty", 0)
    return root
