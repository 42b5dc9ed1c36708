"""Matcher trees against a real Envoy: generated trees and requests, the same route or none for each."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from conformance.route_oracle import envoy_with

import fastpath

CONFIGURATIONS = int(os.environ.get("FASTPATH_MATCHER_CONFIGURATIONS", "60"))
CASES = int(os.environ.get("FASTPATH_MATCHER_CASES", "120"))
SEED = os.environ.get("FASTPATH_MATCHER_SEED", "matchers")
Document = dict[str, Any]

HEADERS = ("x-a", "x-b", "accept", ":path", ":method", "host", "cookie", "X-A")
VALUES = ("a", "ab", "b", "a,b", "", "/a", "/a/b", "/", "GET", "a.com", "A")
PATHS = ("/", "/a", "/a/b", "/a?x=1", "/b", "/a/b/c")


class Maker:
    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.routes = 0

    def header(self) -> Document:
        type_name = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
        return {"name": "i", "typed_config": {"@type": type_name, "header_name": self.rng.choice(HEADERS)}}

    def string(self) -> Document:
        rng = self.rng
        kind = rng.choice(("exact", "prefix", "suffix", "contains", "safe_regex"))
        if kind == "safe_regex":
            return {kind: {"google_re2": {}, "regex": rng.choice(("a.*", "[ab]+", "/.*", "a?", ".*,.*"))}}
        value = rng.choice(VALUES) or ("" if kind == "exact" else "a")
        return {kind: value, "ignore_case": rng.random() < 0.3}

    def predicate(self, depth: int) -> Document:
        kind = self.rng.choice(("single_predicate",) * 3 + ("or_matcher", "and_matcher", "not_matcher"))
        if depth == 0 or kind == "single_predicate":
            return {"single_predicate": {"input": self.header(), "value_match": self.string()}}
        if kind == "not_matcher":
            return {kind: self.predicate(depth - 1)}
        return {kind: {"predicate": [self.predicate(depth - 1) for _ in range(self.rng.randrange(2, 4))]}}

    def route(self) -> Document:
        self.routes += 1
        prefix = self.rng.choice(("/", "/", "/a", "/a/b"))
        match: Document = {"prefix": prefix}
        return {"name": f"r{self.routes}", "match": match, "direct_response": {"status": 200}}

    def target(self, depth: int) -> Document:
        if depth > 0 and self.rng.random() < 0.5:
            return {"matcher": self.matcher(depth - 1)}
        prefix = "type.googleapis.com/envoy.config.route.v3.Route"
        if self.rng.random() < 0.5:
            config = {"@type": prefix, **self.route()}
        else:
            config = {"@type": f"{prefix}List", "routes": [self.route() for _ in range(self.rng.randrange(4))]}
        return {"action": {"name": "route", "typed_config": config}}

    def matcher(self, depth: int) -> Document:
        rng = self.rng
        kind = rng.choice(("list", "exact_match_map", "prefix_match_map", "prefix_match_map"))
        found: Document = {}
        if kind == "list":
            entries = [
                {"predicate": self.predicate(2), "on_match": self.target(depth)} for _ in range(rng.randrange(1, 5))
            ]
            found["matcher_list"] = {"matchers": entries}
        else:
            keys = rng.sample(VALUES, rng.randrange(1, 7))
            found["matcher_tree"] = {"input": self.header(), kind: {"map": {key: self.target(depth) for key in keys}}}
        if rng.random() < 0.5:
            found["on_no_match"] = self.target(depth)
        return found

    def request(self) -> bytes:
        rng = self.rng
        lines = [f"{rng.choice(('GET', 'POST'))} {rng.choice(PATHS)} HTTP/1.1", f"Host: {rng.choice(('a.com', 'a'))}"]
        for name in ("x-a", "x-b", "accept", "cookie"):
            lines += [f"{name}: {rng.choice(VALUES)}" for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        return "\r\n".join([*lines, "content-length: 0", "", ""]).encode()


def test_same_route_as_envoy(tmp_path: Path) -> None:
    makers = [Maker(f"{SEED} {index}") for index in range(CONFIGURATIONS)]
    made: list[tuple[Document, Document]] = [
        ({"virtual_hosts": [{"name": "v", "domains": ["*"], "matcher": maker.matcher(3)}]}, {}) for maker in makers
    ]
    taken = missed = 0
    different = []
    with envoy_with(made, (), tmp_path) as envoys:
        config = fastpath.load(envoys.document)
        for index, maker in enumerate(makers):
            table = fastpath.RouteTable.from_config(config, f"r{index}", warn_shadowed=False)
            for _ in range(CASES):
                raw = maker.request()
                response = envoys.ask(index, raw)
                expected = response.get(b"x-told-route")
                request = fastpath.parse_request(raw)
                assert request is not None
                match = table.match(request)
                found = match.route.name.encode() if match is not None else None
                taken += expected is not None
                missed += expected is None
                if found != expected:
                    tree = json.dumps(made[index][0])
                    different.append(f"{tree}\n{raw.decode()}envoy: {expected!r} ours: {found!r}")
    assert not different, f"{len(different)} differ, the shortest:\n" + min(different, key=len)
    assert min(taken, missed) > CONFIGURATIONS * CASES / 20
    print(f"{taken} taken, {missed} not")
