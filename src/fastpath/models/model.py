"""What every model is: a dataclass, frozen and with slots, that is made in a tenth of the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from ._fields import Fields

__all__ = ["model"]

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as model

    from _typeshed import DataclassInstance
else:

    def model(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """As `dataclass`; both options are needed, and say what the class is."""

        def decorate(kind: type[T]) -> type[T]:
            made = dataclass(frozen=frozen, slots=slots, init=False)(kind)
            made.__init__ = _constructor(made)
            return made

        return decorate


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"  # in signatures, as of dataclasses


def _constructor(kind: type[DataclassInstance]) -> Callable[..., None]:
    """What dataclass would make, but for the way in which fields are set: that takes most of the time otherwise."""
    given = [each for each in fields(kind) if each.init]
    by_keyword = [each for each in given if each.kw_only]
    parameters = [_parameter(each) for each in given if not each.kw_only]
    if by_keyword:
        parameters += ["*", *map(_parameter, by_keyword)]
    names: dict[str, Any] = {f"_default_{each.name}": each.default for each in given}
    names |= {f"_make_{each.name}": each.default_factory for each in given}
    names |= {"_fill": Fields(kind, tuple(each.name for each in given)).fill, "_FACTORY": _Factory()}
    values = ", ".join(map(_value, given))
    exec(f"def __init__(self, {', '.join(parameters)}):\n    _fill(self, {values})", names)
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{kind.__qualname__}.__init__"
    constructor.__module__ = kind.__module__
    constructor.__annotations__ = {**{each.name: each.type for each in given}, "return": None}
    return constructor


def _parameter(given: Field[Any]) -> str:
    if given.default_factory is not MISSING:
        return f"{given.name}=_FACTORY"
    return given.name if given.default is MISSING else f"{given.name}=_default_{given.name}"


def _value(given: Field[Any]) -> str:
    if given.default_factory is MISSING:
        return given.name
    return f"_make_{given.name}() if {given.name} is _FACTORY else {given.name}"
