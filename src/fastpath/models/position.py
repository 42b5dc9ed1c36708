"""Where a model stands in its document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Places", "Position", "position_field"]

_set = object.__setattr__


class Places(Protocol):
    """Knows where the values of a document stand."""

    def find(self, path: str) -> tuple[int | None, int | None]:
        """Line and column, from 1."""
        ...


class _Late:
    """Line and column that are looked for when somebody asks: few ever do, and there are millions of positions."""

    __slots__ = ("_places",)
    _places: Places
    path: str

    def __getattr__(self, name: str) -> object:
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
    def late(cls, path: str, file: str | None, places: Places) -> Position:
        """A position whose line and column `places` will tell."""
        position = object.__new__(cls)
        _set(position, "path", path)
        _set(position, "file", file)
        _set(position, "_places", places)
        return position

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(place)


def position_field() -> Position | None:
    return field(default=None, compare=False, repr=False, kw_only=True)
