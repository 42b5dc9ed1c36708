"""Models -> documents -> models is the identity, in both forms and in every format."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property.envoy_models import PARTS, VARIED, configs, placed_configs

from fastpath import models
from fastpath.config import Form, load, to_dict, to_json, to_yaml
from fastpath.models import Cluster, Config, DiscoveryType

quick = settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
whole = settings(quick, max_examples=examples(15))


def bootstrap_of(config: Config) -> Config:
    """What of a configuration has a place in a bootstrap."""
    managers = [each for listener in config.listeners for each in listener.http_connection_managers()]
    used = {manager.route_config_name for manager in managers}
    routes = {name: each for name, each in config.route_configurations.items() if name in used}
    clusters = tuple(map(_without_told_endpoints, config.clusters))
    return replace(config, route_configurations=routes, clusters=clusters)


def _without_told_endpoints(cluster: Cluster) -> Cluster:
    if cluster.type is not DiscoveryType.EDS:
        return cluster
    default = Cluster("")
    return replace(
        cluster,
        localities=(),
        overprovisioning_factor=default.overprovisioning_factor,
        weighted_priority_health=default.weighted_priority_health,
    )


def round_trip(config: Config, form: Form, directory: Path) -> None:
    document = to_dict(config, form=form)
    assert load(document) == config
    as_yaml, as_json = directory / "c.yaml", directory / "c.json"
    as_yaml.write_text(to_yaml(config, form=form), encoding="utf-8")
    as_json.write_text(to_json(config, form=form), encoding="utf-8")
    assert load(as_yaml) == load(as_json) == config
    assert yaml.safe_load(as_yaml.read_bytes()) == json.loads(as_json.read_bytes()) == document


@whole
@given(configs())
def test_resources_are_read_as_they_were(tmp_path: Path, config: Config) -> None:
    round_trip(config, "resources", tmp_path)


@whole
@given(placed_configs().map(bootstrap_of))
def test_a_bootstrap_is_read_as_it_was(tmp_path: Path, config: Config) -> None:
    round_trip(config, "bootstrap", tmp_path)


@pytest.mark.parametrize("part", PARTS)
@quick
@given(data=st.data())
def test_every_part_is_read_as_it_was(tmp_path: Path, part: str, data: st.DataObject) -> None:
    round_trip(data.draw(PARTS[part]), "resources", tmp_path)


# Envoy's documents cannot say these; that they are refused is tested by tests/unit/test_config_output.py.
UNSAYABLE = {
    Cluster: {"client_ip_affinity", "peak_ewma"},
    Config: {"statuses"},
}
NO_PART_OF_A_CONFIG = {
    models.Condition,
    models.ListenerStatus,
    models.ObjectStatus,
    models.ParentStatus,
    models.PeakEwmaConfig,
    models.Position,
    models.SubstitutionFormatString,
}


def test_every_field_of_every_model_is_tried() -> None:
    kinds = {each for each in vars(models).values() if isinstance(each, type) and dataclasses.is_dataclass(each)}
    for kind in kinds - NO_PART_OF_A_CONFIG:
        fields = {each.name for each in dataclasses.fields(kind) if each.compare}
        assert VARIED.get(kind, set()) == fields - UNSAYABLE.get(kind, set()), kind
