"""Routing against a real Envoy: generated configurations and requests, the same route and the same outcome for each."""

from __future__ import annotations

import json
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from conformance.route_cases import CLUSTERS, Case, Configuration, Maker
from conformance.route_oracle import Envoys, Response, envoy_with

import fastpath
from fastpath.actions import direct_answer, finalize_request, finalize_response
from fastpath.substitution import StreamInfo

CONFIGURATIONS = int(os.environ.get("FASTPATH_ROUTE_CONFIGURATIONS", "300"))
CASES = int(os.environ.get("FASTPATH_ROUTE_CASES", "900"))
SEED = os.environ.get("FASTPATH_ROUTE_SEED", "routes")
# Of what the upstream gets, these are told apart from what a connection manager adds by itself.
COMPARED = (b"x-m-", b"x-forwarded-host", b"x-envoy-original-path", b"x-envoy-original-host")
Outcome = dict[str, Any]


def upstream_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return sorted((name.lower(), value) for name, value in headers if name.lower().startswith(COMPARED))


def mutated(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The response's fields that mutations are about."""
    return sorted((name.lower(), value) for name, value in headers if name.lower().startswith(b"x-m-"))


def envoys_outcome(response: Response) -> Outcome:
    """What Envoy's answer tells."""
    told = {key: response.get(b"x-told-" + key) for key in (b"route", b"host", b"cluster")}
    outcome: Outcome = {"status": response.status, "route": told[b"route"]}
    outcome["grpc"] = response.get(b"grpc-status") is not None
    if told[b"route"] is None:
        if response.get(b"location") is not None:  # require_tls: no route has been looked at
            outcome["location"] = response.get(b"location")
        return outcome
    outcome["host"] = told[b"host"]
    if response.get(b"x-upstream") is None:
        outcome["location"] = response.get(b"location")
        outcome["body"] = response.body if response.status not in (301, 302, 303, 307, 308) else b""
        outcome["added"] = mutated(response.headers)
        return outcome
    start, *lines = response.body.split(b"\r\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines if line)]
    outcome["cluster"] = told[b"cluster"]
    outcome["path"] = start.split(b" ")[1]
    outcome["authority"] = next(value for name, value in fields if name.lower() == b"host")
    outcome["upstream"] = upstream_headers(fields)
    outcome["added"] = mutated(response.headers)
    return outcome


def answered(match: fastpath.Match, stream: StreamInfo, head: bytes) -> list[tuple[bytes, bytes]]:
    """What of a response's fields mutations are about, once they have been at it."""
    response = fastpath.parse_response(head)
    assert isinstance(response, fastpath.Response)
    changes = finalize_response(match, response, stream)
    lines = changes.rewriter.rewrite(response, values=changes.values).split(b"\r\n")[1:]
    return mutated((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))


def our_outcome(table: fastpath.RouteTable, raw: bytes, cluster: bytes | None) -> Outcome:
    """The same of what fastpath decides. Where chance chooses among clusters, it is to choose what Envoy chose."""
    request = fastpath.parse_request(raw)
    assert request is not None
    match = table.match(request)
    for value in range(64):
        if match is None or match.weighted_cluster is None or (match.cluster or "").encode() == cluster:
            break
        match = table.match(request, value)
    if match is None:
        return {"status": 404, "route": None}
    answer = direct_answer(match, request)
    if match.tls_redirect:
        assert answer is not None
        location = [value for _, value in answer.headers]
        return {"status": 301, "route": None} | ({"location": location[0]} if location else {})
    outcome: Outcome = {"route": match.route.name.encode(), "host": match.virtual_host.name.encode()}
    if answer is not None:
        return outcome | {
            "status": answer.status,
            "location": dict(answer.headers).get(b"location"),
            "body": answer.body,
            "added": mutated(answer.headers),
        }
    stream = StreamInfo(request=request)
    if match.cluster is None or match.cluster not in CLUSTERS:
        added = answered(match, stream, b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
        return outcome | {"status": 503, "location": None, "body": b"", "added": added}
    head = finalize_request(match, request, stream).head
    return {
        "status": 200,
        **outcome,
        "cluster": match.cluster.encode(),
        "path": head.path,
        "authority": head.authority,
        "upstream": upstream_headers(head.headers.items()),
        "added": answered(match, stream, b"HTTP/1.1 200 OK\r\nx-m-u: up\r\ncontent-length: 0\r\n\r\n"),
    }


def reproduction(made: Configuration, case: Case, envoy: Outcome, ours: Outcome) -> str:
    host = next(
        (
            host
            for host in made.routes["virtual_hosts"]
            if host["name"].encode() in (envoy.get("host"), ours.get("host"))
        ),
        made.routes["virtual_hosts"],
    )
    return f"{json.dumps(host, indent=1)}\n{case.request.decode()}envoy: {envoy}\nours:  {ours}"


class Tally:
    """How often each item was tried, and what came of it."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.not_taken: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.cases = 0

    def add(self, case: Case, envoy: Outcome, *, right: bool) -> None:
        self.cases += 1
        count = self.taken if envoy["route"] == case.route.encode() else self.not_taken
        for item in case.items:
            count[item] += 1
            self.wrong[item] += not right

    def rare(self, least: int) -> list[str]:
        """The items that were not tried often enough, with both outcomes."""
        return [item for item in self.taken | self.not_taken if min(self.taken[item], self.not_taken[item]) < least]

    def __str__(self) -> str:
        lines = [f"{'item':<44} {'taken':>7} {'not':>7} {'wrong':>6}"]
        for item in sorted(self.taken | self.not_taken):
            lines.append(f"{item:<44} {self.taken[item]:>7} {self.not_taken[item]:>7} {self.wrong[item]:>6}")
        return "\n".join([*lines, f"{self.cases} cases"])


@pytest.fixture(scope="module", params=["matching", "actions"])
def setting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    kind = request.param
    makers = [Maker(f"{SEED} {kind} {index}") for index in range(CONFIGURATIONS)]
    made = [maker.configuration(actions=kind == "actions") for maker in makers]
    pairs = [(each.routes, each.manager) for each in made]
    with envoy_with(pairs, CLUSTERS, tmp_path_factory.mktemp("envoy")) as envoys:
        yield kind, makers, made, envoys


def test_same_outcome_as_envoy(setting: tuple[str, list[Maker], list[Configuration], Envoys]) -> None:
    kind, makers, configurations, envoys = setting
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastpath.ConfigWarning)
        config = fastpath.load(envoys.document)
    tally = Tally()
    different: list[str] = []
    for index, (maker, made) in enumerate(zip(makers, configurations, strict=True)):
        table = fastpath.RouteTable.from_config(config, f"r{index}", warn_shadowed=False)
        for _ in range(CASES):
            case = maker.case(made)
            envoy = envoys_outcome(envoys.ask(index, case.request))
            ours = our_outcome(table, case.request, envoy.get("cluster"))
            if envoy.pop("grpc"):  # Envoy answers gRPC by itself in gRPC's way: status and body lie in trailers
                for outcome in (envoy, ours):
                    outcome.pop("status"), outcome.pop("body", None)
            tally.add(case, envoy, right=envoy == ours)
            if envoy != ours:
                different.append(reproduction(made, case, envoy, ours))
    print(f"\n{kind}\n{tally}")
    assert not different, f"{len(different)} of {tally.cases} differ, the shortest:\n" + min(different, key=len)
    if kind == "matching" and CONFIGURATIONS * CASES >= 80_000:
        assert tally.rare(200) == []
