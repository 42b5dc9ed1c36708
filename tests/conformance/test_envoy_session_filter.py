"""The stateful session filter: what a real Envoy writes for clients to keep, and what it makes of what they send."""

from __future__ import annotations

import asyncio
import base64
import http.client
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group, document
from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

from fastpath import load
from fastpath.proxy import Gateway

FILTER = "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3.StatefulSession"
STATE = "type.googleapis.com/envoy.extensions.http.stateful_session."
NAME = "envoy.filters.http.stateful_session"
Answer = tuple[int, list[tuple[str, str]]]


def session(kind: str, config: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    typed = {"@type": f"{STATE}{kind}.v3.{kind.title()}BasedSessionState", **config}
    return {"session_state": {"name": f"envoy.http.stateful_session.{kind}", "typed_config": typed}, **fields}


def cookie(strict: bool = False, **fields: Any) -> dict[str, Any]:
    return session("cookie", {"cookie": {"name": "s", **fields}}, strict=strict)


LAX = [{"name": "SameSite", "value": "Lax"}, {"name": "Secure"}]
# By route: what it says beside the listener's filter.
ROUTES: dict[str, dict[str, Any] | None] = {
    "listener": None,
    "off": {"disabled": True},
    "ttl": {"stateful_session": cookie(ttl="60s", path="/ttl", attributes=LAX)},
    "short": {"stateful_session": cookie(ttl="0.5s")},
    "zero": {"stateful_session": cookie(ttl="0s")},
    "path": {"stateful_session": cookie(path="/path/in")},
    "slash": {"stateful_session": cookie(path="/slash/")},
    "strict": {"stateful_session": cookie(True)},
    "header": {"stateful_session": session("header", {"name": "X-S"})},
    "strict_header": {"stateful_session": session("header", {"name": "x-s"}, strict=True)},
}
# The same of a share of the route, which is its only one with a weight.
SHARES: dict[str, dict[str, Any]] = {
    "listener": {"stateful_session": session("header", {"name": "X-S"})},
    "off": {"stateful_session": cookie(True)},
    "ttl": {"disabled": True},
}
CASES = [Case(name, (Group("-u-"),)) for name in ROUTES]
CASES += [Case(f"share_{name}", (Group("-u-"),)) for name in SHARES]
PATHS = {"path": ["/path/", "/path/in", "/path/in/", "/path/inner", "/path/in?a"], "slash": ["/slash/", "/slash/a"]}


def wire(address: str, expires: int = 0) -> bytes:
    """The message of fields 1 and 2."""
    message = b"\x0a" + bytes([len(address)]) + address.encode()
    if expires:
        message += b"\x10"
        while expires > 127:
            message += bytes([expires & 127 | 128])
            expires >>= 7
        message += bytes([expires])
    return message


def sent(server: int) -> list[bytes]:
    """What clients send in base64, in the cookie and in the header."""
    here, ill, gone = f"127.0.1.3:{server}", f"127.0.1.2:{server}", f"127.0.9.9:{server}"
    now = int(time.time())
    texts = [each.encode() for each in (here, ill, gone)]
    messages = [wire(each) for each in (here, ill, gone)]
    dated = [wire(here, now + 60), wire(here, now - 60), wire(here, 1)]
    odd = [b"", b"\x0a\x00", b"\x10\x01", wire(here) + b"\x1a\x01a", wire(here)[:-1], b"a", b"\x0a\x7fabc"]
    return [*texts, *messages, *dated, *odd]


Asked = list[tuple[str, str, dict[str, str]]]


def requests(server: int) -> Asked:
    """Route, path and header fields."""
    values = [base64.b64encode(each).decode() for each in sent(server)]
    good = values[3]
    values += ["!!!", good.rstrip("=") + "*", good[:-1], good + "="]
    made: Asked = []
    for name in (case.name for case in CASES):
        for path in PATHS.get(name, [f"/{name}/"]):
            made.append((name, path, {}))
            made += [(name, path, {"cookie": f"s={value}", "x-s": value}) for value in values]
            made.append((name, path, {"cookie": f'a=b; s="{good}"; s=zzz'}))
            made.append((name, path, {"cookie": f"other={good}"}))
    return made


def ask(port: int, path: str, fields: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=dict(fields))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    kept = ("set-cookie", "x-s", "x-chosen")
    return answer.status, sorted((name.lower(), value) for name, value in answer.getheaders() if name.lower() in kept)


def seen(answer: Answer) -> tuple[int, list[str], bool]:
    """The status, the fields without hosts and times of expiry, and whether they name the host that was chosen."""
    status, fields = answer
    chosen = dict(fields).get("x-chosen", "")
    plain, agrees = [], True
    for name, value in fields:
        if name == "x-chosen":
            continue
        encoded = re.search(r"[A-Za-z0-9+/]{8,}=*", value)
        assert encoded is not None
        decoded = base64.b64decode(encoded[0])
        agrees = agrees and chosen.encode() in decoded
        shape = re.sub(rb"127\.0\.1\.\d", b"host", decoded)
        if b"\x10" in shape:
            shape = shape.partition(b"\x10")[0] + b"expires"
        plain.append(f"{name}: {value.replace(encoded[0], repr(shape))}")
    return status, plain, agrees


def stays(answers: list[Answer]) -> set[str] | None:
    """The host, when it is one of several turns: others take turns between two."""
    chosen = {dict(fields).get("x-chosen", "") for _, fields in answers}
    return chosen if len(chosen) == 1 else None


def all_answers(port: int, asked: Asked) -> dict[str, tuple[list[tuple[int, list[str], bool]], set[str] | None]]:
    found = {}
    for route, path, fields in asked:
        answers = [ask(port, path, fields) for _ in range(2)]
        found[f"{route} {path} {fields}"] = [seen(each) for each in answers], stays(answers)
    return found


async def compare(directory: Path) -> None:
    port, server = free_ports(2)
    configured = document(CASES, port, server)
    resources = configured["static_resources"]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["http_filters"].insert(0, {"name": NAME, "typed_config": {"@type": FILTER, **cookie()}})
    owned = [*ROUTES.values(), *(ROUTES[name] for name in SHARES)]
    routes = manager["route_config"]["virtual_hosts"][0]["routes"]
    for route, own in zip(routes, owned, strict=True):
        route["match"] = {"prefix": route["match"]["prefix"].rstrip("/") + "/"}
        if own is not None:
            route["typed_per_filter_config"] = {NAME: {"@type": f"{FILTER}PerRoute", **own}}
    for route, own in zip(routes[len(ROUTES) :], SHARES.values(), strict=True):
        share = {"name": route["route"].pop("cluster"), "weight": 1}
        share["typed_per_filter_config"] = {NAME: {"@type": f"{FILTER}PerRoute", **own}}
        route["route"]["weighted_clusters"] = {"clusters": [{"name": "off", "weight": 0}, share]}
    asked = requests(server)
    with run_envoy(configured, [port, server], directory):
        theirs = await asyncio.to_thread(all_answers, port, asked)
        front = {**resources["listeners"][0], "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
        config = load({"static_resources": {**resources, "listeners": [front]}})
        async with Gateway(config, seed=7) as gateway:
            ours = await asyncio.to_thread(all_answers, gateway.addresses["front"][1], asked)
    different = {name: (ours[name], theirs[name]) for name in theirs if ours[name] != theirs[name]}
    assert different == {}


def test_sessions_are_kept_as_envoy_keeps_them(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
