"""Where in a configuration something is wrong: steps on the way into it, and the error they make."""

from __future__ import annotations

from typing import NamedTuple

from fastpath.errors import ConfigError
from fastpath.models import Position

__all__ = ["Step", "reason_of", "refusal"]


class Step(NamedTuple):
    """One step: a segment of the path, and the model that stands there."""

    segment: str
    model: object = None


def refusal(reason: str, *steps: Step, code: str = "config") -> ConfigError:
    """The error for the place that the steps lead to, in the words of the innermost model that knows its position."""
    path, source = "", None
    line, column = None, None
    for step in steps:
        path += step.segment
        position = getattr(step.model, "position", None)
        if isinstance(position, Position):
            path = position.path or path
            source = str(position) or source
            line, column = position.line, position.column
    return ConfigError(reason, path=path.removeprefix("."), source=source, line=line, column=column, code=code)


def reason_of(error: Exception) -> str:
    """What an exception of the builder says, without its place."""
    return error.reason if isinstance(error, ConfigError | UnicodeEncodeError) else str(error)
