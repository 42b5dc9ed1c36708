"""The programs in examples/ are built and run as their first lines say, with what an installed fastpath has."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

import fastpath

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

HEADS = {
    b"GET /shop/cart?id=1 HTTP/1.1\r\nHost: a.example\r\n\r\n": (0, "shop 10.0.0.1:8080\n"),
    b"GET /files/a/b HTTP/1.1\r\nHost: a.example\r\n\r\n": (0, "files 10.0.0.1:8080\n"),
    b"GET /shopping HTTP/1.1\r\nHost: a.example\r\n\r\n": (1, "404\n"),
    b"GET /shop HTTP/1.1\r\nHost: a.example\r\n": (1, "408\n"),
    b"GET /shop HTTP/1.1\r\nHost : a\r\n\r\n": (
        1,
        "refused at byte 24: byte that does not belong in a header name\n400\n",
    ),
}


def run(*command: str | Path, cwd: Path, stdin: bytes = b"") -> tuple[int, str]:
    ran = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, check=False, env=ENVIRONMENT)
    assert not ran.stderr, ran.stderr.decode()
    return ran.returncode, ran.stdout.decode()


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / "python" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Upstreams:
    """Servers of the demo: each answers with its name."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-u", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        self.processes.append(process)
        return process

    def line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def upstream(self, name: str) -> int:
        return int(self.line(self.start("-m", "fastpath.demo.upstream", name, "0")))


@pytest.fixture
def upstreams() -> Iterator[Upstreams]:
    made = Upstreams()
    yield made
    for process in made.processes:
        process.kill()
        process.communicate()


def ask(port: int, path: str = "/shop/x", headers: dict[str, str] | None = None) -> tuple[int, str]:
    """One request, once somebody listens."""
    deadline = time.monotonic() + 20
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.02)
        finally:
            connection.close()


def compile_c(name: str, output: str, *options: str, cwd: Path) -> None:
    description = Path(fastpath.get_library_dir(), "pkgconfig", "fastpath.pc")
    command = ["pkg-config", "--cflags", "--libs", description]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    warnings = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    flags = [*warnings, *shlex.split(os.environ.get("CFLAGS", "")), *options, *shlex.split(found.stdout)]
    assert run("gcc", EXAMPLES / "c" / name, *flags, "-o", output, cwd=cwd) == (0, "")


def test_c_program(tmp_path: Path) -> None:
    compile_c("decide.c", "decide", cwd=tmp_path)
    for head, expected in HEADS.items():
        assert run("./decide", cwd=tmp_path, stdin=head) == expected


def test_one_call_from_c(tmp_path: Path) -> None:
    compile_c("one_call.c", "one_call", cwd=tmp_path)

    def answer(data: bytes) -> tuple[int, str]:
        return run("./one_call", cwd=tmp_path, stdin=data)

    head = b"GET /cart/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    assert answer(head) == (0, "route 0, host 10.0.0.1:8080\n")
    assert answer(head.replace(b"/cart/1", b"/health")) == (0, "route 1 answers\n")
    assert answer(head.replace(b"/cart/1", b"/else")) == (0, "no route\n")
    assert answer(head[:-1]) == (2, "incomplete\n")
    code, text = answer(head.replace(b"Host:", b"Host :"))
    assert (code, text[:4]) == (1, "400 ")


def test_policies_in_python_and_in_c(tmp_path: Path) -> None:
    compile_c("native_policy.c", "native_policy.so", "-shared", "-fPIC", cwd=tmp_path)
    program = EXAMPLES / "python" / "custom_policy.py"
    code, text = run(sys.executable, program, tmp_path / "native_policy.so", cwd=tmp_path)
    python, native, refused = text.splitlines()
    assert code == 0
    assert python == "python [(8001, 25), (8002, 25), (8003, 25), (8004, 25)]"
    assert native == "native [(8001, 2), (8002, 2), (8003, 2), (8004, 2)]"
    assert refused == "cluster 'shop' has no host to offer"


def test_cffi_program() -> None:
    for head, expected in HEADS.items():
        assert run(sys.executable, "decide.py", cwd=EXAMPLES / "cffi", stdin=head) == expected


