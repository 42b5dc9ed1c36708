"""A table of many routes answers what tables of one route each answer, which `explain` asks one after the other."""

from __future__ import annotations

import random
from typing import Any

from conformance.route_cases import CLUSTERS, Maker
from conformance.route_oracle import bootstrap, cluster, listener

import fastpath
from fastpath.models import DirectResponse, HeaderMatcher, Route, RouteMatch, StringMatcher, VirtualHost


def check(table: fastpath.RouteTable, **request: Any) -> bool:
    explanation = table.explain(random=7, **request)
    match = explanation.match
    taken = [candidate for candidate in explanation.candidates if not candidate.failed]
    if match is None or match.tls_redirect:
        assert taken == [], explanation
        return False
    assert [candidate.route for candidate in taken] == [match.route], explanation
    assert explanation.virtual_host == match.virtual_host
    return True


def test_generated_configurations() -> None:
    found = 0
    for index in range(40):
        maker = Maker(f"explained {index}")
        made = maker.configuration(actions=False)
        document = bootstrap([listener("l", 1, made.routes, made.manager)], [cluster(name, 1) for name in CLUSTERS])
        table = fastpath.RouteTable.from_config(fastpath.load(document), warn_shadowed=False)
        for _ in range(30):
            raw = maker.case(made).request
            request = fastpath.parse_request(raw)
            assert request is not None
            target = raw.split(b" ")[1]
            found += check(
                table,
                method=request.method,
                authority=request.authority,
                path=None if request.method == b"CONNECT" else target,
                headers=request.headers,
            )
    assert found > 200


def test_many_routes_at_one_place_that_differ_in_headers() -> None:
    rng, found = random.Random(3), 0
    for _ in range(60):
        names = rng.sample(("x-a", "x-b", "accept", ":method"), 3)
        routes = []
        for number in range(rng.randrange(8, 40)):
            headers = tuple(
                HeaderMatcher(
                    name,
                    StringMatcher(exact=rng.choice("abcd"), ignore_case=rng.random() < 0.1),
                    invert_match=rng.random() < 0.1,
                )
                for name in rng.sample(names, rng.choice((0, 1, 1, 1, 2)))
            )
            match = RouteMatch(prefix=rng.choice(("/", "/", "/p")), headers=headers)
            routes.append(Route(match, DirectResponse(200), str(number)))
        table = fastpath.RouteTable([VirtualHost("all", ("*",), tuple(routes))])
        for _ in range(25):
            lines = [(rng.choice(names[:3]).replace(":", "x-"), rng.choice("abcde")) for _ in range(rng.randrange(4))]
            if rng.random() < 0.2:
                lines.append(("connection", rng.choice(("x-a", "X-B, close"))))
            found += check(table, path=rng.choice(("/", "/p/q")), headers=lines, method=rng.choice(("a", "b")))
    assert found > 500
