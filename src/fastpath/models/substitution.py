"""Formats of access logs. Source: Envoy v3 API, envoy.config.core.v3.SubstitutionFormatString."""

from __future__ import annotations

from collections.abc import Mapping

from .model import model
from .position import Position, position_field

__all__ = ["SubstitutionFormatString"]


@model(frozen=True, slots=True)
class SubstitutionFormatString:
    """A text or a JSON object with format operators ("%RESPONSE_CODE%"). Exactly one of the two is set."""

    text_format: str | None = None
    json_format: Mapping[str, object] | None = None
    omit_empty_values: bool = False
    """What is not there comes out empty, and in JSON is left out; otherwise "-" and null."""
    position: Position | None = position_field()