def test_cython_package(tmp_path: Path) -> None:
    package = shutil.copytree(EXAMPLES / "cython", tmp_path / "package")
    code, _ = run(sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", cwd=package)
    assert code == 0
    program = """
import threading
import fastpath, decider
from fastpath.models import Cluster, Endpoint, LocalityEndpoints, Route, RouteAction, RouteMatch, VirtualHost

def hosts(*paths):
    routes = tuple(Route(RouteMatch(prefix=path), RouteAction(cluster="c")) for path in paths)
    return [VirtualHost("v", ("*",), routes)]

table = fastpath.RouteTable(hosts("/a", "/b"))
cluster = fastpath.ClusterManager([Cluster("c", (LocalityEndpoints((Endpoint("10.0.0.1", 80),)),))])["c"]
heads = [b"GET /%s HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n" % path for path in (b"a", b"b?c=1", b"c")] + [b"GET"]
print(decider.Decider(table, cluster, seed=1).decide(heads))

def work():
    mine = decider.Decider(table, cluster, seed=2)
    for _ in range(2000):
        assert [route for route, _ in mine.decide(heads)] in ([0, 1, None, None], [1, 0, None, None])

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for turn in range(200):
    table.update(hosts(*("/a", "/b")[:: 1 if turn % 2 else -1]))
for thread in threads:
    thread.join()
"""
    answer = "[(0, b'10.0.0.1:80'), (1, b'10.0.0.1:80'), (None, None), (None, None)]\n"
    assert run(sys.executable, "-c", program, cwd=package) == (0, answer)


def test_gateway(upstreams: Upstreams, tmp_path: Path) -> None:
    text = (EXAMPLES / "canary.yaml").read_text().replace("name: v2, weight: 10", "name: v2, weight: 0")
    for port in (10011, 10012, 10021):
        text = text.replace(f"port_value: {port}", f"port_value: {upstreams.upstream(str(port))}")
    with_port = tmp_path / "canary.yaml"
    with_port.write_text(text.replace("port_value: 10000", f"port_value: {free_port()}"))
    listening = fastpath.load(with_port).listeners[0].port
    gateway = upstreams.start(EXAMPLES / "python" / "gateway.py", with_port)
    assert ask(listening) == (400, "x-tenant is missing\n")
    # Ports differ from run to run, and a third of the tenants is for the smaller host: with a few, none of them may be.
    tenants = [f"tenant-{number}" for number in range(64)]
    answers = {tenant: {ask(listening, "/shop/x", {"x-tenant": tenant}) for _ in range(2)} for tenant in tenants}
    assert {tenant: len(each) for tenant, each in answers.items()} == dict.fromkeys(tenants, 1), answers
    assert len(set.union(*answers.values())) == 2
    assert upstreams.line(gateway) == "b'GET' b'/shop/x' 400 None"


def test_socket_balancer(upstreams: Upstreams) -> None:
    ports = [upstreams.upstream("one"), free_port(), upstreams.upstream("two")]
    balancer = upstreams.start(
        EXAMPLES / "python" / "socket_balancer.py", "0", *(f"127.0.0.1:{port}" for port in ports)
    )
    port = int(upstreams.line(balancer).rpartition(" ")[2])
    answers = [ask(port) for _ in range(20)]
    assert {status for status, _ in answers} == {200}
    assert {text.split()[0] for _, text in answers} == {"one", "two"}


def test_asgi_middleware(upstreams: Upstreams) -> None:
    example = load("asgi_middleware")
    ports = [free_port(), upstreams.upstream("up")]
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports
    ]
    route = {"match": {"prefix": "/shop"}, "route": {"cluster": "shop"}}
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "shop",
        "route_config": {"name": "shop", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{types}.http.router.v3.Router"},
            }
        ],
    }
    config = fastpath.load(
        {
            "static_resources": {
                "listeners": [
                    {
                        "name": "in",
                        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}},
                        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
                    }
                ],
                "clusters": [
                    {
                        "name": "shop",
                        "load_assignment": {"cluster_name": "shop", "endpoints": [{"lb_endpoints": endpoints}]},
                    }
                ],
            }
        }
    )

    async def exercise() -> list[tuple[int, str]]:
        app = example.Balanced(example.not_found, config)
        transport = httpx.ASGITransport(app)
        async with app.client, httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            answers = [await client.get("/shop/a?b=1"), await client.post("/shop/p", content=b"four")]
            answers += [await client.get("/other")]
            assert sum(host.active_requests for host in app.clusters["shop"].hosts) == 0
        return [(answer.status_code, answer.text) for answer in answers]

    assert asyncio.run(exercise()) == [
        (200, "up GET /shop/a?b=1 0\n"),
        (200, "up POST /shop/p 4\n"),
        (404, "nothing here\n"),
    ]


def test_control_plane(tmp_path: Path) -> None:
    running = EXAMPLES / "canary.yaml"
    program = [sys.executable, EXAMPLES / "python" / "control_plane.py", running]
    following = tmp_path / "next.yaml"
    following.write_text(running.read_text().replace("weight: 90", "weight: 80"))
    code, changes = run(*program, following, cwd=tmp_path)
    assert (code, changes.endswith("weight: 90 -> 80\n"), changes.count("\n")) == (0, True, 1)
    for old, new, reason in (
        ("cluster: v2", "cluster: v3", 'no cluster named "v3"'),
        ("path: /healthz", "prefix: /", "can never win"),
    ):
        following.write_text(running.read_text().replace(old, new))
        refused = subprocess.run([*program, following], capture_output=True, text=True, check=False, env=ENVIRONMENT)
        assert refused.returncode == 1
        assert reason in refused.stderr


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
