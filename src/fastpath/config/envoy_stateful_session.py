"""Sessions that stay with a host (envoy.extensions.filters.http.stateful_session.v3)."""

from __future__ import annotations

from ..models import StatefulSession
from .envoy_hash_policy import read_cookie
from .envoy_matcher import header_name
from .envoy_types import COOKIE_SESSION, HEADER_SESSION
from .fields import Section

__all__ = ["read_session_of", "read_stateful_session"]


def read_stateful_session(section: Section) -> StatefulSession:
    """A StatefulSession."""
    state = section.section("session_state")
    cookie, header = None, ""
    if state is not None:
        state.string("name", required=True)
        found = state.typed_one_of("typed_config", (COOKIE_SESSION, HEADER_SESSION))
        state.end()
        if found is not None:
            kind, config = found
            if kind == HEADER_SESSION:
                header = header_name(config, "name", required=True) or ""
            else:
                content = config.section("cookie", required=True)
                cookie = None if content is None else read_cookie(content)
                if content is not None:
                    content.end()
            config.end()
    strict = section.boolean("strict")
    section.end()
    return StatefulSession(cookie, header, strict, position=section.position)


def read_session_of(section: Section) -> StatefulSession:
    """A StatefulSessionPerRoute."""
    kind = section.one_of("override", "disabled", "stateful_session")
    if kind == "disabled" and not section.boolean("disabled"):
        section.error('"disabled" can only be true')
    own = section.section("stateful_session") if kind == "stateful_session" else None
    section.end()
    return StatefulSession(position=section.position) if own is None else read_stateful_session(own)
