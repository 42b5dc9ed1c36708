"""Regular expressions of routes, beside RE2 and Python's `re`: one full match, groups in a rewrite, sets of many.

    pytest benchmarks/bench_regex.py --benchmark-only    groups by pattern, and by size of the set
    python benchmarks/bench_regex.py                     the rows with their ratios

RE2 is google-re2, called as Envoy calls it (FullMatch on bytes, RE2::Set). Python's `re` answers the same questions,
though not in linear time. A loop asks one regex after the other and keeps all that match, as a set does.
"""

from __future__ import annotations

import platform
import re
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import pytest
import re2
from pytest_benchmark.fixture import BenchmarkFixture

import fastpath

SINGLES = {
    r"/api/v[0-9]+/items/([^/]+)": b"/api/v2/items/abcdef123",
    r"/users/(\d+)/orders/(\d+)": b"/users/12345/orders/678",
    r".*\.(png|jpg|css|js)": b"/static/assets/img/logo-large.jpg",
    r"(?i)/shop/[a-z0-9-]+/.*": b"/Shop/blue-shoes-42/reviews/page/3",
}
SIZES = [10, 100, 1_000, 10_000]
TEXTS = 1_000
LOOP_LIMIT = 1_000  # a loop over more takes longer than its figure is worth

RE2 = re2._re2.RE2
Match = Callable[[bytes], object]


def patterns_of(count: int) -> list[str]:
    """The same as bench_regex.c gives its sets."""
    shapes = ["/api/v[0-9]+/team{}/items/[^/]+", r".*\.ext{}", r"/users{}/(\d+)/orders"]
    return [shapes[i % 3].format(i) for i in range(count)]


def texts_of(count: int) -> list[bytes]:
    shapes = ["/api/v2/team{}/items/abcdef123", "/static/img/logo.ext{}", "/users{}/12345/orders"]
    return [shapes[i % 3].format(i).encode() for i in (n * 7919 % count for n in range(TEXTS))]


def single_fastpath(pattern: str) -> Match:
    return fastpath.Regex(pattern).full_match


def single_re2(pattern: str) -> Match:
    compiled, both = RE2(pattern.encode(), re2.Options()), RE2.Anchor.ANCHOR_BOTH
    return lambda text: compiled.Match(both, text, 0, len(text))


def single_re(pattern: str) -> Match:
    return re.compile(pattern.encode()).fullmatch


def set_fastpath(patterns: list[str]) -> Match:
    return fastpath.RegexSet(patterns).full_match


def set_re2(patterns: list[str]) -> Match:
    options = re2.Options()
    options.max_mem = 1 << 30
    together = re2._re2.Set(RE2.Anchor.ANCHOR_BOTH, options)
    for pattern in patterns:
        together.Add(pattern.encode())
    together.Compile()
    return together.Match


def loop_re2(patterns: list[str]) -> Match:
    matches = [single_re2(pattern) for pattern in patterns]
    return lambda text: [i for i, match in enumerate(matches) if match(text)[0][0] >= 0]  # type: ignore[index]


def loop_re(patterns: list[str]) -> Match:
    matches = [re.compile(pattern.encode()).fullmatch for pattern in patterns]
    return lambda text: [i for i, match in enumerate(matches) if match(text)]


SINGLE_PEERS = {"fastpath": single_fastpath, "google-re2": single_re2, "re": single_re}
SET_PEERS = {"fastpath": set_fastpath, "re2.Set": set_re2, "loop google-re2": loop_re2, "loop re": loop_re}


@pytest.mark.parametrize("peer", SINGLE_PEERS)
@pytest.mark.parametrize("pattern", SINGLES)
def bench_full_match(benchmark: BenchmarkFixture, pattern: str, peer: str) -> None:
    benchmark.group = f"full match of {pattern}"
    match, text = SINGLE_PEERS[peer](pattern), SINGLES[pattern]
    assert match(text)
    benchmark(match, text)


@pytest.mark.parametrize("peer", SET_PEERS)
@pytest.mark.parametrize("size", SIZES)
def bench_set(benchmark: BenchmarkFixture, size: int, peer: str) -> None:
    if size > LOOP_LIMIT and peer.startswith("loop"):
        size = LOOP_LIMIT
    benchmark.group = f"which of {size} match"
    match, texts = SET_PEERS[peer](patterns_of(size)), iter(texts_of(size) * 10_000)
    assert match(texts_of(size)[0])
    benchmark(lambda: match(next(texts)))


def nanoseconds(match: Match, texts: list[bytes], budget: float = 0.3) -> float:
    """The best round; a round asks for all texts."""
    best, end = float("inf"), time.perf_counter() + budget
    while True:
        start = time.perf_counter()
        for text in texts:
            match(text)
        took = time.perf_counter() - start
        best = min(best, took / len(texts))
        if time.perf_counter() > end:
            return best * 1e9


def show(title: str, figures: dict[str, float]) -> None:
    own = figures["fastpath"]
    peers = "  ".join(
        f"{name} {took:,.0f} ns ({took / own:.1f}x)" for name, took in figures.items() if name != "fastpath"
    )
    print(f"{title:32} fastpath {own:,.0f} ns  {peers}")


def main() -> int:
    print(f"{platform.machine()}, CPython {platform.python_version()}, google-re2 {version('google-re2')}")
    for pattern, text in SINGLES.items():
        show(pattern, {name: nanoseconds(peer(pattern), [text] * TEXTS) for name, peer in SINGLE_PEERS.items()})
    for size in SIZES:
        patterns, texts, figures, built = patterns_of(size), texts_of(size), {}, {}
        for name, peer in SET_PEERS.items():
            if size > LOOP_LIMIT and name.startswith("loop"):
                continue
            start = time.perf_counter()
            match = peer(patterns)
            built[name] = time.perf_counter() - start
            if len(match(texts[0])) != 1:  # type: ignore[arg-type]
                raise SystemExit(f"{name} does not find the one pattern that matches")
            figures[name] = nanoseconds(
                match, texts if size < LOOP_LIMIT or not name.startswith("loop") else texts[:20]
            )
        show(f"which of {size:,}", figures)
        print(" " * 32, "made in", ", ".join(f"{name} {took * 1e3:,.1f} ms" for name, took in built.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
