"""What is spoken at a Service's port: its appProtocol says so, or else the beginning of its name.

Source: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from ..fields import Section
from ..kubernetes_service import ServicePort
from ..node import shorten

__all__ = ["Protocol", "protocol_name", "protocol_of"]

_HTTP = ("http", "http2", "grpc", "grpc-web", "h2c", "kubernetes.io/h2c", "kubernetes.io/ws")
_TLS = ("https", "tls", "kubernetes.io/wss")
_TCP = ("tcp", "mongo", "mysql", "redis")
_TCP_PORTS = (25, 53, 3306, 27017)
"""Where servers speak first, so that nothing can be found out: mail, names, databases."""


class Protocol(enum.Enum):
    HTTP = enum.auto()
    TLS = enum.auto()
    TCP = enum.auto()
    ANY = enum.auto()
    """Not told: what the first bytes say, HTTP or not."""


def protocol_name(section: Section, known: Sequence[str], *, required: bool = False) -> str:
    """The field `protocol` in capitals; "" when it is not there."""
    value = section.get("protocol", required=required)
    text = value.string() if value is not None else ""
    if value is not None and text and text.upper() not in known:
        near = value.problems.suggest(text.upper(), known)
        value.error(f"expected one of {', '.join(known)}, found {shorten(text)!r}{near}")
        return known[0]
    return text.upper()


def protocol_of(port: ServicePort) -> Protocol:
    told = port.app_protocol.lower()
    name = port.name.lower()
    written = told or name
    words = (written, written.partition("-")[0])
    for words_of, protocol in ((_HTTP, Protocol.HTTP), (_TLS, Protocol.TLS), (_TCP, Protocol.TCP)):
        if any(word in words_of for word in words):
            return protocol
    return Protocol.TCP if port.port in _TCP_PORTS and told != "any" else Protocol.ANY
