from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import pytest

from fastpath import FilterChainTable
from fastpath.models import FilterChain, FilterChainMatch

READERS = 8
SWAPS = 500
NAMES = tuple(f"h{number}.test" for number in range(20))


def chains(generation: int) -> tuple[FilterChain, ...]:
    """One for each name; the generation stands in the chain's name."""
    return tuple(FilterChain(name=f"{generation} {name}", filter_chain_match=match_of(name)) for name in NAMES)


def match_of(name: str) -> FilterChainMatch:
    return FilterChainMatch(server_names=(name,))


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Otherwise each replacement waits until all readers have had their 5 ms."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(2e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("quick_switches")
def test_threads_match_while_the_chains_are_replaced() -> None:
    """Many replacements: each answer is the chain for the name that was asked for, of one table or the next."""
    made = [chains(generation) for generation in range(10)]
    table = FilterChainTable(chains(0), None)
    finished = threading.Event()
    failures: list[BaseException] = []
    matched = [0] * READERS

    def match(number: int) -> None:
        try:
            while not finished.is_set():
                name = NAMES[matched[number] % len(NAMES)]
                chain = table.match_connection(sni=name, transport_protocol="tls")
                assert chain is not None
                assert chain.name.split()[1] == name
                matched[number] += 1
        except BaseException as failure:
            failures.append(failure)

    readers = [threading.Thread(target=match, args=(number,)) for number in range(READERS)]
    for thread in readers:
        thread.start()
    for swap in range(SWAPS):
        table.update(made[swap % len(made)], None)
    while not (all(matched) or failures):  # on a busy machine some may not have had their turn
        time.sleep(0.001)
    finished.set()
    for thread in readers:
        thread.join()
    assert failures == []
    assert all(matched)
    last = table.match_connection(sni=NAMES[0], transport_protocol="tls")
    assert last is not None
    assert last.name.startswith(f"{(SWAPS - 1) % len(made)} ")
