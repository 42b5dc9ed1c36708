"""Where clusters find their endpoints (envoy.config.cluster.v3.Cluster: type, DNS and EDS fields)."""

from __future__ import annotations

from ...models import Cluster, DiscoveryType
from .fields import Json, changed, duration, member, renamed

__all__ = ["config_source", "write_discovery"]


def config_source() -> Json:
    """A ConfigSource: models do not say who tells the rest, so it is whoever tells everything."""
    return {"resource_api_version": "V3", "ads": {}}


def write_discovery(cluster: Cluster) -> Json:
    """Fields of a Cluster."""
    dns = cluster.dns
    failure = {"failure_base_interval": "base_interval", "failure_max_interval": "max_interval"}
    return {
        **changed(cluster, "type"),
        **_write_eds(cluster),
        **renamed(dns, {"refresh_rate": "dns_refresh_rate", "jitter": "dns_jitter"}, write=duration),
        **member("dns_failure_refresh_rate", renamed(dns, failure, write=duration)),
        **renamed(dns, {"respect_ttl": "respect_dns_ttl", "lookup_family": "dns_lookup_family"}),
    }


def _write_eds(cluster: Cluster) -> Json:
    service = member("service_name", cluster.eds_service_name)
    if cluster.type is DiscoveryType.EDS:
        return {"eds_cluster_config": {"eds_config": config_source(), **service}}
    return member("eds_cluster_config", service)
