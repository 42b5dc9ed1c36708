"""Refusing what a model says."""

from __future__ import annotations

from fastpath.errors import ConfigError
from fastpath.models import Position

__all__ = ["MAX_UINT32", "MAX_UINT64", "check_integer", "refusal"]

MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1


def refusal(reason: str, path: str, position: Position | None, code: str = "config") -> ConfigError:
    """The error for what stands at `path` of a model, and at `position` of a document."""
    source = str(position) if position is not None else ""
    return ConfigError(reason, path=path, source=source or None, code=code)


def check_integer(value: object, least: int, most: int, path: str, position: Position | None) -> None:
    """ConfigError unless the value is an integer in this range."""
    if type(value) is not int:
        raise refusal(f"{value!r} is not an integer", path, position)
    if not least <= value <= most:
        raise refusal(f"{value} is not from {least} to {most}", path, position)
