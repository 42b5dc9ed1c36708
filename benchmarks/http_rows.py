"""The HTTP/1 rows from Python. Every message is handled in turn with each peer, each in its own best way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from measuring import Row, compared, in_turns, timed

from fastpath.benchmarking import inputs
from fastpath.benchmarking import parsers as peers

SECONDS = 1.5
"""For each input of each table."""
HTTPTOOLS = ("httptools, fresh", "httptools, kept")
GUNICORN = ("gunicorn_h1c", "gunicorn_h1c, kept")

Times = dict[str, dict[str, list[float]]]
"""Nanoseconds per message of each turn: by input, by who."""


def measure(operations: dict[str, peers.Operation], messages: list[bytes]) -> dict[str, list[float]]:
    repeated = messages * max(1, 512 // len(messages))
    works = {name: timed(partial(operation, repeated)) for name, operation in operations.items()}
    times = in_turns(works, 5, SECONDS)
    return {name: [taken / len(repeated) * 1e9 for taken in rounds] for name, rounds in times.items()}


def over_inputs(operations: dict[str, peers.Operation]) -> Times:
    messages = {name: [peers.for_kept_parser(message) for message in inputs.sets()[name]] for name in "abcg"}
    return {name: measure(operations, messages[name]) for name in messages}


def faster(key: str, times: Times, ours: str, theirs: tuple[str, ...], letters: str = "acg") -> Row:
    """Against the best of theirs in each round."""
    us = [times[letter][ours] for letter in letters]
    them = [[min(turn) for turn in zip(*(times[letter][peer] for peer in theirs), strict=True)] for letter in letters]
    figures = {f"{name}, {letter}": min(times[letter][name]) for name in (ours, *theirs) for letter in letters}
    return compared(key, "", us, them, figures)


def routing() -> Iterator[Row]:
    times = over_inputs(
        {
            "fastpath": peers.fastpath_route,
            "httptools, fresh": peers.httptools_fresh,
            "httptools, kept": peers.httptools_kept,
            "gunicorn_h1c": peers.gunicorn_route,
            "gunicorn_h1c, kept": peers.gunicorn_route_kept,
            "zttp": peers.zttp_route,
        }
    )
    yield faster("route-httptools", times, "fastpath", HTTPTOOLS)
    yield faster("route-httptools-tiny", times, "fastpath", HTTPTOOLS, "b")
    yield faster("route-gunicorn", times, "fastpath", GUNICORN)
    yield faster("route-zttp", times, "fastpath", ("zttp",))


def all_headers() -> Iterator[Row]:
    tuples, flat = "fastpath, list of tuples", "fastpath, flat tuple"
    times = over_inputs(
        {
            tuples: peers.fastpath_pairs,
            flat: peers.fastpath_flat,
            "httptools, fresh": peers.httptools_fresh,
            "httptools, kept": peers.httptools_kept,
            "gunicorn_h1c": peers.gunicorn_pairs,
            "gunicorn_h1c, kept": peers.gunicorn_pairs_kept,
            "zttp": peers.zttp_pairs,
            "aiohttp": peers.aiohttp_pairs,
            "h11": peers.h11_pairs,
        }
    )
    yield faster("tuples-httptools", times, tuples, HTTPTOOLS)
    yield faster("tuples-gunicorn", times, tuples, GUNICORN)
    yield faster("flat-httptools", times, flat, HTTPTOOLS)
    for peer in ("zttp", "aiohttp", "h11"):
        yield faster(f"tuples-{peer}", times, tuples, (peer,))


def rewriting() -> Iterator[Row]:
    times = over_inputs({"fastpath": peers.fastpath_rewrite, "httptools and join": peers.httptools_rewrite})
    yield faster("rewrite", times, "fastpath", ("httptools and join",))


def dechunking() -> Iterator[Row]:
    for size in (1024, 64):
        operations = {
            "fastpath, joined": peers.fastpath_dechunk,
            "fastpath, views": peers.fastpath_dechunk_views,
            "httptools, joined": peers.httptools_dechunk,
        }
        times = measure(operations, [peers.chunked_body(size)] * 8)
        figures = {name: min(rounds) for name, rounds in times.items()}
        theirs = [times["httptools, joined"]]
        yield compared(f"dechunk-{size}", "", [times["fastpath, joined"]], theirs, figures)
        yield compared(f"dechunk-views-{size}", "", [times["fastpath, views"]], theirs, figures)


def rows() -> Iterator[Row]:
    for part in (routing, all_headers, rewriting, dechunking):
        yield from part()
