"""The report of `make bench`: targets, verdicts, comparison with an earlier run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import report
import tables
from measuring import Row, compared, figure, in_turns, middle_half, timed
from verdicts import Target, changes, load_targets, not_measured, verdict

FASTER = Target("ring", "Balancers", "ring", must=35, stretch=60)
LESS = Target("built", "Routes", "built", must=150, stretch=50, less=True)


def row(value: float, key: str = "ring", unit: str = "x", case: str = "") -> Row:
    return Row(key, case, value, (value * 0.9, value * 1.1), unit)


@pytest.mark.parametrize(
    ("value", "target", "said"),
    [
        (34.9, FASTER, "missed"),
        (35, FASTER, "must"),
        (59.9, FASTER, "must"),
        (60, FASTER, "stretch"),
        (150.1, LESS, "missed"),
        (150, LESS, "must"),
        (50, LESS, "stretch"),
        (1e9, Target("index", "Routes", "index", must=3), "must"),
    ],
)
def test_a_verdict_says_what_a_row_reaches(value: float, target: Target, said: str) -> None:
    assert verdict(row(value), target) == said


def test_every_target_wants_more_of_stretch_than_of_must() -> None:
    targets = load_targets()
    assert len(targets) >= 36
    for target in targets.values():
        if target.stretch is not None:
            assert (target.stretch < target.must) == target.less


def test_a_target_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    entry = '[[target]]\nkey = "a"\ngroup = "g"\ntext = "t"\nmust = 1\n'
    (tmp_path / "targets.toml").write_text(entry * 2)
    with pytest.raises(ValueError, match="twice"):
        load_targets(tmp_path / "targets.toml")


def test_targets_without_a_row_are_known() -> None:
    targets = {"ring": FASTER, "built": LESS}
    assert not_measured([row(40)], targets) == [LESS]


def test_a_change_is_a_loss_whichever_way_the_row_counts() -> None:
    before = [row(40), row(100, "built", "ms"), row(1, "gone")]
    slower, longer = changes(before, [row(30), row(125, "built", "ms"), row(1, "new")])
    assert (slower.gain, longer.gain) == (0.75, 0.8)
    assert slower.fell
    assert longer.fell
    assert not any(change.fell for change in changes(before, [row(36.1), row(110, "built", "ms")]))


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    found = compared("ring", "10 hosts", [[1.0, 1.0, 1.0]], [[2.0, 3.0, 9.0]], {})
    assert (found.value, *found.spread) == pytest.approx((3.0, 2.5, 6.0))


def test_a_ratio_over_inputs_is_their_geometric_mean() -> None:
    assert compared("head", "", [[1.0], [1.0]], [[2.0], [8.0]], {}).value == pytest.approx(4.0)


def test_a_figure_of_one_round_has_no_spread() -> None:
    assert figure("index", "", [7.0], "B") == Row("index", "", 7.0, (7.0, 7.0), "B")
    assert middle_half([1.0, 2.0, 3.0]) == (1.5, 2.5)


def test_rivals_take_turns() -> None:
    order: list[str] = []

    def sample(name: str) -> float:
        order.append(name)
        return float(len(order))

    assert in_turns({"a": lambda: sample("a"), "b": lambda: sample("b")}, 2) == {"a": [1.0, 3.0], "b": [2.0, 4.0]}
    assert order == ["a", "b", "a", "b"]


def test_a_short_work_runs_once_before_it_is_timed() -> None:
    runs: list[None] = []
    assert timed(lambda: runs.append(None))() >= 0
    assert len(runs) == 2


def measured(group: str, name: str, nanoseconds: float, **extra: object) -> dict[str, Any]:
    stats = dict.fromkeys(("min", "q1", "q3"), nanoseconds / 1000000000.0)
    return {"group": group, "name": name, "extra_info": extra, "stats": stats}


def test_rows_of_pytest_benchmark_are_ratios_to_fastpath() -> None:
    rows = [
        measured("g", "test_fastpath", 10),
        measured("g", "test_peer", 30),
        measured("h", "bench_alone", 8000, operations=1000),
    ]
    ours, peer, alone = tables.rows_of({"benchmarks": rows})
    assert (ours.key, ours.case, ours.unit, ours.value) == ("g", "fastpath", "ns", pytest.approx(10))
    assert (peer.case, peer.unit, peer.value) == ("peer", "x", pytest.approx(3))
    assert (alone.case, alone.unit, alone.value) == ("alone", "ns", pytest.approx(8))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Row]]:
    """What the modules of rows yield."""
    found: dict[str, list[Row]] = {}

    def rows_in(module: str) -> Iterator[Row]:
        if module not in found:
            raise OSError("no compiler")
        yield from found[module]

    monkeypatch.setattr(report, "rows_in", rows_in)
    monkeypatch.setattr(report, "load_targets", lambda: {"ring": FASTER, "built": LESS})
    monkeypatch.setattr(report, "surroundings", lambda: dict(SURROUNDINGS))
    return found


SURROUNDINGS = {
    "date": "2026-01-01T00:00:00+00:00",
    "processor": "a processor",
    "processors": 2,
    "load": 0.1,
    "system": "Linux",
    "python": "CPython 3.11",
    "compiler": "gcc 12",
    "versions": {"fastpath": "1"},
}


def run(tmp_path: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    files = ["--json", str(tmp_path / "report.json"), "--plots", str(tmp_path / "plots")]
    monkeypatch.setattr("sys.argv", ["report.py", *arguments, *files])
    return report.main()


def test_a_missed_must_is_said_and_fails_where_that_is_asked_for(
    parts: dict[str, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts["balancer_rows"] = [row(20), row(40, case="10 hosts")]
    assert run(tmp_path, "balancers", monkeypatch=monkeypatch) == 0
    output = capsys.readouterr().out
    assert "2 rows with a target: 0 reach the stretch" in output
    assert "1 miss it" in output
    assert run(tmp_path, "balancers", "--strict", monkeypatch=monkeypatch) == 1
    parts["balancer_rows"] = [row(40)]
    assert run(tmp_path, "balancers", "--strict", monkeypatch=monkeypatch) == 0


def test_what_fails_to_run_fails_the_report_after_the_rest(
    parts: dict[str, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts["balancer_rows"] = [row(40)]
    assert run(tmp_path, "c", "balancers", monkeypatch=monkeypatch) == 1
    assert "c: no compiler" in capsys.readouterr().err
    kept = report.Report.load(tmp_path / "report.json")
    assert kept.rows == [row(40)]
    assert kept.failures == ["c: no compiler"]


def test_a_run_is_compared_with_an_earlier_one(
    parts: dict[str, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts["balancer_rows"] = [row(80), row(10, "built", "ms")]
    assert run(tmp_path, "balancers", monkeypatch=monkeypatch) == 0
    earlier = tmp_path / "earlier.json"
    (tmp_path / "report.json").rename(earlier)
    parts["balancer_rows"] = [row(60), row(10, "built", "ms")]
    capsys.readouterr()
    assert run(tmp_path, "balancers", "--compare", str(earlier), monkeypatch=monkeypatch) == 0
    assert "2 rows in both, 1 worse by more than 10 %" in capsys.readouterr().out
    document = json.loads(earlier.read_text())
    document["surroundings"]["processor"] = "another processor"
    earlier.write_text(json.dumps(document))
    assert run(tmp_path, "balancers", "--compare", str(earlier), monkeypatch=monkeypatch) == 0
    assert "1 rows in both, 1 worse by more than 10 %" in capsys.readouterr().out


def test_a_part_that_there_is_not_is_refused(
    parts: dict[str, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "gateway", monkeypatch=monkeypatch)
