"""A gateway that takes up what its files say, while it serves."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastpath import ConfigError, load
from fastpath.config import to_dict
from fastpath.proxy import Gateway
from fastpath.watching import ConfigFiles


def changed(gateway: Gateway, ports: dict[str, int], routes: list[dict[str, Any]]) -> dict[str, Any]:
    """The gateway's configuration with other clusters and routes."""
    document: Any = json.loads(json.dumps(to_dict(gateway.config)))
    resources = document["static_resources"]
    resources["clusters"] = [cluster(name, port) for name, port in ports.items()]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    manager["route_config"]["virtual_hosts"][0]["routes"] = routes
    return dict(document)


def cluster(name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": name, "load_assignment": {"cluster_name": name, "endpoints": endpoints}}


def to(name: str, prefix: str = "/") -> dict[str, Any]:
    return {"match": {"prefix": prefix}, "route": {"cluster": name}}


def replace_file(file: Path, text: str) -> None:
    other = file.with_suffix(".new")
    other.write_text(text)
    os.replace(other, file)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(1000):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_routes_and_clusters_are_taken_up_and_connections_stay(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    gateway = await lab.gateway({"a": [one.port]})
    client = await lab.client()
    assert (await client.request(lab.get("/"))).body == b"one"
    breaker = gateway.breaker(gateway.clusters["a"])
    routes = [to("b", "/b"), to("a")]
    await gateway.update(load(changed(gateway, {"a": one.port, "b": two.port}, routes)))
    assert (await client.request(lab.get("/b"))).body == b"two"
    assert (await client.request(lab.get("/"))).body == b"one"
    assert one.connections == 1  # the one that was there before
    assert gateway.breaker(gateway.clusters["a"]) is breaker
    await gateway.update(load(changed(gateway, {"b": two.port}, [to("b")])))
    assert list(gateway.clusters) == ["b"]
    assert (await client.request(lab.get("/"))).body == b"two"


async def test_a_request_under_way_ends_where_it_began(lab: Any) -> None:
    slow, fast = await lab.upstream("slow", held=True), await lab.upstream("fast")
    gateway = await lab.gateway({"a": [slow.port]})
    client = await lab.client()
    await client.send(lab.get("/"))
    await until(lambda: bool(slow.requests))
    await gateway.update(load(changed(gateway, {"b": fast.port}, [to("b")])))
    slow.release(1)
    assert (await client.response()).body == b"slow"
    assert (await client.request(lab.get("/"))).body == b"fast"


async def test_what_is_refused_changes_nothing(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    gateway = await lab.gateway({"a": [one.port]})
    before = gateway.config, gateway.tables, dict(gateway.clusters)
    elsewhere = changed(gateway, {"b": two.port}, [to("b")])
    elsewhere["static_resources"]["listeners"][0]["address"]["socket_address"]["address"] = "127.0.0.2"
    with pytest.raises(ConfigError, match="listeners cannot change"):
        await gateway.update(load(elsewhere))
    regex = {"match": {"safe_regex": {"regex": "("}}, "route": {"cluster": "b"}}
    with pytest.raises(ConfigError):
        await gateway.update(load(changed(gateway, {"b": two.port}, [regex])))
    connect = {"match": {"connect_matcher": {}}, "route": {"cluster": "b"}}
    with pytest.raises(ConfigError, match="does not forward CONNECT"):
        await gateway.update(load(changed(gateway, {"b": two.port}, [connect])))
    assert (gateway.config, gateway.tables, dict(gateway.clusters)) == before
    assert (await lab.fetch("/")).body == b"one"


async def test_health_checks_begin_and_end_with_their_cluster(lab: Any) -> None:
    one = await lab.upstream("one")
    gateway = await lab.gateway({"a": [one.port]})
    document = changed(gateway, {"a": one.port}, [to("a")])
    check = {"timeout": "1s", "interval": "1s", "unhealthy_threshold": 1, "healthy_threshold": 1}
    document["static_resources"]["clusters"][0]["health_checks"] = [{**check, "http_health_check": {"path": "/up"}}]
    await gateway.update(load(document))
    await until(lambda: any(request.start.startswith(b"GET /up ") for request in one.requests))
    checker = gateway.health.checkers["a"]
    document["static_resources"]["clusters"].append(cluster("b", one.port))
    await gateway.update(load(document))
    assert gateway.health.checkers == {"a": checker}  # went on
    await gateway.update(load(changed(gateway, {"a": one.port}, [to("a")])))
    assert gateway.health.checkers == {}
    assert (await lab.fetch("/")).body == b"one"


async def test_files_are_followed_and_the_last_good_ones_kept(lab: Any, tmp_path: Path) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    gateway = await lab.gateway({"a": [one.port]})
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(to_dict(gateway.config)))
    failures: list[Exception] = []
    files = ConfigFiles(file, interval=0.01, settle=0.01)
    async with gateway.follow(files, on_failure=failures.append) as following:
        await following.ready()
        good = changed(gateway, {"b": two.port}, [to("b")])
        replace_file(file, json.dumps(good)[:-5])
        await until(lambda: bool(failures))
        assert "envoy.json:1:" in str(failures[0])
        assert (await lab.fetch("/")).body == b"one"
        replace_file(file, json.dumps(good))
        await until(lambda: "b" in gateway.clusters)
        assert (await lab.fetch("/")).body == b"two"
    assert len(failures) == 1


async def test_the_command_serves_and_watches(lab: Any, tmp_path: Path) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    gateway = await lab.gateway({"a": [one.port]})
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(to_dict(gateway.config)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fastpath", "gateway", str(file), "--watch"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        port = re.fullmatch(r"web: 127\.0\.0\.1 port (\d+)\n", line)
        assert port is not None, line
        lab.address = ("127.0.0.1", int(port[1]))
        assert (await lab.fetch("/")).body == b"one"
        replace_file(file, "{")
        told = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
        assert told.startswith(f"fastpath: not taken up: {file}:1:2: not JSON")
        replace_file(file, json.dumps(changed(gateway, {"b": two.port}, [to("b")])))
        for _ in range(500):
            if (await lab.fetch("/")).body == b"two":
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("the change was not taken up")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
