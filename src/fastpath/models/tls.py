"""What TLS shows to peers and asks of them, as data: nothing here opens a file or does TLS.

Source: Envoy v3 API, envoy.extensions.transport_sockets.tls.v3.
"""

from __future__ import annotations

import enum

from .matcher import StringMatcher
from .model import model
from .position import Position, position_field

__all__ = [
    "DataSource",
    "DownstreamTlsContext",
    "SanType",
    "SubjectAltNameMatcher",
    "TlsCertificate",
    "UpstreamTlsContext",
]


@model(frozen=True, slots=True)
class DataSource:
    """A file's name, or the bytes themselves. Exactly one is given."""

    filename: str | None = None
    inline: bytes | None = None


@model(frozen=True, slots=True)
class TlsCertificate:
    """A certificate with the chain above it, and its key, in PEM."""

    certificate_chain: DataSource
    private_key: DataSource
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class DownstreamTlsContext:
    """How a filter chain's connections are to be decrypted."""

    certificates: tuple[TlsCertificate, ...] = ()
    alpn_protocols: tuple[str, ...] = ()
    """What the server speaks, the most wanted first."""
    require_client_certificate: bool = False
    trusted_ca: DataSource | None = None
    """Against which a client's certificate is verified."""
    position: Position | None = position_field()


class SanType(enum.Enum):
    """What kind of name a certificate has."""

    EMAIL = 1
    DNS = 2
    URI = 3
    IP_ADDRESS = 4


@model(frozen=True, slots=True)
class SubjectAltNameMatcher:
    """A name of a certificate. An exact name of a host (DNS) is also one that a wildcard of the certificate covers."""

    san_type: SanType
    matcher: StringMatcher
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class UpstreamTlsContext:
    """How connections to a cluster's hosts are to be encrypted."""

    sni: str = ""
    """The server name that is asked for."""
    auto_sni: bool = False
    """It is the host of the request (upstream_http_protocol_options)."""
    auto_san_validation: bool = False
    """The server's certificate has to be for that host (upstream_http_protocol_options)."""
    alpn_protocols: tuple[str, ...] = ()
    """What the client speaks, the most wanted first."""
    certificate: TlsCertificate | None = None
    """What is shown to servers that ask for one."""
    certificate_secret: str = ""
    """Instead: the name of the secret that a management server tells."""
    trusted_ca: DataSource | None = None
    """Against which the server's certificate is verified; without one it is not."""
    trusted_ca_secret: str = ""
    """Instead, as certificate_secret."""
    subject_alt_names: tuple[str, ...] = ()
    """Names of which the server's certificate has one, of whatever kind (match_subject_alt_names, exact). Neither these
    nor typed ones: any will do."""
    typed_subject_alt_names: tuple[SubjectAltNameMatcher, ...] = ()
    """Instead: of a kind (match_typed_subject_alt_names)."""
    crl: DataSource | None = None
    """Certificates that have been revoked, in PEM, for each authority on the way to the trusted one."""
    position: Position | None = position_field()

    @property
    def verifies(self) -> bool:
        """Whether the server's certificate is looked at."""
        return self.trusted_ca is not None or bool(self.trusted_ca_secret)
