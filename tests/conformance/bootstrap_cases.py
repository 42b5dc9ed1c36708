"""Bootstraps that are nearly right: those of bootstraps.yaml with one to three things changed, and what was changed.

Half of the changes know what they change (a duration, a port, a name, an enum, a oneof), the others do not.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Document = dict[str, Any]
Container = dict[str, Any] | list[Any]

UNTOUCHED = ("@type",)
DEVICE = "/dev/null"
"""Stays: Envoy asks whether a file exists, a loader does not."""

SEEDS: list[Document] = list(yaml.safe_load_all(Path(__file__).with_name("bootstraps.yaml").read_text()))

DURATIONS = (
    "1s",
    "0s",
    "0.0005s",
    "0.001s",
    "-1s",
    "1.5",
    "5",
    "1m",
    "1.0000000001s",
    "315576000001s",
    "s",
    " 1s",
    "+1s",
)
WORDS = (
    "",
    "a",
    "A b",
    "a\nb",
    "a\0b",
    "é",
    "*",
    "*.",
    "%",
    "%REQ(x-a)%",
    "%NOPE%",
    "%REQ(%",
    "/",
    "(",
    "a{2,1}",
    "\\1",
)
ADDRESSES = ("127.0.0.1", "::1", "127.0.0.256", "localhost", "", "10.0.0.1/8", "127.0.0.1\0", "::g", "0x7f.1", "1.2.3")
NUMBERS = (
    0,
    1,
    -1,
    2,
    5,
    100,
    101,
    65535,
    65536,
    2**31,
    2**32 - 1,
    2**32,
    2**63,
    2**64,
    1.5,
    1.0,
    "1",
    "01",
    "1.5",
    "x",
)
FLAGS = (True, False, "true", "false", 1, 0, "yes", None)
ANYTHING = (None, True, 0, -1, 1.5, "", "a", "1s", [], {}, [None], [{}], {"a": {}}, {"value": 1})
FIELDS = ("weight", "unknown_field", "name", "timeout", "cluster", "@type", "value", "prefix", "health_status", "namE")


class Case(NamedTuple):
    document: Document
    changes: tuple[str, ...]


def _containers(root: Container) -> list[tuple[str, Container]]:
    """All objects and lists that are not empty, each with the name of the field that it stands in."""
    found: list[tuple[str, Container]] = []
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, dict) and value:
            found.append((name, value))
            pending += value.items()
        elif isinstance(value, list) and value:
            found.append((name, value))
            pending += [(name, each) for each in value]
    return found


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _known_fields() -> dict[str, dict[str, list[Any]]]:
    """By the name of the field that a message stands in: what it may hold, and with which values."""
    known: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for seed in SEEDS:
        for name, container in _containers(seed):
            if isinstance(container, dict):
                for key, value in container.items():
                    known[_snake(name)][key].append(value)
    return known


KNOWN = _known_fields()


def _pick(rng: random.Random, document: Document, wanted: Callable[[Any], bool]) -> tuple[Container, Any] | None:
    places = [
        (container, key)
        for _, container in _containers(document)
        for key, value in (container.items() if isinstance(container, dict) else enumerate(container))
        if key not in UNTOUCHED and value != DEVICE and wanted(value)
    ]
    return rng.choice(places) if places else None


def _is_duration(value: object) -> bool:
    return isinstance(value, str) and value[-1:] == "s" and value[:1].isdigit()


def _is_address(value: object) -> bool:
    return isinstance(value, str) and (value.count(".") == 3 or value.startswith("::"))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_enum(value: object) -> bool:
    return isinstance(value, str) and value.isupper() and len(value) > 2


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


ENUMS = tuple(
    dict.fromkeys(
        value
        for seed in SEEDS
        for _, container in _containers(seed)
        for value in (container.values() if isinstance(container, dict) else container)
        if _is_enum(value)
    )
)


def _replacing(wanted: Callable[[Any], bool], values: tuple[object, ...]) -> Callable[[random.Random, Document], bool]:
    def change(rng: random.Random, document: Document) -> bool:
        place = _pick(rng, document, wanted)
        if place is None:
            return False
        container, key = place
        container[key] = copy.deepcopy(rng.choice(values))
        return True

    return change


def _drop(rng: random.Random, document: Document) -> bool:
    place = _pick(rng, document, lambda value: True)
    if place is None:
        return False
    container, key = place
    del container[key]
    return True


def _repeat(rng: random.Random, document: Document) -> bool:
    place = _pick(rng, document, _is_list)
    if place is None:
        return False
    container, key = place
    container[key].append(copy.deepcopy(rng.choice(container[key])))
    return True


def _misspell(rng: random.Random, document: Document) -> bool:
    place = _pick(rng, document, lambda value: True)
    if place is None or not isinstance(place[0], dict):
        return False
    container, key = place
    other = rng.choice([key[:-1], f"{key}s", key.upper(), key.replace("_", "-"), _camel(key), _snake(key)])
    container[other] = container.pop(key)
    return True


def _say_twice(rng: random.Random, document: Document) -> bool:
    """The same field in snake_case and in camelCase."""
    objects = [each for _, each in _containers(document) if isinstance(each, dict)]
    places = [(each, key) for each in objects for key in each if _camel(key) != key]
    if not places:
        return False
    container, key = rng.choice(places)
    container[_camel(key)] = copy.deepcopy(container[key])
    return True


def _add_unknown(rng: random.Random, document: Document) -> bool:
    place = _pick(rng, document, _is_object)
    if place is None:
        return False
    container, key = place
    container[key][rng.choice(FIELDS)] = copy.deepcopy(rng.choice(ANYTHING))
    return True


def _graft(rng: random.Random, document: Document) -> bool:
    """A field that another message of this kind has: often the second member of a oneof."""
    places = [
        (container, field)
        for name, container in _containers(document)
        if isinstance(container, dict)
        for field in KNOWN[_snake(name)]
        if field not in container
    ]
    if not places:
        return False
    container, field = rng.choice(places)
    containers = [(name, each) for name, each in _containers(document) if each is container]
    container[field] = copy.deepcopy(rng.choice(KNOWN[_snake(containers[0][0])][field]))
    return True


def _swap(rng: random.Random, document: Document) -> bool:
    """Two fields change places, wherever they are."""
    first, second = (_pick(rng, document, lambda value: not _is_object(value)) for _ in range(2))
    if first is None or second is None:
        return False
    first[0][first[1]], second[0][second[1]] = second[0][second[1]], first[0][first[1]]
    return True


def _rename_cluster(rng: random.Random, document: Document) -> bool:
    """A cluster goes, or has another name, while routes lead to it."""
    for resources in (document.get("static_resources"), document.get("staticResources")):
        if isinstance(resources, dict) and isinstance(resources.get("clusters"), list) and resources["clusters"]:
            cluster = rng.choice(resources["clusters"])
            if isinstance(cluster, dict):
                cluster["name"] = rng.choice(["c0", "c1", "c9", ""])
                return True
    return False


CHANGES: dict[str, tuple[int, Callable[[random.Random, Document], bool]]] = {
    "drop": (4, _drop),
    "duration": (3, _replacing(_is_duration, DURATIONS)),
    "number": (5, _replacing(_is_number, NUMBERS)),
    "text": (4, _replacing(_is_text, WORDS)),
    "address": (2, _replacing(_is_address, ADDRESSES)),
    "flag": (1, _replacing(_is_flag, FLAGS)),
    "enum": (3, _replacing(_is_enum, (*ENUMS, 0, 1, 2, 9, -1, "default", "0", None))),
    "any": (3, _replacing(lambda value: True, ANYTHING)),
    "repeat": (3, _repeat),
    "misspell": (1, _misspell),
    "say twice": (1, _say_twice),
    "unknown": (1, _add_unknown),
    "graft": (4, _graft),
    "swap": (2, _swap),
    "cluster": (1, _rename_cluster),
}


def make_case(rng: random.Random) -> Case:
    """One bootstrap, changed in one to three places."""
    document = copy.deepcopy(rng.choices(SEEDS, (6, 2, 1, 2))[0])
    names = list(CHANGES)
    weights = [weight for weight, _ in CHANGES.values()]
    done: list[str] = []
    wanted = rng.choices((1, 2, 3), (6, 2, 1))[0]
    for name in rng.choices(names, weights, k=10 * wanted):
        if len(done) < wanted and CHANGES[name][1](rng, document):
            done.append(name)
    return Case(document, tuple(done))
