"""Envoy's clusters and endpoints (envoy.config.cluster.v3, envoy.config.endpoint.v3)."""

from __future__ import annotations

import enum
from typing import NamedTuple

from ..models import (
    Cluster,
    DiscoveryType,
    Endpoint,
    GrpcHealthCheck,
    HealthStatus,
    LbPolicy,
    Locality,
    LocalityEndpoints,
)
from .envoy_address import read_socket_address
from .envoy_circuit_breakers import read_circuit_breakers
from .envoy_common_lb import AssignmentPolicy, read_assignment_policy, read_common_lb
from .envoy_discovery import check_discovered, read_discovery
from .envoy_health_check import read_health_checks
from .envoy_lb import read_least_request, read_maglev, read_ring_hash, read_round_robin
from .envoy_lb_policy import read_load_balancing_policy
from .envoy_locality import read_locality
from .envoy_metadata import read_metadata
from .envoy_outlier_detection import read_outlier_detection
from .envoy_subset import read_subsets
from .envoy_tls import read_upstream_transport_socket
from .envoy_upstream_http import read_upstream_http
from .fields import UINT32_MAX, Section

__all__ = ["Assignment", "read_assignment", "read_cluster"]

_UNSUPPORTED_POLICIES = {"CLUSTER_PROVIDED": 6}

_UNSUPPORTED_CONFIGS = ("original_dst_lb_config",)
_WITHOUT_HOSTNAMES = (DiscoveryType.STATIC, DiscoveryType.LOGICAL_DNS)
_LB_CONFIGS = ("least_request_lb_config", "maglev_lb_config", "ring_hash_lb_config", "round_robin_lb_config")


class _LbPolicy(enum.Enum):
    """The policies that Envoy has."""

    ROUND_ROBIN = LbPolicy.ROUND_ROBIN.value
    LEAST_REQUEST = LbPolicy.LEAST_REQUEST.value
    RING_HASH = LbPolicy.RING_HASH.value
    RANDOM = LbPolicy.RANDOM.value
    MAGLEV = LbPolicy.MAGLEV.value
    LOAD_BALANCING_POLICY_CONFIG = 7


def read_cluster(section: Section) -> Cluster:
    """One Cluster. Endpoints in place count where its type takes them from there, so not with EDS."""
    name = section.string("name", required=True)
    discovery = read_discovery(section)
    named = discovery.type is not DiscoveryType.STATIC
    connect_timeout = section.duration("connect_timeout")
    if connect_timeout == 0:
        section.error("connect_timeout must be more than 0")
    assignment = section.section("load_assignment")
    assigned = Assignment() if assignment is None else read_assignment(assignment, names=named)
    check_discovered(section, discovery.type, assigned.localities)
    section.one_of("lb_config", *_LB_CONFIGS, required=False)
    common = read_common_lb(section.section("common_lb_config"))
    if common.consistent_hashing.use_hostname_for_hashing:
        if discovery.by_extension:
            section.error("a cluster with a cluster_type cannot use_hostname_for_hashing")
        elif discovery.type in _WITHOUT_HOSTNAMES:
            section.error(f"a {discovery.type.name} cluster cannot use_hostname_for_hashing")
    http = read_upstream_http(section)
    cluster = Cluster(
        name=name,
        type=discovery.type,
        dns=discovery.dns,
        eds_service_name=discovery.eds_service_name,
        localities=() if discovery.type is DiscoveryType.EDS else assigned.localities,
        lb_policy=_read_policy(section),
        healthy_panic_threshold=common.healthy_panic_threshold,
        overprovisioning_factor=assigned.policy.overprovisioning_factor,
        weighted_priority_health=assigned.policy.weighted_priority_health,
        locality_weighted=common.locality_weighted,
        zone_aware=common.zone_aware,
        override_host_status=common.override_host_status,
        consistent_hashing=common.consistent_hashing,
        subsets=read_subsets(section.section("lb_subset_config")),
        round_robin=read_round_robin(section.section("round_robin_lb_config")),
        least_request=read_least_request(section.section("least_request_lb_config")),
        ring_hash=read_ring_hash(section.section("ring_hash_lb_config")),
        maglev=read_maglev(section.section("maglev_lb_config")),
        circuit_breaker=read_circuit_breakers(section.section("circuit_breakers")),
        health_checks=read_health_checks(section),
        outlier_detection=read_outlier_detection(section.section("outlier_detection")),
        http2=http.http2,
        tls=read_upstream_transport_socket(section, http),
        connect_timeout=5.0 if connect_timeout is None else connect_timeout,
        position=section.position,
    )
    if cluster.subsets is not None and cluster.subsets.locality_weight_aware and not cluster.locality_weighted:
        section.error("locality_weight_aware subsets need a locality_weighted_lb_config in common_lb_config")
    for each in cluster.health_checks:
        if isinstance(each.check, GrpcHealthCheck) and not cluster.http2:
            reason = "a grpc_health_check needs http2_protocol_options in typed_extension_protocol_options"
            section.problems.add_at(each.position, reason)
    cluster = read_load_balancing_policy(section, cluster)
    section.end(_UNSUPPORTED_CONFIGS)
    return cluster


