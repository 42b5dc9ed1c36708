"""Ranges of addresses (envoy.config.core.v3.CidrRange)."""

from __future__ import annotations

import ipaddress

from ..models import CidrRange
from .fields import Section
from .node import shorten

__all__ = ["read_ranges"]


def read_ranges(parent: Section, name: str) -> tuple[CidrRange, ...]:
    """A list of them."""
    return tuple(_read_range(section) for section in parent.sections(name))


def _read_range(section: Section) -> CidrRange:
    prefix = section.string("address_prefix", required=True)
    length = section.integer("prefix_len", 0, 128) or 0
    if prefix:
        try:
            ipaddress.ip_address(prefix)
        except ValueError:
            section.error(f"expected an IP address, found {shorten(prefix)!r}")
    section.end()
    return CidrRange(prefix, length)
