"""Ranges of addresses. Source: Envoy v3 API, envoy.config.core.v3.CidrRange."""

from __future__ import annotations

from .model import model

__all__ = ["CidrRange"]


@model(frozen=True, slots=True)
class CidrRange:
    """The addresses that share their first `prefix_len` bits with `address_prefix`."""

    address_prefix: str
    prefix_len: int = 0
