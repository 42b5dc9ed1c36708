"""Sessions that stay with a host (envoy.extensions.filters.http.stateful_session.v3)."""

from __future__ import annotations

from ...models import StatefulSession
from ..envoy_types import COOKIE_SESSION, HEADER_SESSION
from .fields import Json, changed, extension
from .hash_policy import write_cookie

__all__ = ["write_session_of", "write_stateful_session"]


def write_stateful_session(session: StatefulSession) -> Json:
    """A StatefulSession."""
    state: Json = {}
    if session.cookie is not None:
        cookie: Json = {"cookie": write_cookie(session.cookie)}
        state = {"session_state": extension("envoy.http.stateful_session.cookie", COOKIE_SESSION, cookie)}
    elif session.header:
        header: Json = {"name": session.header}
        state = {"session_state": extension("envoy.http.stateful_session.header", HEADER_SESSION, header)}
    return {**state, **changed(session, "strict")}


def write_session_of(session: StatefulSession) -> Json:
    """A StatefulSessionPerRoute."""
    own = write_stateful_session(session)
    return {"stateful_session": own} if own else {"disabled": True}
