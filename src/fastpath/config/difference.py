"""What would change if one configuration took the place of another."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..models import Config, Endpoint
from .node import shorten

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is there, or not, or not the same. `old` is None when it is added, `new` when it is removed."""

    path: str
    """Into the models, by name where they have one: `clusters["v1"].lb_policy`."""
    old: str | None = None
    new: str | None = None

    def __str__(self) -> str:
        if self.old is None:
            return f"+ {self.path}: {self.new}"
        if self.new is None:
            return f"- {self.path}: {self.old}"
        return f"~ {self.path}: {self.old} -> {self.new}"


def differences(old: Config, new: Config) -> list[Difference]:
    """All that differs; nothing when the two are equal. Where models stand in their documents is no difference."""
    return list(_compare("", old, new))


def _compare(path: str, old: object, new: object) -> Iterator[Difference]:
    if type(old) is type(new) and dataclasses.is_dataclass(old):
        for field in dataclasses.fields(old):
            if field.compare:
                place = f"{path}.{field.name}" if path else field.name
                yield from _compare(place, getattr(old, field.name), getattr(new, field.name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _compare_members(path, old, new)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _compare_lists(path, old, new)
    elif old != new:
        yield Difference(path, _text(old), _text(new))


def _compare_members(path: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Difference]:
    for name in (*old, *(name for name in new if name not in old)):
        place = f'{path}["{name}"]'
        if name not in new:
            yield Difference(place, old=_text(old[name]))
        elif name not in old:
            yield Difference(place, new=_text(new[name]))
        else:
            yield from _compare(place, old[name], new[name])


def _compare_lists(path: str, old: Sequence[object], new: Sequence[object]) -> Iterator[Difference]:
    """By name where all have one, which leaves their order to be compared; else by what surrounds the change."""
    if old == new:
        return
    old_names, new_names = _by_name(old), _by_name(new)
    if old_names is None or new_names is None:
        yield from _compare_places(path, old, new)
        return
    yield from _compare_members(path, old_names, new_names)
    kept, now = [name for name in old_names if name in new_names], [name for name in new_names if name in old_names]
    if kept != now:
        yield Difference(f"{path} (order)", ", ".join(kept), ", ".join(now))


def _by_name(models: Sequence[object]) -> dict[str, object] | None:
    """None unless each model has a name of its own; endpoints go by their addresses."""
    named: dict[str, object] = {}
    for model in models:
        name = getattr(model, "name", "")
        if isinstance(model, Endpoint):
            name = f"{model.address}:{model.port}"
        if not isinstance(name, str) or not name or name in named:
            return None
        named[name] = model
    return named


def _compare_places(path: str, old: Sequence[object], new: Sequence[object]) -> Iterator[Difference]:
    shorter = min(len(old), len(new))
    begin = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    rest = shorter - begin
    end = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    changed, now = old[begin : len(old) - end], new[begin : len(new) - end]
    paired = min(len(changed), len(now))
    for index in range(paired):
        yield from _compare(f"{path}[{begin + index}]", changed[index], now[index])
    for index in range(paired, len(changed)):
        yield Difference(f"{path}[{begin + index}]", old=_text(changed[index]))
    for index in range(paired, len(now)):
        yield Difference(f"{path}[{begin + index}]", new=_text(now[index]))


def _text(value: object) -> str:
    return value.name if isinstance(value, enum.Enum) else shorten(repr(value), 200)
