"""Configurations that follow their files, and what becomes of those who use them meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from fastpath import ConfigError, load, models
from fastpath.models import Config
from fastpath.watching import ConfigFiles, LiveConfig, follow

WEB = "shop/web:80"
FILTERS = "type.googleapis.com/envoy.extensions.filters"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80}]},
}
READY = {"ready": True, "serving": True, "terminating": False}
NOT_READY = {"ready": False, "serving": False, "terminating": False}
TERMINATING = {"ready": False, "serving": True, "terminating": True}


def slice_of(**conditions: dict[str, bool]) -> str:
    """A Service and its EndpointSlice: `p1=READY` is 10.1.0.1."""
    endpoints = [{"addresses": [f"10.1.0.{name[1:]}"], "conditions": told} for name, told in conditions.items()]
    endpoint_slice = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
    return f"{json.dumps(SERVICE)}\n---\n{json.dumps(endpoint_slice)}\n"


def envoy(*, route: str, clusters: dict[str, dict[str, Any]], merge_slashes: bool = False) -> dict[str, Any]:
    """A bootstrap whose only route leads to `route`."""
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": route}}]}]
    manager = {
        "@type": f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "merge_slashes": merge_slashes,
        "route_config": {"name": "r0", "virtual_hosts": hosts},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{FILTERS}.http.router.v3.Router"},
            }
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {
        "name": "in",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 10000}},
        "filter_chains": [{"filters": filters}],
    }
    return {
        "static_resources": {
            "listeners": [listener],
            "clusters": [{"name": name, **fields, **_assignment(name)} for name, fields in clusters.items()],
        }
    }


def _assignment(name: str) -> dict[str, Any]:
    address = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 80}}}
    return {"load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": address}]}]}}


def picked(live: LiveConfig) -> set[str]:
    return {live.clusters[WEB].pick_host().address for _ in range(60)}


def counts(live: LiveConfig) -> dict[str, int]:
    return {host.address: host.stats.requests for host in live.clusters[WEB].hosts}


def replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


async def until(condition: Callable[[], bool]) -> None:
    """Scenario 14 allows a change one second."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen within a second")


