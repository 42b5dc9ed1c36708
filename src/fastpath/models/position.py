"""Where a model stands in its document."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Position", "position_field"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a model stands in its document: file, line and column (from 1; None when unknown) and path into it."""

    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(place)


def position_field() -> Position | None:
    return field(default=None, compare=False, repr=False, kw_only=True)
