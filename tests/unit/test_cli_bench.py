"""`fastpath bench`, as one who has installed the library runs it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from fastpath.benchmarking import rows, run
from fastpath.cli import main

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few rows, with its pictures beside it."""
    directory = tmp_path_factory.mktemp("bench")
    words = ["100 static paths", "least request of 100", "host: browser"]
    arguments = [*words, "--quick", "--json", str(directory / "run.json"), "--plots", str(directory / "plots")]
    assert main(["bench", *arguments]) == 0
    return directory


def document_of(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / "run.json").read_text())
    return document


def test_the_run_is_kept_in_the_format_of_pytest_benchmark(kept: Path) -> None:
    document = document_of(kept)
    assert document["machine_info"]["cpu"]
    assert document["versions"]["fastpath"]
    names = {(row["group"], row["extra_info"]["name"]) for row in document["benchmarks"]}
    assert {("100 static paths", "fastpath, PathRouter"), ("100 static paths", "dict")} <= names
    assert {("least request of 100", "fastpath"), ("least request of 100", "Python")} <= names
    assert ("method, path and host: browser", "httptools") in names
    for row in document["benchmarks"]:
        assert 0 < row["stats"]["min"] <= row["stats"]["median"]
        assert row["stats"]["rounds"] >= 3


def test_pictures_are_drawn_of_each_topic(kept: Path) -> None:
    files = {file.name for file in (kept / "plots").iterdir()}
    assert files == {f"{topic}.{suffix}" for topic in ("parse", "picks", "routes") for suffix in ("png", "svg")}
    assert (kept / "plots" / "routes.png").read_bytes().startswith(PNG)
    assert ElementTree.parse(kept / "plots" / "routes.svg").getroot().tag.endswith("svg")


def test_a_later_run_is_printed_and_compared(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = document_of(kept)
    for row in earlier["benchmarks"]:
        row["stats"]["min"] *= 1000
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps(earlier))
    assert main(["bench", "least request", "--quick", "--compare", str(file)]) == 0
    output = capsys.readouterr().out
    assert earlier["machine_info"]["cpu"]["brand_raw"] in output
    assert "another machine" not in output
    [ratios] = [line.split()[-2:] for line in output.splitlines() if line.split()[:1] == ["Python"]]
    assert all(float(ratio) > 2 for ratio in ratios)
    changed = [line for line in output.splitlines() if line.strip().startswith("least request of 100, ")]
    assert len(changed) == 2
    assert all(-100 <= float(line.split()[-1].rstrip("%")) < -90 for line in changed)


def test_another_machine_is_named(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = document_of(kept)
    earlier["machine_info"]["cpu"]["brand_raw"] = "Z80"
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps(earlier))
    monkeypatch.setattr(run, "run", lambda words, quick: document_of(kept))
    assert main(["bench", "--compare", str(file)]) == 0
    assert "was on another machine" in capsys.readouterr().out


def test_words_that_no_row_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "warp drive"]) == 1
    assert "no row has any of: warp drive" in capsys.readouterr().err


def test_memory_is_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["bench", "memory", "--json", str(tmp_path / "run.json")]) == 0
    assert "Maglev table of 65537" in capsys.readouterr().out
    memory = document_of(tmp_path)["memory"]
    assert 10 < memory["index of a route"] < 1000
    assert 4 <= memory["point of a ring"] < 100


def test_without_peers_the_rows_of_the_library_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "find_spec", lambda name: None)
    left = rows.chosen([], quick=False)
    assert {row.topic for row in left} == set(rows.TOPICS)
    assert not any(row.needs for row in left)
    assert {row.name for row in left} >= {"fastpath", "dict", "heapq"}


def test_without_pytest_benchmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    assert main(["bench"]) == 1
    assert "pip install 'fastpath[bench]'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", '{"benchmarks": 1}', '{"benchmarks": [{"stats": {}}]}'])
def test_a_file_to_compare_with_that_is_no_run(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "earlier.json"
    file.write_text(text)
    assert main(["bench", "least request", "--quick", "--compare", str(file)]) == 1
    assert f"{file}: not a run" in capsys.readouterr().err
