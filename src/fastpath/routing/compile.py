"""From virtual hosts to a snapshot that matches; what cannot be compiled is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fastpath._route_builder import (
    PATH_CONNECT,
    PATH_EXACT,
    PATH_PREFIX,
    PATH_REGEX,
    PATH_SEPARATED,
    PATH_TEMPLATE,
    RouteTableBuilder,
    RouteTableSnapshot,
)
from fastpath.actions.layouts import Layouts
from fastpath.actions.validate import validate_configuration, validate_route, validate_virtual_host
from fastpath.errors import ConfigError
from fastpath.models import (
    DirectResponse,
    HeaderMatcher,
    RedirectAction,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    TlsRequirement,
    VirtualHost,
    WeightedCluster,
)

from .conditions import add_conditions, has_conditions
from .match_tree import add_match_tree
from .place import Step, reason_of, refusal

__all__ = ["compile_table"]

_UINT32_MAX = 2**32 - 1
_NEVER_THERE = ":internal-only"
_PATH_KINDS = (
    ("prefix", PATH_PREFIX),
    ("path", PATH_EXACT),
    ("path_separated_prefix", PATH_SEPARATED),
    ("safe_regex", PATH_REGEX),
    ("path_template", PATH_TEMPLATE),
)
_find_forbidden = re.compile("[\0\r\n]").search

_Cluster = str | bytes | None


def compile_table(
    virtual_hosts: tuple[VirtualHost, ...],
    before: RouteTableSnapshot | None,
    configuration: RouteConfiguration | None,
    *,
    ignore_port: bool,
    ignore_parameters: bool,
) -> RouteTableSnapshot:
    """Compile the virtual hosts; those equal to the one of the same name `before` are taken over from there."""
    builder = RouteTableBuilder()
    gone = _internal_only(configuration)
    known: dict[str, tuple[int, VirtualHost]] = {}
    if before and before.context and _internal_only(before.context[0][5]) == gone:
        known = {entry[0].name: (index, entry[0]) for index, entry in enumerate(before.context)}
    context: list[list[object]] = []
    if configuration is not None:
        for field, reason in validate_configuration(configuration):
            raise refusal(reason, Step("", configuration), Step(field))
        if configuration.vhost_header is not None:
            try:
                builder.set_host_header(configuration.vhost_header)
            except ConfigError as error:
                raise refusal(error.reason, Step("", configuration), Step(".vhost_header")) from None
    for index, host in enumerate(virtual_hosts):
        here = Step(f"virtual_hosts[{index}]", host)
        if not isinstance(host, VirtualHost):
            raise refusal(f"expected a VirtualHost, found {type(host).__name__}", here)
        old_index, old = known.get(host.name, (0, None))
        if before is not None and old is not None and old == host:
            builder.share_virtual_host(before, old_index)
        else:
            for field, reason in validate_virtual_host(host):
                raise refusal(reason, here, Step(field))
            builder.add_virtual_host()
            if host.require_tls is not TlsRequirement.NONE:
                builder.require_tls(host.require_tls.value)
            _add_routes(builder, _without(host, gone) if gone else host, here)
            if host.matcher is not None:
                add_match_tree(builder, host.matcher, partial(_seen_name, gone), here)
        _add_domains(builder, host, here)
        context.append(_entry(host, configuration, gone))
    try:
        return builder.build(context, ignore_port=ignore_port, ignore_parameters=ignore_parameters)
    except ConfigError as error:
        raise _locate_domain(error, virtual_hosts) from None


def _internal_only(configuration: RouteConfiguration | None) -> frozenset[str]:
    """Names of header fields that no request from outside has by the time that routes are looked at."""
    return frozenset(map(str.lower, configuration.internal_only_headers)) if configuration is not None else frozenset()


def _seen_name(gone: frozenset[str], name: str) -> str:
    return _NEVER_THERE if isinstance(name, str) and name.lower() in gone else name


def _without(host: VirtualHost, gone: frozenset[str]) -> VirtualHost:
    """The virtual host with conditions on a field that is never there in the place of those on these."""

    def hidden(header: HeaderMatcher) -> HeaderMatcher:
        return replace(header, name=_seen_name(gone, header.name))

    def changed(route: Route) -> Route:
        if not isinstance(route, Route):
            return route  # which is told about when it is added
        headers = tuple(map(hidden, route.match.headers))
        return replace(route, match=replace(route.match, headers=headers)) if headers != route.match.headers else route

    return replace(host, routes=tuple(map(changed, host.routes)))


def _entry(host: VirtualHost, configuration: RouteConfiguration | None, gone: frozenset[str]) -> list[object]:
    """What the matcher's context holds of a virtual host, see _route_builder.pxd."""
    routes = host.routes
    choosers = {
        index: _seen_name(gone, route.action.random_value_header).encode()
        for index, route in enumerate(routes)
        if type(route.action) is RouteAction and route.action.random_value_header
    }
    templates = any(route.match.path_template is not None for route in routes)
    clusters = tuple(_clusters_of(route, gone) for route in routes)
    layouts = Layouts(host, configuration)
    by_header = any(map(_is_by_header, set(clusters)))
    return [host, routes, clusters, templates or None, choosers or None, configuration, layouts, by_header]


def _clusters_of(route: Route, gone: frozenset[str]) -> _Cluster | tuple[_Cluster, ...]:
    """What the matcher hands out: the cluster, or clusters in order of the shares. Bytes name a header."""
    action = route.action
    if not isinstance(action, RouteAction):
        return None
    if action.cluster is not None:
        return action.cluster
    if action.cluster_header is not None:
        return _seen_name(gone, action.cluster_header).encode()
    return tuple(
        _seen_name(gone, weighted.cluster_header).encode() if weighted.cluster_header else weighted.name
        for weighted in action.weighted_clusters
    )


