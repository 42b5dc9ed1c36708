"""Clusters and endpoints (envoy.config.cluster.v3, envoy.config.endpoint.v3)."""

from __future__ import annotations

from ...models import Cluster, DiscoveryType, Endpoint, LocalityEndpoints
from ..envoy_types import HTTP_PROTOCOL_OPTIONS
from .address import write_socket_address
from .circuit_breakers import write_circuit_breakers
from .common_lb import write_assignment_policy, write_common_lb
from .discovery import write_discovery
from .fields import Json, any_of, changed, duration, member
from .health_check import write_health_checks
from .lb import write_least_request, write_maglev, write_ring_hash, write_round_robin
from .lb_policy import needs_policy, write_load_balancing_policy
from .metadata import write_metadata
from .outlier_detection import write_outlier_detection
from .subset import write_subsets
from .tls import write_upstream_transport_socket

__all__ = ["write_assignment", "write_cluster"]


def write_cluster(cluster: Cluster) -> Json:
    """A Cluster, with its endpoints unless EDS tells them."""
    in_policy = needs_policy(cluster)
    in_place = cluster.type is not DiscoveryType.EDS
    return {
        "name": cluster.name,
        **write_discovery(cluster),
        **_write_balancing(cluster),
        **changed(cluster, "connect_timeout", write=duration),
        **_write_protocol(cluster),
        **member("common_lb_config", write_common_lb(cluster, in_policy=in_policy)),
        **_write_messages(cluster),
        **changed(cluster, "outlier_detection", write=write_outlier_detection),
        **changed(cluster, "health_checks", write=write_health_checks),
        **member("load_assignment", write_assignment(cluster) if in_place else None),
    }


def _write_protocol(cluster: Cluster) -> Json:
    socket: Json = {} if cluster.tls is None else {"transport_socket": write_upstream_transport_socket(cluster.tls)}
    names = {} if cluster.tls is None else changed(cluster.tls, "auto_sni", "auto_san_validation")
    if not (cluster.http2 or names):
        return socket
    protocol = "http2_protocol_options" if cluster.http2 else "http_protocol_options"
    options = {"explicit_http_config": {protocol: {}}, **member("upstream_http_protocol_options", names)}
    written = any_of(HTTP_PROTOCOL_OPTIONS, options)
    return {**socket, "typed_extension_protocol_options": {HTTP_PROTOCOL_OPTIONS: written}}


def _write_balancing(cluster: Cluster) -> Json:
    if needs_policy(cluster):
        return {"load_balancing_policy": write_load_balancing_policy(cluster)}
    subsets = cluster.subsets
    return {
        **changed(cluster, "lb_policy"),
        **({} if subsets is None else {"lb_subset_config": write_subsets(subsets)}),
        **member("round_robin_lb_config", write_round_robin(cluster.round_robin)),
        **member("least_request_lb_config", write_least_request(cluster.least_request)),
        **member("ring_hash_lb_config", write_ring_hash(cluster.ring_hash)),
        **member("maglev_lb_config", write_maglev(cluster.maglev)),
    }


def _write_messages(cluster: Cluster) -> Json:
    """Messages that the models have by other names; without one that differs from the default, none."""
    breaker = cluster.circuit_breaker
    return {
        **({} if breaker == type(breaker)() else {"circuit_breakers": write_circuit_breakers(breaker)}),
    }


def write_assignment(cluster: Cluster) -> Json | None:
    """A ClusterLoadAssignment, None when it would say nothing."""
    content = {
        **member("endpoints", [_write_locality(each) for each in cluster.localities]),
        **member("policy", write_assignment_policy(cluster)),
    }
    return {"cluster_name": cluster.eds_service_name or cluster.name, **content} if content else None


def _write_locality(locality: LocalityEndpoints) -> Json:
    place = changed(locality, "region", "zone", "sub_zone")
    weighted = locality.weight is not None  # counts only where there is a locality
    return {
        **({"locality": place} if place or weighted else {}),
        **member("load_balancing_weight", locality.weight),
        **changed(locality, "priority"),
        **member("lb_endpoints", [_write_endpoint(each) for each in locality.endpoints]),
    }


def _write_endpoint(endpoint: Endpoint) -> Json:
    address = write_socket_address(endpoint.address, endpoint.port)
    return {
        "endpoint": {"address": address, **changed(endpoint, "hostname")},
        **member("load_balancing_weight", endpoint.weight),
        **changed(endpoint, "health_status"),
        **changed(endpoint, "metadata", write=write_metadata),
    }
