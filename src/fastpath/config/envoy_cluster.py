"""Envoy's clusters and endpoints (envoy.config.cluster.v3, envoy.config.endpoint.v3)."""

from __future__ import annotations

import enum

from ..models import Cluster, Endpoint, HealthStatus, LbPolicy, LocalityEndpoints
from .envoy_address import read_socket_address
from .envoy_lb import read_least_request, read_maglev, read_ring_hash
from .envoy_metadata import read_metadata
from .fields import UINT32_MAX, Section

__all__ = ["read_cluster"]

_UNSUPPORTED_POLICIES = {"CLUSTER_PROVIDED": 6, "LOAD_BALANCING_POLICY_CONFIG": 7}
_UNSUPPORTED_TYPES = {"STRICT_DNS": 1, "LOGICAL_DNS": 2, "EDS": 3, "ORIGINAL_DST": 4}


class _LbPolicy(enum.Enum):
    """The policies that Envoy has."""

    ROUND_ROBIN = LbPolicy.ROUND_ROBIN.value
    LEAST_REQUEST = LbPolicy.LEAST_REQUEST.value
    RING_HASH = LbPolicy.RING_HASH.value
    RANDOM = LbPolicy.RANDOM.value
    MAGLEV = LbPolicy.MAGLEV.value


class _DiscoveryType(enum.Enum):
    STATIC = 0


def read_cluster(section: Section) -> Cluster:
    """One Cluster, its endpoints given in place."""
    name = section.string("name", required=True)
    section.enum("type", _DiscoveryType, _DiscoveryType.STATIC, _UNSUPPORTED_TYPES)
    connect_timeout = section.duration("connect_timeout")
    if connect_timeout == 0:
        section.error("connect_timeout must be more than 0")
    assignment = section.section("load_assignment")
    localities: tuple[LocalityEndpoints, ...] = ()
    if assignment is not None:
        assignment.string("cluster_name", required=True)
        localities = tuple(_read_locality(item) for item in assignment.sections("endpoints"))
        assignment.end()
        _check_weights(assignment, localities)
    common = section.section("common_lb_config")
    panic_threshold = 50.0
    if common is not None:
        panic_threshold = common.percent("healthy_panic_threshold", panic_threshold)
        common.end()
    cluster = Cluster(
        name=name,
        localities=localities,
        lb_policy=LbPolicy(section.enum("lb_policy", _LbPolicy, _LbPolicy.ROUND_ROBIN, _UNSUPPORTED_POLICIES).value),
        healthy_panic_threshold=panic_threshold,
        least_request=read_least_request(section.section("least_request_lb_config")),
        ring_hash=read_ring_hash(section.section("ring_hash_lb_config")),
        maglev=read_maglev(section.section("maglev_lb_config")),
        connect_timeout=5.0 if connect_timeout is None else connect_timeout,
        position=section.position,
    )
    section.end()
    return cluster


def _read_locality(section: Section) -> LocalityEndpoints:
    locality = section.section("locality")
    names = {"region": "", "zone": "", "sub_zone": ""}
    if locality is not None:
        names = {name: locality.string(name) for name in names}
        locality.end()
    endpoints = LocalityEndpoints(
        endpoints=tuple(_read_endpoint(item) for item in section.sections("lb_endpoints")),
        priority=section.integer("priority", 0, 128) or 0,
        weight=section.integer("load_balancing_weight", 1),
        position=section.position,
        **names,
    )
    section.end()
    return endpoints


def _read_endpoint(section: Section) -> Endpoint:
    endpoint = section.section("endpoint", required=True)
    address, port, hostname = "", 0, ""
    if endpoint is not None:
        address, port = read_socket_address(endpoint)
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
