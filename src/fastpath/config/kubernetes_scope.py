"""Which part of a Kubernetes cluster is to be loaded, and where in it the data plane runs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What documents of a whole Kubernetes cluster do not say about the one who reads them. None: does not matter."""

    node_name: str | None = None
    """The node that the data plane runs on. A Service whose internalTrafficPolicy is Local has the endpoints there."""
    zone: str | None = None
    """The node's zone. Endpoints with hints are used in the zones that those name."""
    ingress_class: str | None = None
    """Only Ingresses of this class, and those without one when it is the default class."""
    gateway_class: str | None = None
    """Only Gateways of this class."""
