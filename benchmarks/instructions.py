"""Instructions that the hot paths take, counted by callgrind and held against a baseline that is kept with the source.

    python benchmarks/instructions.py                 count, compare with benchmarks/instructions.json
    python benchmarks/instructions.py --accept        count, and make that the baseline
    python benchmarks/instructions.py --figures FILE  compare what an earlier --save FILE has kept

Exits with 1 when a path takes over 5 % more than the baseline, or when one of them lacks a path; with 2 when nothing
could be counted. Counts do not depend on load, caches or clock. What they do depend on:

compiler  Another major version makes other code. Then there is no verdict: it says so and exits with 0.
scan      Which vector instructions the library chooses. AVX2 is what servers have, and callgrind shows the program the
          same AVX2 processor on every machine that has AVX2. On one without it the count is another one: exit 2.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fastpath.benchmarking import inputs

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benchmarks" / "instructions.json"
PROGRAM = ROOT / "build" / "core" / "release" / "benchmarks" / "c" / "instructions"
LIMIT = 0.05


@dataclass(frozen=True)
class Count:
    compiler: str
    scan: str
    instructions: dict[str, float]
    """Of one operation, by path."""

    @classmethod
    def load(cls, file: Path) -> Count:
        return cls(**json.loads(file.read_text()))

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @property
    def compiler_series(self) -> str:
        return self.compiler.split(".")[0]


def count() -> Count:
    """Run the program under callgrind, which dumps once for each path."""
    with tempfile.TemporaryDirectory() as directory:
        messages, dumps = Path(directory, "messages"), Path(directory, "dump")
        inputs.write(messages)
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={dumps}", PROGRAM, messages]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        said = dict(line.split("\t") for line in output.splitlines())
        compiler, scan = said.pop("compiler"), said.pop("scan")
        totals = {}
        for dump in Path(directory).glob("dump.*"):
            text = dump.read_text()
            if path := re.search("^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE):
                total = re.search(r"^summary: (\d+)$", text, re.MULTILINE)
                assert total is not None
                totals[path[1]] = int(total[1])
    return Count(compiler, scan, {path: round(totals[path] / int(said[path]), 1) for path in said})


def compare(baseline: Count, now: Count) -> list[str]:
    """Print all paths side by side; returns what is wrong."""
    wrong = []
    print(f"{'instructions per operation':<34}{'baseline':>12}{'now':>12}")
    for path in {**baseline.instructions, **now.instructions}:
        before, after = baseline.instructions.get(path), now.instructions.get(path)
        if before is None or after is None:
            wrong.append(f"{path}: not in {'the baseline' if before is None else 'what was counted'}")
            continue
        growth = after / before - 1
        print(f"{path:<34}{before:>12.1f}{after:>12.1f}{growth:>+9.1%}{'  TOO MANY' if growth > LIMIT else ''}")
        if growth > LIMIT:
            wrong.append(f"{path}: {growth:+.1%}")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="make the count the baseline")
    parser.add_argument("--baseline", type=Path, default=BASELINE, metavar="FILE")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="count nothing; take these")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the count")
    options = parser.parse_args(arguments)
    try:
        now = Count.load(options.figures) if options.figures else count()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"instructions: nothing was counted: {error}", file=sys.stderr)
        return 2
    if options.save:
        now.save(options.save)
    if options.accept:
        now.save(options.baseline)
        print(f"{options.baseline}: {len(now.instructions)} paths, {now.compiler}, {now.scan}")
        return 0
    baseline = Count.load(options.baseline)
    if now.compiler_series != baseline.compiler_series:
        print(f"no verdict: compiled with {now.compiler}, and the baseline with {baseline.compiler}")
        return 0
    if now.scan != baseline.scan:
        print(f"instructions: this machine runs {now.scan}, the baseline is of {baseline.scan}", file=sys.stderr)
        return 2
    wrong = compare(baseline, now)
    if wrong:
        print(
            f"\nover {LIMIT:.0%} more instructions than the baseline, or not to be compared with it:",
            *wrong,
            "when that is wanted: make bench-instructions-accept",
            sep="\n  ",
        )
        return 1
    print(f"\nno path takes over {LIMIT:.0%} more than the baseline ({now.compiler}, {now.scan})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
