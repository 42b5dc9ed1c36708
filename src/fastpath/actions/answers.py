"""Answers that need no upstream: redirects, direct responses, what require_tls asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastpath.models import RedirectAction, RouteMatch
from fastpath.substitution.heads import RequestHead, as_bytes

from .rewrite import PathRewrite, path_rewrite

__all__ = ["Answer", "Redirect", "tls_redirect"]


@dataclass(frozen=True)
class Answer:
    """A response without an upstream. Whoever sends it adds Date, Content-Length and what the connection needs."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


def tls_redirect(head: RequestHead) -> Answer:
    """The same address, with https. The port stays, as in Envoy; for a CONNECT there is no address to name."""
    if not head.path:
        return Answer(301)
    return Answer(301, headers=((b"location", b"https://" + head.authority + head.path),))


class Redirect:
    """A RedirectAction, laid out once. Source: envoy.config.route.v3.RedirectAction."""

    __slots__ = ("_host", "_path", "_port", "_rewrite", "_scheme", "_strip_query", "_whole", "status")

    def __init__(self, action: RedirectAction, match: RouteMatch):
        self.status = action.response_code
        scheme = as_bytes(action.scheme_redirect) if action.scheme_redirect else None
        self._scheme = scheme or (b"https" if action.https_redirect else None)
        self._host = as_bytes(action.host_redirect) if action.host_redirect else None
        self._port = b":%d" % action.port_redirect if action.port_redirect else b""
        self._path = as_bytes(action.path_redirect) if action.path_redirect else None
        self._strip_query = action.strip_query
        self._rewrite: PathRewrite | None = path_rewrite(match, action.prefix_rewrite, action.regex_rewrite)
        # As in Envoy, of a template the rewrite of a prefix takes as many bytes as the template has, of the query too.
        self._whole = match.path_template is not None and action.regex_rewrite is None

    def rewritten(self, path: bytes, params: Mapping[str, object]) -> bytes | None:
        """What :path becomes, query and all, before the location is made of it; None where it is not rewritten."""
        if self._rewrite is None:
            return None
        if self._whole:
            return self._rewrite(path, params) or None
        bare, mark, query = path.partition(b"?")
        new = self._rewrite(bare, params)
        return new + mark + query if new else None

    def location(self, head: RequestHead) -> bytes:
        """Where to; the head's path is rewritten already."""
        scheme = self._scheme if self._scheme is not None else head.scheme
        host = self._host if self._host is not None else self._host_of(head, scheme)
        path = head.path
        own_query = False
        if self._path is not None:
            own_query = b"?" in self._path
            path = self._path if own_query else b"".join((self._path, *head.path.partition(b"?")[1:]))
        if not path.startswith(b"/"):
            path = b"/" + path
        if self._strip_query and not own_query:
            path = path.partition(b"?")[0]
        return b"".join((scheme, b"://", host, self._port, path))

    def _host_of(self, head: RequestHead, scheme: bytes) -> bytes:
        """The request's host; without its port when another is given, or when it goes with the scheme that changes."""
        host = head.authority
        colon = host.rfind(b":")
        if host.startswith(b"["):
            colon = host.rfind(b"]:")
            colon = colon + 1 if colon >= 0 else -1
        if colon < 0:
            return host
        if self._port:
            return host[:colon]
        before = head.forwarded_proto
        default = {b"https": b":443", b"http": b":80"}.get(before.lower())
        return host[:colon] if scheme != before and host[colon:] == default else host
