"""Header mutations (envoy.config.core.v3.HeaderValueOption)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import HeaderMutations, HeaderValueOption
from .fields import Json, changed

__all__ = ["write_header_mutations", "write_header_options"]


def write_header_mutations(mutations: HeaderMutations) -> Json:
    """The four lists, as fields of the message that has them."""
    return {
        **changed(mutations, "request_headers_to_add", "response_headers_to_add", write=write_header_options),
        **changed(mutations, "request_headers_to_remove", "response_headers_to_remove"),
    }


def write_header_options(options: Iterable[HeaderValueOption]) -> list[Json]:
    """HeaderValueOptions."""
    return [_write_option(each) for each in options]


def _write_option(option: HeaderValueOption) -> Json:
    return {
        "header": {"key": option.key, **changed(option, "value")},
        **changed(option, "append_action", "keep_empty_value"),
    }
