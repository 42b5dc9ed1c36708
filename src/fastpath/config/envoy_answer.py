"""Answers without an upstream: redirects and direct responses (envoy.config.route.v3)."""

from __future__ import annotations

import enum

from ..models import DirectResponse, RedirectAction
from .envoy_matcher import read_regex_rewrite
from .fields import Section, Value

__all__ = ["MAX_BODY_BYTES", "REDIRECT_STATUS", "read_direct_response", "read_redirect"]

MAX_BODY_BYTES = 4096
"""Of a direct response, unless the configuration's max_direct_response_body_size_bytes says otherwise."""


class _RedirectCode(enum.Enum):
    MOVED_PERMANENTLY = 0
    FOUND = 1
    SEE_OTHER = 2
    TEMPORARY_REDIRECT = 3
    PERMANENT_REDIRECT = 4


REDIRECT_STATUS = {
    _RedirectCode.MOVED_PERMANENTLY: 301,
    _RedirectCode.FOUND: 302,
    _RedirectCode.SEE_OTHER: 303,
    _RedirectCode.TEMPORARY_REDIRECT: 307,
    _RedirectCode.PERMANENT_REDIRECT: 308,
}


def read_direct_response(section: Section, max_body_bytes: int) -> DirectResponse:
    """A DirectResponseAction."""
    status = section.get("status", required=True)
    number = status.integer(200, 599) if status is not None else None
    body = section.get("body")
    content = _read_body(body) if body is not None else b""
    if body is not None and len(content) > max_body_bytes:
        body.error(f"has {len(content)} bytes, the limit is {max_body_bytes} (max_direct_response_body_size_bytes)")
    section.end(("body_format",))
    return DirectResponse(number or 500, content, position=section.position)


def _read_body(value: Value) -> bytes:
    """A DataSource that holds its bytes itself."""
    body = value.section()
    if body is None:
        return b""
    content = b""
    kind = body.one_of("body", "inline_string", "inline_bytes")
    if kind == "inline_string":
        content = body.string("inline_string").encode()
    elif kind == "inline_bytes":
        encoded = body.get("inline_bytes")
        content = encoded.base64() if encoded is not None else b""
    body.end(("filename", "environment_variable", "watched_directory"))
    return content


def read_redirect(section: Section) -> RedirectAction:
    """A RedirectAction."""
    section.one_of("scheme rewrite", "https_redirect", "scheme_redirect", required=False)
    section.one_of("path rewrite", "path_redirect", "prefix_rewrite", "regex_rewrite", required=False)
    code = section.enum("response_code", _RedirectCode, _RedirectCode.MOVED_PERMANENTLY)
    action = RedirectAction(
        response_code=REDIRECT_STATUS[code],
        https_redirect=section.boolean("https_redirect"),
        host_redirect=section.header_text("host_redirect") or None,
        path_redirect=section.header_text("path_redirect") or None,
        prefix_rewrite=section.header_text("prefix_rewrite"),
        strip_query=section.boolean("strip_query"),
        scheme_redirect=section.header_text("scheme_redirect") or None,
        port_redirect=section.integer("port_redirect", 0, 65535) or None,
        regex_rewrite=read_regex_rewrite(section.section("regex_rewrite")),
        position=section.position,
    )
    section.end()
    return action