def _is_by_header(cluster: _Cluster | tuple[_Cluster, ...]) -> bool:
    return any(map(_is_by_header, cluster)) if isinstance(cluster, tuple) else isinstance(cluster, bytes)


def _add_domains(builder: RouteTableBuilder, host: VirtualHost, here: Step) -> None:
    if not host.domains:
        raise refusal("a virtual host needs a domain", here, Step(".domains"))
    for index, domain in enumerate(host.domains):
        try:
            builder.add_domain(domain)
        except (ConfigError, TypeError, UnicodeEncodeError) as error:
            raise refusal(reason_of(error), here, Step(f".domains[{index}]"), code="config_domain") from None


def _locate_domain(error: ConfigError, virtual_hosts: Sequence[VirtualHost]) -> ConfigError:
    """A duplicate is only known by its number, counted over all virtual hosts."""
    number = error.index or 0
    for index, host in enumerate(virtual_hosts):
        if number < len(host.domains):
            steps = Step(f"virtual_hosts[{index}]", host), Step(f".domains[{number}]")
            return refusal(error.reason, *steps, code=error.code)
        number -= len(host.domains)
    return error


def _add_routes(builder: RouteTableBuilder, host: VirtualHost, here: Step) -> None:
    add_route = builder.add_route
    for index, route in enumerate(host.routes):
        if not isinstance(route, Route):
            raise refusal(f"expected a Route, found {type(route).__name__}", here, Step(f".routes[{index}]"))
        match = route.match
        try:
            if match.prefix is not None and _path_kinds(match) == 1:
                add_route(PATH_PREFIX, match.prefix, not match.case_sensitive)
            else:
                _add_path(builder, match)
        except (ConfigError, TypeError, UnicodeEncodeError) as error:
            steps = here, Step(f".routes[{index}]", route), Step(".match", match), Step(_path_field(match))
            code = error.code if isinstance(error, ConfigError) and error.code == "config_regex" else "config_path"
            raise refusal(reason_of(error), *steps, code=code) from None
        if has_conditions(match):
            add_conditions(builder, match, here, Step(f".routes[{index}]", route), Step(".match", match))
        action = route.action
        if type(action) is RouteAction:
            _add_route_action(builder, action, here, index, route)
        elif not isinstance(action, DirectResponse | RedirectAction):
            reason = f"expected a RouteAction, DirectResponse or RedirectAction, found {type(action).__name__}"
            raise refusal(reason, here, Step(f".routes[{index}]", route))
        for field, reason in validate_route(route):
            raise refusal(reason, here, Step(f".routes[{index}]", route), Step(field))


def _path_kinds(match: RouteMatch) -> int:
    """How many kinds of path are given."""
    return (
        (match.prefix is not None)
        + (match.path is not None)
        + (match.path_separated_prefix is not None)
        + (match.safe_regex is not None)
        + (match.path_template is not None)
        + match.connect_matcher
    )


def _add_path(builder: RouteTableBuilder, match: RouteMatch) -> None:
    if _path_kinds(match) != 1:
        names = ", ".join(name for name, _ in _PATH_KINDS)
        raise ConfigError(f"exactly one of {names} and connect_matcher is needed")
    if match.connect_matcher:
        builder.add_route(PATH_CONNECT, "")
        return
    for name, kind in _PATH_KINDS:
        path = getattr(match, name)
        if path is not None:
            builder.add_route(kind, path, not match.case_sensitive)


def _path_field(match: RouteMatch) -> str:
    """The segment of the one field that is set, or none when the error is about the match as a whole."""
    fields = [name for name, _ in _PATH_KINDS if getattr(match, name) is not None]
    return f".{fields[0]}" if len(fields) == 1 else ""


def _add_route_action(builder: RouteTableBuilder, action: RouteAction, here: Step, index: int, route: Route) -> None:
    if (action.cluster is not None) + (action.cluster_header is not None) + bool(action.weighted_clusters) != 1:
        reason = "exactly one of cluster, cluster_header and weighted_clusters is needed"
        raise refusal(reason, here, Step(f".routes[{index}]", route), Step(".route", action))
    if action.cluster is not None and _find_forbidden(action.cluster):
        steps = here, Step(f".routes[{index}]", route), Step(".route", action), Step(".cluster")
        raise refusal("NUL, CR and LF are not allowed", *steps)
    if action.weighted_clusters:
        steps = here, Step(f".routes[{index}]", route), Step(".route", action), Step(".weighted_clusters")
        _add_shares(builder, action.weighted_clusters, steps)


def _add_shares(builder: RouteTableBuilder, clusters: Sequence[WeightedCluster], steps: tuple[Step, ...]) -> None:
    total = 0
    for index, cluster in enumerate(clusters):
        here = Step(f".clusters[{index}]", cluster)
        if _find_forbidden(cluster.name):
            raise refusal("NUL, CR and LF are not allowed", *steps, here, Step(".name"))
        weight = cluster.weight
        if type(weight) is not int or not 0 <= weight <= _UINT32_MAX:
            reason = f"a weight is a whole number from 0 to {_UINT32_MAX}, not {weight!r}"
            raise refusal(reason, *steps, here, Step(".weight"), code="config_weight")
        total += weight
        if total > _UINT32_MAX:
            raise refusal(f"the sum of the weights is above {_UINT32_MAX}", *steps, code="config_weight")
        builder.add_share(weight)
    if total == 0:
        raise refusal("the weights are all 0", *steps, code="config_weight")
