"""Conditions on metadata and filter state against a real Envoy: generated values and matchers, the same verdict.

Filters in Envoy set the values before the route is looked for again; here they are given with the request.
"""

from __future__ import annotations

import json
import os
import random
from ipaddress import ip_address
from pathlib import Path

from conformance.route_oracle import EXTENSIONS, Document, envoy_with

import fastpath

CONFIGURATIONS = int(os.environ.get("FASTPATH_ATTRIBUTE_CONFIGURATIONS", "40"))
ROUTES = int(os.environ.get("FASTPATH_ATTRIBUTE_ROUTES", "100"))
SEED = os.environ.get("FASTPATH_ATTRIBUTE_SEED", "attributes")

NAMES = ("a", "b", "c")
FILTERS = ("f", "g")
TEXTS = ("", "a", "ab", "b", "AB", "1", "true", "null")
NUMBERS = (0, 1, 1.5, -2, 1e300)
REGEXES = ("a.*", "[ab]+", ".", "", "(?i)ab")
ADDRESSES = ("10.1.2.3", "10.9.0.0", "192.0.2.1", "fd00::1", "2001:db8::5")
RANGES = (
    "10.0.0.0/8",
    "10.1.2.0/23",
    "192.0.2.1/32",
    "0.0.0.0/0",
    "fd00::/7",
    "::/0",
    "2001:db8::5/128",
    "10.0.0.0/40",
)


def clear_route_cache() -> Document:
    code = "function envoy_on_request(handle) handle:clearRouteCache() end"
    lua = {"@type": f"{EXTENSIONS}.http.lua.v3.Lua", "default_source_code": {"inline_string": code}}
    return {"name": "envoy.filters.http.lua", "typed_config": lua}


class Maker:
    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)

    # --- what a request has ---------------------------------------------------------------------------------------

    def value(self, depth: int) -> object:
        rng = self.rng
        kind = rng.choice(("text", "text", "number", "bool", "null", "list", "struct") if depth else ("text", "number"))
        if kind == "text":
            return rng.choice(TEXTS)
        if kind == "number":
            return rng.choice(NUMBERS)
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "null":
            return None
        if kind == "list":
            return [self.value(depth - 1) for _ in range(rng.randrange(4))]
        return self.struct(depth - 1)

    def struct(self, depth: int) -> dict[str, object]:
        return {name: self.value(depth) for name in NAMES if self.rng.random() < 0.8}

    def metadata(self) -> dict[str, dict[str, object]]:
        return {name: self.struct(3) for name in FILTERS if self.rng.random() < 0.8}

    def filter_state(self) -> dict[str, str]:
        rng = self.rng
        return {name: rng.choice(ADDRESSES if rng.random() < 0.6 else TEXTS[1:]) for name in NAMES[:2]}

    # --- what routes ask for --------------------------------------------------------------------------------------

    def string(self, near: object) -> Document:
        rng = self.rng
        kind = rng.choice(("exact", "prefix", "suffix", "contains", "safe_regex"))
        if kind == "safe_regex":
            return {kind: {"regex": rng.choice([regex for regex in REGEXES if regex])}}
        text = near if isinstance(near, str) and rng.random() < 0.7 else rng.choice(TEXTS)
        return {kind: text if text or kind == "exact" else "a", "ignore_case": rng.random() < 0.3}

    def value_matcher(self, near: object, depth: int) -> Document:
        """A matcher that has a good chance with the value."""
        rng = self.rng
        kinds = ["null_match", "double_match", "string_match", "bool_match", "present_match", "list_match", "or_match"]
        fitting = {float: 1, int: 1, str: 2, bool: 3, list: 5, type(None): 0}.get(type(near), 4)
        kind = kinds[fitting] if rng.random() < 0.6 else rng.choice(kinds)
        if kind in ("list_match", "or_match") and depth == 0:
            kind = "present_match"
        if kind == "null_match":
            return {kind: {}}
        if kind == "double_match":
            number = near if isinstance(near, (int, float)) and rng.random() < 0.6 else rng.choice(NUMBERS)
            if rng.random() < 0.5:
                return {kind: {"exact": float(number)}}
            start = float(number) + rng.choice((-1, 0, 0.5))
            return {kind: {"range": {"start": start, "end": start + rng.choice((0.5, 1, 2, -1))}}}
        if kind == "string_match":
            return {kind: self.string(near)}
        if kind in ("bool_match", "present_match"):
            return {kind: rng.random() < (0.5 if kind == "bool_match" else 0.8)}
        if kind == "list_match":
            item = rng.choice(near) if isinstance(near, list) and near else None
            return {kind: {"one_of": self.value_matcher(item, depth - 1)}}
        return {kind: {"value_matchers": [self.value_matcher(near, depth - 1) for _ in range(rng.choice((2, 3)))]}}

    def metadata_matcher(self, metadata: dict[str, dict[str, object]]) -> Document:
        rng = self.rng
        name = rng.choice(FILTERS)
        near: object = metadata.get(name, {})
        path = []
        while not path or (isinstance(near, dict) and rng.random() < 0.8) or rng.random() < 0.1:
            key = rng.choice(NAMES)
            near = near.get(key) if isinstance(near, dict) else None
            path.append({"key": key})
        matcher = {"filter": name, "path": path, "value": self.value_matcher(near, 2)}
        return matcher | ({"invert": True} if rng.random() < 0.3 else {})

    def filter_state_matcher(self, state: dict[str, str]) -> Document:
        rng = self.rng
        key = rng.choice(NAMES)
        if rng.random() < 0.4:
            text = state.get(key, "x")
            if ":" in text or "." in text:
                text = f"[{text}]:0" if ":" in text else f"{text}:0"
            return {"key": key, "string_match": self.string(text)}
        parts = [each.partition("/") for each in rng.sample(RANGES, rng.randrange(3))]
        ranges = [{"address_prefix": prefix, "prefix_len": int(length)} for prefix, _, length in parts]
        return {"key": key, "address_match": {"ranges": ranges, "invert_match": rng.random() < 0.3}}

    def match(self, metadata: dict[str, dict[str, object]], state: dict[str, str], index: int) -> Document:
        found: Document = {"path": f"/{index}"}
        if self.rng.random() < 0.7:
            found["dynamic_metadata"] = [self.metadata_matcher(metadata) for _ in range(self.rng.choice((1, 1, 1, 2)))]
        else:
            found["filter_state"] = [self.filter_state_matcher(state) for _ in range(self.rng.choice((1, 1, 1, 2)))]
        return found


