"""A running Envoy's own config_dump loads, and routes as that Envoy does."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from conformance.envoy_oracle import KeptConnection, run_envoy
from conformance.ports import free_ports
from conformance.route_oracle import EXTENSIONS, cluster, echo_upstream

import fastpath

API = "type.googleapis.com/envoy.config"
HCM = f"{EXTENSIONS}.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {"name": "router", "typed_config": {"@type": f"{EXTENSIONS}.http.router.v3.Router"}}
TARGETS = ["/", "/told", "/told/deeper?q=1", "/toldx", "/a1", "/a12", "/q?x=1", "/q?x=2", "/q"]


def route(name: str, match: dict[str, Any], cluster_name: str) -> dict[str, Any]:
    label = {"header": {"key": "x-route", "value": name}}
    return {"name": name, "match": match, "route": {"cluster": cluster_name}, "response_headers_to_add": [label]}


ROUTES = [
    route("separated", {"path_separated_prefix": "/told"}, "told"),
    route("regex", {"safe_regex": {"regex": "/a[0-9]"}}, "given"),
    route("query", {"prefix": "/q", "query_parameters": [{"name": "x", "string_match": {"exact": "1"}}]}, "told"),
    route("rest", {"prefix": "/"}, "given"),
]


def listener(name: str, port: int, routes: dict[str, Any]) -> dict[str, Any]:
    manager = {"@type": HCM, "stat_prefix": name, "http_filters": [ROUTER], **routes}
    return {
        "name": name,
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }


def told(directory: Path, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Where Envoy is told a resource: by a file, as by any management server."""
    file = directory / f"{kind.rpartition('.')[2]}.json"
    file.write_text(json.dumps({"version_info": "1", "resources": [{"@type": f"{API}.{kind}", **resource}]}))
    return {"path_config_source": {"path": str(file)}, "resource_api_version": "V3"}


def test_a_dump_routes_as_the_envoy_that_wrote_it(tmp_path: Path) -> None:
    inline_port, told_port, admin_port = free_ports(3)
    with echo_upstream() as upstream:
        hosts = [{"name": "all", "domains": ["*"], "routes": ROUTES}]
        rds = told(tmp_path, "route.v3.RouteConfiguration", {"name": "told-routes", "virtual_hosts": hosts})
        given = cluster("given", upstream)
        endpoints = {**given["load_assignment"], "cluster_name": "told"}
        eds = told(tmp_path, "endpoint.v3.ClusterLoadAssignment", endpoints)
        bootstrap = {
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}},
            "node": {"id": "one", "cluster": "test"},
            "static_resources": {
                "clusters": [given, {"name": "told", "type": "EDS", "eds_cluster_config": {"eds_config": eds}}],
                "listeners": [
                    listener("inline", inline_port, {"route_config": {"name": "inline", "virtual_hosts": hosts}}),
                    listener("told", told_port, {"rds": {"route_config_name": "told-routes", "config_source": rds}}),
                ],
            },
        }
        with run_envoy(bootstrap, [admin_port, inline_port, told_port], tmp_path):
            with urlopen(f"http://127.0.0.1:{admin_port}/config_dump?include_eds", timeout=10) as answer:
                file = tmp_path / "dump.json"
                file.write_bytes(answer.read())
            config = fastpath.load(file)
            assert [each.port for each in config.listeners] == [inline_port, told_port]
            clusters = fastpath.ClusterManager(config.clusters)
            for entry in config.listeners:
                (manager,) = entry.http_connection_managers()
                table = fastpath.RouteTable.from_config(config, manager.route_config_name)
                with closing(KeptConnection(entry.port)) as connection:
                    for target in TARGETS:
                        status, headers = connection.get(target.encode())
                        match = table.match_parts(method="GET", authority="a", path=target)
                        assert match is not None
                        assert (status, headers[b"x-route"].decode()) == (200, match.route.name), target
                        assert clusters[match.cluster or ""].pick_host().port == upstream
