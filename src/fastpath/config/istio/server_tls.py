"""ServerTLSSettings: what a Gateway's server does with TLS, and its certificates.

Source: https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import DataSource, DownstreamTlsContext, TlsCertificate
from ..fields import Section, Value
from ..kubernetes_fields import choice
from ..kubernetes_secret import Secret, Secrets
from ..node import shorten

__all__ = ["SEPARATE_AUTHORITY", "ServerTls", "certificate_files", "file_source", "read_server_tls"]

_MODES = ("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
_REFUSED = {
    "AUTO_PASSTHROUGH": "server names that stand for clusters are not read; use PASSTHROUGH and VirtualServices",
    "ISTIO_MUTUAL": "certificates that Istio hands out are not among the documents; use MUTUAL with a Secret",
}
_UNSUPPORTED = (
    "caCertCredentialName",
    "caCrl",
    "cipherSuites",
    "subjectAltNames",
    "verifyCertificateHash",
    "verifyCertificateSpki",
)
_VERSIONS = ("maxProtocolVersion", "minProtocolVersion")
SEPARATE_AUTHORITY = "-cacert"
"""How the name of a Secret ends that has the authority only."""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """`context` is how connections are decrypted; None: they are not."""

    context: DownstreamTlsContext | None = None
    redirects_to_https: bool = False
    passes_through: bool = False


def read_server_tls(section: Section, secrets: Secrets, namespace: str, *, has_http: bool) -> ServerTls:
    """The field `tls` of a server whose Secrets are in a namespace."""
    redirects = section.boolean("httpsRedirect")
    mode = choice(section, "mode", _MODES, "PASSTHROUGH")
    if mode in _REFUSED:
        section.error(f"the mode {mode} is not supported: {_REFUSED[mode]}")
    certificates = list(certificate_files(section, "serverCertificate"))
    for each in section.sections("tlsCertificates"):
        certificates += certificate_files(each, "serverCertificate")
        each.end(_UNSUPPORTED)
    authority = file_source(section, "caCertificates")
    names = [*section.items("credentialNames")]
    single = section.get("credentialName")
    if single is not None:
        names.insert(0, single)
    for value in names:
        secret = _secret(value, secrets, namespace)
        if secret is None:
            continue
        if secret.generic_certificate is not None:
            certificates.append(secret.generic_certificate)
        name = value.string().removeprefix("kubernetes://") + SEPARATE_AUTHORITY
        authority = authority or secret.trusted_ca or _authority(secrets.find(namespace, name))
    for name in _VERSIONS:
        if choice(section, name, ("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"), "TLS_AUTO") != "TLS_AUTO":
            section.error(f"{name} is not supported; leave it to the TLS library")
    section.end(_UNSUPPORTED)
    decrypts = mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
    if not decrypts:
        return ServerTls(None, redirects, passes_through=mode == "PASSTHROUGH" and not redirects)
    if not certificates:
        section.error(f"the mode {mode} needs a certificate: credentialName, or serverCertificate and privateKey")
    if mode != "SIMPLE" and authority is None:
        section.error(f"the mode {mode} needs an authority for clients: caCertificates, or ca.crt in the Secret")
    return ServerTls(
        DownstreamTlsContext(
            tuple(certificates),
            alpn_protocols=("http/1.1",) if has_http else (),
            require_client_certificate=mode == "MUTUAL",
            trusted_ca=authority if mode != "SIMPLE" else None,
            position=section.position,
        ),
        redirects,
    )


def certificate_files(section: Section, name: str) -> tuple[TlsCertificate, ...]:
    """The certificate in a field and its privateKey, names of files."""
    chain, key = file_source(section, name), file_source(section, "privateKey")
    if (chain is None) != (key is None):
        section.error(f"{name} and privateKey belong together")
    return () if chain is None or key is None else (TlsCertificate(chain, key, position=section.position),)


def file_source(section: Section, name: str) -> DataSource | None:
    value = section.get(name)
    if value is None:
        return None
    text = value.string()
    if not text or "\0" in text:
        value.error("a file's name is not empty and has no NUL")
    return DataSource(filename=text)


def _secret(value: Value, secrets: Secrets, namespace: str) -> Secret | None:
    name = value.string().removeprefix("kubernetes://")
    secret = secrets.find(namespace, name)
    if secret is None:
        near = value.problems.suggest(name, secrets.names(namespace))
        value.error(f"there is no Secret {shorten(f'{namespace}/{name}')!r}{near}")
    elif secret.generic_certificate is None:
        value.error(f"the Secret {shorten(f'{namespace}/{name}')!r} has no certificate with its key")
    return secret


def _authority(secret: Secret | None) -> DataSource | None:
    return secret.trusted_ca if secret is not None else None
