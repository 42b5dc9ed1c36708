"""Envoy's route configurations: virtual hosts and their routes (envoy.config.route.v3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..models import (
    DirectResponse,
    HttpFault,
    Position,
    RedirectAction,
    RequestMirrorPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    TlsRequirement,
    VirtualHost,
)
from .envoy_fault import FAULT_FILTER, HTTP_FAULT, read_http_fault
from .envoy_header import read_header_mutations
from .envoy_matcher import header_name
from .envoy_retry import read_retry_policy
from .envoy_route_action import read_action, read_direct_response, read_mirror_policies, read_redirect
from .envoy_route_match import read_route_match
from .fields import Problems, Section
from .node import shorten

__all__ = ["check_clusters_exist", "read_route_configuration"]


def read_route_configuration(section: Section) -> RouteConfiguration:
    """One RouteConfiguration."""
    section.string("@type")
    section.boolean("validate_clusters")
    configuration = RouteConfiguration(
        name=section.string("name"),
        virtual_hosts=tuple(_read_virtual_host(item) for item in section.sections("virtual_hosts")),
        ignore_port_in_host_matching=section.boolean("ignore_port_in_host_matching"),
        ignore_path_parameters_in_path_matching=section.boolean("ignore_path_parameters_in_path_matching"),
        vhost_header=header_name(section, "vhost_header") if section.get("vhost_header") is not None else None,
        mutations=read_header_mutations(section),
        most_specific_header_mutations_wins=section.boolean("most_specific_header_mutations_wins"),
        request_mirror_policies=read_mirror_policies(section),
        position=section.position,
    )
    section.end()
    _refuse_repetitions(configuration, section.value.problems)
    return configuration


def _refuse_repetitions(configuration: RouteConfiguration, problems: Problems) -> None:
    """No two virtual hosts may share a name or a domain."""
    names: set[str] = set()
    domains: set[str] = set()
    for host in configuration.virtual_hosts:
        if host.name in names and host.name:
            problems.add_at(host.position, f'there is another virtual host named "{shorten(host.name)}"')
        names.add(host.name)
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
    """A route to a cluster that is not there is an error, as with Envoy's validate_clusters."""
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


def _read_virtual_host(section: Section) -> VirtualHost:
    domains = tuple(value.string() for value in section.items("domains"))
    if not domains:
        section.error("has no domains")
    host = VirtualHost(
        name=section.string("name", required=True),
        domains=domains,
        routes=tuple(_read_route(item) for item in section.sections("routes")),
        require_tls=section.enum("require_tls", TlsRequirement, TlsRequirement.NONE),
        retry_policy=read_retry_policy(section),
        mutations=read_header_mutations(section),
        request_mirror_policies=read_mirror_policies(section),
        include_request_attempt_count=section.boolean("include_request_attempt_count"),
        include_attempt_count_in_response=section.boolean("include_attempt_count_in_response"),
        fault=_read_fault(section),
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
            action = read_action(content)
        elif kind == "redirect":
            action = read_redirect(content)
        else:
            action = read_direct_response(content)
    section.string("stat_prefix")
    route = Route(
        match=read_route_match(match) if match is not None else RouteMatch(prefix=""),
        action=action,
        name=section.string("name"),
        mutations=read_header_mutations(section),
        metadata=_read_metadata(section.section("metadata")),
        fault=_read_fault(section),
        position=section.position,
    )
    section.end()
    return route


def _read_metadata(section: Section | None) -> Mapping[str, Mapping[str, object]]:
    """A core.v3.Metadata's filter_metadata."""
    if section is None:
        return {}
    filters = section.get("filter_metadata")
    content = filters.plain() if filters is not None else {}
    section.end()
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        section.error("filter_metadata holds an object for each filter")
        return {}
    return content


def _read_fault(section: Section) -> HttpFault | None:
    """The fault among a message's typed_per_filter_config."""
    filters = section.section("typed_per_filter_config")
    if filters is None:
        return None
    fault = None
    if filters.get(FAULT_FILTER) is not None:
        content = filters.typed(FAULT_FILTER, HTTP_FAULT)
        fault = read_http_fault(content) if content is not None else None
    filters.end()
    return fault
