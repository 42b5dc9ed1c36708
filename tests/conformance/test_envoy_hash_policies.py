"""What of a request is hashed: a real Envoy and the gateway send it to the same host, whatever the policies are.

HASH_POLICY_ROUTES=1000 tries more lists of policies, each with REQUESTS requests.
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from conformance.balance_oracle import Case, Group, document
from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

from fastpath import load
from fastpath.proxy import Gateway

ROUTES = int(os.environ.get("HASH_POLICY_ROUTES", "60"))
REQUESTS = 20
# So that there is always something to hash.
LAST = {"header": {"header_name": ":method"}}
CLUSTER = Case("c", (Group("-" * 30),), {"lb_policy": "RING_HASH"})
NAMES = ("x-a", "x-b", "x-c")
VALUES = ("1", "2", "a", "b", "a,b", "a b", "A", "aXbX", "0123456789" * 4, "%61", "a=1; b=2", "é")
CRUMBS = ("1", "2", "", "x=y", " 1", '"1"')
PATTERNS = (("a", "b"), ("^.", ""), ("(a)(.)", "\\2\\1"), (".*", "one"), ("[0-9]+", "#"))


def regex(random: Random) -> dict[str, Any]:
    pattern, substitution = random.choice(PATTERNS)
    return {"pattern": {"regex": pattern}, "substitution": substitution}


def policy(random: Random) -> dict[str, Any]:
    kind = random.randrange(9)
    if kind < 3:
        made: dict[str, Any] = {"header": {"header_name": random.choice((*NAMES, ":path", ":authority", ":method"))}}
        if random.random() < 0.3:
            made["header"]["regex_rewrite"] = regex(random)
    elif kind < 5:
        made = {"cookie": {"name": random.choice("abc")}}
        if random.random() < 0.2:
            made["cookie"] |= random.choice(
                (
                    {"ttl": "0s"},
                    {"ttl": "9s", "path": "/x"},
                    {"ttl": "1.5s", "attributes": [{"name": "Secure"}, {"name": "SameSite", "value": "Lax"}]},
                )
            )
    elif kind < 6:
        made = {"connection_properties": {"source_ip": random.random() < 0.8}}
    else:
        made = {"query_parameter": {"name": random.choice(("a", "b", "c", "%61"))}}
    return made | ({"terminal": True} if random.random() < 0.3 else {})


def changes(random: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a route does to requests before they are hashed: fields of the route, and of its action."""
    route: dict[str, Any] = {}
    action: dict[str, Any] = {}
    if random.random() < 0.3:
        value = random.choice(("1", "%REQ(x-b)%", "%REQ(:path)%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"))
        how = random.choice(("APPEND_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT"))
        field = {"key": random.choice((*NAMES, "cookie")), "value": value}
        route["request_headers_to_add"] = [{"header": field, "append_action": how}]
    if random.random() < 0.2:
        route["request_headers_to_remove"] = [random.choice((*NAMES, "cookie"))]
    if random.random() < 0.3:
        action |= random.choice(
            (
                {"prefix_rewrite": "/other/"},
                {"regex_rewrite": {"pattern": {"regex": "[0-9]+"}, "substitution": "n"}},
                {"host_rewrite_literal": "b"},
                {"auto_host_rewrite": True},
            )
        )
    return route, action


@dataclass
class Sent:
    """A request."""

    source: str
    target: str
    fields: list[tuple[str, str]]

    def head(self) -> bytes:
        lines = [f"GET {self.target} HTTP/1.1", "Host: a", *(f"{name}: {value}" for name, value in self.fields)]
        return "\r\n".join([*lines, "", ""]).encode()


