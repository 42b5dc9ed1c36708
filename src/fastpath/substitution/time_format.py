"""Times in Envoy's subset of strftime: what absl::FormatTime and Envoy's DateFormatter know.

    %s        whole seconds since 1970          %f, %9f   nine digits of the second's fraction; %1f ... %8f fewer
    %E3S      seconds with three digits         %E*S      seconds with as many digits as there are
    %E3f      three digits of the fraction      %E4Y      the year, four digits at least
    %z %Ez    the zone: +0000, +00:00           others    as strftime has them

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage (START_TIME).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

__all__ = ["DEFAULT", "TimeFormatter", "has_newline"]

DEFAULT = "%Y-%m-%dT%H:%M:%E3SZ"

_has_newline = re.compile(r"%[-_0^#]*[1-9]*(?:E|O)?n").search
_DIRECTIVE = re.compile(
    r"%(?:%|([1-9])?f|E([0-9]|\*)([Sf])|E4Y|E\*?z|::?z|[-_0^#]*[0-9]*[EO]?[a-zA-Z+]|$)",
)


def has_newline(pattern: str) -> bool:
    """Whether the result would hold a newline, which a header field may not."""
    return _has_newline(pattern) is not None


class TimeFormatter:
    """A pattern, laid out once. What only changes with the second is made once for each second."""

    __slots__ = ("_local", "_pieces", "_second")

    def __init__(self, pattern: str = "", *, local: bool = False):
        self._local = local
        self._second: tuple[int, list[str | Callable[[int], str]]] = (-(1 << 62), [])
        self._pieces: list[str | Callable[[int], str]] = _parse(pattern or DEFAULT)

    def format(self, seconds: float) -> str:
        """The time `seconds` after 1970-01-01T00:00:00Z."""
        nanoseconds = round(seconds * 1e9)
        second, fraction = divmod(nanoseconds, 1_000_000_000)
        known, pieces = self._second
        if second != known:
            pieces = self._fill(second)
            self._second = (second, pieces)
        if len(pieces) == 1 and isinstance(pieces[0], str):
            return pieces[0]
        return "".join([piece if isinstance(piece, str) else piece(fraction) for piece in pieces])

    def _fill(self, second: int) -> list[str | Callable[[int], str]]:
        """The pieces, all filled in but those that read the fraction."""
        when = time.localtime(second) if self._local else time.gmtime(second)
        filled: list[str | Callable[[int], str]] = []
        for piece in self._pieces:
            if not isinstance(piece, str):
                filled.append(piece)
                continue
            text = _second_text(piece, second, when) if piece[:1] == "%" else piece
            if filled and isinstance(last := filled[-1], str):
                filled[-1] = last + text
            else:
                filled.append(text)
        return filled or [""]


def _parse(pattern: str) -> list[str | Callable[[int], str]]:
    pieces: list[str | Callable[[int], str]] = []
    start = 0
    for found in _DIRECTIVE.finditer(pattern):
        if found.start() > start:
            pieces.append(pattern[start : found.start()])
        start = found.end()
        digits, extended, kind = found.groups()
        if found[0] in ("%f", "%E9f") or digits:
            pieces.append(_fraction(int(digits or 9)))
        elif kind == "S":
            pieces.append("%S")
            if extended != "0":
                pieces.append(
                    _fraction(9, cut=True, dot=True) if extended == "*" else _fraction(int(extended), dot=True)
                )
        elif kind == "f":
            pieces.append(_fraction(9, cut=True, empty="0") if extended == "*" else _fraction(int(extended)))
        else:
            pieces.append(found[0])
    if start < len(pattern):
        pieces.append(pattern[start:])
    return pieces


def _fraction(digits: int, *, cut: bool = False, dot: bool = False, empty: str = "") -> Callable[[int], str]:
    """The first digits of nanoseconds; `cut`: without the zeros at the end."""

    def text(nanoseconds: int) -> str:
        shown = f"{nanoseconds:09d}"[:digits]
        if cut:
            shown = shown.rstrip("0") or empty
        return "." + shown if dot and shown else shown

    return text


def _second_text(directive: str, second: int, when: time.struct_time) -> str:
    if directive == "%s":
        return str(second)
    if directive == "%%" or directive == "%":
        return "%"
    if directive == "%E4Y":
        return f"{when.tm_year:04d}"
    if directive == "%Y":
        return str(when.tm_year)
    if directive in ("%z", "%Ez", "%:z", "%E*z", "%::z"):
        offset = when.tm_gmtoff or 0
        sign = "-" if offset < 0 else "+"
        hours, rest = divmod(abs(offset), 3600)
        minutes, seconds = divmod(rest, 60)
        separator = "" if directive == "%z" else ":"
        zone = f"{sign}{hours:02d}{separator}{minutes:02d}"
        return f"{zone}:{seconds:02d}" if directive in ("%E*z", "%::z") else zone
    if directive == "%Z":
        return when.tm_zone if when.tm_zone not in ("GMT", "") else "UTC"
    return time.strftime(directive, when)
