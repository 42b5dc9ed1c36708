"""Secrets of the type kubernetes.io/tls: certificates for listeners.

Source: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets.
"""

from __future__ import annotations

from ..models import DataSource, TlsCertificate
from .fields import Value
from .kubernetes_object import KubernetesObject, Objects

__all__ = ["Secrets", "read_secrets"]

_CERTIFICATE, _KEY = "tls.crt", "tls.key"

Secrets = dict[tuple[str, str], TlsCertificate | None]
"""By namespace and name; None for a Secret that holds no certificate with its key."""


def read_secrets(objects: Objects) -> Secrets:
    return {(item.namespace, item.name): _read_secret(item) for item in objects.of_kind("", "Secret")}


def _read_secret(item: KubernetesObject) -> TlsCertificate | None:
    section = item.section
    kind = section.string("type", "Opaque")
    section.boolean("immutable")
    data = {name: value.base64() for name, value in _members(section.get("data")).items()}
    data |= {name: value.string().encode() for name, value in _members(section.get("stringData")).items()}
    section.end()
    chain, key = data.get(_CERTIFICATE, b""), data.get(_KEY, b"")
    if chain and key:
        return TlsCertificate(DataSource(inline=chain), DataSource(inline=key), position=item.position)
    if kind == "kubernetes.io/tls":
        section.error(f"a Secret of the type {kind} has {_CERTIFICATE} and {_KEY}")
    return None


def _members(value: Value | None) -> dict[str, Value]:
    """The certificate and the key; what else a Secret holds is none of our business."""
    section = value.section() if value is not None else None
    if section is None or value is None:
        return {}
    return {
        name: Value(section.members[name], f"{value.path}.{name}", value.problems)
        for name in (_CERTIFICATE, _KEY)
        if name in section.members
    }
