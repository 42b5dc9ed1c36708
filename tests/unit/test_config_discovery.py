"""Where clusters find their endpoints, as Envoy's configuration says it."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath.config import load
from fastpath.models import Cluster, DiscoveryType, DnsConfig, DnsLookupFamily

DNS_CLUSTER = "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster"


def cluster(address: str = "a.example", **fields: Any) -> Cluster:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 80}}}}
    assignment = {"cluster_name": "one", "endpoints": [{"lb_endpoints": [endpoint]}]}
    document = {"static_resources": {"clusters": [{"name": "one", "load_assignment": assignment, **fields}]}}
    return load(document).clusters[0]


@pytest.mark.parametrize("address", ["a.example", "192.0.2.1", "2001:db8::1"])
@pytest.mark.parametrize("kind", [DiscoveryType.STRICT_DNS, DiscoveryType.LOGICAL_DNS])
def test_names(kind: DiscoveryType, address: str) -> None:
    for written in (kind.name, kind.value):
        model = cluster(address, type=written)
        assert model.type is kind
        assert model.localities[0].endpoints[0].address == address
        assert model.dns == DnsConfig()


def test_dns_fields() -> None:
    model = cluster(
        type="STRICT_DNS",
        dns_refresh_rate="3s",
        dns_failure_refresh_rate={"base_interval": "1s", "max_interval": "8s"},
        dns_jitter="0.5s",
        respect_dns_ttl=True,
        dns_lookup_family="V4_PREFERRED",
    )
    expected = DnsConfig(3.0, 1.0, 8.0, 0.5, respect_ttl=True, lookup_family=DnsLookupFamily.V4_PREFERRED)
    assert model.dns == expected


@pytest.mark.parametrize(
    ("fields", "kind", "dns"),
    [
        ({}, DiscoveryType.STRICT_DNS, DnsConfig()),
        ({"all_addresses_in_single_endpoint": True}, DiscoveryType.LOGICAL_DNS, DnsConfig()),
        (
            {"dns_refresh_rate": "2s", "dns_lookup_family": "ALL"},
            DiscoveryType.STRICT_DNS,
            DnsConfig(2.0, lookup_family=DnsLookupFamily.ALL),
        ),
        ({"dns_lookup_family": 2}, DiscoveryType.STRICT_DNS, DnsConfig(lookup_family=DnsLookupFamily.V4_ONLY)),
        ({"dns_lookup_family": "UNSPECIFIED"}, DiscoveryType.STRICT_DNS, DnsConfig()),
    ],
)
def test_the_dns_extension(fields: dict[str, Any], kind: DiscoveryType, dns: DnsConfig) -> None:
    custom = {"name": "envoy.cluster.dns", "typed_config": {"@type": DNS_CLUSTER, **fields}}
    model = cluster(cluster_type=custom)
    assert (model.type, model.dns) == (kind, dns)


@pytest.mark.parametrize(
    ("name", "kind", "dns"),
    [
        ("envoy.cluster.dns", DiscoveryType.STRICT_DNS, DnsConfig()),
        ("envoy.cluster.strict_dns", DiscoveryType.STRICT_DNS, DnsConfig(2.0)),
        ("envoy.cluster.logical_dns", DiscoveryType.LOGICAL_DNS, DnsConfig(2.0)),
    ],
)
def test_an_extension_without_configuration_goes_by_its_name(name: str, kind: DiscoveryType, dns: DnsConfig) -> None:
    model = cluster(cluster_type={"name": name}, dns_refresh_rate="2s")
    assert (model.type, model.dns) == (kind, dns)


def test_a_management_server_tells_the_endpoints() -> None:
    source = {"eds_config": {"ads": {}, "resource_api_version": "V3"}, "service_name": "outbound|80||a"}
    model = cluster(type="EDS", eds_cluster_config=source)
    assert (model.type, model.eds_service_name, model.localities) == (DiscoveryType.EDS, "outbound|80||a", ())
