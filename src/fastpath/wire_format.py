"""Fields of a protobuf message as they are on the wire (https://protobuf.dev/programming-guides/encoding/).

For the few small messages that go in headers and health checks: no package for protobuf has to be there for them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["double_of", "fields_of", "map_entry", "text_of", "varint"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MOST_DIGITS = 10  # of a varint, seven bits each

# A varint is a number; the rest are bytes, of fixed length or not, which the flag tells apart.
Field = tuple[int, "int | bytes", bool]


def fields_of(message: bytes) -> Iterator[Field]:
    """Number, value, and whether its length was fixed, of each field. ValueError for what is no message."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        if tag < 8:
            raise ValueError("a field has the number 0")
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield tag >> 3, value, False
            continue
        if kind == _BYTES:
            size, at = _read_varint(message, at)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise ValueError(f"a field has the wire type {kind}")
        if at + size > len(message):
            raise ValueError("a field is longer than its message")
        yield tag >> 3, message[at : at + size], kind != _BYTES
        at += size


def double_of(value: int | bytes, fixed: bool) -> float | None:
    """A field that is a double; None when it is something else, which is as good as unknown."""
    if not fixed or not isinstance(value, bytes) or len(value) != _SIZES[_FIXED64]:
        return None
    return float(struct.unpack("<d", value)[0])


def text_of(value: int | bytes, fixed: bool) -> str | None:
    """A field that is a string, likewise. ValueError when it is not UTF-8."""
    return None if fixed or isinstance(value, int) else value.decode()


def map_entry(message: bytes) -> tuple[str, float]:
    """An entry of a map from strings to doubles."""
    key, number = "", 0.0
    for which, value, fixed in fields_of(message):
        if which == 1:
            key = text_of(value, fixed) or key
        elif which == 2:
            found = double_of(value, fixed)
            number = number if found is None else found
    return key, number


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The number and the place behind it."""
    number = 0
    for count, byte in enumerate(message[at : at + _MOST_DIGITS]):
        number |= (byte & 127) << 7 * count
        if byte < 128:
            return number & (1 << 64) - 1, at + count + 1
    raise ValueError("a number does not end")


def varint(number: int) -> bytes:
    """A number of 0 or more."""
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
