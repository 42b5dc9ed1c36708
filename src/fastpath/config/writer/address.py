"""Addresses (envoy.config.core.v3.Address)."""

from __future__ import annotations

from .fields import Json

__all__ = ["write_socket_address"]


def write_socket_address(address: str, port: int) -> Json:
    """An Address with a TCP port."""
    return {"socket_address": {"address": address, "port_value": port}}
