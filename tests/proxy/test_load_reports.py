"""The gateway hears what upstreams say of their load."""

from __future__ import annotations

import asyncio
from typing import Any

POLICIES = "type.googleapis.com/envoy.extensions.load_balancing_policies."
BY_REPORTS = {
    "typed_extension_config": {
        "name": "x",
        "typed_config": {
            "@type": POLICIES + "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin",
            "blackout_period": "0s",
            "weight_update_period": "0.1s",
        },
    }
}


async def upstream(lab: Any, answer: bytes) -> int:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await lab.read_head(reader)
            writer.write(answer)

    port: int = await lab.serve(handle)
    return port


async def test_reports_in_heads_and_trailers_become_weights(lab: Any) -> None:
    report = b"endpoint-load-metrics: TEXT cpu_utilization=0.5,rps_fractional=%d"
    chunked = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n%b\r\n1\r\nx\r\n0\r\n%b\r\n\r\n"
    ports = [
        await upstream(lab, lab.answer(200, b"x", report % 10)),
        await upstream(lab, chunked % (b"", report % 20)),
        await upstream(lab, chunked % (report % 30 + b"\r\n", report % 99)),
        await upstream(lab, chunked % (b"endpoint-load-metrics: nonsense\r\n", report % 40)),
        await upstream(lab, lab.answer(503, b"x", report % 50)),
        await upstream(lab, lab.answer(200, b"x", b"endpoint-load-metrics: TEXT nonsense")),
    ]
    gateway = await lab.gateway({"one": ports}, cluster={"load_balancing_policy": {"policies": [BY_REPORTS]}})
    client = await lab.client()
    for _ in range(2 * len(ports)):
        await client.request(lab.get())
    expected = [20, 40, 60, 80, 100, 60]
    await lab.until(lambda: [host.weight for host in gateway.clusters["one"].hosts] == expected)
