"""Format strings, compiled: text with operators between percent signs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from fastpath.errors import ConfigError

from .operators import EXTENSIONS, BadOperator, Kind, Reader, make_reader

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__ = ["Piece", "SubstitutionFormatter", "parse"]

_LONGEST = 2**64 - 1  # lengths are 64-bit numbers in Envoy
_operator_at = re.compile(r"%([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]+))?%").match

_Text = Callable[["StreamInfo"], bytes | None]


def _json_text(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    """Numbers without a fraction as whole numbers, as Envoy writes them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


class Piece:
    """A stretch of a format: a literal, or an operator in its two forms."""

    __slots__ = ("literal", "reader", "text")

    def __init__(self, literal: bytes = b"", reader: Reader | None = None):
        self.literal = literal
        self.reader = reader
        self.text: _Text = _text_of(reader) if reader is not None else lambda stream: literal

    def value(self, stream: StreamInfo) -> object:
        """What the operator reads, as JSON has it: a str, a number, or structured data; None for nothing."""
        reader = self.reader
        if reader is None:
            return self.literal.decode("utf-8", "replace")
        value = reader.read(stream)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else _plain(value)


def _text_of(reader: Reader) -> _Text:
    read = reader.read
    if reader.kind is Kind.BYTES:
        return cast("_Text", read)
    if reader.kind is Kind.NUMBER:

        def number(stream: StreamInfo) -> bytes | None:
            value = cast("int | None", read(stream))
            return None if value is None else b"%d" % value

        return number
    if reader.kind is Kind.TEXT:

        def text(stream: StreamInfo) -> bytes | None:
            value = cast("str | None", read(stream))
            return None if value is None else value.encode("utf-8", "surrogateescape")

        return text

    def data(stream: StreamInfo) -> bytes | None:
        value = read(stream)
        if value is None:
            return None
        return (value if isinstance(value, str) else _json_text(value)).encode("utf-8", "surrogateescape")

    return data


def parse(text: str, *, extensions: bool = True) -> list[Piece]:
    """The pieces of a format; literals that follow each other are one. ConfigError, with the offset as its index."""
    pieces: list[Piece] = []
    literal = ""
    at = 0
    while at < len(text):
        percent = text.find("%", at)
        if percent < 0:
            literal += text[at:]
            break
        literal += text[at:percent]
        if text.startswith("%%", percent):
            literal += "%"
            at = percent + 2
            continue
        found = _operator_at(text, percent)
        if found is None:
            raise ConfigError(f"no operator at position {percent} of the format", index=percent, code="config_format")
        if literal:
            pieces.append(Piece(literal.encode("utf-8", "surrogateescape")))
            literal = ""
        pieces.append(Piece(reader=_compile(found, percent, extensions)))
        at = found.end()
    if literal:
        pieces.append(Piece(literal.encode("utf-8", "surrogateescape")))
    return pieces


def _compile(found: re.Match[str], position: int, extensions: bool) -> Reader:
    name, argument, digits = found.groups()
    try:
        length = None if digits is None else int(digits) if len(digits) < 21 else _LONGEST + 1
        if length is not None and length > _LONGEST:
            raise BadOperator(f"the length of {name} is above {_LONGEST}")
        if name in EXTENSIONS and not extensions:
            raise BadOperator(f"the operator {name} is not for header fields")
        if name == "COALESCE":
            return _coalesce(argument or "", length)
        return make_reader(name, argument or "", length)
    except BadOperator as error:
        reason = f"{error}, at position {position} of the format"
        raise ConfigError(reason, index=position, code="config_format") from None


def _part_of_coalesce(each: object) -> Reader:
    name, parameter, limit = each, "", None
    if isinstance(each, dict):
        name, parameter, limit = each.get("command"), each.get("param", ""), each.get("max_length")
    known = isinstance(parameter, str) and (limit is None or (type(limit) is int and limit >= 0))
    if not isinstance(name, str) or not known or name == "COALESCE":
        raise BadOperator("an operator of COALESCE is a name, or an object with command, param and max_length")
    return make_reader(name, parameter, limit)


def _coalesce(argument: str, length: int | None) -> Reader:
    """The first of several operators that gives something: {"operators": ["NAME", {"command": , "param": }]}."""
    try:
        document = json.loads(argument)
    except (ValueError, RecursionError):
        raise BadOperator("COALESCE takes a JSON object") from None
    operators = document.get("operators") if isinstance(document, dict) else None
    if not isinstance(operators, list) or not operators:
        raise BadOperator('COALESCE takes {"operators": [...]}, at least one of them')
    readers = [_part_of_coalesce(each) for each in operators]
    texts = [_text_of(reader) for reader in readers]

    def read(stream: StreamInfo) -> bytes | None:
        for text in texts:
            value = text(stream)
            if value:
                return value[:length]
        return None

    headers = tuple(name for reader in readers for name in reader.headers)
    return Reader(Kind.BYTES, read, headers, clean=all(reader.clean for reader in readers))


class SubstitutionFormatter:
    """A format string ("%REQ(:METHOD)% %RESPONSE_CODE%"), compiled once.

    format: the text; "%%" stands for a percent sign.
    omit_empty_values: what an operator does not find comes out empty, otherwise as "-".
    extensions: REQ_WITHOUT_QUERY is there too, as in access logs with this formatter.

    `static` is the result where no operator is in it, else None. Raises ConfigError for a format that Envoy refuses and
    for an operator that is not supported; its `index` is the position. Immutable; may be shared between threads.
    """

    __slots__ = ("_missing", "_texts", "clean", "headers", "never_empty", "pieces", "source", "static")

    def __init__(self, format: str, *, omit_empty_values: bool = False, extensions: bool = True):  # noqa: A002
        self.source = format
        self.pieces = parse(format, extensions=extensions)
        self._missing = b"" if omit_empty_values else b"-"
        self._texts = [piece.text for piece in self.pieces]
        readers = [piece.reader for piece in self.pieces if piece.reader is not None]
        self.static: bytes | None = b"".join(piece.literal for piece in self.pieces) if not readers else None
        self.headers: frozenset[bytes] = frozenset(name for reader in readers for name in reader.headers)
        """The request fields that it reads, in lower case."""
        self.clean = all(reader.clean for reader in readers)
        """What comes out may stand in a header field, if what comes in may."""
        self.never_empty = any(
            piece.literal or (piece.reader is not None and (piece.reader.total or not omit_empty_values))
            for piece in self.pieces
        )

    def format(self, stream: StreamInfo) -> bytes:
        """The text for one request."""
        if self.static is not None:
            return self.static
        missing = self._missing
        texts = self._texts
        if len(texts) == 1:
            value = texts[0](stream)
            return missing if value is None else value
        return b"".join([missing if (value := text(stream)) is None else value for text in texts])

    def __repr__(self) -> str:
        return f"SubstitutionFormatter({self.source!r})"