def request(random: Random, route: int) -> Sent:
    fields = [(random.choice(NAMES), random.choice(VALUES)) for _ in range(random.randrange(5))]
    for _ in range(random.randrange(3)):
        pairs = (f"{random.choice('abc')}={random.choice(CRUMBS)}" for _ in range(2))
        fields.append(("cookie", random.choice(("; ", ";", "; ")).join(pairs)))
    random.shuffle(fields)
    names = ("a", "b", "c", "%61", "A", "")
    pairs = (random.choice(names) + random.choice(("=1", "=2", "=", "", "=%31", "=a+b", "=1=2")) for _ in range(3))
    query = random.choice(("&".join(pairs), "", "a=1#"[:3]))
    target = f"/{route}/" + (f"?{query}" if query else "")
    return Sent(random.choice(("127.0.0.1", "127.0.0.2")), target, fields)


class Server:
    """Answers on every address, and says on which."""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0].encode()
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nx-host: " + host + b"\r\nContent-Length: 0\r\n\r\n")
        writer.close()


@dataclass
class Answer:
    """Of one request: the host, and the cookies that were set."""

    host: str
    cookies: list[str]

    def comparable(self) -> tuple[str | None, list[str]]:
        """Without the values of cookies that were made up, and without the host that these decided about."""
        masked = [re.sub(r'^([^=]*)="?[0-9a-f]+"?', r"\1=", cookie) for cookie in self.cookies]
        return (None if self.cookies else self.host), masked


async def ask(port: int, requests: list[Sent]) -> list[Answer]:
    """Through the proxy at this port, on a connection from each source."""
    connections = {
        source: await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        for source in ("127.0.0.1", "127.0.0.2")
    }
    answers = []
    for each in requests:
        reader, writer = connections[each.source]
        writer.write(each.head())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        assert head.startswith("HTTP/1.1 200"), (each, head)
        fields = [line.partition(": ") for line in head.split("\r\n")]
        (host,) = (value for name, _, value in fields if name.lower() == "x-host")
        answers.append(Answer(host, [value for name, _, value in fields if name.lower() == "set-cookie"]))
    for _, writer in connections.values():
        writer.close()
        await writer.wait_closed()
    return answers


def again(requests: list[Sent], answers: list[Answer]) -> list[Sent]:
    """The requests that were given a cookie, with it."""
    made = []
    for sent, answer in zip(requests, answers, strict=True):
        if answer.cookies:
            pairs = "; ".join(cookie.partition(";")[0] for cookie in answer.cookies)
            made.append(Sent(sent.source, sent.target, [*sent.fields, ("cookie", pairs)]))
    return made


async def compare(directory: Path) -> None:
    random = Random(20)
    lists = [[*(policy(random) for _ in range(random.randrange(1, 5))), LAST] for _ in range(ROUTES)]
    requests = [request(random, route) for route in range(ROUTES) for _ in range(REQUESTS)]
    port, server_port = free_ports(2)
    made = document([CLUSTER], port, server_port)
    resources = made["static_resources"]
    resources["listeners"] = resources["listeners"][:1]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    del host["response_headers_to_add"]
    host["routes"] = []
    for number, policies in enumerate(lists):
        route, action = changes(random)
        action |= {"cluster": "c", "hash_policy": policies}
        host["routes"].append({"match": {"prefix": f"/{number}/"}, "route": action, **route})
    listening = await asyncio.start_server(Server().handle, "0.0.0.0", server_port)
    try:
        with run_envoy(made, [port], directory):
            theirs = await ask(port, requests)
            kept = again(requests, theirs)
            theirs_kept = await ask(port, kept)
        resources["listeners"][0]["address"]["socket_address"]["port_value"] = 0
        async with Gateway(load({"static_resources": resources}), seed=7) as gateway:
            ours = await ask(gateway.addresses["front"][1], requests)
            ours_kept = await ask(gateway.addresses["front"][1], kept)
    finally:
        listening.close()
    await asyncio.sleep(0.1)  # for the connections to end
    different = [
        (lists[int(sent.target.split("/")[1])], sent, one, other)
        for sent, one, other in zip([*requests, *kept], [*theirs, *theirs_kept], [*ours, *ours_kept], strict=True)
        if one.comparable() != other.comparable()
    ]
    assert different == []
    assert len(kept) > ROUTES // 4
    assert len({answer.host for answer in theirs}) > 20


def test_requests_go_where_envoy_sends_them(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
