"""Header mutations: what routes, virtual hosts and route configurations add to messages and remove from them."""

from __future__ import annotations

import re
from typing import Any

from ..models import HeaderAppendAction, HeaderMutations, HeaderValueOption
from .fields import Section, Value, is_token
from .node import shorten

__all__ = ["read_header_mutations", "read_header_options"]

_LIMIT = 1000
_BYTES_LIMIT = 16384
_LISTS = frozenset(
    {
        "request_headers_to_add",
        "request_headers_to_remove",
        "response_headers_to_add",
        "response_headers_to_remove",
    }
)


def read_header_mutations(section: Section) -> dict[str, Any]:
    """The four lists that several messages have, as the model's field `mutations`; nothing when there is none."""
    if section.lacks(_LISTS):
        return {}
    mutations = HeaderMutations(
        request_headers_to_add=read_header_options(section, "request_headers_to_add"),
        request_headers_to_remove=_read_names(section, "request_headers_to_remove"),
        response_headers_to_add=read_header_options(section, "response_headers_to_add"),
        response_headers_to_remove=_read_names(section, "response_headers_to_remove"),
    )
    return {"mutations": mutations}


def read_header_options(section: Section, name: str) -> tuple[HeaderValueOption, ...]:
    """HeaderValueOptions of a field."""
    items = section.sections(name)
    if not items:
        return ()
    options = tuple(map(_read_option, items))
    if len(options) > _LIMIT:
        section.error(f'"{name}" has {len(options)} items, the limit is {_LIMIT}')
    return options


def _read_names(section: Section, name: str) -> tuple[str, ...]:
    return tuple(_check_name(value, value.string(), "removed") for value in section.items(name))


def _check_name(value: Value, name: str, done: str) -> str:
    if name.startswith(":") or name.lower() == "host":
        value.error(f"pseudo headers and host may not be {done}, found {shorten(name)!r}")
    elif not is_token(name):
        value.error(f"expected the name of a header field, found {shorten(name)!r}")
    return name


def _read_option(section: Section) -> HeaderValueOption:
    header = section.section("header", required=True)
    key, text = "", ""
    if header is not None:
        key, text = _read_header(header)
    action = section.enum("append_action", HeaderAppendAction, HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD)
    if section.get("append") is not None:
        if action is not HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD:
            section.error("append and append_action exclude each other")
        elif not section.boolean("append"):
            action = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    option = HeaderValueOption(key, text, action, section.boolean("keep_empty_value"), position=section.position)
    section.end()
    return option


def _read_header(section: Section) -> tuple[str, str]:
    key = section.get("key", required=True)
    name = _check_name(key, key.string(), "modified") if key is not None else ""
    kind = section.one_of("value", "value", "raw_value", required=False)
    text = ""
    if kind == "value":
        text = section.header_text("value") or ""
    elif kind == "raw_value":
        raw = section.get("raw_value")
        assert raw is not None
        text = raw.base64().decode("latin-1")
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text):
            raw.error("must not hold control characters")
    if len(name) > _BYTES_LIMIT or len(text.encode()) > _BYTES_LIMIT:
        section.error(f"a header's name and value have at most {_BYTES_LIMIT} bytes each")
    section.end()
    return name, text
