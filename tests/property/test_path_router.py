"""Path routers against trying all templates as regular expressions: of those that fit, the most specific is chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import ConfigError, PathRouter

LITERAL, AFFIXED, VARIABLE, REST = range(4)


@dataclass(frozen=True)
class Segment:
    text: str
    """How it is written; "@" stands for the number of its place, which keeps names apart."""
    pattern: str
    """A regular expression for what it takes."""
    kind: int
    """The lower, the more specific."""


@dataclass(frozen=True)
class Template:
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return "".join("/" + segment.text.replace("@", str(i)) for i, segment in enumerate(self.segments))

    @property
    def specificity(self) -> list[int]:
        return [segment.kind for segment in self.segments]

    def take(self, path: str) -> dict[str, str] | None:
        """What the variables stand for, None when it is not a path of the template's."""
        pattern = "".join("/" + segment.pattern.replace("@", str(i)) for i, segment in enumerate(self.segments))
        found = re.fullmatch(pattern, re.split("[?#]", path)[0], re.DOTALL)
        return None if found is None else found.groupdict()


def expected(templates: list[Template], path: str) -> tuple[int, dict[str, str]] | None:
    taken = [(i, params) for i, template in enumerate(templates) if (params := template.take(path)) is not None]
    return min(taken, key=lambda pair: (templates[pair[0]].specificity, pair[0]), default=None)


# Of all lengths that words of 8 and 16 bytes fit and do not, some alike but for one byte.
words = st.sampled_from(
    "a b ab me v1 eight888 eight889 nine99999 sixteen-bytes-16 seventeen-bytes17 seventeen-bytez17 "
    "thirty-three-bytes-and-not-a-word thirty-three-bytez-and-not-a-word".split()
)
literals = words.map(lambda word: Segment(word, re.escape(word), LITERAL))
variables = st.sampled_from(
    [
        Segment("*", "[^/]+", VARIABLE),
        Segment("{v@}", "(?P<v@>[^/]+)", VARIABLE),
        Segment("{long_name@=*}", "(?P<long_name@>[^/]+)", VARIABLE),
        Segment("{two@=*/*}", "(?P<two@>[^/]+/[^/]+)", VARIABLE),
        Segment("{own@=a/*}", "(?P<own@>a/[^/]+)", VARIABLE),
        Segment("{fixed@=ab}", "(?P<fixed@>ab)", VARIABLE),
        Segment("a{v@}", "a(?P<v@>[^/]+)", AFFIXED),
        Segment("{v@}.b", "(?P<v@>[^/]+)[.]b", AFFIXED),
        Segment("a{v@}b", "a(?P<v@>[^/]+)b", AFFIXED),
    ]
)
endings = st.sampled_from(
    [
        (),
        (Segment("", "", LITERAL),),
        (Segment("**", ".*", REST),),
        (Segment("{rest=**}", "(?P<rest>.*)", REST),),
        (Segment("{rest=*/**}", "(?P<rest>[^/]+/.*)", REST),),
        (Segment("{rest=**}.b", "(?P<rest>.*)[.]b", REST),),
    ]
)
segments = st.one_of(literals, variables)
# Literals more often than not: otherwise the first template takes all paths.
templates = st.builds(
    lambda start, middle, end: Template((*start, *middle, *end)),
    st.lists(literals, max_size=2),
    st.lists(segments, min_size=1, max_size=4),
    endings,
)
values = st.one_of(words, st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=20))


@st.composite
def paths_near(draw: st.DrawFn, template: Template) -> str:
    """A path that the template takes, or nearly does."""
    parts = [""]
    for segment in template.segments:
        filled = re.sub(r"\{[^}]*\}|\*+", lambda _: draw(values), segment.text)
        parts.append(draw(values) if draw(st.integers(0, 11)) == 0 else filled)
        parts += draw(st.lists(values, max_size=2)) if segment.kind == REST or "/" in segment.text else []
    cut = draw(st.sampled_from([slice(None), slice(None), slice(None), slice(-1), slice(1, None)]))
    return "/".join(parts)[cut] + draw(st.sampled_from(["", "", "", "/", "//", ".b", "?q=/a#", "#/a?"]))


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Template], list[str]]:
    routes = draw(st.lists(templates, min_size=1, max_size=8, unique_by=lambda template: template.text))
    near = st.sampled_from(routes).flatmap(paths_near)
    return routes, draw(st.lists(st.one_of(near, near, near, values), min_size=1, max_size=8))


def check(router: PathRouter[int], routes: list[Template], path: str) -> None:
    answer = expected(routes, path)
    assert router.match(path) == answer
    assert router.find(path) == (None if answer is None else answer[0])
    in_bytes = None if answer is None else (answer[0], {name: value.encode() for name, value in answer[1].items()})
    assert router.match(path.encode()) == in_bytes


@settings(max_examples=examples(200))
@given(questions())
def test_the_answer_is_that_of_trying_all_templates(asked: tuple[list[Template], list[str]]) -> None:
    routes, paths = asked
    router = PathRouter({template.text: i for i, template in enumerate(routes)})
    for path in paths:
        check(router, routes, path)


@given(questions(), questions(), st.sampled_from(["/{a", "/a?", "/{x}/{x}", "/**/*", ""]))
def test_an_update_replaces_all_routes_or_none(
    first: tuple[list[Template], list[str]], second: tuple[list[Template], list[str]], malformed: str
) -> None:
    router = PathRouter({template.text: i for i, template in enumerate(first[0])})
    with pytest.raises(ConfigError):
        router.update([*((template.text, -1) for template in second[0]), (malformed, -1)])
    for path in first[1]:
        check(router, first[0], path)
    router.update({template.text: i for i, template in enumerate(second[0])})
    for path in first[1] + second[1]:
        check(router, second[0], path)


@given(st.lists(templates, min_size=1, max_size=12, unique_by=lambda template: template.text), st.data())
def test_the_order_of_routes_that_are_not_equally_specific_does_not_count(
    routes: list[Template], data: st.DataObject
) -> None:
    distinct = list({tuple(template.specificity): template for template in routes}.values())
    shuffled = data.draw(st.permutations(distinct))
    one, other = (PathRouter({template.text: template for template in order}) for order in (distinct, shuffled))
    for path in data.draw(st.lists(st.sampled_from(distinct).flatmap(paths_near), max_size=8)):
        assert one.match(path) == other.match(path)
