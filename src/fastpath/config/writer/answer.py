"""Answers without an upstream: redirects and direct responses (envoy.config.route.v3)."""

from __future__ import annotations

from ...models import DirectResponse, RedirectAction
from ..envoy_answer import REDIRECT_STATUS
from .fields import Json, changed, inline, unwritable
from .matcher import write_regex_rewrite

__all__ = ["write_direct_response", "write_redirect"]

_NAMES = {status: code.name for code, status in REDIRECT_STATUS.items()}


def write_direct_response(response: DirectResponse) -> Json:
    """A DirectResponseAction."""
    return {"status": response.status, **changed(response, "body", write=inline)}


def write_redirect(redirect: RedirectAction) -> Json:
    """A RedirectAction."""
    if redirect.response_code not in _NAMES:
        known = ", ".join(map(str, _NAMES))
        raise unwritable(redirect.position, f"a redirect has the status {redirect.response_code}, not one of {known}")
    return {
        **changed(redirect, "https_redirect", "scheme_redirect", "host_redirect", "port_redirect"),
        **changed(redirect, "path_redirect", "prefix_rewrite"),
        **changed(redirect, "regex_rewrite", write=write_regex_rewrite),
        **changed(redirect, "response_code", write=_NAMES.__getitem__),
        **changed(redirect, "strip_query"),
    }
