"""Clusters that are configured by name."""

from __future__ import annotations

import asyncio
from typing import Any

from fastpath.discovery import Resolution
from fastpath.models import DnsLookupFamily
from fastpath.proxy import Options


class Script:
    """Answers with what it holds."""

    def __init__(self, *addresses: str, delay: float = 0.0):
        self.addresses = addresses
        self.delay = delay

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        assert name == "localhost"
        await asyncio.sleep(self.delay)
        if not self.addresses:
            raise OSError("no server")
        return Resolution(self.addresses)


async def test_names_are_resolved_before_the_gateway_listens(lab: Any) -> None:
    up = await lab.upstream("up")
    for kind in ("STRICT_DNS", "LOGICAL_DNS"):
        gateway = await lab.gateway({"c": [up.port]}, cluster={"type": kind, "dns_lookup_family": "V4_ONLY"})
        assert [str(host) for host in gateway.clusters["c"].hosts] == [f"127.0.0.1:{up.port}"]
        assert (await lab.fetch()).body == b"up"


async def test_a_name_that_moves_takes_the_requests_along(lab: Any) -> None:
    up = await lab.upstream("up")
    script = Script("127.0.0.2")  # nobody listens there
    options = Options(resolver=script)
    strict = {"type": "STRICT_DNS", "dns_refresh_rate": "0.01s"}
    gateway = await lab.gateway({"c": [up.port]}, options=options, cluster=strict)
    assert (await lab.fetch()).status == 503
    script.addresses = ("127.0.0.1",)
    await lab.until(lambda: [str(host) for host in gateway.clusters["c"].hosts] == [f"127.0.0.1:{up.port}"])
    assert (await lab.fetch()).body == b"up"


async def test_the_gateway_starts_without_an_answer(lab: Any) -> None:
    up = await lab.upstream("up")
    lab.expects_problems = True  # the loop is told that there is no server
    for script in (Script(), Script("127.0.0.1", delay=60.0)):
        options = Options(resolver=script, resolve_timeout=0.1)
        gateway = await lab.gateway({"c": [up.port]}, options=options, cluster={"type": "STRICT_DNS"})
        assert (await lab.fetch()).status == 503
        assert gateway.clusters["c"].hosts == ()
