"""What a match says of the workload that sends: its labels and namespace, which are known beforehand.

Source: `sourceLabels` and `sourceNamespace` of HTTPMatchRequest, TLSMatchAttributes and L4MatchAttributes.
"""

from __future__ import annotations

from ..fields import Section
from ..kubernetes_fields import string_map
from .client import Client

__all__ = ["applies_to"]


def applies_to(match: Section, client: Client, *, at_gateways: bool = False) -> bool:
    """Whether a match is for the workload whose configuration this is.

    `at_gateways`: the match of a request names the gateways that it is for, or that of a connection is for gateways
    alone; then Istio does not ask who sends.
    """
    namespace, labels = match.string("sourceNamespace"), string_map(match, "sourceLabels")
    if at_gateways:
        return True
    if namespace and client.namespace is None:
        match.error("sourceNamespace: say with Scope.namespace whose configuration this is")
    if labels and client.labels is None:
        match.error("sourceLabels: say with Scope.labels whose configuration this is")
    return namespace in ("", client.namespace) and labels.items() <= (client.labels or {}).items()
