"""Header fields added and removed at several levels, laid out once.

Of each level in turn, first the fields to remove go; then all values are made, from the head as it is then; then
fields are overwritten; then fields are added. Where every field is named once, that comes to one list of operations
for a HeadRewriter, and where also no value is made from the request, to one HeadRewriter for all requests.

Source: envoy.config.core.v3.HeaderValueOption,
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fastpath._rewrite import HeadRewriter
from fastpath.models import HeaderAppendAction, HeaderValueOption
from fastpath.substitution.formatter import SubstitutionFormatter
from fastpath.substitution.heads import HeaderList, as_bytes
from fastpath.substitution.joined import join
from fastpath.substitution.stream import StreamInfo

__all__ = ["Level", "Mutations", "Operations", "rewriter_between"]

_ADD = HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
_ADD_IF_ABSENT = HeaderAppendAction.ADD_IF_ABSENT
_SET = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
_SET_IF_THERE = HeaderAppendAction.OVERWRITE_IF_EXISTS

_replace_forbidden = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").sub


class _Entry(NamedTuple):
    """A field to add: `value` when it is always the same, else `formatter`."""

    name: bytes
    action: HeaderAppendAction
    value: bytes
    formatter: SubstitutionFormatter | None
    keeps_empty: bool

    def fill(self, stream: StreamInfo) -> bytes | None:
        """The value, None when the field is to be left out."""
        value = self.evaluate(stream)
        return value if value or self.keeps_empty else None

    def evaluate(self, stream: StreamInfo) -> bytes:
        """What an operator gives may hold anything; what cannot stand in a header field becomes a space."""
        if self.formatter is None:
            return self.value
        value = self.formatter.format(stream)
        return value if self.formatter.clean else _replace_forbidden(b" ", value)


class Level:
    """The mutations of one level, in one direction."""

    __slots__ = ("entries", "removed")

    def __init__(self, added: Iterable[HeaderValueOption], removed: Iterable[str]):
        self.removed = tuple(as_bytes(name).lower() for name in removed)
        entries = []
        for option in added:
            formatter = SubstitutionFormatter(option.value, omit_empty_values=True, extensions=False)
            static = formatter.static
            if static == b"" and not option.keep_empty_value:
                continue
            name = as_bytes(option.key).lower()
            dynamic = formatter if static is None else None
            entries.append(_Entry(name, option.append_action, static or b"", dynamic, option.keep_empty_value))
        self.entries = tuple(entries)

    def __bool__(self) -> bool:
        return bool(self.entries or self.removed)

    def apply(self, headers: HeaderList, stream: StreamInfo, joined: frozenset[bytes]) -> None:
        """Do it, exactly as Envoy does. `joined`: fields of one line, to which values are appended with commas."""
        for name in self.removed:
            headers.remove(name)
        overwritten, added = [], []
        for entry in self.entries:
            value = entry.evaluate(stream)
            if not value and not entry.keeps_empty:
                continue
            action = entry.action
            if action is _ADD:
                added.append((entry.name, value))
            elif action is _SET:
                overwritten.append((entry.name, value))
            elif (action is _SET_IF_THERE) == (entry.name in headers):
                (added if action is _ADD_IF_ABSENT else overwritten).append((entry.name, value))
        for name, value in overwritten:
            headers.set(name, value)
        for name, value in added:
            if name in joined and (known := join(headers.get_all(name))) is not None:
                headers.set(name, known + b"," + value if known and value else known or value)
            else:
                headers.append(name, value)


class Operations:
    """What a HeadRewriter is made of, and what fills its open values."""

    __slots__ = ("_fills", "absent", "append", "existing", "remove", "set")

    def __init__(self) -> None:
        self.remove: list[bytes] = []
        self.set: list[tuple[bytes, bytes | None]] = []
        self.append: list[tuple[bytes, bytes | None]] = []
        self.absent: list[tuple[bytes, bytes | None]] = []
        self.existing: list[tuple[bytes, bytes | None]] = []
        self._fills: dict[bytes, _Entry] = {}

    def add(self, entry: _Entry) -> None:
        """One field."""
        fields = {_ADD: self.append, _SET: self.set, _ADD_IF_ABSENT: self.absent, _SET_IF_THERE: self.existing}
        fields[entry.action].append((entry.name, None if entry.formatter is not None else entry.value))
        if entry.formatter is not None:
            self._fills[entry.name] = entry

    def fills(self) -> tuple[_Entry, ...]:
        """The entries that make the open values, in the rewriter's order."""
        fields = (*self.set, *self.append, *self.absent, *self.existing)
        return tuple(self._fills[name] for name, value in fields if value is None)

    def rewriter(self, *, remove: Sequence[bytes] = (), first: Sequence[bytes] = ()) -> HeadRewriter:
        """The HeadRewriter. `first`: fields to set, with open values before all others."""
        return HeadRewriter(
            remove=[*self.remove, *remove],
            set=[*((name, None) for name in first), *self.set],
            append=self.append,
            add_if_absent=self.absent,
            overwrite_if_exists=self.existing,
        )


class Mutations:
    """All levels of one direction, in the order in which they are applied."""

    __slots__ = ("_joined", "headers", "levels", "operations")

    def __init__(self, levels: Sequence[Level], joined: frozenset[bytes]):
        self.levels = tuple(levels)
        self._joined = joined
        entries = [entry for level in levels for entry in level.entries]
        self.headers: frozenset[bytes] = frozenset().union(
            *(entry.formatter.headers for entry in entries if entry.formatter is not None)
        )
        """The request fields that values are made of."""
        self.operations = self._flat()
        """All as one list of operations; None where only one after the other will do."""

    def __bool__(self) -> bool:
        return any(self.levels)

    def apply(self, headers: HeaderList, stream: StreamInfo, start: int = 0, end: int | None = None) -> None:
        """Do it level by level, on fields that can be changed."""
        for level in self.levels[start:end]:
            level.apply(headers, stream, self._joined)

    def names(self) -> frozenset[bytes]:
        """All fields that are touched."""
        return frozenset(
            name for level in self.levels for name in (*level.removed, *(entry.name for entry in level.entries))
        )

    def _flat(self) -> Operations | None:
        seen: set[bytes] = set()
        operations = Operations()
        for level in self.levels:
            for name in (*set(level.removed), *(entry.name for entry in level.entries)):
                if name in seen:
                    return None  # what comes of it depends on the order
                seen.add(name)
            operations.remove += level.removed
            for entry in level.entries:
                if entry.action is _ADD and entry.name in self._joined:
                    return None
                may_be_empty = entry.formatter is not None and not (entry.keeps_empty or entry.formatter.never_empty)
                if may_be_empty and entry.action in (_SET, _SET_IF_THERE):
                    return None  # an empty value leaves what is there alone
                operations.add(entry)
        return None if self.headers & seen else operations


def rewriter_between(after: HeaderList, names: frozenset[bytes]) -> HeadRewriter:
    """The HeadRewriter that makes the fields `names` of a head what they are in `after`."""
    fields = [(name, value) for name, value in after.items() if name.lower() in names]
    return HeadRewriter(remove=sorted(names), append=fields)
