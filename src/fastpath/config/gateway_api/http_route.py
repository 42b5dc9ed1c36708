"""HTTPRoute and GRPCRoute: rules with their matches, filters and backends.

Source: https://gateway-api.sigs.k8s.io/api-types/httproute/ and https://gateway-api.sigs.k8s.io/api-types/grpcroute/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...models import DirectResponse, HeaderMutations, Position, RedirectAction, RetryPolicy, Route, RouteAction
from ..fields import Section
from ..kubernetes_fields import duration, integer
from ..kubernetes_object import KubernetesObject
from ..kubernetes_service import Services
from ..virtual_hosts import DEFAULT_RETRY
from .backends import forward
from .filters import Filters, read_filters
from .http_match import EVERYTHING, RankedMatch, read_grpc_match, read_http_match
from .parents import ParentRef, read_hostnames, read_parents
from .references import Backend, Grants, Problem, ReferenceReader

__all__ = ["HttpRoute", "read_http_route"]


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    matches: tuple[RankedMatch, ...]
    filters: Filters
    backends: tuple[tuple[Backend, HeaderMutations], ...]
    options: dict[str, Any]
    """Fields of RouteAction: timeout and retry policy."""
    position: Position | None

    def route(self, name: str, match: RankedMatch, scheme: str, port: int) -> Route:
        """One match of the rule, at a listener."""
        action = self._action(match, scheme, port)
        return Route(match.match, action, name, self.filters.mutations, position=self.position)

    def _action(self, match: RankedMatch, scheme: str, port: int) -> RouteAction | DirectResponse | RedirectAction:
        filters = self.filters
        if filters.unresolved is not None:
            return DirectResponse(500, position=self.position)
        if filters.redirect is not None:
            return filters.redirect.action(match.prefix or "", scheme, port)
        rewrite = filters.rewrite_path.rewrite(match.prefix or "") if filters.rewrite_path is not None else {}
        return forward(
            self.backends,
            self.position,
            host_rewrite_literal=filters.rewrite_host,
            request_mirror_policies=tuple(filters.mirrors),
            **rewrite,
            **self.options,
        )


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """An HTTPRoute or GRPCRoute."""

    item: KubernetesObject
    parents: tuple[ParentRef, ...]
    hostnames: tuple[str, ...]
    rules: tuple[_Rule, ...]
    unresolved: Problem | None

    def routes(self, scheme: str, port: int) -> Iterator[tuple[tuple[object, ...], Route]]:
        """Each match of each rule as a route at a listener, with its rank: the match's, then age, name and order."""
        for index, rule in enumerate(self.rules):
            for number, match in enumerate(rule.matches):
                rank = (*match.rank, *self.item.seniority, index, number)
                name = f"{self.item.kind} {self.item.full_name} {rule.name or f'rules[{index}]'}"
                yield rank, rule.route(name, match, scheme, port)


def read_http_route(item: KubernetesObject, services: Services, grants: Grants) -> HttpRoute:
    """One HTTPRoute or GRPCRoute."""
    references = ReferenceReader(item, services, grants)
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return HttpRoute(item, (), (), (), None)
    parents, hostnames = read_parents(spec, item), read_hostnames(spec)
    read_rule = _read_http_rule if item.kind == "HTTPRoute" else _read_grpc_rule
    rules = tuple(read_rule(each, references) for each in spec.sections("rules"))
    if item.kind == "HTTPRoute" and spec.get("rules") is None:
        # As the API's default: one rule that takes everything, with nowhere to send it.
        rules = (_Rule("", (EVERYTHING,), Filters(), (), {}, spec.position),)
    spec.end(("useDefaultGateways",))
    return HttpRoute(item, parents, hostnames, rules, references.problems[0] if references.problems else None)


def _read_http_rule(section: Section, references: ReferenceReader) -> _Rule:
    options = _read_timeouts(section)
    rule = _read_rule(section, references, read_http_match, options)
    section.end(("sessionPersistence",))
    filters = rule.filters
    if filters.redirect is not None and rule.backends:
        section.error("a rule with a RequestRedirect has no backendRefs")
    modifier = filters.redirect.path if filters.redirect is not None else filters.rewrite_path
    if (
        modifier is not None
        and modifier.prefix is not None
        and (len(rule.matches) != 1 or rule.matches[0].prefix is None)
    ):
        section.error("replacePrefixMatch needs exactly one match, with a PathPrefix")
    return rule


def _read_grpc_rule(section: Section, references: ReferenceReader) -> _Rule:
    rule = _read_rule(section, references, read_grpc_match, {"timeout": 0.0, "retry_policy": DEFAULT_RETRY})
    section.end(("sessionPersistence",))
    if rule.filters.redirect is not None or rule.filters.rewrite_host or rule.filters.rewrite_path is not None:
        section.error("a GRPCRoute has no RequestRedirect and no URLRewrite")
    return rule


def _read_rule(
    section: Section,
    references: ReferenceReader,
    read_match: Callable[[Section], RankedMatch],
    options: dict[str, Any],
) -> _Rule:
    matches = tuple(read_match(each) for each in section.sections("matches"))
    return _Rule(
        section.string("name"),
        matches or (EVERYTHING,),
        read_filters(section.sections("filters"), references),
        tuple(_read_backend(each, references) for each in section.sections("backendRefs")),
        options,
        section.position,
    )


def _read_backend(section: Section, references: ReferenceReader) -> tuple[Backend, HeaderMutations]:
    backend = references.backend(section)
    filters = read_filters(section.sections("filters"), references)
    section.end()
    if filters != Filters(mutations=filters.mutations, unresolved=filters.unresolved):
        section.error("filters of a backend may only be header modifiers")
    if filters.unresolved is not None:
        backend = replace(backend, cluster="")
    return backend, filters.mutations


def _read_timeouts(section: Section) -> dict[str, Any]:
    """Without timeouts there are none: what Envoy takes for a default is not the API's."""
    retry = _read_retry(section.section("retry"))
    timeouts = section.section("timeouts")
    if timeouts is None:
        return {"timeout": 0.0, "retry_policy": retry}
    request, backend = duration(timeouts, "request"), duration(timeouts, "backendRequest")
    timeouts.end()
    if request and backend and backend > request:
        timeouts.error("backendRequest is longer than request")
    if backend:
        retry = replace(retry, per_try_timeout=backend)
    return {"timeout": request or 0.0, "retry_policy": retry}


def _read_retry(section: Section | None) -> RetryPolicy:
    """An HTTPRouteRetry: its codes are tried again beside connections that fail."""
    if section is None:
        return DEFAULT_RETRY
    codes = []
    for value in section.items("codes"):
        code = value.integer(400, 599)
        codes.append(code or 0)
    attempts = integer(section, "attempts", 0, 1000)
    backoff = duration(section, "backoff")
    section.end()
    policy = replace(DEFAULT_RETRY, num_retries=1 if attempts is None else attempts)
    if codes:
        conditions = (*policy.retry_on, "retriable-status-codes")
        policy = replace(policy, retry_on=conditions, retriable_status_codes=tuple(codes))
    return policy if not backoff else replace(policy, back_off_base_interval=backoff)
