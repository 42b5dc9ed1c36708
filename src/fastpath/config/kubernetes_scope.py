"""Which part of a Kubernetes cluster is to be loaded, and where in it the data plane runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What documents of a whole Kubernetes cluster do not say about the one who reads them. None: does not matter."""

    node_name: str | None = None
    """The node that the data plane runs on. A Service whose internalTrafficPolicy is Local has the endpoints there, and
    others those with hints for it."""
    zone: str | None = None
    """The node's zone. Endpoints with hints are used in the zones that those name."""
    region: str | None = None
    sub_zone: str | None = None
    """With the zone: where the workload is, for Istio's locality settings."""
    ingress_class: str | None = None
    """Only Ingresses of this class, and those without one when it is the default class."""
    gateway_class: str | None = None
    """Only Gateways of this class."""
    namespace: str | None = None
    """The namespace of the workload whose sidecar or gateway this is, for what Istio shows to some namespaces only."""
    labels: Mapping[str, str] | None = None
    """The labels of that workload or gateway, which Istio's selectors are compared with."""
