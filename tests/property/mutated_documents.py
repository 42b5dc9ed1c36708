"""Documents that are nearly right, for the loaders of configurations: `make fuzz-config` feeds them millions.

Whatever is in a document, a loader gives models or raises ConfigError, and soon.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
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

from fastpath.config import DocumentLimits, Scope, document, load
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


def _containers(root: Any) -> list[Any]:
    """All objects and lists of a tree."""
    found, pending = [], [root]
    while pending:
        value = pending.pop()
        if isinstance(value, (dict, list)) and value:
            found.append(value)
            pending += value.values() if isinstance(value, dict) else value
    return found


def mutated(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> list[dict[str, Any]]:
    """A set of documents with one to four changes."""
    documents = copy.deepcopy(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        containers = _containers(documents)
        if not containers:
            break
        container = rng.choice(containers)
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
        change = rng.randrange(6)
        if change == 0:
            container[key] = copy.deepcopy(rng.choice(VALUES))
        elif change == 1:
            del container[key]
        elif change == 2:
            container[key] = copy.deepcopy(rng.choice(containers))
        elif change == 3 and isinstance(container, dict):
            container[rng.choice([str(key)[:-1], f"{key}s", str(key).upper(), "spec", "name", "kind"])] = container[key]
        elif change == 4 and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif isinstance(container, dict):
            container["kind"] = rng.choice(KINDS)
    return [each for each in documents if isinstance(each, dict)]


def mutated_text(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> tuple[bytes, str]:
    """The text of a document with some of its bytes changed, and the name of its file."""
    documents = mutated(rng, seeds)
    as_json = rng.random() < 0.5
    text = json.dumps(documents[:1]) if as_json else "\n---\n".join(json.dumps(each, indent=1) for each in documents)
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.randint(0, 4)):
        if raw:
            at = rng.randrange(len(raw))
            raw[at : at + rng.randint(0, 3)] = bytes(rng.choice(_MARKS) for _ in range(rng.randint(0, 3)))
    return bytes(raw), "a.json" if as_json else "a.yaml"


def try_documents(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> bool:
    """Load mutated documents; whether they were refused. Anything but ConfigError is passed on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            load(mutated(rng, seeds), lenient=rng.random() < 0.5, scope=SCOPE if rng.random() < 0.9 else None)
    except ConfigError as error:
        return bool(str(error))
    return False


def try_text(rng: random.Random, seeds: list[list[dict[str, Any]]] = SEEDS) -> bool:
    """Likewise, for the readers of text."""
    raw, name = mutated_text(rng, seeds)
    try:
        document.parse(raw, name, DocumentLimits(), [])
    except ConfigError as error:
        return bool(str(error))
    return False


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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            load(message, lenient=rng.random() < 0.5)
    except ConfigError as error:
        return bool(str(error))
    return False


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
        refused, slowest, began = 0, 0.0, time.monotonic()
        for number in range(options.runs):
            seed = f"{options.seed}-{number}"
            before = time.process_time()
            try:
                refused += attempt(random.Random(seed), seeds)
            except Exception as error:
                print(f"{name}: seed {seed!r} raised {error!r}", file=sys.stderr)
                raise
            slowest = max(slowest, time.process_time() - before)
            if slowest > 1.0:
                print(f"{name}: seed {seed!r} took {slowest:.1f} s of CPU", file=sys.stderr)
                return 1
        print(
            f"{options.runs} {name}, {refused / options.runs:.0%} refused with ConfigError and nothing else, "
            f"slowest {slowest * 1e3:.0f} ms, {time.monotonic() - began:.0f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
