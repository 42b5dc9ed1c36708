"""ClientTLSSettings: how the hosts of a cluster are spoken to in TLS.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...models import DataSource, TlsCertificate, UpstreamTlsContext
from ..fields import Section, Value
from ..kubernetes_fields import choice, strings
from ..kubernetes_secret import Secret, Secrets
from ..node import shorten
from .client import Client
from .server_tls import SEPARATE_AUTHORITY, certificate_files, file_source

__all__ = ["ClientTls", "read_client_tls"]

_MODES = ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")
_SYSTEM_AUTHORITIES = DataSource(filename="/etc/ssl/certs/ca-certificates.crt")
# What Istio hands out, by the names that it is asked for by.
_WORKLOAD = UpstreamTlsContext(
    alpn_protocols=("istio-peer-exchange", "istio"), certificate_secret="default", trusted_ca_secret="ROOTCA"
)


@dataclass(frozen=True, slots=True)
class ClientTls:
    """`context` None: plain bytes."""

    context: UpstreamTlsContext | None = None

    def at(self, host: str, port: int, subset: str, names: tuple[str, ...]) -> UpstreamTlsContext | None:
        """For the cluster of a host's port and subset, whose name the workloads of a mesh are asked for by. `names` are
        those that its ServiceEntry says certificates have, unless the policy says others.
        """
        context = self.context
        if context is not None and names and not context.subject_alt_names and context.verifies:
            context = replace(context, subject_alt_names=names)
        if context is None or context.sni or context.auto_sni:
            return context
        return replace(context, sni=f"outbound_.{port}_.{subset}_.{host}")


def read_client_tls(section: Section, secrets: Secrets, client: Client) -> ClientTls:
    """The field `tls` of a policy. Secrets are those of the namespaces that the client may be in."""
    mode = choice(section, "mode", _MODES, "DISABLE")
    sni, names = section.header_text("sni") or "", strings(section, "subjectAltNames")
    certificates = certificate_files(section, "clientCertificate")
    authority = file_source(section, "caCertificates")
    revoked = file_source(section, "caCrl")
    trusts_any = section.boolean("insecureSkipVerify")
    credential = section.get("credentialName")
    section.end()
    if mode == "DISABLE":
        return ClientTls()
    if mode == "ISTIO_MUTUAL":
        if certificates or authority is not None or revoked is not None or credential is not None:
            section.error("the mode ISTIO_MUTUAL has the certificates that Istio hands out, and no others")
        return ClientTls(replace(_WORKLOAD, sni=sni, subject_alt_names=names, position=section.position))
    certificate = certificates[0] if certificates else None
    if credential is not None:
        if certificate is not None or authority is not None or revoked is not None:
            section.error("credentialName takes the place of files")
        certificate, authority = _read_secret(credential, secrets, client, is_mutual=mode == "MUTUAL")
    elif mode == "MUTUAL" and certificate is None:
        section.error("the mode MUTUAL needs a certificate: credentialName, or clientCertificate and privateKey")
    if mode == "SIMPLE" and certificates:
        section.error("the mode SIMPLE shows no certificate; use MUTUAL")
    if trusts_any and names:
        section.error("insecureSkipVerify and subjectAltNames exclude each other")
    return ClientTls(
        UpstreamTlsContext(
            sni,
            auto_sni=not sni,
            auto_san_validation=not (sni or names or trusts_any),
            certificate=certificate,
            trusted_ca=None if trusts_any else authority or _SYSTEM_AUTHORITIES,
            subject_alt_names=names,
            crl=None if trusts_any else revoked,
            position=section.position,
        )
    )


def _read_secret(
    value: Value, secrets: Secrets, client: Client, *, is_mutual: bool
) -> tuple[TlsCertificate | None, DataSource | None]:
    """The certificate, if one is to be shown, and the authority."""
    name = value.string().removeprefix("kubernetes://")
    places = sorted(client.namespaces)
    found = _find(secrets, places, name)
    separate = _find(secrets, places, name + SEPARATE_AUTHORITY)
    authority = next((each.trusted_ca for each in (found, separate) if each is not None and each.trusted_ca), None)
    if found is None and (is_mutual or separate is None):
        near = value.problems.suggest(name, (each for place in places for each in secrets.names(place)))
        value.error(
            f"there is no Secret {shorten(name)!r} in the namespaces {', '.join(places) or 'of the scope'}{near}"
        )
    elif found is not None and is_mutual and found.generic_certificate is None:
        value.error(f"the Secret {shorten(name)!r} has no certificate with its key")
    elif authority is None and not is_mutual:
        value.error(f"the Secret {shorten(name)!r} has no authority (ca.crt)")
    return (found.generic_certificate if found is not None and is_mutual else None), authority


def _find(secrets: Secrets, places: list[str], name: str) -> Secret | None:
    return next((found for place in places if (found := secrets.find(place, name)) is not None), None)
