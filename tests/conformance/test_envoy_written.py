"""What is written of generated configurations is a bootstrap that a real Envoy accepts.

FASTPATH_WRITTEN says how many are generated of each part of a configuration.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from conformance.validate_oracle import envoy_refuses, fastpath_refuses
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from property.envoy_models import CLUSTERS, PARTS, configs

from fastpath.config import load, to_yaml
from fastpath.models import Cluster, Config, DiscoveryType, FilterChain, HttpConnectionManager, Listener

WRITTEN = int(os.environ.get("FASTPATH_WRITTEN", "3"))


def runnable(config: Config) -> Config:
    """With listeners for its routes, all clusters, endpoints in place, and no certificates: Envoy looks into those."""
    used = {manager.route_config_name for each in config.listeners for manager in each.http_connection_managers()}
    serving = tuple(
        Listener(
            f"for {name}", "127.0.0.1", 0, (FilterChain(filters=(HttpConnectionManager(route_config_name=name),)),)
        )
        for name in config.route_configurations
        if name not in used
    )
    there = {each.name for each in config.clusters}
    added = tuple(Cluster(name) for name in CLUSTERS if name not in there)
    static = tuple(in_place(each) if each.type is DiscoveryType.EDS else each for each in config.clusters)
    clusters = tuple(without_certificates(each) for each in static + added)
    return Config(tuple(map(without_tls, config.listeners)) + serving, config.route_configurations, clusters)


def in_place(cluster: Cluster) -> Cluster:
    """STATIC instead of EDS, and so not placed by hostnames."""
    hashing = replace(cluster.consistent_hashing, use_hostname_for_hashing=False)
    return replace(cluster, type=DiscoveryType.STATIC, eds_service_name="", consistent_hashing=hashing)


def without_certificates(cluster: Cluster) -> Cluster:
    """Envoy opens files, looks into certificates, and asks for secrets in the name of its node."""
    if cluster.tls is None:
        return cluster
    tls = replace(cluster.tls, certificate=None, certificate_secret="", trusted_ca=None, trusted_ca_secret="")
    return replace(cluster, tls=replace(tls, subject_alt_names=(), typed_subject_alt_names=(), crl=None))


def without_tls(listener: Listener) -> Listener:
    default = listener.default_filter_chain
    return replace(
        listener,
        filter_chains=tuple(replace(chain, tls=None) for chain in listener.filter_chains),
        default_filter_chain=None if default is None else replace(default, tls=None),
    )


@pytest.mark.parametrize("part", [*PARTS, "all"])
@settings(
    max_examples=WRITTEN,
    deadline=None,
    derandomize="FASTPATH_WRITTEN" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(data=st.data())
def test_what_is_written_is_what_envoy_accepts(tmp_path: Path, part: str, data: st.DataObject) -> None:
    config = runnable(data.draw(configs() if part == "all" else PARTS[part]))
    file = tmp_path / "envoy.yaml"
    file.write_text(to_yaml(config), encoding="utf-8")
    assert load(file) == config
    assume(not fastpath_refuses(file))  # a table refuses some expressions and templates that a model may have
    assert not envoy_refuses(file)
