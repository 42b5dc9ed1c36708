"""Run the fuzzers of fuzz/ and say how many inputs each took.

    fuzz.py [--seconds S | --runs N] [--max-len BYTES] [NAME ...]

Seeds come from fuzz/corpus/<name>, what a run discovers goes to build/fuzz/corpus/<name> and is a seed of the next run,
an input that breaks something goes to build/fuzz/findings. Exits 1 when there is one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "core" / "fuzz" / "fuzz"
WORK = ROOT / "build" / "fuzz"


@dataclass
class Outcome:
    name: str
    executions: int
    per_second: int
    failed: bool
    log: str


def run(name: str, seconds: int, runs: int | None, max_len: int | None) -> Outcome:
    seeds = ROOT / "fuzz" / "corpus" / name
    dictionary = ROOT / "fuzz" / f"{name}.dict"
    discovered = WORK / "corpus" / name
    findings = WORK / "findings"
    discovered.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    command = [
        str(PROGRAMS / f"fuzz_{name}"),
        f"-runs={runs}" if runs is not None else f"-max_total_time={seconds}",
        *([f"-max_len={max_len}"] if max_len is not None else []),
        "-print_final_stats=1",
        "-entropic=0",  # its bookkeeping costs more than its choices bring: fewer edges in the same time
        "-timeout=60",  # of wall clock, on machines that may be busy with other things
        f"-artifact_prefix={findings}/{name}-",
        *([f"-dict={dictionary}"] if dictionary.is_file() else []),
        str(discovered),
        *([str(seeds)] if seeds.is_dir() else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    stats = {key: int(value) for key, value in re.findall(r"stat::(\w+):\s+(\d+)", done.stderr)}
    return Outcome(
        name,
        stats.get("number_of_executed_units", 0),
        stats.get("average_exec_per_sec", 0),
        done.returncode != 0,
        done.stderr,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="fuzzers, without the fuzz_ in front (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="time for each fuzzer")
    parser.add_argument("--runs", type=int, help="inputs for each fuzzer, instead of a time")
    parser.add_argument("--max-len", type=int, help="bytes of an input at most; short ones go many times as fast")
    parser.add_argument("--jobs", type=int, default=2, help="fuzzers at a time")
    options = parser.parse_args()
    names = options.names or sorted(path.stem.removeprefix("fuzz_") for path in (ROOT / "fuzz").glob("fuzz_*.c"))
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda name: run(name, options.seconds, options.runs, options.max_len), names))
    for outcome in outcomes:
        verdict = "FAILED" if outcome.failed else "ok"
        print(f"{verdict:6} {outcome.name:20} {outcome.executions:>12,} executions {outcome.per_second:>9,} per second")
    for outcome in outcomes:
        if outcome.failed:
            print(f"\n---- {outcome.name}\n{outcome.log[-6000:]}")
    failed = sum(outcome.failed or outcome.executions == 0 for outcome in outcomes)
    executions = sum(outcome.executions for outcome in outcomes)
    print(f"{executions:,} executions, {failed} of {len(outcomes)} fuzzers with findings")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
