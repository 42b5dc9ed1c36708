"""Session persistence of a rule: the client keeps the endpoint's address in a cookie or a header.

Source: https://gateway-api.sigs.k8s.io/geps/gep-1619/.
"""

from __future__ import annotations

from dataclasses import replace

from ...models import HashPolicyCookie, RouteMatch, StatefulSession
from ..fields import Section, is_token
from ..kubernetes_fields import choice, duration
from ..node import shorten

__all__ = ["at_path", "read_session"]


def read_session(rule: Section, default_name: str) -> tuple[StatefulSession | None, str]:
    """The session, and why it cannot be had: only a permanent cookie ends after a time."""
    section = rule.section("sessionPersistence")
    if section is None:
        return None, ""
    name = section.string("sessionName") or default_name
    if not is_token(name):
        section.error(f"expected the name of a cookie or header as sessionName, found {shorten(name)!r}")
    kind = choice(section, "type", ("Cookie", "Header"), "Cookie")
    is_permanent = _is_permanent(section.section("cookieConfig"))
    absolute, idle = duration(section, "absoluteTimeout"), duration(section, "idleTimeout")
    section.end()
    if is_permanent and absolute is None:
        section.error("a permanent cookie needs an absoluteTimeout")
    if idle:
        return None, "sessionPersistence has an idleTimeout, which is not supported"
    if absolute and not (is_permanent and kind == "Cookie"):
        return None, "sessionPersistence has an absoluteTimeout, which is supported for permanent cookies only"
    if kind == "Header":
        return StatefulSession(header=name, position=section.position), ""
    return StatefulSession(HashPolicyCookie(name, absolute or 0.0), position=section.position), ""


def at_path(session: StatefulSession, match: RouteMatch) -> StatefulSession:
    """The session at the path of a match: browsers send its cookie there and below."""
    if session.cookie is None:
        return session
    path = match.path or match.path_separated_prefix or (match.prefix or "").rstrip("/") or "/"
    return replace(session, cookie=replace(session.cookie, path=path))


def _is_permanent(section: Section | None) -> bool:
    if section is None:
        return False
    kind = choice(section, "lifetimeType", ("Permanent", "Session"), "Session")
    section.end()
    return kind == "Permanent"
