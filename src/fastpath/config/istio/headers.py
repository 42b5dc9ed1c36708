"""Headers: what a route or a destination does to header fields, and to the host.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#Headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from ...models import HeaderAppendAction, HeaderMutations, HeaderValueOption
from ..fields import Section, Value, is_token
from ..node import shorten

__all__ = ["Headers", "read_headers"]

_HOSTS = (":authority", "host")
_KINDS = fields(HeaderMutations)


@dataclass(frozen=True, slots=True)
class Headers:
    mutations: HeaderMutations = HeaderMutations()
    host: str | None = None
    """What the host is set to."""

    def then(self, more: Headers) -> Headers:
        """These, and `more` after them; the host is the first one's."""
        pairs = ((getattr(self.mutations, each.name), getattr(more.mutations, each.name)) for each in _KINDS)
        return Headers(HeaderMutations(*(one + other for one, other in pairs)), self.host or more.host)


def read_headers(parent: Section) -> Headers:
    section = parent.section("headers")
    if section is None:
        return Headers()
    request, response = section.section("request"), section.section("response")
    section.end()
    host, added, removed = _read_operations(request, with_host=True)
    _, response_added, response_removed = _read_operations(response, with_host=False)
    return Headers(HeaderMutations(added, removed, response_added, response_removed), host)


def _read_operations(
    section: Section | None, *, with_host: bool
) -> tuple[str | None, tuple[HeaderValueOption, ...], tuple[str, ...]]:
    if section is None:
        return None, (), ()
    host, options = None, []
    for name, action in (
        ("set", HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
        ("add", HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD),
    ):
        for key, value in section.fields(name):
            text = value.string()
            if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text):
                value.error(f"must not hold control characters, found {shorten(text)!r}")
            if with_host and key.lower() in _HOSTS:
                if host is not None:
                    value.error("the host is set twice")
                host = host or text
                continue
            _check_name(value, key)
            options.append(HeaderValueOption(key, text, action, position=value.position))
    removed = section.items("remove")
    for value in removed:
        _check_name(value, value.string())
    section.end()
    return host, tuple(options), tuple(value.string() for value in removed)


def _check_name(value: Value, name: str) -> None:
    if name.lower() in _HOSTS or not is_token(name):
        value.error(f"expected the name of a header field that may be changed, found {shorten(name)!r}")
