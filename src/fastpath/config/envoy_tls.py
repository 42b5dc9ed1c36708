"""Certificates of a listener (envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext)."""

from __future__ import annotations

from ..models import DataSource, DownstreamTlsContext, TlsCertificate
from .envoy_types import DOWNSTREAM_TLS_CONTEXT, RAW_BUFFER
from .fields import Section

__all__ = ["read_transport_socket"]


def read_transport_socket(parent: Section) -> DownstreamTlsContext | None:
    """A filter chain's `transport_socket`; None for plain bytes."""
    socket = parent.section("transport_socket")
    if socket is None:
        return None
    socket.string("name", required=True)
    found = socket.typed_one_of("typed_config", (DOWNSTREAM_TLS_CONTEXT, RAW_BUFFER))
    socket.end()
    if found is None:
        return None
    kind, config = found
    model = _read_context(config) if kind == DOWNSTREAM_TLS_CONTEXT else None
    config.end()
    return model


def _read_context(context: Section) -> DownstreamTlsContext:
    common = context.section("common_tls_context")
    certificates: tuple[TlsCertificate, ...] = ()
    protocols: tuple[str, ...] = ()
    trusted_ca = None
    if common is not None:
        certificates = tuple(_read_certificate(section) for section in common.sections("tls_certificates"))
        protocols = tuple(value.string() for value in common.items("alpn_protocols"))
        validation = common.section("validation_context")
        if validation is not None:
            trusted_ca = read_data_source(validation, "trusted_ca")
            validation.end()
        common.end()
    for protocol in protocols:
        if not 0 < len(protocol.encode("utf-8", "surrogateescape")) < 256:
            context.error("an ALPN protocol has 1 to 255 bytes")
    return DownstreamTlsContext(
        certificates=certificates,
        alpn_protocols=protocols,
        require_client_certificate=context.boolean("require_client_certificate"),
        trusted_ca=trusted_ca,
        position=context.position,
    )


def _read_certificate(section: Section) -> TlsCertificate:
    chain, key = read_data_source(section, "certificate_chain"), read_data_source(section, "private_key")
    if chain is None:
        section.error('"certificate_chain" is missing')
    if key is None:
        section.error('"private_key" is missing')
    section.end()
    return TlsCertificate(chain or DataSource(), key or DataSource(), position=section.position)


def read_data_source(parent: Section, name: str) -> DataSource | None:
    """An envoy.config.core.v3.DataSource, of a file or of inline bytes."""
    section = parent.section(name)
    if section is None:
        return None
    kind = section.one_of("source", "filename", "inline_string", "inline_bytes")
    source = DataSource()
    value = section.get(kind) if kind is not None else None
    if value is not None:
        if kind == "filename":
            filename = value.string()
            if not filename or "\0" in filename:
                value.error("a file's name is not empty and has no NUL")
            source = DataSource(filename=filename)
        else:
            source = DataSource(inline=value.base64() if kind == "inline_bytes" else value.string().encode())
    section.end()
    return source
