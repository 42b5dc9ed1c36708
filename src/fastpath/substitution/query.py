"""Query parameters as operators read them: decoded. Routes and hash policies compare them as they are."""

from __future__ import annotations

import re

__all__ = ["decode_query", "query_parameter", "raw_query_parameter"]

_escape = re.compile(rb"%([0-9A-Fa-f]{2})")
_escape_or_percent = re.compile(rb"%([0-9A-Fa-f]{2})|%(?=..)", re.DOTALL)


def _decoded(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


def query_parameter(path: bytes, name: bytes) -> bytes | None:
    """The first value of a parameter, names and values decoded; None when there is none."""
    for pair in path.partition(b"?")[2].split(b"&"):
        key, _, value = pair.partition(b"=")
        if _escape.sub(_decoded, key) == name:
            return _escape.sub(_decoded, value)
    return None


def raw_query_parameter(path: bytes, name: bytes) -> bytes | None:
    """The first value of a parameter, nothing decoded; None when there is none."""
    for pair in path.partition(b"?")[2].split(b"&"):
        key, _, value = pair.partition(b"=")
        if key == name:
            return value
    return None


def decode_query(query: bytes) -> bytes:
    """A query with what stands for a printable character replaced by it; a % before anything else goes, as in Envoy."""
    return _escape_or_percent.sub(_printable, query)


def _printable(found: re.Match[bytes]) -> bytes:
    if found[1] is None:
        return b""
    byte = int(found[1], 16)
    return bytes((byte,)) if 0x20 < byte < 0x7F else found[0]