class Looks:
    """Stands for asyncio.sleep: notes how long, and waits a moment."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def __call__(self, delay: float) -> None:
        self.delays.append(delay)
        await asyncio.sleep(0.002)

    async def some(self, count: int = 6) -> None:
        """Return when the files were looked at some more times."""
        end = len(self.delays) + count
        await until(lambda: len(self.delays) >= end)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


class TestEndpoints:
    """Acceptance scenario 14."""

    def test_an_endpoint_that_is_not_ready_or_removed_gets_nothing_more(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY, p2=READY, p3=READY))

        async def scenario() -> None:
            live = LiveConfig(load(file), seed=1)
            hosts = {host.address: host for host in live.clusters[WEB].hosts}
            async with follow(live, ConfigFiles(file)):
                assert picked(live) == {"10.1.0.1", "10.1.0.2", "10.1.0.3"}
                for _ in range(30):
                    with live.clusters[WEB].pick() as pick:
                        pick.report(200)
                before = counts(live)
                assert min(before.values()) > 0
                opened = {pick.host.address: pick for pick in (live.clusters[WEB].pick() for _ in range(3))}
                before = counts(live)

                replace(file, slice_of(p1=READY, p2=NOT_READY, p3=READY))
                await until(lambda: picked(live) == {"10.1.0.1", "10.1.0.3"})
                replace(file, slice_of(p1=READY))
                await until(lambda: picked(live) == {"10.1.0.1"})

                assert counts(live) == {"10.1.0.1": before["10.1.0.1"]}
                assert live.clusters[WEB].hosts[0] is hosts["10.1.0.1"]
                assert hosts["10.1.0.1"].active_requests == 1
                # Open requests finish, on hosts that are gone as well.
                for pick in opened.values():
                    pick.report(200)
                    pick.release()
                assert [host.active_requests for host in hosts.values()] == [0, 0, 0]

        run(scenario())

    def test_all_terminating_but_serving_are_used(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY, p2=TERMINATING))

        async def scenario() -> None:
            live = LiveConfig(load(file))
            async with follow(live, ConfigFiles(file)):
                assert picked(live) == {"10.1.0.1"}
                replace(file, slice_of(p1=TERMINATING, p2=TERMINATING))
                await until(lambda: picked(live) == {"10.1.0.1", "10.1.0.2"})

        run(scenario())


class TestFiles:
    def test_what_is_broken_changes_nothing_and_is_reported_once(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))
        failures: list[Exception] = []

        async def scenario() -> None:
            live, looks = LiveConfig(load(file)), Looks()
            config = live.config
            async with follow(live, ConfigFiles(file, sleep=looks), on_failure=failures.append):
                replace(file, slice_of(p2=READY) + "---\nkind: [")
                await until(lambda: bool(failures))
                await looks.some()
                assert len(failures) == 1
                assert isinstance(failures[0], ConfigError)
                assert str(file) in str(failures[0])
                assert live.config is config
                file.unlink()
                await until(lambda: len(failures) == 2)
                assert picked(live) == {"10.1.0.1"}
                replace(file, slice_of(p3=READY))
                await until(lambda: picked(live) == {"10.1.0.3"})
                assert len(failures) == 2

        run(scenario())

    def test_without_on_failure_the_loop_is_told(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))
        live = LiveConfig(load(file))
        file.write_text("[")
        told: list[dict[str, Any]] = []

        async def scenario() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
            async with follow(live, ConfigFiles(file)) as following:
                await following.ready()

        run(scenario())
        assert [isinstance(each["exception"], ConfigError) for each in told] == [True]
        assert picked(live) == {"10.1.0.1"}

    def test_a_config_map_is_swapped(self, tmp_path: Path) -> None:
        """As the kubelet does it: every file is a link through `..data`, which alone is replaced."""
        for version, text in (("..1", slice_of(p1=READY)), ("..2", slice_of(p2=READY))):
            (tmp_path / version).mkdir()
            (tmp_path / version / "web.yaml").write_text(text)
        (tmp_path / "..data").symlink_to("..1")
        (tmp_path / "web.yaml").symlink_to("..data/web.yaml")

        async def scenario() -> None:
            live = LiveConfig(load(tmp_path))
            async with follow(live, ConfigFiles(tmp_path)):
                assert picked(live) == {"10.1.0.1"}
                (tmp_path / "..new").symlink_to("..2")
                (tmp_path / "..new").replace(tmp_path / "..data")
                await until(lambda: picked(live) == {"10.1.0.2"})

        run(scenario())

    def test_files_come_and_go_in_a_directory(self, tmp_path: Path) -> None:
        (tmp_path / "web.yaml").write_text(slice_of(p1=READY))
        other = slice_of(p9=READY).replace('"web', '"other')

        async def scenario() -> None:
            live = LiveConfig(load(tmp_path))
            async with follow(live, ConfigFiles(tmp_path)):
                (tmp_path / "other.yaml").write_text(other)
                await until(lambda: "shop/other:80" in live.clusters)
                (tmp_path / "other.yaml").unlink()
                await until(lambda: list(live.clusters) == [WEB])

        run(scenario())

    def test_what_keeps_size_and_time_is_seen(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))
        status = file.stat()

        async def scenario() -> None:
            live = LiveConfig(load(file))
            async with follow(live, ConfigFiles(file)) as following:
                await following.ready()
                file.write_text(slice_of(p2=READY))
                os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
                assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
                await until(lambda: picked(live) == {"10.1.0.2"})

        run(scenario())

    def test_a_burst_is_read_once_and_its_last_lands(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))
        loads: list[Config] = []

        def counted(paths: list[str]) -> Config:
            loads.append(load(paths))
            return loads[-1]

        async def scenario() -> None:
            live = LiveConfig(load(file))
            async with follow(live, ConfigFiles(file, load=counted, interval=0.02, settle=0.2)) as following:
                await following.ready()
                for number in range(2, 30):
                    replace(file, slice_of(**{f"p{number}": READY}))
                    await asyncio.sleep(0.005)
                await until(lambda: picked(live) == {"10.1.0.29"})
                assert len(loads) == 2

        run(scenario())

    def test_what_is_read_while_files_change_is_thrown_away(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))

        def overtaken(paths: list[str]) -> Config:
            config = load(paths)
            if "10.1.0.1" in file.read_text():
                replace(file, slice_of(p2=READY))
            return config

        async def scenario() -> None:
            files = ConfigFiles(file, load=overtaken)
            async for config in files.watch(pytest.fail):
                assert config == load(file)
                assert "10.1.0.2" in file.read_text()
                return

        run(scenario())

    def test_files_are_looked_at_as_often_as_asked(self, tmp_path: Path) -> None:
        file = tmp_path / "web.yaml"
        file.write_text(slice_of(p1=READY))

        async def scenario() -> None:
            live, looks = LiveConfig(load(file)), Looks()
            async with follow(live, ConfigFiles(file, interval=7, settle=3, sleep=looks)):
                await looks.some()
                assert set(looks.delays) == {7}
                replace(file, slice_of(p2=READY))
                await until(lambda: picked(live) == {"10.1.0.2"})
                assert set(looks.delays) == {7, 3}

        run(scenario())

    def test_a_mapping_is_no_file(self) -> None:
        with pytest.raises(TypeError, match="mapping"):
            ConfigFiles({})


class TestApply:
    def test_routes_and_clusters_change_together(self) -> None:
        live = LiveConfig(load(envoy(route="a", clusters={"a": {}, "b": {}})))
        kept, b = live.tables["r0"], live.clusters["b"]
        live.apply(load(envoy(route="a", clusters={"a": {}, "b": {}, "c": {}})))
        assert live.tables["r0"] is kept
        live.apply(load(envoy(route="c", clusters={"b": {}, "c": {}})))
        match = live.tables["r0"].match_parts(method="GET", authority="x", path="/")
        assert match is not None
        assert match.cluster == "c"
        assert list(live.clusters) == ["b", "c"]
        assert live.clusters["b"] is b

    def test_what_listeners_do_to_paths_comes_along(self) -> None:
        live = LiveConfig(load(envoy(route="a", clusters={"a": {}})))
        live.apply(load(envoy(route="a", clusters={"a": {}}, merge_slashes=True)))
        match = live.tables["r0"].match_parts(method="GET", authority="x", path="//y")
        assert match is not None
        assert match.path == b"/y"

    def test_a_refused_cluster_changes_nothing(self) -> None:
        live = LiveConfig(load(envoy(route="a", clusters={"a": {}, "b": {}})))
        before = live.config, live.tables, dict(live.clusters), [each.model for each in live.clusters.values()]
        good = load(envoy(route="c", clusters={"a": {"lb_policy": "RANDOM"}, "b": {}, "c": {}}))
        a, b, c = good.clusters
        bad = Config(good.listeners, good.route_configurations, (a, b, c, c))
        with pytest.raises(ConfigError, match=r"clusters\[3\]\.name"):
            live.apply(bad)
        assert (
            live.config,
            live.tables,
            dict(live.clusters),
            [each.model for each in live.clusters.values()],
        ) == before
        live.apply(good)
        assert live.clusters["a"].model == a

    def test_at_every_step_routes_lead_to_clusters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        live = LiveConfig(load(envoy(route="a", clusters={"a": {}, "b": {}})))
        update, steps = live.clusters.update, 0

        def watched(clusters: Sequence[models.Cluster]) -> None:
            nonlocal steps
            update(clusters)
            (route,) = live.tables["r0"].routes()
            assert isinstance(route.action, models.RouteAction)
            assert route.action.cluster in live.clusters
            steps += 1

        monkeypatch.setattr(live.clusters, "update", watched)
        live.apply(load(envoy(route="c", clusters={"b": {}, "c": {}})))
        assert steps > 0
        assert list(live.clusters) == ["b", "c"]

    def test_hosts_that_discovery_found_stay(self) -> None:
        dns = {"type": "STRICT_DNS"}
        live = LiveConfig(load(envoy(route="a", clusters={"a": dns, "b": {}})))
        cluster = live.clusters["a"]
        found = (models.LocalityEndpoints((models.Endpoint("10.1.0.7", 80),)),)
        cluster.update(dataclasses.replace(cluster.model, localities=found))
        live.apply(load(envoy(route="b", clusters={"a": dns, "b": {"lb_policy": "RANDOM"}})))
        assert [host.address for host in cluster.hosts] == ["10.1.0.7"]

    def test_a_configuration_that_cannot_be_applied_is_reported(self, tmp_path: Path) -> None:
        file = tmp_path / "envoy.json"
        file.write_text(json.dumps(envoy(route="a", clusters={"a": {}})))
        failures: list[Exception] = []

        def doubled(paths: list[str]) -> Config:
            config = load(paths)
            return Config(config.listeners, config.route_configurations, config.clusters * 2)

        async def scenario() -> None:
            live = LiveConfig(load(file))
            async with follow(live, ConfigFiles(file, load=doubled), on_failure=failures.append) as following:
                await following.ready()
                assert list(live.clusters) == ["a"]

        run(scenario())
        (failure,) = failures
        assert "there is a cluster 'a' already" in str(failure)
