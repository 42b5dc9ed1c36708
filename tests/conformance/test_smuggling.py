"""The smuggling corpus through fastpath, its gateway, llhttp, h11 and Envoy: ours are never the laxer ones.

`make smuggling` asks nginx and HAProxy too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from smuggling.outcome import Case, Message, Outcome, corpus, laxer_than
from smuggling.parsers import read_with_fastpath
from smuggling.side_by_side import OURS, laxer_ones, run

ROOT = Path(__file__).resolve().parent.parent.parent
CASES = corpus()


def test_nothing_of_ours_is_the_laxer_one(tmp_path: Path) -> None:
    table = run(CASES, ["gateway", "Envoy"], tmp_path)
    assert laxer_ones(CASES, table) == []
    for case in CASES:
        read, forwarded = (table[case.name][name].accepted for name in OURS)
        assert bool(read) == bool(case.valid), (case.name, read)
        assert b"/smuggled" not in {message.target for message in read}, case.name
        # Without an authority, or with an upgrade that it does not allow, the gateway takes less.
        takes_less = case.name in ("http-1.0-without-host", "upgrade-then-request", "upgrade-with-body")
        assert forwarded == (() if takes_less else read), (case.name, forwarded)
    # The corpus is worth something only while there are disagreements.
    assert sum(bool(table[case.name]["Envoy"].accepted) for case in CASES if not case.valid) > 20


def message(target: bytes, body: int = 0, host: bytes | None = None) -> Message:
    return Message(b"GET", target, body, host)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([message(b"/a")], []),
        ([message(b"/a"), message(b"/smuggled")], [message(b"/a")]),
        ([message(b"/a", 5)], [message(b"/a", 0)]),
        ([message(b"/a", host=b"a")], [message(b"/a", host=b"b")]),
        ([message(b"/a")], [message(b"/b"), message(b"/a")]),
    ],
)
def test_a_laxer_one_would_be_seen(ours: list[Message], theirs: list[Message]) -> None:
    assert laxer_than(Case("x", b""), Outcome(tuple(ours), "400"), Outcome(tuple(theirs), "400"))


@pytest.mark.parametrize(
    ("ours", "theirs", "valid"),
    [
        ([], [message(b"/a")], ""),
        ([message(b"/a")], [message(b"/a", host=b"a"), message(b"/b")], ""),
        ([message(b"/a")], [], "RFC 9112"),
    ],
)
def test_a_stricter_one_is_not_lax(ours: list[Message], theirs: list[Message], valid: str) -> None:
    assert not laxer_than(Case("x", b"", valid), Outcome(tuple(ours), "400"), Outcome(tuple(theirs), "400"))


def test_the_table_in_the_documentation_is_of_this_corpus() -> None:
    lines = (ROOT / "docs/smuggling.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    heading, *body = [row for row in rows if len(row) > 5]
    column = heading.index("fastpath")
    assert [(row[0], row[column]) for row in body] == [
        (case.name, str(read_with_fastpath(case.bytes))) for case in CASES
    ]
    assert not any(row[-1].startswith("LAXER") for row in body)
