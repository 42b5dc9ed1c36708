"""Where a model stands in its document."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol, Union

from ._fields import Fields
from .model import model

__all__ = ["MapKey", "Places", "Position", "Where", "path_of", "position_field"]

_set = object.__setattr__
_MAX_NAME = 320
"""A document's own names may be as long as it is, and all that is below one has it in its path."""


class MapKey(str):
    """A name that stands in brackets in paths, as it is no field's."""

    __slots__ = ()


Where = Union[str, "tuple[Where, str | int]"]
"""A path, or what is below another place: a field's name, the number of an item. Those below one share it."""


def path_of(where: Where) -> str:
    """The path as messages write it, such as `a.b[3]`."""
    steps = []
    while type(where) is tuple:
        where, step = where
        steps.append(step)
    path = str(where)
    for step in reversed(steps):
        if type(step) is int:
            path = f"{path}[{step}]"
            continue
        name = str(step)
        if len(name) > _MAX_NAME:
            name = f"{name[:_MAX_NAME]}..."
        path += f"[{name!r}]" if type(step) is MapKey else f".{name}" if path else name
    return path


class Places(Protocol):
    """Knows where the values of a document stand, and nothing of models: those lead here."""

    file: str | None

    def find(self, path: str) -> tuple[int | None, int | None]:
        """Line and column, from 1."""
        ...


class _Late:
    """All that is told is looked for when somebody asks: few ever do, and there are millions of positions."""

    __slots__ = ("_places", "_where")
    _places: Places | None
    _where: Where

    def __getattr__(self, name: str) -> object:
        found: object
        if name == "path":
            found = path_of(self._where)
        elif name == "file":
            found = self._places.file if self._places is not None else None
        elif name in ("line", "column"):
            line, column = self._places.find(path_of(self._where)) if self._places is not None else (None, None)
            found = line if name == "line" else column
            _set(self, "line", line)
            _set(self, "column", column)
        else:
            raise AttributeError(name)
        _set(self, name, found)
        return found


@model(frozen=True, slots=True)
class Position(_Late):
    """Where a model stands in its document: file, line and column (from 1; None when unknown) and path into it."""

    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @staticmethod
    def late(where: Where, places: Places | None) -> Position:
        """A position of which `places` will tell more; None: nobody knows more."""
        return _late(where, places)

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(place)


_late = Fields(Position, ("_where", "_places")).make_leaf


def position_field() -> Position | None:
    return field(default=None, compare=False, repr=False, kw_only=True)
