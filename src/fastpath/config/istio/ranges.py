"""Addresses and ranges of them."""

from __future__ import annotations

from ipaddress import ip_network

from ...models import CidrRange
from ..fields import Value
from ..node import shorten

__all__ = ["cidr_range", "to_cidr"]


def cidr_range(value: Value) -> CidrRange | None:
    """An address, or a range of them such as "10.0.0.0/8"; an error when it is none."""
    text = value.string()
    found = to_cidr(text)
    if found is None:
        value.error(f"expected an IP address or a range such as 10.0.0.0/8, found {shorten(text)!r}")
    return found


def to_cidr(text: str) -> CidrRange | None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    return CidrRange(str(network.network_address), network.prefixlen)
