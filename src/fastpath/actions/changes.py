"""What a route makes of a request or response head, as one hands it on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastpath._rewrite import HeadRewriter
    from fastpath.substitution.heads import HeaderList, RequestHead

__all__ = ["RequestChanges", "ResponseChanges"]


class RequestChanges:
    """A request on its way to the upstream.

    For a parsed request, `rewriter.rewrite(request, path=, query=, authority=, values=)` (or Connection.forward with
    the same) writes the new head. For any, `head` is the new head itself.
    """

    __slots__ = ("_head", "_rewriter", "authority", "path", "query", "touched", "values")

    def __init__(
        self,
        head: RequestHead | Callable[[], RequestHead],
        rewriter: HeadRewriter | Callable[[], HeadRewriter],
        touched: frozenset[bytes],
        path: bytes | None = None,
        query: bytes | None = None,
        authority: bytes | None = None,
        values: tuple[bytes | None, ...] = (),
    ):
        self._head = head
        self._rewriter = rewriter
        self.touched = touched
        """Names of all fields that may be changed, in lower case."""
        self.path = path
        """The new path without its query; None: the request's own."""
        self.query = query
        """The new query, b"" to drop it; None: the request's own."""
        self.authority = authority
        """The new host; None: the request's own."""
        self.values = values
        """For the rewriter."""

    @property
    def head(self) -> RequestHead:
        """The head as the upstream gets it, hop-by-hop fields aside."""
        if callable(self._head):
            self._head = self._head()
        return self._head

    @property
    def rewriter(self) -> HeadRewriter:
        """What makes the new header fields. ValueError for fields that a HeadRewriter leaves to nobody (framing)."""
        if callable(self._rewriter):
            self._rewriter = self._rewriter()
        return self._rewriter

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The head's fields."""
        return self.head.headers.items()


class ResponseChanges:
    """A response on its way to the client: `rewriter.rewrite(response, values=values)`."""

    __slots__ = ("_headers", "_rewriter", "touched", "values")

    def __init__(
        self,
        headers: HeaderList | Callable[[], HeaderList],
        rewriter: HeadRewriter | Callable[[], HeadRewriter],
        touched: frozenset[bytes],
        values: tuple[bytes | None, ...] = (),
    ):
        self._headers = headers
        self._rewriter = rewriter
        self.touched = touched
        """Names of all fields that may be changed, in lower case."""
        self.values = values
        """For the rewriter."""

    @property
    def rewriter(self) -> HeadRewriter:
        """What makes the new header fields. ValueError for fields that a HeadRewriter leaves to nobody (framing)."""
        if callable(self._rewriter):
            self._rewriter = self._rewriter()
        return self._rewriter

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The head's fields as the client gets them, hop-by-hop fields aside."""
        if callable(self._headers):
            self._headers = self._headers()
        return self._headers.items()
