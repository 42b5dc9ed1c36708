"""Envoy's addresses (envoy.config.core.v3.Address)."""

from __future__ import annotations

import ipaddress

from .fields import Section
from .node import shorten

__all__ = ["check_address", "read_socket_address"]


def read_socket_address(parent: Section, *, names: bool = False) -> tuple[str, int]:
    """The `address` field of a listener or an endpoint: an IP address, or a name if those may be, and a TCP port."""
    address = parent.section("address", required=True)
    return _read_address(address, names=names) if address is not None else ("", 0)


def check_address(address: Section) -> None:
    """An Address that nothing here listens at: of any kind."""
    kind = address.one_of("address", "socket_address", "pipe", "envoy_internal_address")
    if kind == "socket_address":
        _read_address(address, names=False)
    else:
        address.end()


def _read_address(address: Section, *, names: bool) -> tuple[str, int]:
    socket = address.section("socket_address", required=True)
    address.end()
    if socket is None:
        return "", 0
    host = socket.string("address", required=True)
    if host and not names:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            socket.error(f"expected an IP address, found {shorten(host)!r}")
    if socket.string("protocol", "TCP") != "TCP":
        socket.error(f"only the protocol TCP is supported, found {shorten(socket.string('protocol'))!r}")
    port = socket.get("port_value", required=True)
    number = port.integer(0, 65535) if port is not None else None
    socket.end()
    return host, number or 0
