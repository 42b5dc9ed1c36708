"""Regular expressions against RE2: which are accepted, what matches, the groups, what is replaced."""

from __future__ import annotations

import random

import pytest
from conformance import regex_cases
from conformance.regex_cases import BOTH, QUIET, RE2, Tally, compare, compare_pattern

from fastpath import ConfigError, Regex


@pytest.mark.parametrize("latin1", [False, True], ids=["utf8", "latin1"])
@pytest.mark.parametrize("seed", range(4))
def test_random_patterns_agree(seed: int, latin1: bool) -> None:
    tally = compare(2500, seed, latin1=latin1)
    assert tally.differences[:10] == []
    assert tally.accepted > 1500
    assert tally.matches > 500
    assert tally.questions > 40_000


def test_every_atom_is_accepted_or_refused_as_by_re2() -> None:
    tally, rng = Tally(), random.Random(1)
    for atom in regex_cases.ATOMS + regex_cases.WRONG:
        for pattern in (atom, f"({atom})+", f"(?i)[{atom}]", f"x{atom}y", f"{atom}|{atom}", f"[^{atom}-z]"):
            compare_pattern(tally, rng, pattern, 10)
    assert tally.differences == []


def test_every_escaped_byte_is_what_it_is_to_re2() -> None:
    tally, rng = Tally(), random.Random(2)
    for byte in range(128):
        for pattern in (f"\\{chr(byte)}", f"[\\{chr(byte)}]", f"[^{chr(byte)}]", f"(?{chr(byte)})a", f"a{chr(byte)}b"):
            compare_pattern(tally, rng, pattern, 4)
    assert tally.differences == []


@pytest.mark.parametrize(
    "pattern", [b"\xff", b"\xc3", b"a\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"[\xe2\x82]"]
)
def test_patterns_that_are_not_utf8_are_as_in_re2(pattern: bytes) -> None:
    theirs = RE2(pattern, QUIET)
    if theirs.ok():
        assert Regex(pattern).full_match(pattern) == (theirs.Match(BOTH, pattern, 0, len(pattern))[0][0] >= 0)
    else:
        with pytest.raises(ConfigError):
            Regex(pattern)


def code_points(step: int) -> list[bytes]:
    return [chr(point).encode("utf-8", "surrogatepass") for point in range(0, 0x110000, step)]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\pL",
        r"\p{Lu}",
        r"\PM",
        r"\p{Han}",
        r"\p{^Latin}",
        r"(?i)\p{Lu}",
        r"(?i)[^\pL]",
        r"\pZ",
        r"(?i)[k-sß-ω]",
        r"\w",
    ],
)
def test_classes_hold_the_code_points_that_re2_has_in_them(pattern: str) -> None:
    ours, theirs = Regex(pattern), RE2(pattern.encode(), QUIET)
    for text in code_points(7) + code_points(256):
        assert ours.full_match(text) == (theirs.Match(BOTH, text, 0, len(text))[0][0] >= 0), text


def test_letter_case_is_ignored_as_in_re2() -> None:
    cased = [
        chr(point) for point in range(0x20000) if chr(point).lower() != chr(point) or chr(point).upper() != chr(point)
    ]
    texts = [text.encode() for text in cased]
    for letter in cased[::5]:
        pattern = f"(?i)\\x{{{ord(letter):x}}}"
        ours, theirs = Regex(pattern), RE2(pattern.encode(), QUIET)
        for text in [*texts[::11], letter.swapcase().encode(), letter.encode()]:
            assert ours.full_match(text) == (theirs.Match(BOTH, text, 0, len(text))[0][0] >= 0), (letter, text)


@pytest.mark.parametrize("length", [1000, 100_000])
@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a*)*b", "(a|aa)+b", "(a|b)*a(a|b){14}", "((a{0,30}){0,30})b", "(?:.*){9}b"]
)
def test_long_texts_agree(pattern: str, length: int) -> None:
    ours, theirs = Regex(pattern), RE2(pattern.encode(), QUIET)
    for text in (b"a" * length, b"a" * length + b"b", b"a" * length + b"c"):
        assert ours.full_match(text) == (theirs.Match(BOTH, text, 0, len(text))[0][0] >= 0)
