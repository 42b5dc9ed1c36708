# cython: annotation_typing=False, binding=False
"""Typed fields out of document nodes, written as in protobuf's JSON mapping; every problem is noted, none is raised.

Source: https://protobuf.dev/programming-guides/json/ (names in snake_case or camelCase, enums by name or number, 64-bit
integers and durations as strings, wrappers as their plain value, null as "not set").
"""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from ..models import Position
from ..models.position import Where, path_of
from .node import describe, shorten
from .problems import MAX_REPORTED, Problems

__all__ = ["Located", "Section", "Value", "is_token"]

E = TypeVar("E", bound=enum.Enum)

UINT32_MAX = 2**32 - 1
UINT64_MAX = 2**64 - 1
_DURATION = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s\Z")
_MAX_DURATION = 24  # characters
_MAX_SECONDS = 315_576_000_000 - 1  # what Envoy takes: less than ten thousand years
_INTEGER = re.compile(r"(-?(?:0|[1-9][0-9]{0,30}))(?:\.0{1,30})?\Z")
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,60})?(?:[eE][-+]?[0-9]{1,3})?\Z")
is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
"""Whether a text can be the name of a header field (RFC 9110, section 5.6.2)."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@lru_cache(maxsize=1024)
def camel_case(name: str) -> str:
    """The name that protobuf's JSON mapping gives to a field: connect_timeout -> connectTimeout."""
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def _exact_integer(value: object) -> int | None:
    """What stands for a whole number: 5, 5.0 and "5"."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, str):
        match = _INTEGER.match(value)  # "5.0" is how 5.0 comes from YAML
        return int(match[1]) if match is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=1024)
def _short_seconds(text: str) -> float | None:
    """What a duration says; None when it is none, or less than 0 or too long."""
    match = _DURATION.match(text)
    if match is None:
        return None
    sign, whole, fraction = match.groups()
    seconds = int(whole) + (int(fraction.ljust(9, "0")) / 1e9 if fraction else 0.0)
    return None if (sign and seconds) or int(whole) > _MAX_SECONDS else float(seconds)


def _seconds(value: object) -> float | None:
    return _short_seconds(value) if isinstance(value, str) and len(value) <= _MAX_DURATION else None


class Located:
    """Something in a document."""

    __slots__ = ("problems", "where")
    problems: Problems
    where: Where

    @property
    def path(self) -> str:
        """Where it is, such as `a.b[3]`."""
        return path_of(self.where)

    @property
    def position(self) -> Position:
        return Position.late(self.where, self.problems.places)

    def error(self, reason: str) -> None:
        self.problems.add_value(reason, self.path)

    def warn(self, reason: str) -> None:
        """Tell what has no effect, and is no error where the document is meant for."""
        self.problems.warn(reason, self.path)


class Value(Located):
    """A value of a document."""

    __slots__ = ("raw",)

    def __init__(self, raw: object, where: Where, problems: Problems):
        self.raw = raw
        self.where = where
        self.problems = problems

    def expected(self, what: str) -> None:
        self.error(f"expected {what}, found {describe(self.raw)}")

    def string(self) -> str:
        value = self.raw
        if isinstance(value, str):
            return value
        hint = " (quote it to make it text)" if isinstance(value, (bool, int, float)) else ""
        self.expected(f"a string{hint}")
        return ""

    def integer(self, minimum: int, maximum: int) -> int | None:
        value = _exact_integer(self.raw)
        if value is None:
            self.expected("an integer")
            return None
        if not minimum <= value <= maximum:
            self.error(f"expected an integer from {minimum} to {maximum}, found {shorten(str(value))}")
            return None
        return value

    def number(self, minimum: float, maximum: float) -> float | None:
        """A double; from YAML it comes as the text that was written."""
        value = self.raw
        if isinstance(value, str) and _NUMBER.match(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.expected("a number")
            return None
        if not minimum <= value <= maximum:  # also false for NaN
            self.error(f"expected a number from {minimum:g} to {maximum:g}, found {shorten(str(value))}")
            return None
        return float(value)

    def boolean(self) -> bool | None:
        value = self.raw
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        self.expected("true or false")
        return None

    def duration(self) -> float | None:
        """Seconds, from "1.5s" or {"seconds": 1, "nanos": 500000000}. Never negative."""
        value = self.raw
        if isinstance(value, dict):
            return self._duration_of_parts(Section(value, self.where, self.problems))
        seconds = _seconds(value)
        if seconds is None:
            match = _DURATION.match(value) if isinstance(value, str) else None
            if match is None:
                self.expected('a duration in seconds such as "1.5s"')
            elif match[1]:
                self.error(f"a duration is not negative, found {value!r}")
            else:
                self.error(f"a duration is at most {_MAX_SECONDS}s, found {value!r}")
        return seconds

    @staticmethod
    def _duration_of_parts(section: Section) -> float:
        seconds = section.integer("seconds", 0, _MAX_SECONDS) or 0
        nanos = section.integer("nanos", 0, 10**9 - 1) or 0
        section.end()
        return seconds + nanos / 1e9

    def enum(self, kind: type[E], unsupported: Mapping[str, int] = {}) -> E | None:
        """A member of `kind` by name or number. `unsupported` names values that exist but are not built yet."""
        value = self.raw
        names = {member.name: member for member in kind}
        if isinstance(value, str) and value in names:
            return names[value]
        number = _exact_integer(value)
        if number is not None and not (isinstance(value, str) and "." in value):
            value = number
            for member in kind:
                if member.value == number:
                    return member
        if isinstance(value, (str, int)) and (value in unsupported or value in unsupported.values()):
            self.error(f"{value} is not supported; supported are {', '.join(names)}")
            return None
        near = self.problems.suggest(value, names) if isinstance(value, str) else ""
        self.error(f"expected one of {', '.join(names)}, found {describe(self.raw)}{near}")
        return None

    def base64(self) -> bytes:
        text = self.string()
        try:
            # Protobuf takes the standard and the URL-safe alphabet, padded or not.
            return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
        except ValueError:  # binascii.Error, or letters beyond ASCII
            self.expected("base64")
            return b""

    def section(self) -> Section | None:
        """The value as an object with fields."""
        raw = self.raw
        if isinstance(raw, dict):
            return Section(raw, self.where, self.problems)
        self.expected("an object")
        return None

    def items(self) -> Sequence[Value]:
        """The values of a list."""
        raw, where, problems = self.raw, self.where, self.problems
        if not isinstance(raw, list):
            self.expected("a list")
            return ()
        return [Value(each, (where, index), problems) for index, each in enumerate(raw)]


class Section(Located):
    """The fields of one object. Fields that nobody asked for by the time of `end` are unknown.

    Large configurations have millions of fields, most of them asked for and not there, so that case costs the least.
    """

    __slots__ = ("_absent", "_camel", "asked", "members")

    def __init__(self, members: dict[str, object], where: Where, problems: Problems):
        self.members = members
        self.where = where
        self.problems = problems
        self.asked: set[str] = set()
        self._absent: list[Iterable[str]] = []  # asked for too
        self._camel = not problems.small_names.issuperset(members) and problems.has_capitals(members)

    def again(self) -> Section:
        """The same object, of which nothing has been asked yet."""
        return Section(self.members, self.where, self.problems)

    def lacks(self, names: frozenset[str]) -> bool:
        """Whether none of the fields is there; true is only said for sure, so that they need not be asked for."""
        if self._camel or not names.isdisjoint(self.members):
            return False
        self._absent.append(names)
        return True

    def get(self, name: str, *, required: bool = False) -> Value | None:
        """The field by its snake_case name, None when it is not set."""
        self.asked.add(name)
        raw = self.members.get(name)
        written = name
        if self._camel:
            raw, written = self._either(name, raw)
        if raw is None:
            if required:
                self.error(f'"{name}" is missing')
            return None
        return Value(raw, (self.where, written), self.problems)

    def _either(self, name: str, raw: object) -> tuple[object, str]:
        """The field by this name or its camelCase one, and which it was."""
        camel = camel_case(name)
        self.asked.add(camel)
        if camel == name or camel not in self.members:
            return raw, name
        if name in self.members:
            self.error(f'"{name}" and "{camel}" are the same field; give it once')
        return self.members[camel], camel

    def fields(self, name: str) -> Iterator[tuple[str, Value]]:
        """What an object in the field holds by names that are no fields of ours."""
        section = self.section(name)
        if section is not None:
            yield from section.entries()

    def entries(self) -> Iterator[tuple[str, Value]]:
        """All that the object holds, by names that are no fields of ours."""
        for name, raw in self.members.items():
            yield name, Value(raw, (self.where, name), self.problems)

    def string(self, name: str, default: str = "", *, required: bool = False) -> str:
        raw = self.members.get(name)
        if not self._camel:
            if raw is None and not required:
                self.asked.add(name)
                return default
            if isinstance(raw, str) and raw:
                self.asked.add(name)
                return raw
        value = self.get(name, required=required)
        if value is None:
            return default
        text = value.string()
        if required and text == "" and value.raw == "":
            value.error("must not be empty")
        return text

    def optional_string(self, name: str) -> str | None:
        value = self.get(name)
        return None if value is None else value.string()

    def header_text(self, name: str) -> str | None:
        """A string that will stand in a message's head, so no control character may be in it."""
        raw = self.members.get(name)
        if type(raw) is str and not self._camel and not _CONTROL.search(raw):
            self.asked.add(name)
            return raw
        value = self.get(name)
        if value is None:
            return None
        text = value.string()
        if _CONTROL.search(text):
            value.error(f"must not hold control characters, found {shorten(text)!r}")
        return text

    def integer(self, name: str, minimum: int = 0, maximum: int = UINT32_MAX, *, required: bool = False) -> int | None:
        raw = self.members.get(name)
        if type(raw) is int and not self._camel and minimum <= raw <= maximum:
            self.asked.add(name)
            return raw
        value = self.get(name, required=required)
        return None if value is None else value.integer(minimum, maximum)

    def boolean(self, name: str, *, default: bool = False) -> bool:
        raw = self.members.get(name)
        if (raw is None or isinstance(raw, bool)) and not self._camel:
            self.asked.add(name)
            return default if raw is None else raw
        value = self.get(name)
        return default if value is None else bool(value.boolean())

    def percent(self, name: str, default: float) -> float:
        """An envoy.type.v3.Percent: 0 to 100."""
        section = self.section(name)
        if section is None:
            return default
        value = section.get("value")
        number = value.number(0.0, 100.0) if value is not None else 0.0
        section.end()
        return default if number is None else number

    def duration(self, name: str) -> float | None:
        seconds = _seconds(self.members.get(name))
        if seconds is not None and not self._camel:
            self.asked.add(name)
            return seconds
        value = self.get(name)
        return None if value is None else value.duration()

    def enum(self, name: str, kind: type[E], default: E, unsupported: Mapping[str, int] = {}) -> E:
        if name not in self.members and not self._camel:
            self.asked.add(name)
            return default
        value = self.get(name)
        return default if value is None else value.enum(kind, unsupported) or default

    def section(self, name: str, *, required: bool = False) -> Section | None:
        raw = self.members.get(name)
        if isinstance(raw, dict) and not self._camel:
            self.asked.add(name)
            return Section(raw, (self.where, name), self.problems)
        value = self.get(name, required=required)
        return None if value is None else value.section()

    def items(self, name: str) -> Sequence[Value]:
        """The values of a list."""
        value = self.get(name)
        return () if value is None else value.items()

    def sections(self, name: str) -> Sequence[Section]:
        """The objects of a list."""
        if not self._camel:
            raw = self.members.get(name)
            if raw is None:
                self.asked.add(name)
                return ()
            if type(raw) is list:
                self.asked.add(name)
                return self._sections_of(raw, (self.where, name))
        value = self.get(name)
        return () if value is None else [each for item in value.items() if (each := item.section()) is not None]

    def _sections_of(self, items: list[object], where: Where) -> list[Section]:
        problems, found = self.problems, []
        for index, raw in enumerate(items):
            if type(raw) is dict:
                found.append(Section(raw, (where, index), problems))
            else:
                Value(raw, (where, index), problems).section()
        return found

    def one_of(self, kind: str, *names: str, required: bool = True) -> str | None:
        """Which of the fields of a oneof is set; an error when there are several, or none though one is required."""
        if self._camel:
            found = [name for name in names if self.get(name) is not None]
        else:
            members, found = self.members, []
            self._absent.append(names)
            for name in names:
                if name in members and members[name] is not None:
                    found.append(name)
                    self.asked.add(name)
        if len(found) > 1:
            self.error(f"{' and '.join(found)} exclude each other: only one {kind} is allowed")
        elif not found and required:
            self.error(f"has no {kind}: one of {', '.join(names)} is needed")
        return found[0] if found else None

    def typed(self, name: str, type_name: str) -> Section | None:
        """A google.protobuf.Any that must hold `type_name`, with the message's fields beside "@type"."""
        found = self.typed_one_of(name, (type_name,))
        return None if found is None else found[1]

    def typed_one_of(self, name: str, type_names: tuple[str, ...]) -> tuple[str, Section] | None:
        """A google.protobuf.Any that must hold one of the types: which, and the message's fields beside "@type"."""
        section = self.section(name, required=True)
        if section is None:
            return None
        type_url = section.get("@type", required=True)
        if type_url is None:
            return None
        written = type_url.string()
        found = written.rpartition("/")[2]
        if found not in type_names:
            expected = " or ".join(f'"type.googleapis.com/{each}"' for each in type_names)
            type_url.error(f"expected the type {expected}, found {shorten(written, 120)!r}")
            return None
        return found, section

    def end(self, unsupported: Container[str] = ()) -> None:
        """Report the fields that nobody asked for. `unsupported` are names that Envoy has, which are no slips."""
        if self.asked.issuperset(self.members):
            return
        asked = self.asked.union(*self._absent)
        if asked.issuperset(self.members):
            return
        unknown = [name for name in self.members if name not in asked]
        for name in unknown[:MAX_REPORTED]:
            if name in unsupported:
                reason = f"the field {name!r} is not supported"
            else:
                camel = any(map(str.isupper, name))
                names = {camel_case(known) for known in asked} if camel else asked
                near = self.problems.suggest(name, sorted(names))
                reason = f"the field {shorten(name)!r} is unknown or not supported{near}"
            self.problems.unknown(reason, self.path, name)
