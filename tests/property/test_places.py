"""A document is read for what it says, and again for where it says so: every path leads to its own place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NoReturn

import pytest
import yaml
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.config.document import parse
from fastpath.config.json_fast import read_flawless
from fastpath.config.node import DocumentLimits, Node, values_of
from fastpath.config.places import Places, Text

NAMES = st.sampled_from(["a", "b", "a.b", "a.b.c", "a[0]", "[0]", ".", "b.", "['a']", "x-y"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "text", "1", "true", "~"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


def nodes_of(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """All nodes by path, as messages write it."""
    yield path, node
    if isinstance(node.value, dict):
        for name, each in node.value.items():
            yield from nodes_of(each, f"{path}.{name}" if path else name)
    elif isinstance(node.value, list):
        for index, each in enumerate(node.value):
            yield from nodes_of(each, f"{path}[{index}]")


@settings(max_examples=examples(200), deadline=5000)
@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_json(document: dict[str, object], indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    ((value, places),) = parse(text.encode(), "a.json", DocumentLimits(), [])
    assert value == document
    root = read_flawless(text, DocumentLimits())
    assert isinstance(root, Node)
    found = list(nodes_of(root))
    paths = [path for path, _ in found]
    for path, node in found:
        if paths.count(path) == 1:
            assert places.find(path) == (node.line, node.column)
            for name, place in (node.keys or {}).items():
                assert places.find_key(path, name) == place


@settings(max_examples=examples(100), deadline=5000)
@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_yaml(documents: list[dict[str, object]]) -> None:
    text = yaml.safe_dump_all(documents)
    lines = text.split("\n")
    found = parse(text.encode(), "a.yaml", DocumentLimits(), [])
    assert [value for value, _ in found] == documents
    for index, (value, places) in enumerate(found):
        root = places._text.root(index)
        assert values_of(root) == value
        for path, node in nodes_of(root):
            if isinstance(node.value, str) and node.value == "text" and places.find(path) == (node.line, node.column):
                assert lines[node.line - 1][node.column - 1 :].startswith("text")
            for name, (line, column) in (node.keys or {}).items():
                assert yaml.safe_load(lines[line - 1][column - 1 :].partition(": ")[0].removesuffix(":")) == name


def test_a_name_with_brackets_is_no_item() -> None:
    ((_, places),) = parse(b'{"a": {"[0]": 1}, "a[0]": 2}', "a.json", DocumentLimits(), [])
    assert places.find("a.[0]") == (1, 15)
    assert places.find("a[0]") == (1, 27)


@settings(max_examples=examples(50), deadline=5000)
@given(DOCUMENTS, st.text("ab.[]0'", max_size=12))
def test_any_path_leads_somewhere(document: dict[str, object], path: str) -> None:
    root = read_flawless(json.dumps(document), DocumentLimits())
    assert isinstance(root, Node)
    line, column = Places(Text(lambda noted: [root])).find(path)
    assert line == 1
    assert column >= 1


def places_of(document: dict[str, object]) -> Places:
    ((_, places),) = parse(json.dumps(document).encode(), "a.json", DocumentLimits(), [])
    assert isinstance(places, Places)
    return places


@pytest.mark.parametrize("name", ["a[" + "9" * 5000 + "]", r"a['\N{x}']", r"a['\x']", "a[٣]"])
def test_names_that_look_like_steps(name: str) -> None:
    text = json.dumps({"a": {"b": 1}, name: 2})
    assert places_of({"a": {"b": 1}, name: 2}).find(name) == (1, text.rindex("2") + 1)
    assert places_of({"a": [1], name: 2}).find(name) == (1, json.dumps({"a": [1], name: 2}).rindex("2") + 1)


class Members(dict[str, Node]):
    """Counts the names that all of them are asked for, and cannot be gone through."""

    asked = 0

    def __contains__(self, name: object) -> bool:
        Members.asked += 1
        return super().__contains__(name)

    def items(self) -> NoReturn:
        raise AssertionError("every name was looked at")


def test_one_of_many_names_is_asked_for() -> None:
    root = Node({"labels": Node(Members({f"k.io/{number}": Node(1, 1, number) for number in range(1000)}))})
    Members.asked = 0
    assert Places(Text(lambda noted: [root])).find("labels.k.io/999") == (1, 999)
    assert Members.asked == 2  # k, k.io/999


def test_a_path_with_countless_readings() -> None:
    document, shared = Node(Members(), 1), Node(Members(), 1)
    for column in range(30):
        document, shared = Node(Members({"a": document, "a.a": shared}), 1, column), document
    Members.asked = 0
    line, _ = Places(Text(lambda noted: [document])).find(".".join(["a"] * 30) + ".c")
    assert line == 1
    assert Members.asked < 30_000  # of a million ways
