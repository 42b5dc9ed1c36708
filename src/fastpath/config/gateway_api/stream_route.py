"""TLSRoute and TCPRoute: connections by server name, or all of a listener's, to backends by weight.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute and #tcproute.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import TcpProxy
from ..kubernetes_object import KubernetesObject
from ..kubernetes_service import Services
from .backends import proxy_to
from .parents import AnyRoute, read_hostnames, read_parents
from .references import Grants, ReferenceReader

__all__ = ["StreamRoute", "read_stream_route"]


@dataclass(frozen=True, slots=True)
class StreamRoute(AnyRoute):
    """A TLSRoute or TCPRoute; there is one rule to it."""

    proxy: TcpProxy = TcpProxy()


def read_stream_route(item: KubernetesObject, services: Services, grants: Grants) -> StreamRoute:
    references = ReferenceReader(item, services, grants)
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return StreamRoute(item)
    parents = read_parents(spec, item)
    hostnames = read_hostnames(spec) if item.kind == "TLSRoute" else ()
    rules = spec.sections("rules")
    spec.end(("useDefaultGateways",))
    if len(rules) != 1:
        spec.error(f"expected one rule, found {len(rules)}")
    backends = []
    for rule in rules:
        rule.string("name")
        for each in rule.sections("backendRefs"):
            backends.append(references.backend(each))
            each.end()
        rule.end()
    unresolved = next(iter(references.problems), None)
    return StreamRoute(item, parents, hostnames, unresolved, proxy=proxy_to(backends, spec.position))
