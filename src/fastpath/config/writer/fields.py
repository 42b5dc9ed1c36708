"""Models' fields in protobuf's JSON mapping; what is the default, as of Envoy so of the models, is left out.

Source: https://protobuf.dev/programming-guides/json/.
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any

from ...errors import ConfigError
from ...models import Position
from ..node import document_error

__all__ = ["Json", "any_of", "changed", "duration", "extension", "inline", "member", "plain", "renamed", "unwritable"]

Json = dict[str, object]


def plain(value: object) -> Any:
    """Members of enums by name, tuples and sets as lists, whole numbers without a point, as in a protobuf Struct."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(plain(each) for each in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def changed(model: Any, *names: str, write: Callable[[Any], object] = plain) -> Json:
    """The fields of a model, by these names, that are not as they would be if nothing was said."""
    defaults = _defaults(model.__class__)
    found = ((name, getattr(model, name)) for name in names)
    return {name: write(value) for name, value in found if value != defaults[name]}


def renamed(model: Any, names: Mapping[str, str], write: Callable[[Any], object] = plain) -> Json:
    """The same for fields that Envoy gives other names than the models."""
    return {names[name]: value for name, value in changed(model, *names, write=write).items()}


@cache
def _defaults(kind: type) -> dict[str, object]:
    """What each field is when nothing is given for it; a large configuration asks for these a million times."""
    return {field.name: _default(field) for field in fields(kind)}


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def member(name: str, value: object) -> Json:
    """One field, left out when there is nothing in it."""
    return {name: value} if value else {}


def duration(seconds: float) -> str:
    """Seconds as "1.5s", to the nanosecond."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def inline(data: bytes) -> Json:
    """Bytes of a DataSource: as text if they are that."""
    try:
        return {"inline_string": data.decode()}
    except UnicodeDecodeError:
        return {"inline_bytes": base64.b64encode(data).decode()}


def any_of(kind: str, message: Json) -> Json:
    """A message as a google.protobuf.Any."""
    return {"@type": f"type.googleapis.com/{kind}", **message}


def extension(name: str, kind: str, message: Json) -> Json:
    """An extension with its configuration."""
    return {"name": name, "typed_config": any_of(kind, message)}


def unwritable(position: Position | None, reason: str) -> ConfigError:
    """The error for a model that no document of Envoy's can say, at the place where it was read."""
    place = position or Position()
    return document_error(reason, place.file, place.line or 0, place.column or 0, place.path)
