"""Generate src/libfastpath/regex_unicode_table.h: general categories, scripts and letter case, as RE2 has them.

    python tools/unicode_tables.py          rewrite the file
    python tools/unicode_tables.py --check  exit 1 when the file is not what this script makes

RE2 itself is asked (google-re2 on PyPI), so that its version of Unicode is ours: for each name, which code points does
it match; for each code point, which others does it match when letter case is ignored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import re2

OUTPUT = Path(__file__).resolve().parent.parent / "src" / "libfastpath" / "regex_unicode_table.h"

CATEGORIES = """
C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs
""".split()

SCRIPTS = """
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki
Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian
Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan
Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi
Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited
Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi
Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian
Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui
Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari
New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian
Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene
Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham
SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le
Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto
Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
""".split()

# What letter case can be about; asked one by one, where all code points would take long.
CASED = r"[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{M}\p{Nl}\p{So}]"

Run = tuple[int, int]


def encode(point: int) -> bytes:
    return chr(point).encode("utf-8", "surrogatepass")


class Text:
    """Code points in a row, encoded, to be searched by RE2."""

    def __init__(self, points: list[int]):
        self.points = points
        self.data = b"".join(map(encode, points))
        self.index: dict[int, int] = {}
        offset = 0
        for number, point in enumerate(points):
            self.index[offset] = number
            offset += len(encode(point))
        self.index[offset] = len(points)

    def runs(self, pattern: str) -> list[Run]:
        """Indices (from, to) of the runs of code points that match."""
        found, at = [], 0
        compiled = re2._re2.RE2(f"(?:{pattern})+".encode(), re2.Options())
        if not compiled.ok():
            raise ValueError(f"{pattern}: {compiled.error().decode()}")
        while at < len(self.data):
            begin, end = compiled.Match(re2._re2.RE2.Anchor.UNANCHORED, self.data, at, len(self.data))[0]
            if begin < 0:
                break
            found.append((self.index[begin], self.index[end]))
            at = end
        return found

    def ranges(self, pattern: str) -> list[Run]:
        """The matching code points as ranges, their ends included; the text has all code points in it."""
        return [(self.points[first], self.points[end - 1]) for first, end in self.runs(pattern)]


def orbits(text: Text) -> dict[int, int]:
    """Code point -> the next of those that differ by case only, in a cycle."""
    cased = [point for low, high in text.ranges(CASED) for point in range(low, high + 1)]
    if text.ranges(CASED) != text.ranges(f"(?i){CASED}"):
        raise ValueError("letter case leads out of the categories that were looked at")
    own = Text(cased)
    following: dict[int, int] = {}
    for point in cased:
        if point in following:
            continue
        same = [cased[i] for first, end in own.runs(f"(?i)\\x{{{point:x}}}") for i in range(first, end)]
        if len(same) > 1:
            following.update(zip(same, [*same[1:], same[0]], strict=True))
    return following


def fold_runs(following: dict[int, int]) -> list[tuple[int, int, int]]:
    """(low, high, delta): points in a row that go on by the same distance, or, with 0, pairs that go to each other."""
    runs: list[tuple[int, int, int]] = []
    for point in sorted(following):
        delta = following[point] - point
        low, high, before = runs[-1] if runs else (0, -2, 0)
        if high == point - 1 and before == delta:
            runs[-1] = (low, point, delta)
        elif delta == -1 and (high, before) == (point - 1, 1) and low == high:
            paired = len(runs) > 1 and runs[-2][1:] == (low - 1, 0)
            runs[-2 if paired else -1 :] = [(runs[-2][0] if paired else low, point, 0)]
        else:
            runs.append((point, point, delta))
    return runs


def union(names: Iterable[str]) -> str:
    return "[" + "".join(f"\\p{{{name}}}" for name in sorted(names)) + "]"


def rows(items: list[str], ending: str) -> list[str]:
    lines, line = [], " "
    for item in items:
        if len(line) + len(item) > 116:
            lines.append(line + ending)
            line = " "
        line += f" {item}"
    return [*lines, line]


def generate() -> str:
    text = Text(list(range(0x110000)))
    sets, ranges = [], []
    for name in sorted(CATEGORIES + SCRIPTS):
        own = text.ranges(f"\\p{{{name}}}")
        sets.append(f'X("{name}", {len(ranges)}, {len(own)})')
        ranges += [f"{{{low:#x},{high:#x}}}," for low, high in own]
    if text.ranges(union(SCRIPTS)) != text.ranges(union(set(CATEGORIES) - {"C", "Co", "Cs"})):
        raise ValueError("the list of scripts is not complete")
    folds = [f"X({low:#x},{high:#x},{delta})" for low, high, delta in fold_runs(orbits(text))]
    lines = [
        "/* regex_unicode_table.h - made by tools/unicode_tables.py; change that script and run it. */",
        "#ifndef FASTPATH_INTERNAL_REGEX_UNICODE_TABLE_H",
        "#define FASTPATH_INTERNAL_REGEX_UNICODE_TABLE_H",
        "",
        "/* clang-format off */",
        "/* X(name, its first range, how many), by name. */",
        "#define REGEX_UNICODE_SETS(X) \\",
        *rows(sets, " \\"),
        "",
        "/* X(low, high, delta): they differ from those at + delta by letter case only; with 0 they are pairs. */",
        "#define REGEX_UNICODE_FOLDS(X) \\",
        *rows(folds, " \\"),
        "",
        "/* Code points from .. to. */",
        "#define REGEX_UNICODE_RANGES \\",
        *rows(ranges, " \\"),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    text = generate()
    if sys.argv[1:] == ["--check"]:
        if OUTPUT.read_text() != text:
            raise SystemExit(f"{OUTPUT.name} is stale: run python tools/unicode_tables.py")
    else:
        OUTPUT.write_text(text)


if __name__ == "__main__":
    main()