def _read_policy(section: Section) -> LbPolicy:
    policy = section.enum("lb_policy", _LbPolicy, _LbPolicy.ROUND_ROBIN, _UNSUPPORTED_POLICIES)
    if policy is not _LbPolicy.LOAD_BALANCING_POLICY_CONFIG:
        return LbPolicy(policy.value)
    if section.get("load_balancing_policy") is None:
        section.error("lb_policy LOAD_BALANCING_POLICY_CONFIG needs a load_balancing_policy")
    return LbPolicy.ROUND_ROBIN


class Assignment(NamedTuple):
    """A ClusterLoadAssignment."""

    cluster_name: str = ""
    localities: tuple[LocalityEndpoints, ...] = ()
    policy: AssignmentPolicy = AssignmentPolicy()


def read_assignment(section: Section, *, names: bool) -> Assignment:
    """A ClusterLoadAssignment, whose addresses may be names where `names`."""
    name = section.string("cluster_name", required=True)
    localities = tuple(_read_locality(item, names=names) for item in section.sections("endpoints"))
    policy = read_assignment_policy(section.section("policy"))
    section.end()
    _check_weights(section, localities)
    return Assignment(name, localities, policy)


def _read_locality(section: Section, *, names: bool) -> LocalityEndpoints:
    locality = read_locality(section.section("locality"))
    place = Locality() if locality is None else locality
    weight = section.integer("load_balancing_weight", 1)
    endpoints = LocalityEndpoints(
        endpoints=tuple(_read_endpoint(item, names=names) for item in section.sections("lb_endpoints")),
        priority=section.integer("priority", 0, 128) or 0,
        weight=weight if locality is not None else None,  # Envoy passes over a weight of no locality
        region=place.region,
        zone=place.zone,
        sub_zone=place.sub_zone,
        position=section.position,
    )
    section.end()
    return endpoints


def _read_endpoint(section: Section, *, names: bool) -> Endpoint:
    endpoint = section.section("endpoint", required=True)
    address, port, hostname = "", 0, ""
    if endpoint is not None:
        address, port = read_socket_address(endpoint, names=names)
        hostname = endpoint.header_text("hostname") or ""
        checked = endpoint.section("health_check_config")
        if checked is not None:
            checked.end()  # dumps have it empty
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
            assignment.problems.add_at(locality.position, f"the endpoints' weights sum to more than {UINT32_MAX}")
    for priority, total in by_priority.items():
        if total > UINT32_MAX:
            assignment.error(f"the weights of the localities of priority {priority} sum to more than {UINT32_MAX}")
