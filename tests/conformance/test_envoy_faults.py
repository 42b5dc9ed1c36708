"""The gateway's fault filter against a real Envoy's: generated filters, routes with faults of their own, requests."""

from __future__ import annotations

import asyncio
import copy
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.route_oracle import Client, Envoys, envoy_with

import fastpath
from fastpath.proxy import Gateway

CONFIGURATIONS = int(os.environ.get("FASTPATH_FAULT_CONFIGURATIONS", "40"))
CASES = int(os.environ.get("FASTPATH_FAULT_CASES", "40"))
FAULT = "envoy.filters.http.fault"
FAULT_TYPE = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
PATHS = ("/one", "/two", "/direct", "/redirect", "/header", "/none", "/a/../one", "/a%2Fb/../../two")
HOSTS = ("a", "a.secure")
Document = dict[str, Any]


def http_filters(*faults: Document) -> list[Document]:
    faulty = [{"name": FAULT, "typed_config": {"@type": FAULT_TYPE, **fault}} for fault in faults]
    return [*faulty, {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]


class Maker:
    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)

    def percentage(self) -> Document:
        return self.rng.choice(
            (
                {},
                {"percentage": {"numerator": 0}},
                *({"percentage": {"numerator": 100}},) * 4,
                {"percentage": {"numerator": 10000, "denominator": "TEN_THOUSAND"}},
                {"percentage": {"numerator": 1000000, "denominator": "MILLION"}},
            )
        )

    def header(self) -> Document:
        rng = self.rng
        matchers: tuple[Document, ...] = (
            {"name": "x-a"},
            {"name": "x-a", "string_match": {"exact": "1"}},
            {"name": "X-A", "string_match": {"safe_regex": {"regex": "[12]"}}},
            {"name": ":path", "string_match": {"prefix": "/one"}},
            {"name": ":path", "string_match": {"contains": "wo"}},
            {"name": ":authority", "string_match": {"suffix": "secure"}},
            {"name": ":method", "string_match": {"exact": "POST"}},
            {"name": "x-b", "present_match": False},
            {"name": "x-b", "range_match": {"start": 1, "end": 3}},
        )
        return {**rng.choice(matchers), **({"invert_match": True} if rng.random() < 0.2 else {})}

    def fault(self) -> Document:
        rng = self.rng
        fault: Document = {}
        if rng.random() < 0.9:
            status = {"http_status": rng.choice((200, 404, 418, 503, 599))}
            fault["abort"] = {
                **(status if rng.random() < 0.7 else {"grpc_status": rng.choice((0, 7, 14, 99))}),
                **self.percentage(),
            }
        if rng.random() < 0.3:
            fault["delay"] = {"fixed_delay": "0.001s", **self.percentage()}
        if rng.random() < 0.4:
            fault["headers"] = [self.header() for _ in range(rng.randrange(1, 3))]
        if rng.random() < 0.2:
            fault["upstream_cluster"] = rng.choice(("one", "two", "neither"))
        if rng.random() < 0.1:
            fault["max_active_faults"] = rng.choice((0, 0, 5))
        return fault

    def own(self, share: float) -> Document:
        if self.rng.random() >= share:
            return {}
        return {"typed_per_filter_config": {FAULT: {"@type": FAULT_TYPE, **self.fault()}}}

    def routes(self) -> Document:
        actions: dict[str, Document] = {
            "/one": {"route": {"cluster": "one"}},
            "/two": {"route": {"weighted_clusters": {"clusters": [{"name": "two", "weight": 1, **self.own(0.3)}]}}},
            "/direct": {"direct_response": {"status": 202}},
            "/redirect": {"redirect": {"host_redirect": "b"}},
            "/header": {"route": {"cluster_header": "x-cluster"}},
        }
        hosts: list[Document] = [
            {"name": "all", "domains": ["*"], **self.own(0.2)},
            {"name": "secure", "domains": ["*.secure"], "require_tls": "ALL", **self.own(0.3)},
        ]
        for host in hosts:
            host["routes"] = [{"match": {"path": path}, **to, **self.own(0.4)} for path, to in actions.items()]
        return {"virtual_hosts": hosts, **self.own(0.2)}

    def configuration(self) -> tuple[Document, Document]:
        faults = [self.fault()] if self.rng.random() < 0.85 else []
        return self.routes(), {"http_filters": http_filters(*faults), "normalize_path": self.rng.random() < 0.5}

    def request(self) -> bytes:
        rng = self.rng
        lines = [
            f"{rng.choice(('GET', 'GET', 'POST'))} {rng.choice(PATHS)} HTTP/1.1",
            f"Host: {rng.choice(HOSTS)}",
        ]
        lines += [f"{name}: {rng.choice('123')}" for name in ("x-a", "X-B") if rng.random() < 0.5]
        lines += [f"x-cluster: {rng.choice(('one', 'two', 'neither'))}"] if rng.random() < 0.7 else []
        kinds = ("application/grpc", "application/grpc+proto", "application/grpcx", "Application/grpc", "text/plain")
        lines += [f"content-type: {rng.choice(kinds)}"] if rng.random() < 0.5 else []
        return "\r\n".join((*lines, "Content-Length: 0")).encode() + b"\r\n\r\n"


