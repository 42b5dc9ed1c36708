"""Documents that are nearly right, for the loaders of configurations: `make fuzz-config` feeds them millions.

Whatever is in a document, a loader gives models or raises ConfigError, and soon.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import sys
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.message import DecodeError
from property.envoy_messages import BOOTSTRAP, message_of

from fastpath.config import Scope, document, load
from fastpath.errors import ConfigError, ConfigWarning

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# What takes the place of a value: the wrong type, the limits of a range, other fields' words.
VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    65536,
    2**63,
    1.5,
    float("nan"),
    "",
    "*",
    "*.",
    "/",
    "//",
    "a" * 300,
    "\0",
    "\x7f\n",
    "%",
    "10s",
    "1e9999",
    "-1s",
    "Exact",
    "Prefix",
    "RegularExpression",
    "(",
    "default",
    "é",
    [],
    {},
    [None],
    [[]],
    {"": ""},
)
# What takes the place of a name, or stands in a value: what a path into a document could be misread for, and the long.
NAMES = (
    "a.b[3]",
    "a.b.c",
    ".",
    "..",
    "[0]",
    "a[0]",
    "a[" + "9" * 5000 + "]",
    "9" * 5000,
    "['x']",
    '["x"]',
    "['x",
    "x']",
    "a['it\\'s'].b",
    r"a['\N{x}']",
    r"a['\ud800']",
    "a[\u0663]",
    "'",
    '"',
    "\\",
    "ключ",
    "😀",
    "\ud800",
    "e\u0301",
    "\u202e",
    "\u2028",
    "\0",
    "\r\n",
    "x" * 100_000,
    "a." * 20_000,
    "[" * 2000,
    "[0]" * 2000,
    "@type",
    "__class__",
    "<<",
    "~",
    "true",
    "0x1F",
    "1_000",
    "2001-12-14",
    "k8s.io/name",
    "{0.__class__}",
    "%s%n",
)
KINDS = (
    "DestinationRule",
    "Endpoints",
    "EndpointSlice",
    "GRPCRoute",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "Ingress",
    "IngressClass",
    "List",
    "Node",
    "Pod",
    "ReferenceGrant",
    "Secret",
    "Service",
    "ServiceEntry",
    "ServiceList",
    "Sidecar",
    "TCPRoute",
    "TLSRoute",
    "VirtualService",
    "WorkloadEntry",
)


# Of CPU, for a document: what is put into it again and again makes a few of a megabyte and more.
MOST_SECONDS = 5.0

_MARKS = b"{}[]:,-*&!|>\"'#%@` \n\t\0\xff\x80a0"


EXAMPLES_OF = {
    "envoy": ["canary.yaml"],
    "gateway": ["canary-gateway.yaml"],
    "istio": [],
    "kubernetes": ["canary-ingress.yaml", "canary-services.yaml"],
}
GROUPS = {"gateway.networking.k8s.io": "gateway"}


def _seeds() -> dict[str, list[list[dict[str, Any]]]]:
    """Sets of documents that load, by vocabulary: the examples, and some that use most of what the kinds have."""
    here = Path(__file__).parent
    seeds = {
        name: [list(yaml.safe_load_all((EXAMPLES / file).read_text())) for file in files]
        for name, files in EXAMPLES_OF.items()
    }
    seeds["istio"] = [list(yaml.safe_load_all(path.read_text())) for path in sorted((here / "istio").glob("*.yaml"))]
    for each in yaml.safe_load_all((here / "every_field.yaml").read_text()):
        kubernetes = GROUPS.get(each.get("apiVersion", "").rpartition("/")[0], "kubernetes")
        seeds[kubernetes if "kind" in each else "envoy"].append([each])
    return seeds


VOCABULARIES = _seeds()
SEEDS = [each for sets in VOCABULARIES.values() for each in sets]
# What Scope says counts in Istio's documents only.
SCOPE = Scope(namespace="default", labels={"app": "x"}, region="r", zone="z")


def _copied(value: Any, containers: list[Any]) -> Any:
    """A copy of a tree; all that is no scalar in it goes to `containers`."""
    if isinstance(value, dict):
        copy: Any = {key: _copied(each, containers) if each.__class__ in _DEEP else each for key, each in value.items()}
    elif isinstance(value, list):
        copy = [_copied(each, containers) if each.__class__ in _DEEP else each for each in value]
    else:
        return value
    if copy:
        containers.append(copy)
    return copy


_DEEP = frozenset({dict, list})
_ALL: list[Any] = []
"""Parts of documents of all vocabularies."""
_copied(SEEDS, _ALL)


def _name(rng: random.Random) -> str:
    """Long names are chosen less often than others, as they take the most time."""
    name = rng.choice(NAMES)
    return name if len(name) < 1000 or rng.random() < 0.05 else name[:40]


def mutated(
    rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS, *, shared: bool = False
) -> list[dict[str, Any]]:
    """A set of documents with one to four changes. What is `shared` may stand in several places, and in itself."""
    containers: list[Any] = []
    documents = rng.choice(seeds)
    if len(documents) > 2 and rng.random() < 0.5:
        documents = [each for each in documents if rng.random() < 0.5]
    documents = _copied(documents, containers)
    if rng.random() < 0.05:
        documents += _copied(rng.choice(SEEDS), containers)
    for _ in range(rng.randint(1, 4) if containers else 0):
        container = rng.choice(containers)
        if not container:
            continue
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
        change = rng.randrange(10)
        if change == 0:
            container[key] = rng.choice(VALUES)
            if container[key].__class__ in _DEEP:
                container[key] = _copied(container[key], [])
        elif change == 1:
            del container[key]
        elif change == 2:
            other = rng.choice(containers)
            container[key] = other if shared else _copied(other, [])
        elif change == 3 and isinstance(container, dict):
            container[rng.choice([str(key)[:-1], f"{key}s", str(key).upper(), "spec", "name", "kind"])] = container[key]
        elif change == 4 and isinstance(container, list):
            container.append(container[key] if shared else _copied(container[key], []))
        elif change == 5:
            container[key] = _copied(rng.choice(_ALL), containers)
        elif change == 6 and isinstance(container, dict):
            container[_name(rng)] = container.pop(key) if rng.random() < 0.5 else container[key]
        elif change == 7:
            container[key] = _name(rng) if rng.random() < 0.5 else f"{container[key]}{_name(rng)}"[:200]
        elif change == 8 and isinstance(container, list):
            for _ in range(rng.choice((1, 1, 1, 30))):
                container.append(container[key])
        elif isinstance(container, dict):
            container["kind"] = rng.choice(KINDS)
    return [each for each in documents if isinstance(each, dict)]


def mutated_text(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> tuple[bytes, str]:
    """The text of documents with keys given twice and some of its bytes changed, and the name of its file."""
    form = rng.choice(("JSON", "flow", "flow", "block"))
    indent = 1 if rng.random() < 0.2 else None  # which json writes in Python
    documents = mutated(rng, seeds, shared=form == "block")
    if form == "block":
        try:
            text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper)
        except UnicodeEncodeError:  # halves of surrogate pairs, which only JSON can write
            text = ""
    elif form == "JSON":
        text = json.dumps(documents[0] if documents else None, indent=indent, ensure_ascii=False)
    else:
        text = "\n---\n".join(json.dumps(each, indent=indent) for each in documents)
    if rng.random() < 0.2:
        text = _with_a_key_twice(rng, text)
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.choice((0, 0, 0, 1, 2, 4))):
        if raw:
            at = rng.randrange(len(raw))
            raw[at : at + rng.randint(0, 3)] = bytes(rng.choice(_MARKS) for _ in range(rng.randint(0, 3)))
    # A name without an ending leaves it to the beginning what the text is.
    return bytes(raw), rng.choice(("a.json", "a")) if form == "JSON" else "a.yaml"


_KEY = re.compile(r'[{,]\s*("(?:[^"\\]|\\.){1,40}":)|^( *[\w.-]+:)', re.MULTILINE)


def _with_a_key_twice(rng: random.Random, text: str) -> str:
    match = _KEY.search(text, rng.randrange(len(text) + 1))
    if match is None:
        return text
    if match[1]:
        return f"{text[: match.start(1)]}{match[1]} 0, {text[match.start(1) :]}"
    return f"{text[: match.start(2)]}{match[2]} 0\n{text[match.start(2) :]}"


def try_documents(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> bool:
    """Load mutated documents; whether they were refused. Anything but ConfigError is passed on."""
    return _is_refused(rng, mutated(rng, seeds))


def _is_refused(rng: random.Random, source: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            load(source, lenient=rng.random() < 0.5, scope=SCOPE if rng.random() < 0.9 else None)
    except ConfigError as error:
        return bool(str(error))
    return False


def try_text(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> bool:
    """Likewise, as files, whose errors have places."""
    raw, name = mutated_text(rng, seeds)
    bytes_of = document._bytes_of
    document._bytes_of = lambda *_: raw  # a file would take longer than all the rest
    try:
        return _is_refused(rng, name)
    finally:
        document._bytes_of = bytes_of


@cache
def _messages() -> list[tuple[type[Any], bytes]]:
    """The documents of Envoy as messages: their classes and bytes."""
    documents = [document for documents in VOCABULARIES["envoy"] for document in documents]
    bootstraps = [message_of(each, BOOTSTRAP) for each in documents]
    return [(type(each), each.SerializeToString()) for each in bootstraps]


def try_message(rng: random.Random, _seeds: object = None) -> bool:
    """Likewise, for protobuf messages with some of their bytes changed, which often leaves them messages."""
    kind, octets = rng.choice(_messages())
    raw = bytearray(octets)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw))
        change = rng.randrange(3)
        if change == 0:
            raw[at] = rng.randrange(256)
        elif change == 1:
            raw[at] ^= 1 << rng.randrange(8)
        else:
            end = min(at + rng.randint(1, 8), len(raw))
            raw[at:end] = rng.randbytes(end - at)
    try:
        message = kind.FromString(bytes(raw))
    except DecodeError:
        return True
    return _is_refused(rng, message)


def _peak() -> int:
    """KiB of memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="how many of each (default: %(default)s)")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--vocabulary", choices=VOCABULARIES, help="only documents of this one (default: all)")
    parser.add_argument("--only", choices=("documents", "texts", "messages"), help="only these (default: all)")
    options = parser.parse_args()
    seeds = VOCABULARIES[options.vocabulary] if options.vocabulary else SEEDS
    attempts: dict[str, Callable[[random.Random, list[list[dict[str, Any]]]], bool]]
    attempts = {"documents": try_documents, "texts": try_text}
    if options.vocabulary in (None, "envoy"):
        attempts["messages"] = try_message
        _messages()  # importing Envoy's types takes most of a second, once
    for name in [options.only] if options.only else attempts:
        attempt = attempts[name]
        refused, slowest, began, early = 0, 0.0, time.monotonic(), 0
        for number in range(options.runs):
            seed = f"{options.seed}-{number}"
            before = time.process_time()
            try:
                refused += attempt(random.Random(seed), seeds)
            except Exception as error:
                print(f"{name}: seed {seed!r} raised {error!r}", file=sys.stderr)
                raise
            slowest = max(slowest, time.process_time() - before)
            if slowest > MOST_SECONDS:
                print(f"{name}: seed {seed!r} took {slowest:.1f} s of CPU", file=sys.stderr)
                return 1
            if number == options.runs // 10:
                early = _peak()
        print(
            f"{options.runs} {name}, {refused / options.runs:.0%} refused with ConfigError and nothing else, "
            f"slowest {slowest * 1e3:.0f} ms, {time.monotonic() - began:.0f} s, "
            f"peak {_peak() >> 10} MiB, {(_peak() - early) >> 10} MiB more than after the first tenth",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
