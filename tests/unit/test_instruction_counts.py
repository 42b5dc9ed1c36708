"""What `make bench-instructions` says of counts: when it fails, and when it gives no verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import instructions
import pytest

KEPT = instructions.Count.load(instructions.BASELINE)


def verdict(directory: Path, now: instructions.Count) -> int:
    """Of a count, against the baseline that is kept with the source."""
    figures = directory / "figures.json"
    now.save(figures)
    return instructions.main(["--figures", str(figures)])


def grown(path: str, factor: float) -> instructions.Count:
    return replace(KEPT, instructions={**KEPT.instructions, path: KEPT.instructions[path] * factor})


def test_the_baseline_has_every_hot_path() -> None:
    for part in ("head a", "head c", "head d", "head g", "chunked", "rewrite", "route", "pick", "build", "dispatch"):
        assert any(path.startswith(part) for path in KEPT.instructions)


@pytest.mark.parametrize("path", KEPT.instructions)
def test_six_percent_more_fail(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(tmp_path, grown(path, 1.06)) == 1
    assert f"  {path}: +6.0%" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("factor", [0.5, 1, 1.04])
def test_less_and_little_more_pass(factor: float, tmp_path: Path) -> None:
    assert verdict(tmp_path, grown("head g", factor)) == 0


def test_a_path_that_one_side_lacks_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = {path: count for path, count in KEPT.instructions.items() if path != "dispatch"}
    assert verdict(tmp_path, replace(KEPT, instructions={**others, "new": 1.0})) == 1
    output = capsys.readouterr().out
    assert "dispatch: not in what was counted" in output
    assert "new: not in the baseline" in output


def test_no_verdict_with_another_compiler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for compiler in ("gcc 99.1.0", "clang 12.2.0"):
        assert verdict(tmp_path, replace(grown("head g", 10), compiler=compiler)) == 0
        assert f"no verdict: compiled with {compiler}" in capsys.readouterr().out


def test_a_patch_of_the_same_compiler_is_judged(tmp_path: Path) -> None:
    compiler = KEPT.compiler_series + ".99.1"
    assert verdict(tmp_path, replace(grown("head g", 10), compiler=compiler)) == 1


def test_other_vector_instructions_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(tmp_path, replace(KEPT, scan="sse2")) == 2
    assert "this machine runs sse2, the baseline is of avx2" in capsys.readouterr().err


def test_nothing_counted_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert instructions.main([]) == 2


def test_accepting_makes_the_baseline(tmp_path: Path) -> None:
    figures, baseline = tmp_path / "figures.json", tmp_path / "baseline.json"
    grown("head a", 2).save(figures)
    assert instructions.main(["--figures", str(figures), "--baseline", str(baseline), "--accept"]) == 0
    assert json.loads(baseline.read_text())["instructions"]["head a"] == 2 * KEPT.instructions["head a"]
    assert instructions.main(["--figures", str(figures), "--baseline", str(baseline)]) == 0