def gateway_for(document: Document) -> Gateway:
    """Of the document that Envoy has, on ports of its own."""
    copied = copy.deepcopy(document)
    for listener in copied["static_resources"]["listeners"]:
        listener["address"]["socket_address"]["port_value"] = 0
    return Gateway(fastpath.load(copied), seed=1)


def what(client: Client, request: bytes) -> tuple[int, list[bytes | None], bool]:
    response = client.ask(request)
    aborted = b"fault filter abort" in (response.body, response.get(b"grpc-message"))
    # What other answers say in words is each proxy's own.
    names = (b"location", b"grpc-status", *((b"content-type", b"grpc-message") if aborted else ()))
    return response.status, [response.get(name) for name in names], aborted


def test_the_same_faults_as_envoy(tmp_path: Path) -> None:
    maker = Maker("faults 1")
    configurations = [maker.configuration() for _ in range(CONFIGURATIONS)]
    seen: Counter[str] = Counter()

    def compare(envoys: Envoys, ports: list[int]) -> None:
        for index, port in enumerate(ports):
            ours = Client(port)
            for _ in range(CASES):
                request = maker.request()
                expected = what(envoys.clients.setdefault(index, Client(envoys.ports[index])), request)
                assert what(ours, request) == expected, (configurations[index], request)
                seen["aborted" if expected[2] else f"status {expected[0]}"] += 1
                seen["gRPC"] += expected[1][1] is not None
            ours.close()

    async def run(envoys: Envoys) -> None:
        async with gateway_for(envoys.document) as gateway:
            ports = [address[1] for address in gateway.addresses.values()]
            await asyncio.to_thread(compare, envoys, ports)

    with envoy_with(configurations, ("one", "two"), tmp_path) as envoys:
        asyncio.run(run(envoys))
    print(dict(seen))
    assert min(seen[each] for each in ("aborted", "gRPC", "status 200", "status 202", "status 301", "status 404")) > 0


ALL = {"numerator": 100}


def test_what_is_delayed_counts_among_the_active_faults_as_in_envoy(tmp_path: Path) -> None:
    """The first request waits for its delay and its abort; meanwhile another one passes, and after it none does."""
    fault = {
        "delay": {"fixed_delay": "0.8s", "percentage": ALL},
        "abort": {"http_status": 418, "percentage": ALL},
        "max_active_faults": 1,
    }
    host = {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 202}}]}
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    def timed(port: int) -> tuple[int, bool]:
        client, began = Client(port), time.monotonic()
        status = client.ask(request).status
        client.close()
        return status, time.monotonic() - began > 0.79

    async def story(port: int) -> list[tuple[int, bool]]:
        first = asyncio.create_task(asyncio.to_thread(timed, port))
        await asyncio.sleep(0.15)
        second = await asyncio.to_thread(timed, port)
        return [await first, second, await asyncio.to_thread(timed, port)]

    async def run(envoys: Envoys) -> None:
        async with gateway_for(envoys.document) as gateway:
            ours = await story(next(iter(gateway.addresses.values()))[1])
            assert ours == await story(envoys.ports[0]) == [(418, True), (202, False), (418, True)]

    routes = {"virtual_hosts": [host]}
    with envoy_with([(routes, {"http_filters": http_filters(fault)})], (), tmp_path) as envoys:
        asyncio.run(run(envoys))
