"""A request's body, kept while the request may be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastpath import Data

__all__ = ["ReplayBody"]


class ReplayBody:
    """What has come of a body, up to `limit` bytes: of a longer one nothing is kept, and it is sent but once."""

    __slots__ = ("_limit", "blocks", "complete", "size")

    def __init__(self, limit: int):
        self._limit = limit
        self.blocks: list[Data] = []
        self.size = 0
        """Of all that has come, kept or not."""
        self.complete = True
        """Whether `blocks` is all that has come."""

    def add(self, data: Data) -> None:
        """A stretch of the body."""
        self.size += len(data)
        if not self.complete:
            return
        if self.size <= self._limit:
            self.blocks.append(data)
        else:
            self.drop()

    def drop(self) -> None:
        """It will not be sent again."""
        self.blocks = []
        self.complete = False
