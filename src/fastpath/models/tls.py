"""What a listener's TLS shows to clients and asks of them, as data: nothing here opens a file or does TLS.

Source: Envoy v3 API, envoy.extensions.transport_sockets.tls.v3.
"""

from __future__ import annotations

from dataclasses import dataclass

from .position import Position, position_field

__all__ = ["DataSource", "DownstreamTlsContext", "TlsCertificate"]


@dataclass(frozen=True, slots=True)
class DataSource:
    """A file's name, or the bytes themselves. Exactly one is given."""

    filename: str | None = None
    inline: bytes | None = None


@dataclass(frozen=True, slots=True)
class TlsCertificate:
    """A certificate with the chain above it, and its key, in PEM."""

    certificate_chain: DataSource
    private_key: DataSource
    position: Position | None = position_field()


@dataclass(frozen=True, slots=True)
class DownstreamTlsContext:
    """How a filter chain's connections are to be decrypted."""

    certificates: tuple[TlsCertificate, ...] = ()
    alpn_protocols: tuple[str, ...] = ()
    """What the server speaks, the most wanted first."""
    require_client_certificate: bool = False
    trusted_ca: DataSource | None = None
    """Against which a client's certificate is verified."""
    position: Position | None = position_field()
