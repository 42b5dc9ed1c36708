"""What is wrong with documents, gathered while they are read and reported together."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable
from copy import copy

from ..errors import ConfigError, ConfigErrors, ConfigWarning
from ..models import Position
from .node import document_error
from .places import Places

__all__ = ["MAX_REPORTED", "Problems"]

# Bounds on what a hostile document can make its refusal cost.
MAX_REPORTED = 1000
_MAX_SUGGESTIONS = 100
_MAX_NAMES = 1000


class Problems:
    """All that is wrong with a set of documents. `lenient` turns unknown fields into warnings.

    Each file has a part of its own, `of(file)`, which knows the others, so that references between documents can be
    reported where they stand; and each document of a file one that knows its places.
    """

    def __init__(self, *, lenient: bool = False):
        self.file: str | None = None
        self.lenient = lenient
        self.errors: list[ConfigError] = []
        self.either_case = True
        """Fields may be written in snake_case and camelCase, as protobuf has it; otherwise as they are asked for."""
        self.small_names: set[str] = set()
        """Names of fields that have been seen and hold no capital letter; not all of them."""
        self.places: Places | None = None
        self._parts: dict[str | None, Problems] = {None: self}
        self._suggestions_left = [_MAX_SUGGESTIONS]

    def of(self, file: str | None) -> Problems:
        """The part for a file."""
        part = self._parts.get(file)
        if part is None:
            part = Problems(lenient=self.lenient)
            part.file = file
            part.either_case = self.either_case
            part.small_names = self.small_names
            part._parts = self._parts
            self._parts[file] = part
        return part

    def in_document(self, file: str | None, places: Places | None, *, either_case: bool = True) -> Problems:
        """The part for a document of a file."""
        part = copy(self.of(file))
        part.either_case = either_case
        part.places = places
        return part

    def has_capitals(self, members: Iterable[str]) -> bool:
        """Whether some of the names may be written in camelCase."""
        if not self.either_case:
            return False
        names = "".join(members)
        if names and not names.islower():
            return True
        if len(names) < 1000 and len(self.small_names) < _MAX_NAMES:
            self.small_names.update(members)
        return False

    def suggest(self, found: str, names: Iterable[str]) -> str:
        """'; did you mean ...?' when a name is near, else nothing."""
        if len(found) > 100 or not self._suggestions_left[0]:
            return ""
        self._suggestions_left[0] -= 1
        near = difflib.get_close_matches(found, names, n=1, cutoff=0.7)
        return f'; did you mean "{near[0]}"?' if near else ""

    def add(self, reason: str, path: str, line: int = 0, column: int = 0) -> None:
        """Note what is wrong with the file, or at a place that is known."""
        if len(self.errors) < MAX_REPORTED:
            self.errors.append(document_error(reason, self.file, line, column, path))

    def add_value(self, reason: str, path: str) -> None:
        """Note what is wrong with a value of the document."""
        if len(self.errors) < MAX_REPORTED:
            self.errors.append(self._error(reason, path))

    def unknown(self, reason: str, path: str, key: str | None = None) -> None:
        """Note, or warn of, what nobody knows: a value of the document, or the key of one."""
        if self.lenient:
            warnings.warn(f"ignored: {self._error(reason, path, key)}", ConfigWarning, stacklevel=2)
        elif len(self.errors) < MAX_REPORTED:
            self.errors.append(self._error(reason, path, key))

    def warn(self, reason: str, path: str) -> None:
        warnings.warn(str(self._error(reason, path)), ConfigWarning, stacklevel=2)

    def _error(self, reason: str, path: str, key: str | None = None) -> ConfigError:
        line, column = 0, 0
        if self.places is not None:
            line, column = self.places.find(path) if key is None else self.places.find_key(path, key)
        return document_error(reason, self.file, line, column, path)

    def add_at(self, position: Position | None, reason: str) -> None:
        place = position or Position()
        self.of(place.file).add(reason, place.path, place.line or 0, place.column or 0)

    def refuse_nothing(self) -> None:
        """For when no document was found: an error, unless one says why."""
        if not any(part.errors for part in self._parts.values()):
            file = next((file for file in self._parts if file is not None), None)
            self.of(file).add("the document is empty", "", 1 if file else 0, 1 if file else 0)

    def raise_any(self) -> None:
        """Raise what was found: one ConfigErrors with all of them, file by file, in the order of the lines."""
        found = [
            error
            for part in self._parts.values()
            for error in sorted(part.errors, key=lambda error: (error.line or 0, error.column or 0))
        ]
        if found:
            raise ConfigErrors(found)
