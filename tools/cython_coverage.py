"""Lines that ran of what Cython compiled, from the objects in a directory: cython_coverage.py DIRECTORY MINIMUM.

Cython marks each line in its C (linetrace), and compiled with CYTHON_TRACE a mark is a statement that gcov counts. So
nobody has to trace, and the GIL and threads are as they always are. Fails when fewer than MINIMUM percent of the lines
ran.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

# The number in __PYX_ERR is the file's: 0 is the .pyx itself, others are .pxd that it takes inline functions from.
MARK = re.compile(r"\s*__Pyx_TraceLine\((\d+),.*__PYX_ERR\(0,")


def lines_of(counted: Path) -> dict[int, bool]:
    """Which lines of a .pyx there are, and whether each ran; of what gcc left out of the object there is none."""
    told = subprocess.run(
        ["gcov", "--json-format", "--stdout", counted.with_suffix(".o")], check=True, capture_output=True, text=True
    )
    lines: dict[int, bool] = defaultdict(bool)
    for file in json.loads(told.stdout)["files"]:
        if Path(file["file"]).stem != counted.stem:
            continue
        marks = [MARK.match(text) for text in Path(file["file"]).read_text().splitlines()]
        for line in file["lines"]:
            if mark := marks[line["line_number"] - 1]:
                lines[int(mark[1])] |= line["count"] > 0
    return lines


def ranges(numbers: list[int]) -> str:
    """Written as "3, 7-9"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def main() -> int:
    directory, minimum = Path(sys.argv[1]), float(sys.argv[2])
    total = ran = 0
    for counted in sorted(directory.rglob("*.gcno")):
        if not (lines := lines_of(counted)):
            continue
        missed = sorted(number for number, did in lines.items() if not did)
        total += len(lines)
        ran += len(lines) - len(missed)
        print(f"{counted.stem:20} {len(lines):5} lines {1 - len(missed) / len(lines):7.1%}   {ranges(missed)}".rstrip())
    if not total:
        raise SystemExit(f"{directory} holds nothing that Cython made and gcov counts")
    share = 100 * ran / total
    print(f"cython: {share:.1f}% of {total} lines (at least {minimum:g}%)")
    return int(share < minimum)


if __name__ == "__main__":
    sys.exit(main())
