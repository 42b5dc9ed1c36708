"""What a user of the typed API writes; mypy and pyright check it, nothing runs it."""

from __future__ import annotations

from typing_extensions import assert_type

import fastpath
import fastpath.models


def errors(error: fastpath.ProtocolError) -> None:
    assert_type(error.reason, str)
    assert_type(error.code, str)
    assert_type(error.position, int | None)
    assert_type(error.status, int)


assert_type(fastpath.get_include(), str)


def clusters(config: fastpath.models.Cluster) -> None:
    cluster = fastpath.ClusterManager([config], seed=1)["service"]
    assert_type(cluster, fastpath.Cluster)
    with cluster.pick(hash_key="user", exclude=cluster.hosts[:1], max_attempts=2) as pick:
        assert_type(pick, fastpath.Pick)
        assert_type(pick.host, fastpath.Host)
        assert_type(pick.host.address, str)
        assert_type(pick.host.stats.latency_total, float)
        pick.report(200, latency=0.1)
        pick.report(reset="connect-failure")
    assert_type(cluster.pick_many(3), list[fastpath.Host])
    assert_type(cluster.pick_many(hash_keys=["a", b"b", 3]), list[fastpath.Host])
    assert_type(cluster.pick_many(out=bytearray(8)), tuple[fastpath.Host, ...])
    cluster.update(config)
