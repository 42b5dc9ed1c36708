"""What is spoken at a Service's port: its appProtocol says so, or else the beginning of its name.

Source: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/.
"""

from __future__ import annotations

import enum

from ..kubernetes_service import ServicePort

__all__ = ["Protocol", "protocol_of"]

_HTTP = ("http", "http2", "grpc", "grpc-web", "h2c", "kubernetes.io/h2c", "kubernetes.io/ws")
_TLS = ("https", "tls", "kubernetes.io/wss")
_TCP = ("tcp", "mongo", "mysql", "redis")


class Protocol(enum.Enum):
    HTTP = enum.auto()
    TLS = enum.auto()
    TCP = enum.auto()
    ANY = enum.auto()
    """Not told: what the first bytes say, HTTP or not."""


def protocol_of(port: ServicePort) -> Protocol:
    told = port.app_protocol.lower()
    name = port.name.lower()
    words = (told,) if told else (name, name.partition("-")[0])
    for words_of, protocol in ((_HTTP, Protocol.HTTP), (_TLS, Protocol.TLS), (_TCP, Protocol.TCP)):
        if any(word in words_of for word in words):
            return protocol
    return Protocol.ANY
