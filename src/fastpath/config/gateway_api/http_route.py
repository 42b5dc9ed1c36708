"""HTTPRoute and GRPCRoute: rules with their matches, filters and backends.

Source: https://gateway-api.sigs.k8s.io/api-types/httproute/ and https://gateway-api.sigs.k8s.io/api-types/grpcroute/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ...models import DirectResponse, HeaderMutations, HeaderValueOption, Position, RetryPolicy, Route, StatefulSession
from ..fields import Section
from ..kubernetes_fields import duration, integer
from ..kubernetes_object import KubernetesObject
from ..kubernetes_service import Services
from ..virtual_hosts import DEFAULT_RETRY
from .backends import HttpBackend, forward, split
from .filters import Filters, read_filters
from .http_match import EVERY_CALL, EVERY_REQUEST, RankedMatch, read_grpc_match, read_http_match
from .parents import AnyRoute, read_hostnames, read_parents
from .references import Grants, ReferenceReader
from .session import at_path, read_session

__all__ = ["HttpRoute", "read_http_route"]


@dataclass(frozen=True, slots=True)
class _Rule:
    index: int
    label: str
    matches: tuple[RankedMatch, ...]
    filters: Filters
    backends: tuple[HttpBackend, ...]
    unavailable: int
    """The status for what would go to a backend that is not there."""
    options: dict[str, Any]
    """Fields of RouteAction: timeout and retry policy."""
    session: StatefulSession | None
    unsupported: str
    """Why the rule cannot be served; "" if it can."""
    position: Position | None

    def routes(self, name: str, match: RankedMatch, scheme: str, port: int) -> Iterator[Route]:
        """One match of the rule, at a listener: mostly one route, or one for each backend where they have filters."""
        filters = self.filters
        is_split = not all(each.filters.only_headers for each in self.backends if each.backend.weight)
        is_forwarded = filters.unresolved is None and filters.redirect is None and not is_split
        whole = Route(
            match.match,
            self._forward(self.backends, match) if is_forwarded else DirectResponse(500, position=self.position),
            name,
            filters.mutations,
            stateful_session=at_path(self.session, match.match) if self.session is not None else None,
            position=self.position,
        )
        if is_forwarded or filters.unresolved is not None:
            yield whole
        elif filters.redirect is not None:
            yield from filters.redirect.routes(whole, match.prefix or "", scheme, port)
        else:
            yield from self._split(whole, match, scheme, port)

    def _split(self, whole: Route, match: RankedMatch, scheme: str, port: int) -> Iterator[Route]:
        for each, share in split(self.backends):
            part = replace(whole, match=replace(match.match, runtime_fraction=share))
            redirect = each.filters.redirect
            if redirect is None or not each.backend.cluster:
                yield replace(part, action=self._forward((each,), match, each.filters))
            else:
                part = replace(part, mutations=_both(part.mutations, each.filters.mutations))
                yield from redirect.routes(part, match.prefix or "", scheme, port)

    def _forward(self, backends: tuple[HttpBackend, ...], match: RankedMatch, own: Filters | None = None) -> Any:
        """To backends; `own` are the filters of the only one, which come after the rule's."""
        host, path, mirrors = self.filters.rewrite_host, self.filters.rewrite_path, self.filters.mirrors
        if own is not None:
            host, path, mirrors = own.rewrite_host or host, own.rewrite_path or path, [*mirrors, *own.mirrors]
        return forward(
            backends,
            self.unavailable,
            self.position,
            host_rewrite_literal=host,
            request_mirror_policies=tuple(mirrors),
            **(path.rewrite(match.prefix or "") if path is not None else {}),
            **self.options,
        )


def _after(filters: Filters, backend: HttpBackend) -> HttpBackend:
    """The backend with the changes of its rule before its own."""
    mutations = _both(filters.mutations, backend.filters.mutations)
    return replace(backend, filters=replace(backend.filters, mutations=mutations))


def _both(first: HeaderMutations, second: HeaderMutations) -> HeaderMutations:
    """One after the other. What is removed is so before anything is added."""
    return HeaderMutations(
        _added(first.request_headers_to_add, second.request_headers_to_add, second.request_headers_to_remove),
        (*first.request_headers_to_remove, *second.request_headers_to_remove),
        _added(first.response_headers_to_add, second.response_headers_to_add, second.response_headers_to_remove),
        (*first.response_headers_to_remove, *second.response_headers_to_remove),
    )


def _added(
    first: tuple[HeaderValueOption, ...], second: tuple[HeaderValueOption, ...], removed: tuple[str, ...]
) -> tuple[HeaderValueOption, ...]:
    gone = {each.lower() for each in removed}
    return (*(each for each in first if each.key.lower() not in gone), *second)


@dataclass(frozen=True, slots=True)
class HttpRoute(AnyRoute):
    """An HTTPRoute or GRPCRoute; `rules` are those that can be served."""

    rules: tuple[_Rule, ...] = ()

    @property
    def is_invalid(self) -> bool:
        return bool(self.dropped) and not self.rules

    @property
    def has_sessions(self) -> bool:
        return any(rule.session is not None for rule in self.rules)

    def routes(self, scheme: str, port: int) -> Iterator[tuple[tuple[object, ...], Route]]:
        """Each match of each rule as routes at a listener, with rank: the match's, then age, name and order."""
        for rule in self.rules:
            name = f"{self.item.kind} {self.item.full_name} {rule.label}"
            for number, match in enumerate(rule.matches):
                for part, route in enumerate(rule.routes(name, match, scheme, port)):
                    yield (*match.rank, *self.item.seniority, rule.index, number, part), route


