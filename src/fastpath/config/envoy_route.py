"""Envoy's route configurations: virtual hosts and their routes (envoy.config.route.v3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..models import (
    DirectResponse,
    Position,
    RedirectAction,
    RequestMirrorPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    TlsRequirement,
    VirtualCluster,
    VirtualHost,
)
from .envoy_answer import MAX_BODY_BYTES, read_direct_response, read_redirect
from .envoy_filters import read_filters
from .envoy_header import read_header_mutations
from .envoy_match_tree import read_match_tree
from .envoy_matcher import header_name, read_header_matcher
from .envoy_retry import read_retry_policy
from .envoy_route_action import read_action, read_mirror_policies
from .envoy_route_match import read_route_match
from .fields import Section
from .node import shorten
from .problems import Problems

__all__ = ["check_clusters_exist", "read_route_configuration", "read_virtual_hosts"]

_OPTIONAL = frozenset({"metadata", "typed_per_filter_config", "stat_prefix"})
_UNSUPPORTED = (
    "cluster_specifier_plugins",
    "cors",
    "decorator",
    "hedge_policy",
    "include_is_timeout_retry_header",
    "metadata",
    "non_forwarding_action",
    "filter_action",
    "per_request_buffer_limit_bytes",
    "rate_limits",
    "request_body_buffer_limit",
    "retry_policy_typed_config",
    "tracing",
    "vhds",
)


def read_route_configuration(section: Section) -> RouteConfiguration:
    """One RouteConfiguration."""
    section.string("@type")
    max_body_bytes = section.integer("max_direct_response_body_size_bytes")
    limit = MAX_BODY_BYTES if max_body_bytes is None else max_body_bytes
    configuration = RouteConfiguration(
        name=section.string("name"),
        virtual_hosts=tuple(_read_virtual_host(item, limit) for item in section.sections("virtual_hosts")),
        ignore_port_in_host_matching=section.boolean("ignore_port_in_host_matching"),
        ignore_path_parameters_in_path_matching=section.boolean("ignore_path_parameters_in_path_matching"),
        vhost_header=header_name(section, "vhost_header", empty=True),
        most_specific_header_mutations_wins=section.boolean("most_specific_header_mutations_wins"),
        request_mirror_policies=read_mirror_policies(section),
        validate_clusters=section.boolean("validate_clusters", default=True),
        internal_only_headers=_read_internal_only_headers(section),
        **read_filters(section),
        **read_header_mutations(section),
        position=section.position,
    )
    section.end(_UNSUPPORTED)
    _refuse_repetitions(configuration, section.problems)
    return configuration


def read_virtual_hosts(sections: Sequence[Section]) -> RouteConfiguration:
    """Virtual hosts by themselves: those of a route configuration without a name."""
    for section in sections:
        section.string("@type")
    hosts = tuple(_read_virtual_host(section, MAX_BODY_BYTES) for section in sections)
    configuration = RouteConfiguration("", hosts, position=sections[0].position)
    _refuse_repetitions(configuration, sections[0].problems)
    return configuration


def _read_internal_only_headers(section: Section) -> tuple[str, ...]:
    names = []
    for value in section.items("internal_only_headers"):
        name = value.string()
        if not name or any(char in name for char in "\0\r\n"):
            value.error(f"expected the name of a header field, found {shorten(name)!r}")
        names.append(name)
    return tuple(names)


def _refuse_repetitions(configuration: RouteConfiguration, problems: Problems) -> None:
    """No two virtual hosts may share a domain, in whatever letters. Their names may be alike."""
    domains: set[str] = set()
    for host in configuration.virtual_hosts:
        for domain in host.domains:
            if domain.lower() in domains:
                what = "another virtual host with the domain" if domain != "*" else "another wildcard domain"
                problems.add_at(host.position, f'there is {what} "{shorten(domain)}"')
            domains.add(domain.lower())


def _clusters_of(action: RouteAction) -> Iterator[tuple[str, Position | None]]:
    if action.cluster:
        yield action.cluster, action.position
    for weighted in action.weighted_clusters:
        yield weighted.name, weighted.position
    yield from _mirrored(action.request_mirror_policies)


def _mirrored(policies: tuple[RequestMirrorPolicy, ...]) -> Iterator[tuple[str, Position | None]]:
    for policy in policies:
        yield policy.cluster, policy.position


def check_clusters_exist(configuration: RouteConfiguration, names: set[str], problems: Problems) -> None:
    """A route to a cluster that is not there is an error, unless validate_clusters is false."""
    if not configuration.validate_clusters:
        return
    wanted = list(_mirrored(configuration.request_mirror_policies))
    for host in configuration.virtual_hosts:
        wanted += _mirrored(host.request_mirror_policies)
        for route in host.routes:
            if isinstance(route.action, RouteAction):
                wanted += _clusters_of(route.action)
    for name, position in wanted:
        if name and name not in names:
            near = problems.suggest(name, sorted(names))
            problems.add_at(position, f'there is no cluster named "{shorten(name)}"{near}')


def _read_virtual_host(section: Section, max_body_bytes: int) -> VirtualHost:
    domains = tuple(value.string() for value in section.items("domains"))
    if not domains:
        section.error("has no domains")
    routes = tuple(_read_route(item, max_body_bytes) for item in section.sections("routes"))
    matcher = None
    tree = section.section("matcher")
    if tree is not None:
        if routes:
            section.error("matcher and routes exclude each other")
        matcher, routes = read_match_tree(tree, lambda item: _read_route(item, max_body_bytes))
    host = VirtualHost(
        name=section.string("name", required=True),
        domains=domains,
        routes=routes,
        matcher=matcher,
        require_tls=section.enum("require_tls", TlsRequirement, TlsRequirement.NONE),
        retry_policy=read_retry_policy(section),
        request_mirror_policies=read_mirror_policies(section),
        include_request_attempt_count=section.boolean("include_request_attempt_count"),
        include_attempt_count_in_response=section.boolean("include_attempt_count_in_response"),
        virtual_clusters=tuple(map(_read_virtual_cluster, section.sections("virtual_clusters"))),
        **read_filters(section),
        **read_header_mutations(section),
        position=section.position,
    )
    section.end(_UNSUPPORTED)
    return host


def _read_virtual_cluster(section: Section) -> VirtualCluster:
    headers = tuple(map(read_header_matcher, section.sections("headers")))
    if not headers:
        section.error("has no headers")
    cluster = VirtualCluster(section.string("name", required=True), headers, position=section.position)
    section.end()
    return cluster


def _read_route(section: Section, max_body_bytes: int) -> Route:
    section.string("@type")
    match = section.section("match", required=True)
    kind = section.one_of("action", "route", "redirect", "direct_response")
    action: RouteAction | DirectResponse | RedirectAction = DirectResponse(500)
    content = section.section(kind) if kind is not None else None
    if content is not None:
        if kind == "route":
            action = read_action(content)
        elif kind == "redirect":
            action = read_redirect(content)
        else:
            action = read_direct_response(content, max_body_bytes)
    fields: dict[str, Any] = {}
    if not section.lacks(_OPTIONAL):
        section.string("stat_prefix")
        fields = {"metadata": _read_metadata(section.section("metadata")), **read_filters(section)}
    fields |= read_header_mutations(section)
    route = Route(
        match=read_route_match(match) if match is not None else RouteMatch(prefix=""),
        action=action,
        name=section.string("name"),
        **fields,
        position=section.position,
    )
    section.end(_UNSUPPORTED)
    return route


def _read_metadata(section: Section | None) -> Mapping[str, Mapping[str, object]]:
    """A core.v3.Metadata's filter_metadata."""
    if section is None:
        return {}
    filters = section.get("filter_metadata")
    content = filters.raw if filters is not None else {}
    section.end(("typed_filter_metadata",))
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        section.error("filter_metadata holds an object for each filter")
        return {}
    return content
