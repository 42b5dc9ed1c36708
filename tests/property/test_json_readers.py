"""JSON is read in three ways, which must agree: flawless documents for what they say, or a value at a time for their
places, and others token by token."""

from __future__ import annotations

import json
import random

from effort import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastpath import ConfigError
from fastpath.config.json_fast import Fault, read_flawless
from fastpath.config.json_reader import FROM_THE_START, read_flawed
from fastpath.config.json_values import read_values
from fastpath.config.node import DocumentLimits, Node, values_of

SMALL = DocumentLimits(max_depth=4, max_nodes=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**61), 10**61)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(['"', "\\", "\n", "\x00", "\ud800", "a/b", "{", "]", ",", ":"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from('abc"\\\n'), inner, max_size=4),
    max_leaves=20,
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 1}, {"indent": "\t", "ensure_ascii": False}, {"separators": (" ,\n", "\r\n:\n")}]
)
PIECES = (
    *'{}[],:"\\ \n\t\r',
    "0",
    "-",
    ".5",
    "1e5",
    "null",
    "true",
    '"a":',
    '"a"',
    "\\u0041",
    "\\ud83d\\ude00",
    "\x00",
)


def plain(node: Node) -> object:
    """All that a node and those below it tell, types and places included."""
    value: object = node.value
    if isinstance(node.value, dict):
        value = [(name, plain(each)) for name, each in node.value.items()]
    elif isinstance(node.value, list):
        value = [plain(each) for each in node.value]
    return (type(node.value).__name__, repr(value), node.line, node.column, node.keys)


def outcome(text: str, limits: DocumentLimits, fault: Fault) -> tuple[object, list[str]]:
    """What is read from the fault on: the document or what ends the reading, and what is wrong beside."""
    problems: list[ConfigError] = []
    result: object
    try:
        result = plain(read_flawed(text, None, limits, problems, fault))
    except ConfigError as error:
        result = str(error)
    return result, list(map(str, problems))


def agree(text: str, limits: DocumentLimits) -> bool:
    """Whether the document is flawless, on which both readers agree, as on what is in it and what is wrong with it."""
    slow, problems = outcome(text, limits, FROM_THE_START)
    fast = read_flawless(text, limits)
    try:
        said = repr(read_values(text, limits))
    except ValueError:
        said = "left to the others"
    if isinstance(fast, Fault):
        assert isinstance(slow, str) or problems
        assert said == "left to the others"
        assert outcome(text, limits, fast) == (slow, problems)
        return False
    assert (plain(fast), []) == (slow, problems)
    assert said in (repr(values_of(fast)), "left to the others")
    return True


@settings(max_examples=examples(300), deadline=5000)
@given(VALUES, LAYOUTS, st.sampled_from([DocumentLimits(), SMALL]))
@example({"a": ["\ud83d\ude00", -0.0, 10**60]}, {}, DocumentLimits())
def test_documents(value: object, layout: dict[str, object], limits: DocumentLimits) -> None:
    agree(json.dumps(value, **layout).encode("utf-8", "replace").decode(), limits)  # type: ignore[arg-type]


@settings(max_examples=examples(600), deadline=5000)
@given(VALUES, LAYOUTS, st.sampled_from([DocumentLimits(), SMALL]), st.randoms(use_true_random=False))
def test_mutated_documents(
    value: object, layout: dict[str, object], limits: DocumentLimits, rng: random.Random
) -> None:
    text = json.dumps(value, **layout).encode("utf-8", "replace").decode()  # type: ignore[arg-type]
    for _ in range(rng.randrange(1, 4)):
        start = rng.randrange(len(text) + 1)
        text = text[:start] + rng.choice(("", *PIECES)) + text[start + rng.randrange(3) :]
    agree(text, limits)


@settings(max_examples=examples(600), deadline=5000)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("[1,]")
@example("[,1]")
@example("[1}")
@example("1 2")
@example("01")
@example('{"a":1,"a":2}')
@example(' \n{"a"\n: [ ] }\n ')
def test_pieces(text: str) -> None:
    agree(text, SMALL)


def test_what_is_flawless() -> None:
    assert read_values('{"a": [{}, [], "\\n", 1.5e3], "b": null}', SMALL) == {"a": [{}, [], "\n", 1500.0], "b": None}
    assert agree('\n{"a": [{}, [], "\\n", 1.5e3],\n\n "b":\n null}\n', SMALL)
    assert agree("[[[[1]]]]", SMALL)
    assert not agree("[[[[[1]]]]]", SMALL)
    assert agree('[{"a": [{}]}]', SMALL)
    assert not agree('[{"a": [{"b": []}]}]', SMALL)
    assert not agree('{"}": [[[[], "["]]]}', SMALL)  # brackets in strings do not count
    assert not agree(r'{"\\": ["\"]", [[[], "\\"]]]}', SMALL)
    assert agree(r'{"\\": ["\"[", [[], "[["]]}', SMALL)
    assert agree(f"[{'1,' * 28}1]", SMALL)
    assert not agree(f"[{'1,' * 29}1]", SMALL)
