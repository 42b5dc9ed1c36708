"""TLS of listeners and clusters (envoy.extensions.transport_sockets.tls.v3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..models import (
    DataSource,
    DownstreamTlsContext,
    SanType,
    StringMatcher,
    SubjectAltNameMatcher,
    TlsCertificate,
    UpstreamTlsContext,
)
from .envoy_matcher import read_string_matcher
from .envoy_process import check_config_source
from .envoy_types import DOWNSTREAM_TLS_CONTEXT, RAW_BUFFER, UPSTREAM_TLS_CONTEXT
from .envoy_upstream_http import UpstreamHttp
from .fields import Section

__all__ = ["read_transport_socket", "read_upstream_transport_socket"]

_MAX_SNI = 255
_UNSUPPORTED_OF_VALIDATION = (
    "allow_expired_certificate",
    "ca_certificate_provider_instance",
    "custom_validator_config",
    "max_verify_depth",
    "only_verify_leaf_cert_crl",
    "require_signed_certificate_timestamp",
    "system_root_certs",
    "trust_chain_verification",
    "verify_certificate_hash",
    "verify_certificate_spki",
    "watched_directory",
)


def read_transport_socket(parent: Section) -> DownstreamTlsContext | None:
    """A filter chain's `transport_socket`; None for plain bytes."""
    config = _read_socket(parent, DOWNSTREAM_TLS_CONTEXT)
    return None if config is None else _read_context(config)


def read_upstream_transport_socket(parent: Section, http: UpstreamHttp) -> UpstreamTlsContext | None:
    """A cluster's `transport_socket`; None for plain bytes."""
    config = _read_socket(parent, UPSTREAM_TLS_CONTEXT)
    return None if config is None else _read_upstream_context(config, http)


def _read_socket(parent: Section, context: str) -> Section | None:
    """What a `transport_socket` that does TLS holds."""
    socket = parent.section("transport_socket")
    if socket is None:
        return None
    socket.string("name", required=True)
    found = socket.typed_one_of("typed_config", (context, RAW_BUFFER))
    socket.end()
    if found is None:
        return None
    kind, config = found
    if kind == RAW_BUFFER:
        config.end()
        return None
    return config


def _read_upstream_context(context: Section, http: UpstreamHttp) -> UpstreamTlsContext:
    sni = context.header_text("sni") or ""
    if len(sni.encode()) > _MAX_SNI:
        context.error(f"sni has at most {_MAX_SNI} bytes")
    common = context.section("common_tls_context")
    context.end()
    model = UpstreamTlsContext(sni, http.auto_sni, http.auto_san_validation, position=context.position)
    if common is None:
        return model
    certificates = [_read_certificate(each) for each in common.sections("tls_certificates")]
    secrets = [_read_secret(each) for each in common.sections("tls_certificate_sds_secret_configs")]
    if len(certificates) + len(secrets) > 1:
        common.error("a client shows one certificate")
    peer = _read_validation(common)
    protocols = _read_protocols(common)
    common.end()
    return replace(
        model,
        alpn_protocols=protocols,
        certificate=certificates[0] if certificates else None,
        certificate_secret=secrets[0] if secrets else "",
        trusted_ca=peer.trusted_ca,
        trusted_ca_secret=peer.secret,
        subject_alt_names=peer.names,
        typed_subject_alt_names=peer.typed_names,
        crl=peer.crl,
    )


@dataclass
class _Peer:
    """What is asked of the server's certificate."""

    trusted_ca: DataSource | None = None
    secret: str = ""
    names: tuple[str, ...] = ()
    typed_names: tuple[SubjectAltNameMatcher, ...] = ()
    crl: DataSource | None = None


def _read_validation(common: Section) -> _Peer:
    kinds = ("validation_context", "validation_context_sds_secret_config", "combined_validation_context")
    kind = common.one_of("way to validate", *kinds, required=False)
    section = common.section(kind) if kind is not None else None
    if section is None:
        return _Peer()
    if kind == kinds[1]:
        return _Peer(secret=_read_secret(section))
    inner: Section | None = section
    peer = _Peer()
    if kind == kinds[2]:
        inner = section.section("default_validation_context", required=True)
        secret = section.section("validation_context_sds_secret_config", required=True)
        peer.secret = _read_secret(secret) if secret is not None else ""
        section.end()
    if inner is not None:
        peer.trusted_ca = read_data_source(inner, "trusted_ca")
        peer.names = tuple(_read_name(each) for each in inner.sections("match_subject_alt_names"))
        peer.typed_names = tuple(_read_typed_name(each) for each in inner.sections("match_typed_subject_alt_names"))
        peer.crl = read_data_source(inner, "crl")
        trusts = peer.trusted_ca is not None or peer.secret
        if (peer.names or peer.typed_names) and not trusts:
            inner.error("names of a certificate are worth nothing without a trusted_ca")
        if peer.crl is not None and not trusts:
            inner.error("a crl is worth nothing without a trusted_ca")
        if peer.typed_names:  # Envoy does not look at the others then
            peer.names = ()
        inner.end(_UNSUPPORTED_OF_VALIDATION)
    return peer


def _read_name(section: Section) -> str:
    """A StringMatcher of the one kind that models have."""
    name = section.string("exact", required=True)
    section.end(("contains", "custom", "ignore_case", "prefix", "safe_regex", "suffix"))
    return name


def _read_typed_name(section: Section) -> SubjectAltNameMatcher:
    kind = section.get("san_type", required=True)
    matcher = section.section("matcher", required=True)
    name = SubjectAltNameMatcher(
        (kind.enum(SanType, {"OTHER_NAME": 5}) if kind is not None else None) or SanType.DNS,
        read_string_matcher(matcher) if matcher is not None else StringMatcher(exact=""),
        position=section.position,
    )
    section.end(("oid",))
    return name


def _read_secret(section: Section) -> str:
    """An SdsSecretConfig: where to ask for it is for those who do."""
    name = section.string("name", required=True)
    check_config_source(section.section("sds_config"))
    section.end()
    return name


def _read_context(context: Section) -> DownstreamTlsContext:
    common = context.section("common_tls_context")
    certificates: tuple[TlsCertificate, ...] = ()
    protocols: tuple[str, ...] = ()
    trusted_ca = None
    if common is not None:
        certificates = tuple(_read_certificate(section) for section in common.sections("tls_certificates"))
        protocols = _read_protocols(common)
        validation = common.section("validation_context")
        if validation is not None:
            trusted_ca = read_data_source(validation, "trusted_ca")
            validation.end()
        common.end()
    model = DownstreamTlsContext(
        certificates=certificates,
        alpn_protocols=protocols,
        require_client_certificate=context.boolean("require_client_certificate"),
        trusted_ca=trusted_ca,
        position=context.position,
    )
    context.end()
    return model


def _read_protocols(common: Section) -> tuple[str, ...]:
    protocols = tuple(value.string() for value in common.items("alpn_protocols"))
    for protocol in protocols:
        if not 0 < len(protocol.encode("utf-8", "surrogateescape")) < 256:
            common.error("an ALPN protocol has 1 to 255 bytes")
    return protocols


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
