"""Where something runs (envoy.config.core.v3.Locality)."""

from __future__ import annotations

from ..models import Locality
from .fields import Section

__all__ = ["read_locality"]


def read_locality(section: Section | None) -> Locality | None:
    """A Locality."""
    if section is None:
        return None
    locality = Locality(section.string("region"), section.string("zone"), section.string("sub_zone"))
    section.end()
    return locality