def set_values(metadata: dict[str, dict[str, object]], state: dict[str, str]) -> list[Document]:
    """Envoy's filters that give these to every request."""
    objects = [
        {
            "object_key": key,
            "factory_key": "envoy.network.ip" if value in ADDRESSES else "envoy.string",
            "format_string": {"text_format_source": {"inline_string": value}},
        }
        for key, value in state.items()
    ]
    values = [{"metadata_namespace": name, "value": value} for name, value in metadata.items()]
    found = [("set_filter_state", {"on_request_headers": objects})] if objects else []
    found += [("set_metadata", {"metadata": values})] if values else []
    return [
        {
            "name": f"envoy.filters.http.{kind}",
            "typed_config": {"@type": f"{EXTENSIONS}.http.{kind}.v3.Config", **config},
        }
        for kind, config in found
    ]


def test_same_verdict_as_envoy(tmp_path: Path) -> None:
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{EXTENSIONS}.http.router.v3.Router"}}
    made: list[tuple[Document, Document]] = []
    given = []
    for index in range(CONFIGURATIONS):
        maker = Maker(f"{SEED} {index}")
        metadata, state = maker.metadata(), maker.filter_state()
        routes = [
            {"name": f"r{i}", "match": maker.match(metadata, state, i), "direct_response": {"status": 200}}
            for i in range(ROUTES)
        ]
        filters = [*set_values(metadata, state), clear_route_cache(), router]
        made.append(({"virtual_hosts": [{"name": "v", "domains": ["*"], "routes": routes}]}, {"http_filters": filters}))
        given.append((metadata, state))
    taken = 0
    different = []
    with envoy_with(made, (), tmp_path) as envoys:
        for index, (metadata, state) in enumerate(given):
            # Without the filters, which are no part of what a table looks at.
            document = {"@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", **made[index][0]}
            table = fastpath.RouteTable.from_config(fastpath.load({"name": "r", **document}))
            objects = {key: ip_address(each) if each in ADDRESSES else each for key, each in state.items()}
            for i in range(ROUTES):
                expected = (
                    envoys.ask(index, b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i).get(b"x-told-route") is not None
                )
                request = {"authority": "a", "path": f"/{i}", "metadata": metadata, "filter_state": objects}
                found = table.match_parts(**request) is not None
                taken += expected
                if found != expected:
                    match = json.dumps(document["virtual_hosts"][0]["routes"][i]["match"])
                    different.append(f"{metadata}\n{state}\n{match}\nenvoy: {expected} ours: {found}")
    assert not different, f"{len(different)} differ, the shortest:\n" + min(different, key=len)
    cases = CONFIGURATIONS * ROUTES
    print(f"{taken} of {cases} taken")
    assert cases / 4 < taken < cases * 3 / 4
