"""TLS of listeners and clusters (envoy.extensions.transport_sockets.tls.v3)."""

from __future__ import annotations

from ...models import DataSource, DownstreamTlsContext, SubjectAltNameMatcher, TlsCertificate, UpstreamTlsContext
from ..envoy_types import DOWNSTREAM_TLS_CONTEXT, UPSTREAM_TLS_CONTEXT
from .discovery import config_source
from .fields import Json, changed, extension, inline, member
from .matcher import write_string_matcher

__all__ = ["write_transport_socket", "write_upstream_transport_socket"]


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


def write_upstream_transport_socket(context: UpstreamTlsContext) -> Json:
    """Likewise, for a cluster."""
    certificate, secret = context.certificate, context.certificate_secret
    common = {
        **({} if certificate is None else {"tls_certificates": [_write_certificate(certificate)]}),
        **({"tls_certificate_sds_secret_configs": [_write_secret(secret)]} if secret else {}),
        **changed(context, "alpn_protocols"),
        **_write_validation(context),
    }
    message = {**member("common_tls_context", common), **changed(context, "sni")}
    return extension("envoy.transport_sockets.tls", UPSTREAM_TLS_CONTEXT, message)


def _write_validation(context: UpstreamTlsContext) -> Json:
    asked = {
        **({} if context.trusted_ca is None else {"trusted_ca": _write_data_source(context.trusted_ca)}),
        **member("match_subject_alt_names", [{"exact": name} for name in context.subject_alt_names]),
        **member("match_typed_subject_alt_names", [_write_name(each) for each in context.typed_subject_alt_names]),
        **({} if context.crl is None else {"crl": _write_data_source(context.crl)}),
    }
    if not context.trusted_ca_secret:
        return member("validation_context", asked)
    secret: Json = {"validation_context_sds_secret_config": _write_secret(context.trusted_ca_secret)}
    return {"combined_validation_context": {"default_validation_context": asked, **secret}} if asked else secret


def _write_name(name: SubjectAltNameMatcher) -> Json:
    return {"san_type": name.san_type.name, "matcher": write_string_matcher(name.matcher)}


def _write_secret(name: str) -> Json:
    return {"name": name, "sds_config": config_source()}


def _write_certificate(certificate: TlsCertificate) -> Json:
    return {
        "certificate_chain": _write_data_source(certificate.certificate_chain),
        "private_key": _write_data_source(certificate.private_key),
    }


def _write_data_source(source: DataSource) -> Json:
    data = {} if source.inline is None else inline(source.inline)
    return {**changed(source, "filename"), **data}
