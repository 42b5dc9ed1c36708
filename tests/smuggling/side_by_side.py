"""The corpus through fastpath and its peers, as a table.

python side_by_side.py [--without PROXY]... [--markdown FILE] [CASE ...]

Says for each case what fastpath, its gateway and every peer saw, and fails when fastpath or the gateway is the laxer
one in any. --markdown puts the table and the versions into a file, between its marks.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.envoy_oracle import program
from smuggling.outcome import Case, Outcome, corpus, laxer_than, verdict
from smuggling.parsers import PARSERS
from smuggling.proxies import PROXIES, missing_program, through_proxy

__all__ = ["OURS", "Table", "laxer_ones", "run", "table_rows"]

OURS = ("fastpath", "gateway")
# A proxy that is slow to answer looks like one that waits for more. Where that would decide, it gets this long.
PATIENT_SECONDS = 10.0
BEGIN, END = "<!-- table: made by `make smuggling` -->", "<!-- end of table -->"

Table = dict[str, dict[str, Outcome]]  # by case, then by who


async def _all_proxies(names: Iterable[str], cases: Sequence[Case], directory: Path) -> dict[str, dict[str, Outcome]]:
    async def one(name: str) -> tuple[str, dict[str, Outcome]]:
        outcomes = await through_proxy(name, cases, directory / name)
        slow = [case for case in cases if outcomes[case.name].end == "waits" and _lets_through(case)]
        if slow:
            outcomes |= await through_proxy(name, slow, directory / f"{name}-again", PATIENT_SECONDS)
        return name, outcomes

    return dict(await asyncio.gather(*map(one, names)))


def _lets_through(case: Case) -> bool:
    return bool(PARSERS["fastpath"](case.bytes).accepted)


def run(cases: Sequence[Case], proxies: Iterable[str], directory: Path) -> Table:
    """What everybody makes of each case: the parsers, and these proxies."""
    through = asyncio.run(_all_proxies(proxies, cases, directory))
    table: Table = {}
    for case in cases:
        read = {name: parser(case.bytes) for name, parser in PARSERS.items()}
        passed = {name: outcomes[case.name] for name, outcomes in through.items()}
        table[case.name] = dict(sorted((read | passed).items(), key=lambda item: item[0] not in OURS))
    return table


def peers_of(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    return {name: outcome for name, outcome in outcomes.items() if name not in OURS}


def laxer_ones(cases: Sequence[Case], table: Table) -> list[str]:
    """Each case in which one of ours lets through what a peer does not, or lets through something else."""
    return [
        f"{case.name}: {name} ({outcomes[name]}) is laxer than {peer} ({theirs})"
        for case in cases
        for outcomes in [table[case.name]]
        for name in OURS
        if name in outcomes
        for peer, theirs in peers_of(outcomes).items()
        if laxer_than(case, outcomes[name], theirs)
    ]


def table_rows(cases: Sequence[Case], table: Table) -> list[list[str]]:
    """Header and rows; the verdict is that of fastpath."""
    rows = [["case", *next(iter(table.values())), "verdict"]]
    for case in cases:
        outcomes = table[case.name]
        told = verdict(case, outcomes["fastpath"], peers_of(outcomes))
        rows.append([case.name, *(str(outcome) for outcome in outcomes.values()), told])
    return rows


def versions(names: Iterable[str]) -> str:
    def said(*command: str) -> str:
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        found = re.search(r"\d+\.\d+\.\d+", output.stdout + output.stderr)
        return found[0] if found else "?"

    commands = {"nginx": ("nginx", "-v"), "HAProxy": ("haproxy", "-v"), "Envoy": (program(), "--version")}
    told = [f"httptools {metadata.version('httptools')} (llhttp)", f"h11 {metadata.version('h11')}"]
    told += [f"{name} {said(*commands[name])}" for name in names if name in commands]
    return ", ".join(told)


def printed(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def summary(rows: list[list[str]]) -> str:
    verdicts = [row[-1] for row in rows[1:]]
    counts = {word: sum(told.startswith(word) for told in verdicts) for word in ("LAXER", "stricter", "all refuse")}
    taken = len(verdicts) - sum(counts.values())
    return (
        f"{len(verdicts)} streams: {taken} valid ones taken, {counts['all refuse']} refused by all, "
        f"{counts['stricter']} in which fastpath refuses what a peer takes, "
        f"{counts['LAXER']} in which it is the laxer one"
    )


def write_markdown(path: Path, rows: list[list[str]], told: str) -> None:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    made = "\n".join([BEGIN, "", f"{told}.", f"{summary(rows)}.", "", *lines, "", END])
    text, count = re.subn(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: made, path.read_text(), flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{path} has not one place for the table")
    path.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these")
    parser.add_argument("--without", action="append", default=[], choices=list(PROXIES), help="a proxy to leave out")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    options = parser.parse_args()
    names = [name for name in PROXIES if name not in options.without]
    if missing := [missing_program(name) for name in names if missing_program(name)]:
        parser.error(f"{', '.join(missing)} is not installed")
    cases = [case for case in corpus() if not options.cases or case.name in options.cases]
    with tempfile.TemporaryDirectory() as directory:
        table = run(cases, names, Path(directory))
    rows = table_rows(cases, table)
    told = versions(names)
    print(f"{told}\n\n{printed(rows)}\n\n{summary(rows)}")
    laxer = laxer_ones(cases, table)
    print("\n".join(laxer), end="\n" if laxer else "")
    if options.markdown:
        write_markdown(options.markdown, rows, told)
    return 1 if laxer else 0


if __name__ == "__main__":
    sys.exit(main())
