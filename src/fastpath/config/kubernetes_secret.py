"""Secrets: certificates for listeners, and authorities that clients' certificates come from.

Source: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..models import DataSource, TlsCertificate
from .fields import Value
from .kubernetes_object import KubernetesObject, Objects

__all__ = ["Secret", "Secrets", "read_secrets"]

_CERTIFICATE, _KEY, _AUTHORITY = "tls.crt", "tls.key", "ca.crt"
# What Istio takes as well, in Secrets of any type.
_GENERIC = {_CERTIFICATE: "cert", _KEY: "key", _AUTHORITY: "cacert"}


@dataclass(frozen=True, slots=True)
class Secret:
    """What of a Secret is for TLS; None: it is not in there."""

    certificate: TlsCertificate | None = None
    generic_certificate: TlsCertificate | None = None
    """Under the names that only Istio knows, or else the same."""
    trusted_ca: DataSource | None = None


class Secrets:
    """Secrets by namespace and name."""

    def __init__(self, secrets: dict[tuple[str, str], Secret]):
        self._secrets = secrets

    def find(self, namespace: str, name: str) -> Secret | None:
        return self._secrets.get((namespace, name))

    def certificate(self, namespace: str, name: str) -> TlsCertificate | None:
        """Of the Secret, if it is there and has one."""
        secret = self.find(namespace, name)
        return secret.certificate if secret is not None else None

    def names(self, namespace: str) -> Iterator[str]:
        """For suggestions."""
        return (name for place, name in self._secrets if place == namespace)


def read_secrets(objects: Objects) -> Secrets:
    return Secrets({(item.namespace, item.name): _read_secret(item) for item in objects.of_kind("", "Secret")})


def _read_secret(item: KubernetesObject) -> Secret:
    section = item.section
    kind = section.string("type", "Opaque")
    section.boolean("immutable")
    data = {name: value.base64() for name, value in _members(section.get("data")).items()}
    data |= {name: value.string().encode() for name, value in _members(section.get("stringData")).items()}
    section.end()
    certificate = _certificate(item, data, _CERTIFICATE, _KEY)
    if certificate is None and kind == "kubernetes.io/tls":
        section.error(f"a Secret of the type {kind} has {_CERTIFICATE} and {_KEY}")
    generic = certificate or _certificate(item, data, _GENERIC[_CERTIFICATE], _GENERIC[_KEY])
    authority = data.get(_AUTHORITY) or data.get(_GENERIC[_AUTHORITY])
    return Secret(certificate, generic, DataSource(inline=authority) if authority else None)


def _certificate(item: KubernetesObject, data: dict[str, bytes], chain: str, key: str) -> TlsCertificate | None:
    if not (data.get(chain) and data.get(key)):
        return None
    return TlsCertificate(DataSource(inline=data[chain]), DataSource(inline=data[key]), position=item.position)


def _members(value: Value | None) -> dict[str, Value]:
    """Certificates and the key; what else a Secret holds is none of our business."""
    section = value.section() if value is not None else None
    if section is None or value is None:
        return {}
    return {
        name: Value(section.members[name], (value.where, name), value.problems)
        for name in (*_GENERIC, *_GENERIC.values())
        if name in section.members
    }
