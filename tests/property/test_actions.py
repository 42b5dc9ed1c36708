"""Whatever the mutations of four levels are: written at once or played step by step, the head is the same."""

from __future__ import annotations

import re

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import ConfigError, RouteTable, parse_request, parse_response
from fastpath.actions import actions_of, finalize_request
from fastpath.models import (
    HeaderAppendAction,
    HeaderMutations,
    HeaderValueOption,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution import HeaderList, RequestHead, StreamInfo, SubstitutionFormatter

NAMES = ("x-a", "x-b", "X-C", "accept", "x-forwarded-host", "x-envoy-original-path", "vary")
names = st.sampled_from(NAMES)
values = st.sampled_from(
    ("", "v", "a%%b", "%REQ(x-a)%", "%REQ(x-c?x-b)%-", "%REQ(:path)%", "%REQ(:authority)%", "%RESP(x-a)%", "%PROTOCOL%")
)
options = st.builds(
    HeaderValueOption, names, values, st.sampled_from(tuple(HeaderAppendAction)), keep_empty_value=st.booleans()
)
added = st.lists(options, max_size=4).map(tuple)
removed = st.lists(names, max_size=2).map(tuple)
mutations = st.builds(HeaderMutations, added, removed, added, removed)
hosts = st.sampled_from(
    ({}, {"host_rewrite_literal": "lit"}, {"host_rewrite_header": "x-b"}, {"auto_host_rewrite": True})
)
fields = st.lists(st.tuples(names, st.sampled_from(("", "1", "one, two"))), max_size=6)


def sorted_fields(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value.strip())
    return found


@settings(max_examples=examples(200), deadline=None)
@given(
    levels=st.tuples(mutations, mutations, mutations, mutations),
    most_specific_wins=st.booleans(),
    host=hosts,
    share_host=st.sampled_from((None, "share")),
    append=st.booleans(),
    rewrite=st.sampled_from((None, "/new", "/new?x=1")),
    fields=fields,
)
def test_heads_written_at_once_are_those_played_step_by_step(
    levels: tuple[HeaderMutations, ...],
    most_specific_wins: bool,
    host: dict[str, object],
    share_host: str | None,
    append: bool,
    rewrite: str | None,
    fields: list[tuple[str, str]],
) -> None:
    share = WeightedCluster("c", 1, mutations=levels[0], host_rewrite_literal=share_host)
    action = RouteAction(
        weighted_clusters=(share,),
        prefix_rewrite=rewrite,
        append_x_forwarded_host=append,
        **host,  # type: ignore[arg-type]
    )
    virtual = VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/p"), action, "", levels[1]),), mutations=levels[2])
    table = RouteTable(
        RouteConfiguration("c", (virtual,), mutations=levels[3], most_specific_header_mutations_wins=most_specific_wins)
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    request = parse_request(f"GET /p/x?q=1 HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n".encode())
    assert request is not None
    match = table.match(request)
    assert match is not None
    changes = finalize_request(match, request, hostname="up.example")
    if not re.fullmatch(rb"[a-z0-9.-]+", changes.head.authority):
        return  # a header may hold what no writer accepts as a host
    written = parse_request(
        changes.rewriter.rewrite(
            request, path=changes.path, query=changes.query, authority=changes.authority, values=changes.values
        )
    )
    assert written is not None
    head = changes.head
    assert (written.target, written.authority) == (head.path, head.authority)
    assert sorted_fields([field for field in written.headers if field[0].lower() != b"host"]) == sorted_fields(
        [field for field in head.headers.items() if field[0].lower() != b"host"]
    )
    parts = RequestHead("GET", "a.example", "/p/x?q=1", [*fields])
    played = finalize_request(match, parts, hostname="up.example").head
    assert (played.path, played.authority) == (head.path, head.authority)

    response = parse_response(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{lines}\r\n".encode())
    assert response is not None
    changed = actions_of(match).finalize_response(response, StreamInfo(request))  # type: ignore[arg-type]
    again = parse_response(changed.rewriter.rewrite(response, values=changed.values))
    assert again is not None
    step_by_step = actions_of(match).finalize_response_fields(200, response.headers.items(), StreamInfo(request))
    assert sorted_fields(again.headers.items()) == sorted_fields(step_by_step)


@settings(max_examples=examples(500), deadline=None)
@given(st.text(alphabet='%()?:[]{}"AREQSTIMOP_xa-0129 \\\n\u00e9', max_size=60))
def test_formats_are_refused_or_come_out(text: str) -> None:
    formatter, error = None, None
    try:
        formatter = SubstitutionFormatter(text)
    except ConfigError as refusal:
        error = refusal
    if formatter is not None:
        assert isinstance(formatter.format(StreamInfo()), bytes)
    elif error is not None:
        assert error.index is not None
        assert text[error.index] == "%"


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("sarg"), st.sampled_from((b"a", b"A", b"b", b"c")), st.binary(max_size=2)),
        max_size=20,
    )
)
def test_header_lists_are_lists_of_pairs(steps: list[tuple[str, bytes, bytes]]) -> None:
    headers, model = HeaderList(), list[tuple[bytes, bytes]]()
    for step, name, value in steps:
        if step in "sr":
            model = [field for field in model if field[0].lower() != name.lower()]
            if step == "r":
                headers.remove(name)
        if step == "s":
            headers.set(name, value)
        if step == "a":
            headers.append(name, value)
        if step in "sa":
            model.append((name, value))
        found = [each for key, each in model if key.lower() == name.lower()]
        assert headers.get_all(name) == found
        assert headers.get(name) == (found[0] if found else None)
    assert headers.items() == model
