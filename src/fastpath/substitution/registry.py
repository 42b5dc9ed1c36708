"""How an operator is made known: its name, the arguments it takes, and what makes a Reader of it."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .time_format import TimeFormatter, has_newline

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__ = [
    "NO_ARGUMENTS",
    "OPTIONAL",
    "REQUIRED",
    "TABLE",
    "BadOperator",
    "Kind",
    "Reader",
    "field_names",
    "make_reader",
    "number_operator",
    "operator",
    "text_operator",
    "time_operator",
]


class BadOperator(Exception):
    """An operator that cannot be compiled. Its text is the reason."""


class Kind(enum.Enum):
    """What a reader returns; None in any case when there is nothing."""

    BYTES = 0
    TEXT = 1
    NUMBER = 2
    VALUE = 3
    """Plain data as JSON has it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What an operator became."""

    kind: Kind
    read: Callable[[StreamInfo], object]
    headers: tuple[bytes, ...] = ()
    """Names of request fields that it reads, in lower case."""
    total: bool = False
    """It never comes out empty."""
    clean: bool = False
    """What it gives may stand in a header field: it comes out of one, or has only digits."""


Make = Callable[[str, int | None], Reader]

NO_ARGUMENTS, OPTIONAL, REQUIRED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Entry:
    make: Make
    arguments: int
    length: bool


TABLE: dict[str, _Entry] = {}


def make_reader(name: str, argument: str, length: int | None) -> Reader:
    """Compile %name(argument):length%. BadOperator when it cannot be."""
    entry = TABLE.get(name)
    if entry is None:
        raise BadOperator(f"the operator {name} is unknown or not supported")
    if entry.arguments == NO_ARGUMENTS and not entry.length and (argument or length is not None):
        raise BadOperator(f"{name} takes neither arguments nor a length")
    if entry.arguments == REQUIRED and not argument:
        raise BadOperator(f"{name} needs an argument")
    if length is not None and not entry.length:
        raise BadOperator(f"{name} takes no length")
    return entry.make(argument, length)


def operator(name: str, arguments: int = NO_ARGUMENTS, *, length: bool = False) -> Callable[[Make], Make]:
    """Register what is decorated under a name. `length`: it may be followed by one."""

    def register(make: Make) -> Make:
        TABLE[name] = _Entry(make, arguments, length)
        return make

    return register


def number_operator(name: str, read: Callable[[StreamInfo], object], *, total: bool = False) -> None:
    """An operator without arguments that gives a number."""
    operator(name)(lambda argument, length: Reader(Kind.NUMBER, read, total=total, clean=True))


def text_operator(name: str, read: Callable[[StreamInfo], object], *, total: bool = False) -> None:
    """An operator without arguments that gives a str."""
    operator(name)(lambda argument, length: Reader(Kind.TEXT, read, total=total))


def time_operator(name: str, when: Callable[[StreamInfo], float | None], *, local: bool = False) -> None:
    """An operator that gives a time, its pattern in the argument."""

    def make(argument: str, length: int | None) -> Reader:
        if has_newline(argument):
            raise BadOperator("the time would hold a newline")
        pattern = argument
        if local and not pattern:
            pattern = "%Y-%m-%dT%H:%M:%E3S%z"
        formatter = TimeFormatter(pattern, local=local)

        def read(stream: StreamInfo) -> str | None:
            seconds = when(stream)
            return None if seconds is None else formatter.format(seconds)

        return Reader(Kind.TEXT, read)

    operator(name, OPTIONAL)(make)


_is_name = re.compile(r":?[!#$%&'*+\-.^_`|~0-9A-Za-z]*").fullmatch


def field_names(argument: str) -> tuple[bytes, bytes]:
    """A field, and the one to read when it is missing (b"" for none)."""
    first, _, second = argument.partition("?")
    if "?" in second:
        raise BadOperator(f"more than one alternative field in {argument!r}")
    for name in (first, second):
        if not _is_name(name):
            raise BadOperator(f"{name!r} is not the name of a header field")
    return first.lower().encode(), second.lower().encode()
