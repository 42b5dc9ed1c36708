"""`fastpath balance simulate`: shares, movement of keys and load, as tables, JSON and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fastpath.cli import main
from fastpath.simulation import Latency

QUICK = ("--picks", "3000", "--keys", "2000")


def write(tmp_path: Path, **clusters: dict[str, Any]) -> str:
    def cluster(name: str, policy: str, weights: list[int]) -> dict[str, Any]:
        endpoints = [
            {
                "endpoint": {"address": {"socket_address": {"address": f"192.0.2.{number}", "port_value": 80}}},
                "load_balancing_weight": weight,
            }
            for number, weight in enumerate(weights, 1)
        ]
        assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
        return {"name": name, "lb_policy": policy, "load_assignment": assignment}

    file = tmp_path / "clusters.json"
    listed = [cluster(name, each["policy"], each["weights"]) for name, each in clusters.items()]
    file.write_text(json.dumps({"static_resources": {"clusters": listed}}))
    return str(file)


def simulate(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["balance", "simulate", "--json", *QUICK, *arguments]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_shares_are_those_of_the_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, one={"policy": "ROUND_ROBIN", "weights": [1, 2, 3]})
    (cluster,) = simulate(capsys, file)
    assert [host["by_weight"] for host in cluster["hosts"]] == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert [host["picked"] for host in cluster["hosts"]] == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=0.001)
    assert cluster["movement"] is None


@pytest.mark.parametrize("policy", ["RING_HASH", "MAGLEV"])
def test_keys_of_a_host_that_leaves_move(policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, one={"policy": policy, "weights": [1] * 8})
    (cluster,) = simulate(capsys, file)
    movement = cluster["movement"]
    assert movement["needed"] == pytest.approx(1 / 8, abs=0.01)
    assert movement["needed"] <= movement["moved"] < movement["needed"] + 0.1


def test_a_host_that_joins_gets_its_share_by_and_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, one={"policy": "ROUND_ROBIN", "weights": [1, 1, 1]})
    (cluster,) = simulate(capsys, file)
    assert cluster["slow_start"] is None
    document = json.loads(Path(file).read_text())
    config = {"slow_start_config": {"slow_start_window": "60s"}}
    document["static_resources"]["clusters"][0]["round_robin_lb_config"] = config
    Path(file).write_text(json.dumps(document))
    (cluster,) = simulate(capsys, file)
    told = cluster["slow_start"]
    assert told["host"] == "192.0.2.3:80"
    assert [each["seconds"] for each in told["shares"]] == [0, 15, 30, 45, 60]
    factors = (0.1, 0.25, 0.5, 0.75, 1)
    assert [each["picked"] for each in told["shares"]] == pytest.approx(
        [each / (2 + each) for each in factors], abs=0.01
    )
    assert main(["balance", "simulate", file, *QUICK]) == 0
    assert "when 192.0.2.3:80 joins, it gets 4." in capsys.readouterr().out


def test_least_request_spares_a_slow_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clusters = {name: {"policy": name, "weights": [1, 1, 1]} for name in ("ROUND_ROBIN", "LEAST_REQUEST")}
    file = write(tmp_path, **clusters)
    turns, least = simulate(capsys, file, "--latency", "10ms", "--slow", "192.0.2.2:80=100ms")
    assert turns["hosts"][1]["under_load"] == pytest.approx(1 / 3, abs=0.01)
    assert least["hosts"][1]["under_load"] < 0.2
    assert turns["hosts"][1]["mean_active"] == pytest.approx(1000 / 3 * 0.1, rel=0.15)  # Little's law
    assert least["hosts"][1]["most_active"] < turns["hosts"][1]["most_active"]


def test_the_same_seed_gives_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, one={"policy": "RANDOM", "weights": [1, 1]})
    first, second, other = (simulate(capsys, file, "--seed", seed) for seed in ("1", "1", "2"))
    assert first == second != other


def test_a_table_and_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, one={"policy": "MAGLEV", "weights": [1] * 45}, two={"policy": "RANDOM", "weights": [1, 2]})
    for name, start in (("a.png", b"\x89PNG"), ("b.svg", b"<?xml")):
        picture = tmp_path / name
        assert main(["balance", "simulate", file, *QUICK, "--cluster", "one", "--plot", str(picture)]) == 0
        assert picture.read_bytes().startswith(start)
    assert main(["balance", "simulate", file, *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "192.0.2.45:80" in printed
    assert "two, RANDOM" in printed
    assert "of the keys move" in printed


def test_a_cluster_without_hosts_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, none={"policy": "RANDOM", "weights": []})
    assert main(["balance", "simulate", file, *QUICK]) == 0
    assert "none: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--cluster", "three"], "no cluster 'three' to simulate"),
        (["--plot", "a.png"], "choose it with --cluster"),
        (["--slow", "192.0.2.9:80=1s"], "there is no host '192.0.2.9:80'"),
    ],
)
def test_refusals(arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one: dict[str, Any] = {"policy": "RANDOM", "weights": [1]}
    assert main(["balance", "simulate", write(tmp_path, one=one, two=one), *arguments]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--picks", "0"],
        ["--rate", "inf"],
        ["--rate", "0"],
        ["--latency", "10"],
        ["--latency", "0:1ms"],
        ["--latency", "-1:1ms,2:1s"],
        ["--latency", "nan:1ms"],
        ["--latency", ""],
        ["--slow", "1ms"],
        ["--plot", "a.gif"],
    ],
)
def test_arguments_that_make_no_sense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["balance", "simulate", "file", *arguments])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("text", "mean"), [("10ms", 0.01), ("90:10ms,10:0.2s", 0.029), ("1:5us", 5e-6), ("3: 1s,1:5s", 2.0)]
)
def test_latencies(text: str, mean: float) -> None:
    assert Latency.parse(text).mean == pytest.approx(mean)
