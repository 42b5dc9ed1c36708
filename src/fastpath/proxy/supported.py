"""What a configuration may ask of the gateway. Whatever it cannot do is refused before it listens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastpath import ConfigError, HeadRewriter, Request

from ..actions import validate_fault
from ..models import (
    Config,
    FilterChainMatch,
    HeaderMutations,
    HttpConnectionManager,
    Listener,
    Position,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    StatefulSession,
    VirtualHost,
)
from .retry import RETRY_CONDITIONS

__all__ = ["check_supported"]

_REQUEST = Request(method=b"GET", target=b"/", headers=[(b"Host", b"a")])
_REWRITER = HeadRewriter()
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_Finding = tuple[str, str]


def check_supported(config: Config) -> list[HttpConnectionManager]:
    """The connection manager of each listener.

    ConfigError, with the path to the field, for the first thing that listeners, routes or clusters ask for in vain.
    """
    managers = [_manager_of(listener, f"listeners[{index}]") for index, listener in enumerate(config.listeners)]
    for name in dict.fromkeys(manager.route_config_name for manager in managers):
        configuration = config.route_configurations.get(name)
        if configuration is not None:
            _check(configuration, f"route_configurations[{name!r}]")
    for index, cluster in enumerate(config.clusters):
        path = _place(cluster.position, f"clusters[{index}]")
        if cluster.tls is not None:
            _refuse([(".transport_socket", "the gateway does no TLS")], cluster.position, path)
        if cluster.http2:
            _refuse([(".http2", "the gateway speaks HTTP/1 to hosts")], cluster.position, path)
    return managers


def _manager_of(listener: Listener, path: str) -> HttpConnectionManager:
    path = _place(listener.position, path)
    if listener.listener_filters:
        _refuse([(".listener_filters", "the gateway has no listener filters")], listener.position, path)
    chains = list(listener.chains())
    if len(chains) != 1 or chains[0].filter_chain_match != FilterChainMatch():
        reason = "the gateway serves listeners with one filter chain, for all connections"
        _refuse([(".filter_chains", reason)], listener.position, path)
    chain = chains[0]
    path = _place(chain.position, f"{path}.filter_chains[0]")
    if chain.tls is not None:
        _refuse([(".transport_socket", "the gateway does no TLS")], chain.position, path)
    if len(chain.filters) == 1 and isinstance(chain.filters[0], HttpConnectionManager):
        manager = chain.filters[0]
        _refuse(_session(manager.stateful_session, ".stateful_session"), manager.position, path)
        if manager.fault is not None:
            findings = validate_fault(manager.fault, ".fault")
            _refuse(findings, manager.position, _place(manager.position, f"{path}.filters[0]"))
        return manager
    position = chain.filters[0].position if chain.filters else chain.position
    path = _place(position, f"{path}.filters")
    raise _error("the gateway serves an HTTP connection manager and nothing else", position, path)


def _check(configuration: RouteConfiguration, path: str) -> None:
    path = _place(configuration.position, path)
    _refuse(_mutations(configuration.mutations), configuration.position, path)
    _refuse(_session(configuration.stateful_session, ".stateful_session"), configuration.position, path)
    for index, host in enumerate(configuration.virtual_hosts):
        here = _place(host.position, f"{path}.virtual_hosts[{index}]")
        _refuse(_virtual_host(host), host.position, here)
        for number, route in enumerate(host.routes):
            _refuse(_route(route), route.position, _place(route.position, f"{here}.routes[{number}]"))


def _place(position: Position | None, path: str) -> str:
    return position.path if position is not None and position.path else path


def _refuse(findings: Iterable[_Finding], position: Position | None, path: str) -> None:
    for field, reason in findings:
        raise _error(reason, position, path + field)


def _error(reason: str, position: Position | None, path: str) -> ConfigError:
    line, column = (position.line, position.column) if position is not None else (None, None)
    source = str(position) or None if position is not None else None
    return ConfigError(reason, path=path, source=source, line=line, column=column)


def _virtual_host(host: VirtualHost) -> Iterator[_Finding]:
    yield from _mutations(host.mutations)
    yield from _session(host.stateful_session, ".stateful_session")
    if host.retry_policy is not None:
        yield from _retry_policy(host.retry_policy, ".retry_policy")


def _route(route: Route) -> Iterator[_Finding]:
    yield from _mutations(route.mutations)
    yield from _session(route.stateful_session, ".stateful_session")
    action = route.action
    if not isinstance(action, RouteAction):
        return
    if route.match.connect_matcher:
        yield ".match.connect_matcher", "the gateway does not forward CONNECT"
    if action.prefix_rewrite and not _may_send(path=action.prefix_rewrite.partition("?")[0]):
        yield ".route.prefix_rewrite", f"{action.prefix_rewrite!r} cannot be the beginning of a path"
    if action.host_rewrite_literal and not _may_send(authority=action.host_rewrite_literal):
        yield ".route.host_rewrite_literal", f"{action.host_rewrite_literal!r} cannot be a host"
    for index, policy in enumerate(action.hash_policy):
        if policy.filter_state is not None:
            yield f".route.hash_policy[{index}].filter_state", "the gateway has no filter state"
    if action.max_stream_duration is not None:
        yield ".route.max_stream_duration", "the gateway does not limit how long streams last"
    for index, weighted in enumerate(action.weighted_clusters):
        here = f".route.weighted_clusters.clusters[{index}]"
        yield from _session(weighted.stateful_session, f"{here}.stateful_session")
        yield from ((here + field, reason) for field, reason in _mutations(weighted.mutations))
        if weighted.host_rewrite_literal and not _may_send(authority=weighted.host_rewrite_literal):
            yield f"{here}.host_rewrite_literal", f"{weighted.host_rewrite_literal!r} cannot be a host"
    if action.retry_policy is not None:
        yield from _retry_policy(action.retry_policy, ".route.retry_policy")


def _retry_policy(policy: RetryPolicy, path: str) -> Iterator[_Finding]:
    for condition in policy.retry_on:
        if condition not in RETRY_CONDITIONS:
            yield f"{path}.retry_on", f"the gateway does not retry on {condition!r}"
    for field in ("retriable_headers", "retriable_request_headers", "per_try_idle_timeout"):
        if getattr(policy, field):
            yield f"{path}.{field}", f"the gateway does not know {field}"


def _session(session: StatefulSession | None, path: str) -> Iterator[_Finding]:
    if session is None:
        return
    if session.header and not _may_change(session.header):
        yield f"{path}.header", f"the gateway writes {session.header} itself"
    if session.cookie is not None and not _TOKEN.fullmatch(session.cookie.name):
        yield f"{path}.cookie.name", f"{session.cookie.name!r} cannot be the name of a cookie"


def _mutations(mutations: HeaderMutations) -> Iterator[_Finding]:
    for direction, added, removed in (
        ("request", mutations.request_headers_to_add, mutations.request_headers_to_remove),
        ("response", mutations.response_headers_to_add, mutations.response_headers_to_remove),
    ):
        for index, option in enumerate(added):
            if not _may_change(option.key):
                yield f".{direction}_headers_to_add[{index}].header.key", f"the gateway writes {option.key} itself"
        for index, name in enumerate(removed):
            if not _may_change(name):
                yield f".{direction}_headers_to_remove[{index}]", f"the gateway writes {name} itself"


def _may_change(name: str) -> bool:
    try:
        HeadRewriter(remove=[name])
    except ValueError:
        return False
    return True


def _may_send(path: str | None = None, authority: str | None = None) -> bool:
    try:
        _REWRITER.rewrite(
            _REQUEST,
            path=None if path is None else path.encode("utf-8", "surrogateescape"),
            authority=None if authority is None else authority.encode("utf-8", "surrogateescape"),
        )
    except ValueError:
        return False
    return True
