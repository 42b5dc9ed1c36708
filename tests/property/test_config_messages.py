"""A protobuf message gives the models that the same document gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from effort import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from property.envoy_messages import BOOTSTRAP, RESPONSE, message_of, sayable
from property.envoy_models import PARTS, configs, placed_configs
from property.mutated_documents import try_message
from property.test_config_output import bootstrap_of

from fastpath.config import Form, load, to_dict
from fastpath.models import Config

ROOT = Path(__file__).resolve().parents[2]

quick = settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
whole = settings(quick, max_examples=examples(8))


def check(config: Config, form: Form) -> None:
    document = sayable(to_dict(config, form=form))
    assert load(message_of(document, RESPONSE if form == "resources" else BOOTSTRAP)) == load(document)


@whole
@given(configs())
def test_resources_are_read_as_they_were(config: Config) -> None:
    check(config, "resources")


@whole
@given(placed_configs().map(bootstrap_of))
def test_a_bootstrap_is_read_as_it_was(config: Config) -> None:
    check(config, "bootstrap")


@pytest.mark.parametrize("part", PARTS)
@quick
@given(data=st.data())
def test_every_part_is_read_as_it_was(part: str, data: st.DataObject) -> None:
    check(data.draw(PARTS[part]), "resources")


@whole
@given(configs())
def test_a_list_of_resources_says_what_a_response_does(config: Config) -> None:
    resources = sayable(to_dict(config, form="resources")).get("resources")
    if resources:
        assert load([message_of(each) for each in resources]) == load(resources) == load({"resources": resources})


@pytest.mark.parametrize("file", ["examples/canary.yaml", "tests/conformance/bootstraps.yaml"])
def test_documents_as_messages(file: str) -> None:
    for written in yaml.safe_load_all((ROOT / file).read_text()):
        document = sayable(to_dict(load(written)))
        assert load(message_of(document, BOOTSTRAP)) == load(document)


@settings(max_examples=examples(150), deadline=5000)
@given(st.randoms(use_true_random=False))
def test_mutated_messages(rng: random.Random) -> None:
    try_message(rng)
