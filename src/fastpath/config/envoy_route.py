"""Envoy's route configurations (envoy.config.route.v3)."""

from __future__ import annotations

import enum

from ..models import (
    DirectResponse,
    RedirectAction,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from .fields import UINT32_MAX, Problems, Section
from .node import shorten

__all__ = ["RETRY_CONDITIONS", "check_clusters_exist", "read_route_configuration"]

RETRY_CONDITIONS = (
    "5xx",
    "gateway-error",
    "connect-failure",
    "reset",
    "reset-before-request",
    "refused-stream",
    "retriable-4xx",
    "retriable-status-codes",
)
_PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"


class _RedirectCode(enum.Enum):
    MOVED_PERMANENTLY = 0
    FOUND = 1
    SEE_OTHER = 2
    TEMPORARY_REDIRECT = 3
    PERMANENT_REDIRECT = 4


_REDIRECT_STATUS = {
    _RedirectCode.MOVED_PERMANENTLY: 301,
    _RedirectCode.FOUND: 302,
    _RedirectCode.SEE_OTHER: 303,
    _RedirectCode.TEMPORARY_REDIRECT: 307,
    _RedirectCode.PERMANENT_REDIRECT: 308,
}


def read_route_configuration(section: Section) -> RouteConfiguration:
    """One RouteConfiguration."""
    configuration = RouteConfiguration(
        name=section.string("name"),
        virtual_hosts=tuple(_read_virtual_host(item) for item in section.sections("virtual_hosts")),
        ignore_port_in_host_matching=section.boolean("ignore_port_in_host_matching"),
        position=section.position,
    )
    section.end()
    seen: set[str] = set()
    for host in configuration.virtual_hosts:
        if host.name in seen and host.name:
            section.value.problems.add_at(host.position, f'there is another virtual host named "{host.name}"')
        seen.add(host.name)
    return configuration


def check_clusters_exist(configuration: RouteConfiguration, names: set[str], problems: Problems) -> None:
    """A route to a cluster that is not there is an error, as with Envoy's validate_clusters."""
    for host in configuration.virtual_hosts:
        for route in host.routes:
            action = route.action
            if not isinstance(action, RouteAction):
                continue
            wanted = [(action.cluster, action.position)] if action.cluster else []
            wanted += [(cluster.name, cluster.position) for cluster in action.weighted_clusters]
            for name, position in wanted:
                if name and name not in names:
                    near = problems.suggest(name, sorted(names))
                    problems.add_at(position, f'there is no cluster named "{shorten(name)}"{near}')


def _read_virtual_host(section: Section) -> VirtualHost:
    domains = tuple(value.string() for value in section.items("domains"))
    if not domains:
        section.error("has no domains")
    host = VirtualHost(
        name=section.string("name", required=True),
        domains=domains,
        routes=tuple(_read_route(item) for item in section.sections("routes")),
        retry_policy=_read_retry_policy(section),
        position=section.position,
    )
    section.end()
    return host


def _read_route(section: Section) -> Route:
    match = section.section("match", required=True)
    kind = section.one_of("action", "route", "redirect", "direct_response")
    action: RouteAction | DirectResponse | RedirectAction = DirectResponse(500)
    content = section.section(kind) if kind is not None else None
    if content is not None:
        if kind == "route":
            action = _read_action(content)
        elif kind == "redirect":
            action = _read_redirect(content)
        else:
            action = _read_direct_response(content)
    route = Route(
        match=_read_match(match) if match is not None else RouteMatch(prefix=""),
        action=action,
        name=section.string("name"),
        position=section.position,
    )
    section.end()
    return route


def _read_match(section: Section) -> RouteMatch:
    section.one_of("path specifier", "prefix", "path", "path_separated_prefix")
    match = RouteMatch(
        prefix=section.optional_string("prefix"),
        path=section.optional_string("path"),
        path_separated_prefix=section.optional_string("path_separated_prefix"),
        case_sensitive=section.boolean("case_sensitive", default=True),
        position=section.position,
    )
    section.end()
    return match


def _read_action(section: Section) -> RouteAction:
    kind = section.one_of("cluster specifier", "cluster", "weighted_clusters")
    cluster = section.string("cluster", required=True) if kind == "cluster" else None
    timeout = section.duration("timeout")
    action = RouteAction(
        cluster=cluster,
        weighted_clusters=_read_weighted_clusters(section),
        prefix_rewrite=section.header_text("prefix_rewrite"),
        host_rewrite_literal=section.header_text("host_rewrite_literal"),
        timeout=15.0 if timeout is None else timeout,
        retry_policy=_read_retry_policy(section),
        position=section.position,
    )
    section.end()
    return action


def _read_weighted_clusters(section: Section) -> tuple[WeightedCluster, ...]:
    split = section.section("weighted_clusters")
    if split is None:
        return ()
    clusters = []
    for item in split.sections("clusters"):
        name = item.string("name", required=True)
        clusters.append(WeightedCluster(name, item.integer("weight") or 0, position=item.position))
        item.end()
    total = sum(cluster.weight for cluster in clusters)
    if not clusters:
        split.error("has no clusters")
    elif not 1 <= total <= UINT32_MAX:
        split.error(f"the weights must sum to 1 up to {UINT32_MAX}, found {total}")
    split.end()
    return tuple(clusters)


def _read_retry_policy(parent: Section) -> RetryPolicy | None:
    section = parent.section("retry_policy")
    if section is None:
        return None
    back_off = section.section("retry_back_off")
    base, maximum = None, None
    if back_off is not None:
        base, maximum = back_off.duration("base_interval"), back_off.duration("max_interval")
        if not base:
            back_off.error("base_interval is needed and must be more than 0")
        elif maximum is not None and maximum < base:
            back_off.error("max_interval must not be less than base_interval")
        back_off.end()
    num_retries = section.integer("num_retries")
    attempts = section.integer("host_selection_retry_max_attempts", 0, 2**63 - 1)
    policy = RetryPolicy(
        retry_on=_read_retry_on(section),
        num_retries=1 if num_retries is None else num_retries,
        retriable_status_codes=_read_status_codes(section),
        previous_hosts=_read_host_predicates(section),
        host_selection_retry_max_attempts=1 if attempts is None else attempts,
        per_try_timeout=section.duration("per_try_timeout"),
        back_off_base_interval=base or 0.025,
        back_off_max_interval=maximum,
        position=section.position,
    )
    section.end()
    return policy


def _read_retry_on(section: Section) -> tuple[str, ...]:
    value = section.get("retry_on")
    if value is None:
        return ()
    conditions = tuple(part.strip() for part in value.string().split(",") if part.strip())
    for condition in conditions:
        if condition not in RETRY_CONDITIONS:
            near = value.problems.suggest(condition, RETRY_CONDITIONS)
            value.error(f"the condition {shorten(condition)!r} is unknown or not supported{near}")
    return conditions


def _read_status_codes(section: Section) -> tuple[int, ...]:
    codes = (value.integer(100, 599) for value in section.items("retriable_status_codes"))
    return tuple(code for code in codes if code is not None)


def _read_host_predicates(section: Section) -> bool:
    found = False
    for predicate in section.sections("retry_host_predicate"):
        predicate.string("name", required=True)
        config = predicate.typed("typed_config", _PREVIOUS_HOSTS)
        if config is not None:
            config.end()
            found = True
        predicate.end()
    return found


def _read_direct_response(section: Section) -> DirectResponse:
    status = section.get("status", required=True)
    number = status.integer(200, 599) if status is not None else None
    body = section.section("body")
    content = b""
    if body is not None:
        kind = body.one_of("body", "inline_string", "inline_bytes")
        if kind == "inline_string":
            content = body.string("inline_string").encode()
        elif kind == "inline_bytes":
            value = body.get("inline_bytes")
            content = value.base64() if value is not None else b""
        body.end()
    section.end()
    return DirectResponse(number or 500, content, position=section.position)


def _read_redirect(section: Section) -> RedirectAction:
    section.one_of("path rewrite", "path_redirect", "prefix_rewrite", required=False)
    code = section.enum("response_code", _RedirectCode, _RedirectCode.MOVED_PERMANENTLY)
    action = RedirectAction(
        response_code=_REDIRECT_STATUS[code],
        https_redirect=section.boolean("https_redirect"),
        host_redirect=section.header_text("host_redirect"),
        path_redirect=section.header_text("path_redirect"),
        prefix_rewrite=section.header_text("prefix_rewrite"),
        strip_query=section.boolean("strip_query"),
        position=section.position,
    )
    section.end()
    return action
