"""Random regular expressions and texts, and what RE2 says of them; compared with fastpath by test_regex_re2.py.

python tests/conformance/regex_cases.py [COUNT [SEED]]    compare COUNT patterns and print how many questions agreed
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field

import re2

from fastpath import ConfigError, Regex, RegexSet

# The class behind the module: it takes bytes as UTF-8 and has FullMatch, as Envoy calls it.
RE2 = re2._re2.RE2
BOTH, UNANCHORED = RE2.Anchor.ANCHOR_BOTH, RE2.Anchor.UNANCHORED
QUIET, LATIN1 = re2.Options(), re2.Options()
QUIET.log_errors = LATIN1.log_errors = False
LATIN1.encoding = re2.Options.Encoding.LATIN1

ATOMS = [
    *"ab",
    *("/", "x", "0", "K", "k", "s", "-", "{", "}", "]", " "),
    *("é", "\u03b1", "\u017f", "\n"),
    *(".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\pL", r"\PN", r"\p{Greek}", r"\p{^Lu}", r"\pZ"),
    *("[^/]", "[a-c]", "[^a]", "[[:alpha:]]", "[[:^digit:]]", r"[\d_x]", r"[^\W0]", "[é-\u03b1]", "[^é]"),
    *("[]a]", "[^]a]"),
    *("[a-]", r"[\x{7ff}-\x{800}]", r"[\x{fff0}-\x{10010}]", r"[\x{80}-\x{10ffff}]", r"[\pL-]", r"[[:word:]\s]"),
    *(r"\x{e9}", r"\x41", r"\x{10ffff}", r"\101", r"\n", r"\.", r"\Qa.b\E", r"\_", r"\0", r"\C"),
    *("^", "$", r"\b", r"\B", r"\A", r"\z", ""),
]
WRONG = [
    *(r"\1", r"\8", r"\Z", r"\xg", r"\x{110000}", r"\p{Nope}", r"\pX", "[b-a]", "[", "[a", "[[:no:]]", "(", ")", "*"),
    *("a**", "a{2}{2}", "a{1001}", "a{3,2}", "(a{40}){40}", "(?=a)", "(?<n-x>a)", "(?i-)", "\\", r"[a-\d]", "a{01}"),
    *("a{,2}", "a{2", "a{99999999999}", "(?P=n)", r"\Q", "(?z)", "(?'n'a)", "|*", r"[\b]", "(?P<é>a)", "(?<n>a)"),
]
REPEATS = [*"*+?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}", "{0}", "{1,2}", "{0,1}?", "{,3}"]
FLAGS = ["(?i)", "(?s)", "(?m)", "(?U)", "(?i-s)", "(?-i)"]
FLAG_GROUPS = ["(?i:", "(?m:", "(?-s:", "(?sU:", "(?P<n>", "(?<m>", "(?:"]
PIECES = [
    *(b"a", b"b", b"c", b"/", b"x", b"0", b"9", b"_", b" ", b"\n", b"k", b"K", b"s", b"A", b".", b"-", b"Z", b"\0"),
    *map(str.encode, "é\u03b1\u017f\u212a\u07ff\u0800\uffff\U00010000\U0010ffff"),
    *(b"\xff", b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\x80"),
]
# RE2 takes these for a dot, and for any class that reaches up to the last code point. Which classes do, when they are
# alternatives of each other, depends on how its parser factors the alternatives.
OVERLONG = [b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xf4\xbf\xbf\xbf"]


def random_pattern(rng: random.Random, depth: int = 0) -> str:
    kind = rng.random()
    if depth > 4 or kind < 0.35:
        return rng.choice(WRONG) if rng.random() < 0.01 else rng.choice(ATOMS)
    if kind < 0.60:
        return "".join(random_pattern(rng, depth + 1) for _ in range(rng.randint(1, 4)))
    if kind < 0.70:
        return f"({random_pattern(rng, depth + 1)})"
    if kind < 0.82:
        alternatives = "|".join(random_pattern(rng, depth + 1) for _ in range(rng.randint(2, 4)))
        return f"(?:{alternatives})" if rng.random() < 0.8 else alternatives
    if kind < 0.86:
        return rng.choice(FLAGS) + random_pattern(rng, depth + 1)
    if kind < 0.90:
        return rng.choice(FLAG_GROUPS) + random_pattern(rng, depth + 1) + ")"
    return random_pattern(rng, depth + 1) + rng.choice(REPEATS)


def random_text(rng: random.Random, pattern: str) -> bytes:
    pieces = PIECES if "|" in pattern else PIECES + OVERLONG
    text = b"".join(rng.choice(pieces) for _ in range(rng.randint(0, rng.choice([2, 6, 12, 20]))))
    # Now and then longer than what the matcher with bounded memory takes.
    return text * 200 if rng.random() < 0.01 else text


def random_substitution(rng: random.Random, groups: int) -> bytes:
    pieces = ["x", "<", r"\0", r"\\", *(rf"\{group}" for group in range(1, min(groups, 9) + 1))]
    return "".join(rng.choice(pieces) for _ in range(rng.randint(0, 4))).encode()


def code_point_length(text: bytes, at: int) -> int:
    """Bytes of the code point at text[at], 1 when there is none."""
    first = text[at]
    length = 1 if first < 0xC2 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4 if first < 0xF5 else 1
    try:
        return length if len(text[at : at + length].decode("utf-8", "surrogatepass")) == 1 else 1
    except UnicodeDecodeError:
        return 1


def global_replace(pattern: re2._re2.RE2, substitution: bytes, text: bytes, *, latin1: bool = False) -> bytes:
    """RE2::GlobalReplace, which the Python module has not, over its Match."""
    result, at, last_end = b"", 0, -1
    while at <= len(text):
        spans = pattern.Match(UNANCHORED, text, at, len(text))
        begin, end = spans[0]
        if begin < 0:
            break
        result += text[at:begin]
        if begin == end == last_end:
            length = 1 if latin1 or begin >= len(text) else code_point_length(text, begin)
            result += text[begin : begin + length]
            at = begin + length
            continue
        escaped = False
        for byte in substitution:
            if escaped:
                group = (-1, -1) if byte == 0x5C else spans[byte - 0x30]
                result += b"\\" if byte == 0x5C else text[max(group[0], 0) : max(group[1], 0)]
                escaped = False
            elif byte == 0x5C:
                escaped = True
            else:
                result += bytes([byte])
        at = last_end = end
    return result + text[at:]


@dataclass
class Tally:
    patterns: int = 0
    accepted: int = 0
    questions: int = 0
    matches: int = 0
    differences: list[str] = field(default_factory=list)

    def ask(self, what: str, ours: object, theirs: object, *about: object) -> None:
        self.questions += 1
        if ours != theirs:
            self.differences.append(f"{what} {about}: RE2 says {theirs!r}, we {ours!r}")


def compare_pattern(
    tally: Tally, rng: random.Random, pattern: str, texts: int, *, latin1: bool = False
) -> Regex | None:
    encoded = pattern.encode("latin-1", "replace") if latin1 else pattern.encode()
    theirs = RE2(encoded, LATIN1 if latin1 else QUIET)
    tally.patterns += 1
    try:
        ours = Regex(encoded, latin1=latin1)
    except ConfigError as error:
        tally.ask("refused", False, theirs.ok(), pattern, error.reason)
        return None
    tally.ask("accepted", True, theirs.ok(), pattern)
    if not theirs.ok():
        return None
    tally.accepted += 1
    tally.ask("groups", ours.group_count, theirs.NumberOfCapturingGroups(), pattern)
    for _ in range(texts):
        text = random_text(rng, pattern)
        full = theirs.Match(BOTH, text, 0, len(text))[0][0] >= 0
        tally.matches += full
        tally.ask("full match", ours.full_match(text), full, pattern, text)
        if full:
            tally.ask("prefix", text.startswith(ours.literal_prefix), True, pattern, text)
        start = rng.choice([0, rng.randint(0, len(text))])
        spans = theirs.Match(UNANCHORED, text, start, len(text))
        found = None if spans[0][0] < 0 else tuple(span if span[0] >= 0 else None for span in spans)
        tally.ask("search", ours.search(text, start), found, pattern, text, start)
        if len(text) < 100:
            by = random_substitution(rng, ours.group_count)
            tally.ask(
                "replace",
                ours.replace_all(by, text),
                global_replace(theirs, by, text, latin1=latin1),
                pattern,
                by,
                text,
            )
    return ours


def compare_set(tally: Tally, rng: random.Random, regexes: list[Regex], texts: int) -> None:
    """A set says what its regexes say one by one."""
    together = RegexSet(regexes)
    for _ in range(texts):
        text = random_text(rng, "|")
        alone = [index for index, regex in enumerate(regexes) if regex.full_match(text)]
        tally.ask("set", together.full_match(text), alone, [regex.pattern for regex in regexes], text)


def compare(patterns: int, seed: int, texts: int = 8, *, latin1: bool = False) -> Tally:
    rng, tally, together = random.Random(seed), Tally(), []
    for _ in range(patterns):
        regex = compare_pattern(tally, rng, random_pattern(rng), texts, latin1=latin1)
        together += [regex] if regex else []
        if len(together) == 40:
            compare_set(tally, rng, together, 40)
            together = []
    return tally


def main() -> int:
    patterns = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    tally = compare(patterns, seed, latin1=sys.argv[3:] == ["latin1"])
    print(*tally.differences[:50], sep="\n")
    print(
        f"{tally.patterns:,} patterns, {tally.accepted:,} accepted, {tally.matches:,} full matches, "
        f"{tally.questions:,} questions, {len(tally.differences)} differences"
    )
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
