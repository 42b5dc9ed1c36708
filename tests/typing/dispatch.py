"""What a user of one call, and of policies of his own, writes; mypy and pyright check it, nothing runs it."""

from __future__ import annotations

from typing_extensions import assert_type

import fastpath
from fastpath import models
from fastpath.policies import HostGroup, HostPolicy, NativePolicy


def serve(table: fastpath.RouteTable, clusters: fastpath.ClusterManager, data: memoryview) -> None:
    dispatcher = fastpath.Dispatcher(table, clusters, limits=fastpath.Limits(), scheme="https")
    found = dispatcher.dispatch(data, fastpath.StreamInfo(), tls=fastpath.TlsInfo(presented=True))
    assert_type(found, fastpath.Dispatched | None)
    if found is None:
        return
    assert_type(found.route, models.Route | None)
    assert_type(found.match, fastpath.Match | None)
    assert_type(found.host, fastpath.Host | None)
    assert_type(found.request, fastpath.Request)
    with found.pick() as pick:
        assert_type(pick, fastpath.Pick)
    dispatcher.dispatch(data, metadata={"auth": {"group": 1}}, filter_state={"tenant": b"a", "user": "b"})
    dispatcher.dispatch(data, filter_state={1: "a"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    dispatcher.dispatch("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fastpath.Dispatcher(table, clusters, scheme="ftp")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class First(HostPolicy):
    hashes = True

    def prepare(self, group: HostGroup) -> list[int]:
        assert_type(group.hosts, tuple[fastpath.Host, ...])
        return list(group.weights)

    def pick(self, prepared: list[int], number: int, attempt: int) -> int | None:
        return (number + attempt) % len(prepared) if prepared else None


def choose(clusters: list[models.Cluster], address: int) -> None:
    manager = fastpath.ClusterManager(clusters, policies={"a": First(), "b": NativePolicy(address, owner=object())})
    assert_type(manager["a"], fastpath.Cluster)
    fastpath.ClusterManager(clusters, policies={"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
