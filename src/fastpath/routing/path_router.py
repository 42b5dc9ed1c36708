"""A router for ordinary Python servers: paths with variables in them, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar, cast, overload

from fastpath._path_matcher import PathMatcher
from fastpath.errors import ConfigError

__all__ = ["PathRouter"]

T = TypeVar("T")
Value = TypeVar("Value", covariant=True)


class Matching(Protocol[Value]):
    @overload
    def __call__(self, path: str, /) -> tuple[Value, dict[str, str]] | None: ...
    @overload
    def __call__(self, path: bytes, /) -> tuple[Value, dict[str, bytes]] | None: ...


class PathRouter(Generic[T]):
    """Finds the value of a path among templates.

        router = PathRouter({"/users/me": own_page, "/users/{id}": page, "/files/{path=**}": download})
        router.match("/users/7")  # (page, {"id": "7"})

    routes: templates and their values. A segment is a literal, "*" (one segment), "**" (the rest, empty too), "{name}"
        (one segment), "{name=pattern}", or literals around a variable ("/v{major}.{x}" has two, and is refused).

    What is more specific wins, segment by segment: a literal before a literal with a variable, before a variable,
    before "**"; so the order of the routes does not count. Paths end at "?" and "#", and nothing is decoded. Matching
    is safe in any thread while another one calls `update`. Raises ConfigError for a template that is malformed or there
    twice.
    """

    def __init__(self, routes: Mapping[str, T] | Iterable[tuple[str, T]]):
        self._matcher = PathMatcher()
        # The matcher's own methods: a frame of Python's would cost more than the search.
        self.find: Callable[[str | bytes], T | None] = self._matcher.find
        """The value for a path, None when no template takes it."""
        self.match: Matching[T] = self._matcher.find_with_params
        """The value for a path and what its variables stand for, of the path's type; None when no template takes it."""
        self.update(routes)

    def update(self, routes: Mapping[str, T] | Iterable[tuple[str, T]]) -> None:
        """Replace all routes at once. Raises ConfigError, and keeps what was live, when the new ones are refused."""
        items = cast("Iterable[tuple[str, T]]", routes.items() if isinstance(routes, Mapping) else routes)
        literals: dict[str, T] = {}
        templates: dict[str, T] = {}
        for template, value in items:
            found = literals if _is_literal(template) else templates
            if template in found:
                raise ConfigError(f"the template {template!r} is there twice", path=template, code="config_path")
            found[template] = value
        in_order = (*literals, *sorted(templates, key=_specificity))
        values = (*literals.values(), *(templates[template] for template in in_order[len(literals) :]))
        self._matcher.publish(in_order, values)


# A template without variables comes before all others, so that nobody need look into it.
_is_literal = re.compile(r"/(?:[!-\"$-)+-.0->@-z|~]+(?:/[!-\"$-)+-.0->@-z|~]+)*/?)?\Z").match


def _specificity(template: str) -> list[int]:
    """Of each segment: 0 a literal, 1 a literal with a variable, 2 a variable, 3 the rest."""
    kinds = []
    for segment in _segments(template):
        if "**" in segment:
            kinds.append(3)
        elif "{" not in segment and not segment.startswith("*"):
            kinds.append(0)
        else:
            kinds.append(2 if segment == "*" or (segment[0] == "{" and segment[-1] == "}") else 1)
    return kinds


def _segments(template: str) -> list[str]:
    """The segments; those of a variable's pattern are its own."""
    segments, depth = [""], 0
    for char in template[1:]:
        depth += (char == "{") - (char == "}")
        if char == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += char
    return segments
