"""Flawless JSON as plain values, by Python's own scanner; anything else is left to the readers that know places."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import NoReturn

from .node import DocumentLimits

__all__ = ["read_values"]

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?(?:[eE][-+]?[0-9]{1,4})?\Z")
# Each escape may cost memory until its string ends.
_MAX_ESCAPES = 1_000_000
_AS_LISTS = bytes.maketrans(b"{}", b"[]")
_NO_MARKS = bytes(set(range(256)) - set(b'{}[],"'))


def read_values(text: str, limits: DocumentLimits) -> object:
    """The value of a document. Raises ValueError when there may be anything wrong with it: grammar, a key that is given
    twice, its size or depth.
    """
    escapes = text.count("\\")
    if escapes > _MAX_ESCAPES or "\\ud" in text or "\\uD" in text:
        raise ValueError("many escapes, or surrogates, which may come in halves")
    marks = text.encode(errors="replace").translate(_AS_LISTS, _NO_MARKS)
    if marks.count(b",") + marks.count(b"[") >= limits.max_nodes:
        raise ValueError("may have too many values")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if escapes:
        unescaped = text.replace(r"\\", "").replace(r"\"", "")
        marks = unescaped.encode(errors="replace").translate(_AS_LISTS, _NO_MARKS)
    if _is_deeper(marks, limits.max_depth):
        raise ValueError("nested too deep")
    return value


def _is_deeper(marks: bytes, limit: int) -> bool:
    """Whether the brackets of a well-formed document nest deeper. It comes without escapes, so that every second
    stretch between quotes is a string.
    """
    outside = marks.replace(b",", b"").replace(b'""', b"").split(b'"')[::2]
    brackets = b"".join(outside)
    while brackets and limit:
        brackets = brackets.replace(b"[]", b"")  # the innermost ones
        limit -= 1
    return brackets != b""


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
