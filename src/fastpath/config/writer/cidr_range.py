"""Ranges of addresses (envoy.config.core.v3.CidrRange)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import CidrRange
from .fields import Json, changed

__all__ = ["write_ranges"]


def write_ranges(ranges: Iterable[CidrRange]) -> list[Json]:
    """A list of them."""
    return [{"address_prefix": each.address_prefix, **changed(each, "prefix_len")} for each in ranges]
