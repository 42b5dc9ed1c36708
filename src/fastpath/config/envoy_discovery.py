"""Where Envoy's clusters find their endpoints (envoy.config.cluster.v3.Cluster: type, DNS and EDS fields)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from ..models import DiscoveryType, DnsConfig, DnsLookupFamily, LocalityEndpoints
from .envoy_process import check_config_source
from .envoy_types import DNS_CLUSTER
from .fields import Section
from .node import shorten

__all__ = ["Discovery", "check_discovered", "read_discovery"]

_UNSUPPORTED_TYPES = {"ORIGINAL_DST": 4}
# What a cluster_type's name stands for. That of EDS is of no use: Envoy wants `type` for it.
_NAMED_TYPES = {
    "envoy.cluster.dns": DiscoveryType.STRICT_DNS,
    "envoy.cluster.logical_dns": DiscoveryType.LOGICAL_DNS,
    "envoy.cluster.static": DiscoveryType.STATIC,
    "envoy.cluster.strict_dns": DiscoveryType.STRICT_DNS,
}
_NEW_DNS = "envoy.cluster.dns"
_MIN_REFRESH = 0.001


class _Family(enum.Enum):
    """envoy.extensions.clusters.common.dns.v3.DnsLookupFamily: the same names by other numbers."""

    UNSPECIFIED = 0
    AUTO = 1
    V4_ONLY = 2
    V6_ONLY = 3
    V4_PREFERRED = 4
    ALL = 5


class Discovery(NamedTuple):
    """The part of a Cluster that this file reads."""

    type: DiscoveryType
    dns: DnsConfig
    eds_service_name: str
    by_extension: bool
    """Whether it is told by cluster_type."""


def read_discovery(section: Section) -> Discovery:
    """Of a Cluster. The DNS fields count for clusters of other types too, where nothing uses them, as in Envoy."""
    custom = section.section("cluster_type")
    dns = _read_dns(section, section.enum("dns_lookup_family", DnsLookupFamily, DnsLookupFamily.AUTO))
    if custom is None:
        kind = section.enum("type", DiscoveryType, DiscoveryType.STATIC, _UNSUPPORTED_TYPES)
    else:
        kind, dns = _read_cluster_type(custom, dns)
        if section.get("type") is not None:
            section.error("type and cluster_type are one field: only one may be set")
    return Discovery(kind, dns, _read_eds(section, kind), custom is not None)


def _read_cluster_type(section: Section, dns: DnsConfig) -> tuple[DiscoveryType, DnsConfig]:
    """A cluster_type: DnsCluster, or without a configuration what its name stands for with the cluster's DNS fields."""
    name = section.get("name", required=True)
    if section.get("typed_config") is not None:
        return _read_dns_cluster(section)
    section.end()
    text = name.string() if name is not None else ""
    if name is not None and text not in _NAMED_TYPES:
        near = section.problems.suggest(text, _NAMED_TYPES)
        name.error(f"without a typed_config expected one of {', '.join(_NAMED_TYPES)}, found {shorten(text)!r}{near}")
    return _NAMED_TYPES.get(text, DiscoveryType.STATIC), DnsConfig() if text == _NEW_DNS else dns


def _read_dns_cluster(section: Section) -> tuple[DiscoveryType, DnsConfig]:
    """A cluster_type with the configuration of the extension envoy.cluster.dns."""
    kind, dns = DiscoveryType.STRICT_DNS, DnsConfig()
    typed = section.typed("typed_config", DNS_CLUSTER)
    if typed is not None:
        family = typed.enum("dns_lookup_family", _Family, _Family.UNSPECIFIED)
        named = DnsLookupFamily.AUTO if family is _Family.UNSPECIFIED else DnsLookupFamily[family.name]
        dns = _read_dns(typed, named)
        if typed.boolean("all_addresses_in_single_endpoint"):
            kind = DiscoveryType.LOGICAL_DNS
        typed.end()
    section.end()
    return kind, dns


def _read_dns(section: Section, family: DnsLookupFamily) -> DnsConfig:
    default = DnsConfig()
    refresh = _interval(section, "dns_refresh_rate")
    base: float | None = None
    maximum: float | None = None
    failure = section.section("dns_failure_refresh_rate")
    if failure is not None:
        base = _interval(failure, "base_interval", required=True)
        maximum = _interval(failure, "max_interval")
        if base is not None and maximum is not None and maximum < base:
            failure.error("max_interval is below base_interval")
        failure.end()
    return DnsConfig(
        refresh_rate=default.refresh_rate if refresh is None else refresh,
        failure_base_interval=base,
        failure_max_interval=maximum,
        jitter=section.duration("dns_jitter") or 0.0,
        respect_ttl=section.boolean("respect_dns_ttl"),
        lookup_family=family,
        position=section.position,
    )


def _interval(section: Section, name: str, *, required: bool = False) -> float | None:
    value = section.get(name, required=required)
    seconds = None if value is None else value.duration()
    if seconds is not None and seconds <= _MIN_REFRESH:
        section.error(f"{name} must be more than 1 ms")
    return seconds


def _read_eds(section: Section, kind: DiscoveryType) -> str:
    """The name to ask for; where to ask is for those who do."""
    eds = section.section("eds_cluster_config")
    if eds is None:
        if kind is DiscoveryType.EDS:
            section.error("a cluster of type EDS needs eds_cluster_config")
        return ""
    if kind is not DiscoveryType.EDS:
        section.error(f"eds_cluster_config in a cluster of type {kind.name}")
    check_config_source(eds.section("eds_config", required=True))
    name = eds.string("service_name")
    eds.end()
    return name


def check_discovered(section: Section, kind: DiscoveryType, localities: Sequence[LocalityEndpoints]) -> None:
    """What a type asks of the endpoints in place."""
    if kind is DiscoveryType.LOGICAL_DNS and [len(locality.endpoints) for locality in localities] != [1]:
        section.error("a cluster of type LOGICAL_DNS has exactly one endpoint")
