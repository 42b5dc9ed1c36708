"""Virtual hosts found by a header (vhost_header) against a real Envoy: the same one, or none, for each request."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.route_oracle import envoy_with

import fastpath

CASES = int(os.environ.get("FASTPATH_VHOST_CASES", "150"))
NAMES = (
    "x-tenant",
    "X-Tenant",
    ":authority",
    "host",
    ":path",
    ":method",
    "accept",
    "cookie",
    "te",
    "x-forwarded-proto",
)
DOMAINS = ("one", "two.example", "*.example", "two.*", "*", "http", "get", "/one")
VALUES = (
    "one",
    "ONE",
    "one:80",
    "two.example",
    "Two.Example:8080",
    "a.example",
    "two.b",
    "nobody",
    "",
    "one,two",
    "http",
)
Document = dict[str, Any]


def configuration(rng: random.Random) -> Document:
    domains = rng.sample(DOMAINS, rng.randrange(1, len(DOMAINS)))
    routes = [{"name": "r", "match": {"prefix": ""}, "direct_response": {"status": 200}}]
    hosts = [{"name": f"h{index}", "domains": [domain], "routes": routes} for index, domain in enumerate(domains)]
    more = {"ignore_port_in_host_matching": True} if rng.random() < 0.4 else {}
    return {"vhost_header": rng.choice(NAMES + NAMES[:2] * 3), "virtual_hosts": hosts, **more}


def request_for(rng: random.Random) -> tuple[str, str, list[tuple[str, str]]]:
    names = ("x-tenant", "X-TENANT", "accept", "cookie", "x-other")
    fields = [(rng.choice(names), rng.choice(VALUES)) for _ in range(rng.randrange(4))]
    if rng.random() < 0.1:
        fields.append(("connection", "x-tenant"))
    return rng.choice(("/", "/one")), rng.choice([value for value in VALUES if value]), fields


def test_the_same_virtual_hosts_as_envoy(tmp_path: Path) -> None:
    rng = random.Random("vhost_header 1")
    configurations = [configuration(rng) for _ in range(60)]
    seen: Counter[bool] = Counter()
    with envoy_with([(each, {}) for each in configurations], (), tmp_path) as envoys:
        config = fastpath.load(envoys.document)
        for index in range(len(configurations)):
            table = fastpath.RouteTable.from_config(config, f"r{index}", warn_shadowed=False)
            for _ in range(CASES):
                path, host, fields = request_for(rng)
                lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in fields)]
                response = envoys.ask(index, "\r\n".join(lines).encode() + b"\r\n\r\n")
                if response.status == 400:  # a host that Envoy's codec does not take
                    continue
                match = table.match_parts(path=path, authority=host, headers=[("host", host), *fields])
                told = response.get(b"x-told-host")
                name = None if match is None else match.virtual_host.name.encode()
                assert name == told, (configurations[index], lines)
                seen[told is None] += 1
    print(dict(seen))
    assert min(seen[True], seen[False]) > 100