@dataclass(slots=True)
class _Reader:
    """Reads the rules of one route."""

    item: KubernetesObject
    references: ReferenceReader
    names: set[str] = field(default_factory=set)

    def rule(self, section: Section, index: int) -> _Rule:
        is_http = self.item.kind == "HTTPRoute"
        read_match: Callable[[Section], RankedMatch] = read_http_match if is_http else read_grpc_match
        matches = tuple(read_match(each) for each in section.sections("matches"))
        filters = read_filters(section.sections("filters"), self.references)
        backends = tuple(self._backend(each) for each in section.sections("backendRefs"))
        options = _read_timeouts(section) if is_http else {"timeout": 0.0, "retry_policy": DEFAULT_RETRY}
        session, unsupported = read_session(section, f"fastpath-{self.item.namespace}-{self.item.name}-{index}")
        if session is not None and sum(each.backend.weight > 0 for each in backends) > 1:
            unsupported = "sessionPersistence is supported with one backend only"
        if any(each.filters.mutations != HeaderMutations() for each in backends):
            # Those of the rule come first, so that they are there for each backend too.
            backends = tuple(_after(filters, each) for each in backends)
            filters = replace(filters, mutations=HeaderMutations())
        obstacles = [filters.unsupported, *(each.filters.unsupported for each in backends)]
        obstacles += [*(each.unsupported for each in matches), unsupported]
        rule = _Rule(
            index,
            self._name(section) or f"rules[{index}]",
            matches or (EVERY_REQUEST if is_http else EVERY_CALL,),
            filters,
            backends,
            500 if is_http else 503,
            options,
            session,
            next(filter(None, obstacles), ""),
            section.position,
        )
        section.end()
        for each in (filters, *(each.filters for each in backends)):
            _check_filters(section, each, rule, is_http=is_http)
        return rule

    def _name(self, section: Section) -> str:
        name = section.string("name")
        if name in self.names:
            section.error(f'there is another rule named "{name}"')
        elif name:
            self.names.add(name)
        return name

    def _backend(self, section: Section) -> HttpBackend:
        backend = self.references.backend(section)
        filters = read_filters(section.sections("filters"), self.references)
        section.end()
        return HttpBackend(backend if filters.unresolved is None else replace(backend, cluster=""), filters)


def _check_filters(section: Section, filters: Filters, rule: _Rule, *, is_http: bool) -> None:
    """What the API refuses of a rule's filters or a backend's."""
    redirect, rewrite = filters.redirect, filters.rewrite_path
    if not is_http and (redirect is not None or filters.rewrite_host or rewrite is not None or filters.unsupported):
        section.error("a GRPCRoute modifies headers and mirrors, and has no other filters")
    if redirect is not None and filters is rule.filters and rule.backends:
        section.error("a rule with a RequestRedirect has no backendRefs")
    modifier = redirect.path if redirect is not None else rewrite
    if (
        modifier is not None
        and modifier.prefix is not None
        and (len(rule.matches) != 1 or rule.matches[0].prefix is None)
    ):
        section.error("replacePrefixMatch needs exactly one match, with a PathPrefix")


def read_http_route(item: KubernetesObject, services: Services, grants: Grants) -> HttpRoute:
    """One HTTPRoute or GRPCRoute."""
    reader = _Reader(item, ReferenceReader(item, services, grants))
    spec = item.section.section("spec", required=True)
    item.section.end()
    if spec is None:
        return HttpRoute(item)
    parents, hostnames = read_parents(spec, item), read_hostnames(spec)
    rules = [reader.rule(each, index) for index, each in enumerate(spec.sections("rules"))]
    if item.kind == "HTTPRoute" and spec.get("rules") is None:
        # As the API's default: one rule that takes everything, with nowhere to send it.
        rules = [_Rule(0, "", (EVERY_REQUEST,), Filters(), (), 500, {}, None, "", spec.position)]
    spec.end(("useDefaultGateways",))
    return HttpRoute(
        item,
        parents,
        hostnames,
        next(iter(reader.references.problems), None),
        tuple(f"{each.label}: {each.unsupported}" for each in rules if each.unsupported),
        tuple(each for each in rules if not each.unsupported),
    )


def _read_timeouts(section: Section) -> dict[str, Any]:
    """Without timeouts there are none: what Envoy takes for a default is not the API's."""
    retry, timeouts = section.section("retry"), section.section("timeouts")
    request, backend = _read_durations(timeouts) if timeouts is not None else (None, None)
    policy = _read_retry(retry) if retry is not None else DEFAULT_RETRY
    if backend:
        # A rule that says how often to try again means tries that take too long as well, which are a kind of reset.
        conditions = (*policy.retry_on, "reset") if retry is not None else policy.retry_on
        policy = replace(policy, retry_on=conditions, per_try_timeout=backend)
    return {"timeout": request or 0.0, "retry_policy": policy}


def _read_durations(section: Section) -> tuple[float | None, float | None]:
    """For the whole request, and for each try."""
    request, backend = duration(section, "request"), duration(section, "backendRequest")
    section.end()
    if request and backend and backend > request:
        section.error("backendRequest is longer than request")
    return request, backend


def _read_retry(section: Section) -> RetryPolicy:
    """An HTTPRouteRetry: its codes are tried again beside connections that fail."""
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
