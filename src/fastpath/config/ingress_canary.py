"""Weights between Services, which Ingress itself has not: the canary annotations of ingress-nginx.

Source: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary.
"""

from __future__ import annotations

from dataclasses import dataclass

from .kubernetes_object import KubernetesObject
from .node import shorten

__all__ = ["ANNOTATIONS", "Share", "canary_share"]

_PREFIX = "nginx.ingress.kubernetes.io/"
_CANARY, _WEIGHT, _TOTAL = (_PREFIX + name for name in ("canary", "canary-weight", "canary-weight-total"))
ANNOTATIONS = frozenset({_CANARY, _WEIGHT, _TOTAL})
_MAX_TOTAL = 1_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """`weight` out of `total`."""

    weight: int
    total: int


def canary_share(item: KubernetesObject) -> Share | None:
    """What an Ingress takes of another one's paths; None for an Ingress of its own."""
    if item.annotations.get(_CANARY) != "true":
        return None
    total = _number(item, _TOTAL, 1, _MAX_TOTAL, 100)
    return Share(_number(item, _WEIGHT, 0, total, 0), total)


def _number(item: KubernetesObject, name: str, minimum: int, maximum: int, default: int) -> int:
    text = item.annotations.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and minimum <= int(text) <= maximum):
        item.error(f"expected a number from {minimum} to {maximum} in {name}, found {shorten(text)!r}")
        return default
    return int(text)
