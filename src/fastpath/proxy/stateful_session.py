"""Sessions that stay with a host: its address in a cookie or header of the client's, as Envoy writes it.

A cookie holds a message of the fields 1, the address, and 2, when it expires in Unix time; before that was so, it held
the address alone, which is read as well.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable

from fastpath import Match, Request
from fastpath._routed_headers import routed_headers

from ..actions.hashing import cookie_value, set_cookie
from ..models import StatefulSession
from ..substitution.heads import as_bytes
from ..wire_format import fields_of, varint
from .heads import HeaderChanges

__all__ = ["Session", "session_of"]

_ADDRESS, _EXPIRES = 1, 2
_VARINT, _TEXT = 0, 2


def session_of(match: Match, listener: StatefulSession | None) -> StatefulSession | None:
    """What counts for a route: its share's, its own, its virtual host's, its configuration's, or the listener's."""
    if listener is None:
        return None
    for level in (match.weighted_cluster, match.route, match.virtual_host, match.configuration):
        if level is not None and level.stateful_session is not None:
            listener = level.stateful_session
            break
    return listener if listener.cookie is not None or listener.header else None


class Session:
    """One request's."""

    __slots__ = ("_config", "_now", "host")

    def __init__(self, config: StatefulSession, request: Request, now: Callable[[], float] = time.time):
        self._config = config
        self._now = now
        self.host: str | None = self._cookie(request) if config.cookie is not None else self._header(request)
        """What it wants to stay with, as str(host) names it."""

    @classmethod
    def begin(cls, config: StatefulSession, request: Request) -> Session | None:
        """None for a request that has no part in it."""
        cookie = config.cookie
        return cls(config, request) if cookie is None or _is_below(request.path, as_bytes(cookie.path)) else None

    @property
    def strict(self) -> bool:
        """Whether no other host will do."""
        return self._config.strict

    def update(self, host: str, changes: HeaderChanges) -> None:
        """The response comes from this host."""
        if host == self.host:
            return
        address, cookie = host.encode("utf-8", "surrogateescape"), self._config.cookie
        if cookie is None:
            changes.set(as_bytes(self._config.header), base64.b64encode(address))
            return
        expires = 0 if not cookie.ttl or cookie.ttl < 1 else int(self._now()) + int(cookie.ttl)
        value = base64.b64encode(_message(address, expires))
        changes.append(b"Set-Cookie", set_cookie(cookie, value))

    def _header(self, request: Request) -> str | None:
        values = routed_headers(request).get_all(as_bytes(self._config.header))
        return _text(_decoded(values[0])) or None if values else None

    def _cookie(self, request: Request) -> str | None:
        assert self._config.cookie is not None
        decoded = _decoded(cookie_value(routed_headers(request), as_bytes(self._config.cookie.name)) or b"")
        if not decoded:
            return None
        try:
            fields = {number: value for number, value, fixed in fields_of(decoded) if not fixed}
        except ValueError:
            return _text(decoded)
        expires = fields.get(_EXPIRES, 0)
        if isinstance(expires, int) and expires and expires <= self._now():
            return None
        address = fields.get(_ADDRESS, b"")
        return _text(address) or None if isinstance(address, bytes) else None


def _is_below(path: bytes, wanted: bytes) -> bool:
    if wanted in (b"", b"/"):
        return True
    rest = path[len(wanted) :]
    return path.startswith(wanted) and (not rest or wanted.endswith(b"/") or rest[:1] in (b"/", b"?", b"#"))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _decoded(value: bytes) -> bytes:
    """Of base64; nothing when it is none."""
    try:
        return base64.b64decode(value, validate=True) if len(value) % 4 == 0 else b""
    except binascii.Error:
        return b""


def _message(address: bytes, expires: int) -> bytes:
    message = bytes([_ADDRESS << 3 | _TEXT]) + varint(len(address)) + address
    return message if not expires else message + bytes([_EXPIRES << 3 | _VARINT]) + varint(expires)
