"""Envoy's clusters and endpoints (envoy.config.cluster.v3, envoy.config.endpoint.v3)."""

from __future__ import annotations

from ..models import Cluster, DiscoveryType, Endpoint, HealthStatus, LbPolicy, LocalityEndpoints
from .envoy_address import read_socket_address
from .envoy_discovery import check_discovered, read_discovery
from .envoy_lb import read_least_request, read_maglev, read_ring_hash
from .envoy_metadata import read_metadata
from .fields import UINT32_MAX, Section

__all__ = ["read_cluster"]

_UNSUPPORTED_POLICIES = {"CLUSTER_PROVIDED": 6, "LOAD_BALANCING_POLICY_CONFIG": 7}


def read_cluster(section: Section) -> Cluster:
    """One Cluster. Endpoints in place count where its type takes them from there, so not with EDS."""
    name = section.string("name", required=True)
    discovery = read_discovery(section)
    named = discovery.type is not DiscoveryType.STATIC
    connect_timeout = section.duration("connect_timeout")
    if connect_timeout == 0:
        section.error("connect_timeout must be more than 0")
    assignment = section.section("load_assignment")
    localities: tuple[LocalityEndpoints, ...] = ()
    if assignment is not None:
        assignment.string("cluster_name", required=True)
        localities = tuple(_read_locality(item, names=named) for item in assignment.sections("endpoints"))
        assignment.end()
        _check_weights(assignment, localities)
    check_discovered(section, discovery.type, localities)
    common = section.section("common_lb_config")
    panic_threshold = 50.0
    if common is not None:
        panic_threshold = common.percent("healthy_panic_threshold", panic_threshold)
        common.end()
    cluster = Cluster(
        name=name,
        type=discovery.type,
        dns=discovery.dns,
        eds_service_name=discovery.eds_service_name,
        localities=() if discovery.type is DiscoveryType.EDS else localities,
        lb_policy=section.enum("lb_policy", LbPolicy, LbPolicy.ROUND_ROBIN, _UNSUPPORTED_POLICIES),
        healthy_panic_threshold=panic_threshold,
        least_request=read_least_request(section.section("least_request_lb_config")),
        ring_hash=read_ring_hash(section.section("ring_hash_lb_config")),
        maglev=read_maglev(section.section("maglev_lb_config")),
        connect_timeout=5.0 if connect_timeout is None else connect_timeout,
        position=section.position,
    )
    section.end()
    return cluster


def _read_locality(section: Section, *, names: bool) -> LocalityEndpoints:
    locality = section.section("locality")
    place = {"region": "", "zone": "", "sub_zone": ""}
    if locality is not None:
        place = {name: locality.string(name) for name in place}
        locality.end()
    endpoints = LocalityEndpoints(
        endpoints=tuple(_read_endpoint(item, names=names) for item in section.sections("lb_endpoints")),
        priority=section.integer("priority", 0, 128) or 0,
        weight=section.integer("load_balancing_weight", 1),
        position=section.position,
        **place,
    )
    section.end()
    return endpoints


def _read_endpoint(section: Section, *, names: bool) -> Endpoint:
    endpoint = section.section("endpoint", required=True)
    address, port, hostname = "", 0, ""
    if endpoint is not None:
        address, port = read_socket_address(endpoint, names=names)
        hostname = endpoint.header_text("hostname") or ""
        endpoint.end()
    model = Endpoint(
        address=address,
        port=port,
        weight=section.integer("load_balancing_weight", 1),
        hostname=hostname,
        health_status=section.enum("health_status", HealthStatus, HealthStatus.UNKNOWN),
        metadata=read_metadata(section),
        position=section.position,
    )
    section.end()
    return model


def _check_weights(assignment: Section, localities: tuple[LocalityEndpoints, ...]) -> None:
    """Sums must fit in 32 bits: endpoints within a locality, localities within a priority (as Envoy refuses them)."""
    by_priority: dict[int, int] = {}
    for locality in localities:
        by_priority[locality.priority] = by_priority.get(locality.priority, 0) + (locality.weight or 0)
        if sum(endpoint.weight or 1 for endpoint in locality.endpoints) > UINT32_MAX:
            assignment.value.problems.add_at(locality.position, f"the endpoints' weights sum to more than {UINT32_MAX}")
    for priority, total in by_priority.items():
        if total > UINT32_MAX:
            assignment.error(f"the weights of the localities of priority {priority} sum to more than {UINT32_MAX}")
    if by_priority and sorted(by_priority) != list(range(len(by_priority))):
        assignment.error(f"priorities must be 0, 1, 2, ... without a gap, found {sorted(by_priority)}")
