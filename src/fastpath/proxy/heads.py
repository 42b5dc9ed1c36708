"""Changes that hooks make to the header fields of forwarded heads."""

from __future__ import annotations

from fastpath import HeadRewriter

__all__ = ["REQUEST_REWRITER", "RESPONSE_REWRITER", "HeaderChanges"]

# The gateway answers Expect: 100-continue itself, so that a body can be sent again on a retry.
_DROPPED_FROM_REQUESTS = (b"expect",)

REQUEST_REWRITER = HeadRewriter(remove=_DROPPED_FROM_REQUESTS)
RESPONSE_REWRITER = HeadRewriter()


class HeaderChanges:
    """What a hook wants changed. Names and values are bytes; nothing that could end a line early is accepted."""

    __slots__ = ("_appended", "_removed", "_set")

    def __init__(self) -> None:
        self._set: dict[bytes, bytes] = {}
        self._appended: list[tuple[bytes, bytes]] = []
        self._removed: list[bytes] = []

    def set(self, name: bytes, value: bytes) -> None:
        """One line of this name instead of all others."""
        self._set[name] = value

    def append(self, name: bytes, value: bytes) -> None:
        """One more line."""
        self._appended.append((name, value))

    def remove(self, name: bytes) -> None:
        """No line of this name."""
        self._removed.append(name)

    def __bool__(self) -> bool:
        return bool(self._set or self._appended or self._removed)

    def request_rewriter(self) -> HeadRewriter:
        """These changes, and what the gateway does to every request."""
        if not self:
            return REQUEST_REWRITER
        removed = [*self._removed, *_DROPPED_FROM_REQUESTS]
        return HeadRewriter(set=self._set, append=self._appended, remove=removed)

    def response_rewriter(self) -> HeadRewriter:
        """These changes."""
        return HeadRewriter(set=self._set, append=self._appended, remove=self._removed) if self else RESPONSE_REWRITER
