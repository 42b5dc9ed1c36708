"""Route configurations: virtual hosts and their routes (envoy.config.route.v3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...models import (
    DirectResponse,
    RedirectAction,
    Route,
    RouteConfiguration,
    VirtualCluster,
    VirtualHost,
)
from ..envoy_answer import MAX_BODY_BYTES
from .answer import write_direct_response, write_redirect
from .fields import Json, changed, member
from .filters import write_filters_of
from .header import write_header_mutations
from .match_tree import write_match_tree
from .matcher import write_header_matchers
from .metadata import write_metadata
from .retry import write_retry_policy
from .route_action import write_action, write_mirror_policies
from .route_match import write_route_match

__all__ = ["write_route_configuration"]


def write_route_configuration(configuration: RouteConfiguration) -> Json:
    """A RouteConfiguration."""
    return {
        **member("name", configuration.name),
        **_write_body_limit(configuration),
        **changed(configuration, "ignore_port_in_host_matching", "ignore_path_parameters_in_path_matching"),
        **changed(configuration, "vhost_header", "validate_clusters", "internal_only_headers"),
        **changed(configuration, "most_specific_header_mutations_wins"),
        **write_header_mutations(configuration.mutations),
        **changed(configuration, "request_mirror_policies", write=write_mirror_policies),
        **write_filters_of(configuration),
        **member("virtual_hosts", [_write_virtual_host(host) for host in configuration.virtual_hosts]),
    }


def _write_body_limit(configuration: RouteConfiguration) -> Json:
    """What lets the longest direct response pass."""
    longest = max(map(len, _bodies(configuration)), default=0)
    return {"max_direct_response_body_size_bytes": longest} if longest > MAX_BODY_BYTES else {}


def _bodies(configuration: RouteConfiguration) -> Iterator[bytes]:
    for host in configuration.virtual_hosts:
        for route in host.routes:
            if isinstance(route.action, DirectResponse):
                yield route.action.body


def _write_virtual_host(host: VirtualHost) -> Json:
    return {
        "name": host.name,
        "domains": list(host.domains),
        **changed(host, "require_tls"),
        **write_header_mutations(host.mutations),
        **changed(host, "include_request_attempt_count", "include_attempt_count_in_response"),
        **changed(host, "retry_policy", write=write_retry_policy),
        **changed(host, "request_mirror_policies", write=write_mirror_policies),
        **changed(host, "virtual_clusters", write=_write_virtual_clusters),
        **write_filters_of(host),
        **_write_routes(host),
    }


def _write_routes(host: VirtualHost) -> Json:
    routes = iter(host.routes)
    tree = {} if host.matcher is None else {"matcher": write_match_tree(host.matcher, routes, _write_route)}
    return {**tree, **member("routes", [_write_route(route) for route in routes])}


def _write_virtual_clusters(clusters: Iterable[VirtualCluster]) -> list[Json]:
    return [{"name": each.name, "headers": write_header_matchers(each.headers)} for each in clusters]


def _write_route(route: Route) -> Json:
    return {
        **member("name", route.name),
        "match": write_route_match(route.match),
        **_write_action(route),
        **write_header_mutations(route.mutations),
        **changed(route, "metadata", write=write_metadata),
        **write_filters_of(route),
    }


def _write_action(route: Route) -> Json:
    action = route.action
    if isinstance(action, DirectResponse):
        return {"direct_response": write_direct_response(action)}
    if isinstance(action, RedirectAction):
        return {"redirect": write_redirect(action)}
    return {"route": write_action(action)}
