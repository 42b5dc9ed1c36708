"""Loaders give models or ConfigError, whatever is in a document. `make fuzz-config` does this for long."""

from __future__ import annotations

import random
from dataclasses import replace

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from property.mutated_documents import SCOPE, SEEDS, VOCABULARIES, try_documents, try_text

from fastpath import ClusterManager, FilterChainTable, RouteTable
from fastpath.config import load, to_dict


def test_the_seeds_load() -> None:
    for documents in SEEDS:
        load(documents, scope=SCOPE)  # type: ignore[arg-type]


def test_what_istio_documents_say_can_be_built_and_printed() -> None:
    for documents in VOCABULARIES["istio"]:
        config = load(documents, scope=SCOPE)  # type: ignore[arg-type]
        assert load(to_dict(config, form="resources")) == replace(config, statuses=())
        for name in config.route_configurations:
            RouteTable.from_config(config, name)
        for listener in config.listeners:
            FilterChainTable(listener)
        assert len(ClusterManager(config.clusters)) == len(config.clusters) > 0


@settings(max_examples=examples(300), deadline=5000)
@given(st.randoms(use_true_random=False))
def test_mutated_documents(rng: random.Random) -> None:
    try_documents(rng)


@settings(max_examples=examples(150), deadline=5000)
@given(st.randoms(use_true_random=False))
def test_mutated_texts(rng: random.Random) -> None:
    try_text(rng)
