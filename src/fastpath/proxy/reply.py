"""Answers that the gateway gives itself."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import RedirectAction, Route

__all__ = ["Reply", "redirect"]


@dataclass(frozen=True)
class Reply:
    """A response without an upstream. Content-Length, Date and Connection are added."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def redirect(action: RedirectAction, route: Route, scheme: bytes, authority: bytes, path: bytes, query: bytes) -> Reply:
    """The redirect that an action asks for; `query` begins with '?' or is empty.

    Source: envoy.config.route.v3.RedirectAction.
    """
    if action.https_redirect:
        scheme = b"https"
        authority = authority[:-3] if authority.endswith(b":80") else authority
    if action.host_redirect is not None:
        authority = action.host_redirect.encode()
    if action.path_redirect is not None:
        path = action.path_redirect.encode()
        if b"?" in path:  # its own query wins, also over strip_query
            path, _, own = path.partition(b"?")
            return _location(action, scheme, authority, path, b"?" + own)
    elif action.prefix_rewrite is not None:
        path = rewrite_path(route, action.prefix_rewrite.encode(), path)
    return _location(action, scheme, authority, path, b"" if action.strip_query else query)


def _location(action: RedirectAction, scheme: bytes, authority: bytes, path: bytes, query: bytes) -> Reply:
    location = scheme + b"://" + authority + path + query
    return Reply(action.response_code, headers=((b"Location", location),))


def rewrite_path(route: Route, rewrite: bytes, path: bytes) -> bytes:
    """The path with what the route's match covers replaced."""
    match = route.match
    covered = match.prefix if match.prefix is not None else match.path_separated_prefix
    return rewrite + path[len(covered.encode()) :] if covered is not None else rewrite
