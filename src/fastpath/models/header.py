"""Changes to the header fields of forwarded messages. Source: Envoy v3 API, envoy.config.core.v3.HeaderValueOption."""

from __future__ import annotations

import enum

from .model import model
from .position import Position, position_field

__all__ = ["HeaderAppendAction", "HeaderMutations", "HeaderValueOption"]


class HeaderAppendAction(enum.Enum):
    """What becomes of a field that is there already."""

    APPEND_IF_EXISTS_OR_ADD = 0
    ADD_IF_ABSENT = 1
    OVERWRITE_IF_EXISTS_OR_ADD = 2
    OVERWRITE_IF_EXISTS = 3


@model(frozen=True, slots=True)
class HeaderValueOption:
    """A header field to add. `value` may hold format operators ("%REQ(:PATH)%"); see fastpath.substitution."""

    key: str
    value: str = ""
    append_action: HeaderAppendAction = HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
    keep_empty_value: bool = False
    """Otherwise a field whose value comes out empty is not added."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HeaderMutations:
    """What one level (route, virtual host, route configuration, weighted cluster) does to header fields."""

    request_headers_to_add: tuple[HeaderValueOption, ...] = ()
    request_headers_to_remove: tuple[str, ...] = ()
    response_headers_to_add: tuple[HeaderValueOption, ...] = ()
    response_headers_to_remove: tuple[str, ...] = ()
