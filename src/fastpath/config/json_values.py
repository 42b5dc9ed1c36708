"""Flawless JSON as plain values, by Python's own scanner; anything else is left to the readers that know places."""

from __future__ import annotations

import re
from itertools import accumulate
from json import JSONDecoder
from typing import NoReturn

from .node import DocumentLimits

__all__ = ["read_values"]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?(?:[eE][-+]?[0-9]{1,4})?\Z")
# Each escape may cost memory until its string ends.
_MAX_ESCAPES = 1_000_000
_STEPS = bytes.maketrans(b"{[}]", b"\1\1\xff\xff")  # a level down, a level up
_NO_MARKS = bytes(set(range(256)) - set(b'{}[],"'))


def read_values(text: str, limits: DocumentLimits) -> object:
    """The value of a document. Raises ValueError when there may be anything wrong with it: grammar, a key that is given
    twice, its size or depth.
    """
    escapes = text.count("\\")
    if escapes > _MAX_ESCAPES or "\\ud" in text or "\\uD" in text:
        raise ValueError("many escapes, or surrogates, which may come in halves")
    bare = text.replace(r"\\", "").replace(r"\"", "") if escapes else text
    marks = bare.encode(errors="replace").translate(_STEPS, _NO_MARKS)
    if marks.count(b",") + marks.count(b"\1") >= limits.max_nodes:
        raise ValueError("may have too many values")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if _depth(marks) > limits.max_depth:
        raise ValueError("nested too deep")
    return value


def _depth(marks: bytes) -> int:
    """How deep a well-formed document nests, by its marks alone.

    No quote is an escaped one: every second stretch between them is inside a string.
    """
    outside = marks.replace(b",", b"").replace(b'""', b"").split(b'"')[::2]
    return max(accumulate(memoryview(b"".join(outside)).cast("b")), default=0)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is given twice")
    return members


def _integer(text: str) -> int:
    if len(text) > 60:
        raise ValueError("too many digits")
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.match(text):
        raise ValueError("too many digits")
    return float(text)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"JSON has no {text}")


_DECODER = JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_number, parse_constant=_constant)
