"""Where a model stands in its document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Places", "Position", "position_field"]

_new, _set = object.__new__, object.__setattr__


class Places(Protocol):
    """Knows where the values of a document stand."""

    file: str | None

    def find(self, path: str) -> tuple[int | None, int | None]:
        """Line and column, from 1."""
        ...


class _Late:
    """File, line and column are looked for when somebody asks: few ever do, and there are millions of positions."""

    __slots__ = ("_places",)
    _places: Places
    path: str

    def __getattr__(self, name: str) -> object:
        if name == "file":
            _set(self, "file", self._places.file)
            return self._places.file
        if name not in ("line", "column"):
            raise AttributeError(name)
        line, column = self._places.find(self.path)
        _set(self, "line", line)
        _set(self, "column", column)
        return line if name == "line" else column


@dataclass(frozen=True, slots=True)
class Position(_Late):
    """Where a model stands in its document: file, line and column (from 1; None when unknown) and path into it."""

    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @classmethod
    def late(cls, path: str, places: Places) -> Position:
        """A position whose file, line and column `places` will tell."""
        position = _new(cls)
        _set_path(position, path)
        _set_places(position, places)
        return position

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(place)


# What `_set` does, without looking for the slot.
_set_path = vars(Position)["path"].__set__
_set_places = vars(_Late)["_places"].__set__


def position_field() -> Position | None:
    return field(default=None, compare=False, repr=False, kw_only=True)
