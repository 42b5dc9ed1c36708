"""Certificates of a listener (envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext)."""

from __future__ import annotations

from ...models import DataSource, DownstreamTlsContext, TlsCertificate
from ..envoy_types import DOWNSTREAM_TLS_CONTEXT
from .fields import Json, changed, extension, inline, member

__all__ = ["write_transport_socket"]


def write_transport_socket(context: DownstreamTlsContext) -> Json:
    """A TransportSocket that does TLS."""
    common = {
        **member("tls_certificates", [_write_certificate(each) for each in context.certificates]),
        **changed(context, "alpn_protocols"),
    }
    if context.trusted_ca is not None:
        common["validation_context"] = {"trusted_ca": _write_data_source(context.trusted_ca)}
    message = {**member("common_tls_context", common), **changed(context, "require_client_certificate")}
    return extension("envoy.transport_sockets.tls", DOWNSTREAM_TLS_CONTEXT, message)


def _write_certificate(certificate: TlsCertificate) -> Json:
    return {
        "certificate_chain": _write_data_source(certificate.certificate_chain),
        "private_key": _write_data_source(certificate.private_key),
    }


def _write_data_source(source: DataSource) -> Json:
    data = {} if source.inline is None else inline(source.inline)
    return {**changed(source, "filename"), **data}
