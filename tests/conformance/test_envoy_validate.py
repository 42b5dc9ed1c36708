"""Bootstraps that are nearly right are accepted and refused as `envoy --mode validate` does.

FASTPATH_BOOTSTRAPS says how many are asked (2,500 take about two minutes), FASTPATH_BOOTSTRAPS_SEED which.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from conformance.bootstrap_cases import CHANGES, SEEDS, Case, make_case
from conformance.validate_oracle import envoy_refuses, fastpath_refuses

from fastpath import ConfigError

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
BOOTSTRAPS = int(os.environ.get("FASTPATH_BOOTSTRAPS", "120"))
SEED = os.environ.get("FASTPATH_BOOTSTRAPS_SEED", "1")


def stricter() -> re.Pattern[str]:
    """The reasons for which the documentation says that more than Envoy is refused."""
    section = DOCS.read_text(encoding="utf-8").split("## Stricter than Envoy\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    reasons = [reason for row in rows for reason in re.findall("`([^`]+)`", row)]
    return re.compile("|".join(".*".join(map(re.escape, reason.split("…"))) for reason in reasons), re.DOTALL)


def asked(directory: Path) -> Iterator[tuple[Case, str, Sequence[ConfigError]]]:
    """Each case, written as JSON or as YAML, with what both say against it."""

    def ask(index: int) -> tuple[Case, str, Path]:
        rng = random.Random(f"{SEED}:{index}")
        case = make_case(rng)
        file = directory / f"{index}.{rng.choice(('json', 'json', 'yaml'))}"
        as_json = file.suffix == ".json"
        text = json.dumps(case.document) if as_json else yaml.dump(case.document, Dumper=yaml.CSafeDumper)
        file.write_text(text, encoding="utf-8")
        return case, envoy_refuses(file), file

    with ThreadPoolExecutor(2) as pool:
        for case, refusal, file in pool.map(ask, range(BOOTSTRAPS)):
            yield case, refusal, fastpath_refuses(file)
            file.unlink()


@pytest.mark.parametrize("index", range(len(SEEDS)))
def test_what_is_changed_is_right_before(index: int, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(SEEDS[index]))
    assert not fastpath_refuses(file)
    assert not envoy_refuses(file)


def test_bootstraps_are_accepted_and_refused_as_by_envoy(tmp_path: Path) -> None:
    is_documented = stricter().fullmatch
    accepted, wrong = Counter[bool](), []
    changes = Counter[str]()
    agreed = 0
    for case, refusal, errors in asked(tmp_path):
        accepted[not refusal] += 1
        changes.update(case.changes)
        others = [error for error in errors if not is_documented(error.reason)]
        if refusal:
            agreed += bool(errors)
            if not errors:
                wrong.append(f"{case.changes}: Envoy alone refuses: {refusal.strip()[-400:]}")
        elif others:
            wrong.append(f"{case.changes}: Envoy accepts: {others}")
        else:
            agreed += not errors
    print(f"{BOOTSTRAPS} bootstraps, Envoy refuses {accepted[False]}, agreed on {agreed}; {dict(changes)}")
    assert not wrong, "\n".join(wrong)
    assert accepted[False] >= 0.4 * BOOTSTRAPS
    assert accepted[True] >= 0.2 * BOOTSTRAPS
    assert agreed >= 0.9 * BOOTSTRAPS
    assert set(changes) == set(CHANGES)
