"""Loaders give models or ConfigError, whatever is in a document. `make fuzz-config` does this for long."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from property.mutated_documents import SCOPE, SEEDS, try_documents, try_text

from fastpath.config import load


def test_the_seeds_load() -> None:
    for documents in SEEDS:
        load(documents, scope=SCOPE)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=1000)
@given(st.randoms(use_true_random=False))
def test_mutated_documents(rng: random.Random) -> None:
    try_documents(rng)


@settings(max_examples=150, deadline=1000)
@given(st.randoms(use_true_random=False))
def test_mutated_texts(rng: random.Random) -> None:
    try_text(rng)
