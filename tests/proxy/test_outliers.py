"""Hosts that answer badly are left alone for a while."""

from __future__ import annotations

import asyncio
from typing import Any


async def test_a_host_is_ejected_after_five_errors_and_tried_again_later(lab: Any) -> None:
    p0, p1, p2 = await lab.upstream("p0"), await lab.upstream("p1"), await lab.upstream("p2", 503)
    detection = {
        "consecutive_5xx": 5,
        "interval": "0.05s",
        "base_ejection_time": "0.3s",
        "max_ejection_percent": 50,
    }
    gateway = await lab.gateway({"one": [p0, p1, p2]}, cluster={"outlier_detection": detection})
    client = await lab.client()
    began = asyncio.get_running_loop().time()
    statuses = [(await client.request(lab.get())).status for _ in range(15)]
    assert statuses.count(503) == 5
    while (await client.request(lab.get())).status == 200:
        await asyncio.sleep(0.002)
    assert asyncio.get_running_loop().time() - began > 0.3
    assert gateway.clusters["one"].outlier_stats.ejections_enforced_total == 1


async def test_a_dead_host_is_ejected_for_its_refused_connections(lab: Any) -> None:
    p0, p1 = await lab.upstream("p0"), await lab.upstream("p1")
    detection = {"split_external_local_origin_errors": True, "max_ejection_percent": 50}
    await lab.gateway({"one": [p0, p1, lab.dead_port()]}, cluster={"outlier_detection": detection})
    client = await lab.client()
    statuses = [(await client.request(lab.get())).status for _ in range(60)]
    assert statuses.count(503) == 5


async def test_too_many_connections_are_not_held_against_a_host(lab: Any) -> None:
    from fastpath.proxy import Options

    slow, other = await lab.upstream("slow", held=True), await lab.upstream("other", held=True)
    detection = {"consecutive_5xx": 1, "max_ejection_percent": 100}
    gateway = await lab.gateway(
        {"one": [slow, other]}, cluster={"outlier_detection": detection}, options=Options(max_connections_per_host=1)
    )
    fetches = lab.fetches(6)
    await lab.answered(fetches, 4)
    slow.release(1)
    other.release(1)
    assert sorted(each.status for each in await asyncio.gather(*fetches)) == [200, 200, 503, 503, 503, 503]
    assert gateway.clusters["one"].outlier_stats.ejections_active == 0


async def test_the_gateways_numbers_add_up(lab: Any) -> None:
    good, bad = await lab.upstream("good"), await lab.upstream("bad", 404)
    gateway = await lab.gateway({"one": [good, bad]})
    client = await lab.client()
    for _ in range(100):
        await client.request(lab.get())
    text = gateway.metrics()
    assert 'envoy_cluster_upstream_rq{envoy_cluster_name="one",envoy_response_code="200"} 50\n' in text
    assert 'envoy_cluster_upstream_rq{envoy_cluster_name="one",envoy_response_code="404"} 50\n' in text
    assert 'envoy_cluster_upstream_rq_time_count{envoy_cluster_name="one"} 100\n' in text
