"""The command line."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

import fastpath
from fastpath.cli import main
from fastpath.demo.report import Share

ROOT = Path(__file__).parents[2]


def run(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastpath", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"fastpath {fastpath.__version__}\n"


def test_a_good_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "examples" / "canary.yaml")
    assert main(["config", "check", file]) == 0
    assert capsys.readouterr().out == f"{file}: ok\n"


def test_what_is_loaded_of_a_cluster_is_told_by_options(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: %s, namespace: %s }\n"
    spec = "spec: { hosts: [%s.example], exportTo: [.], ports: [{ number: 80, name: http, protocol: HTTP }], "
    spec += "resolution: STATIC, endpoints: [{ address: 10.0.0.1 }] }\n"
    file.write_text("---\n".join((entry + spec) % (name, space, name) for name, space in (("a", "one"), ("b", "two"))))
    assert main(["config", "check", "--namespace", "two", str(file)]) == 0
    capsys.readouterr()
    for space, shown, hidden in (("one", "a.example", "b.example"), ("two", "b.example", "a.example")):
        assert main(["config", "print", "--form", "resources", "--namespace", space, str(file)]) == 0
        printed = capsys.readouterr().out
        assert shown in printed
        assert hidden not in printed
    empty = tmp_path / "empty.yaml"
    empty.write_text(file.read_text().replace("exportTo: [.]", "exportTo: ['~']"))
    assert main(["config", "diff", "--namespace", "two", str(file), str(empty)]) == 1


def test_labels_are_keys_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["config", "check", "--label", "app", "x.yaml"])
    assert caught.value.code == 2
    assert "expected KEY=VALUE, found 'app'" in capsys.readouterr().err
    file = str(ROOT / "examples" / "canary-istio.yaml")
    assert main(["config", "check", "--label", "app=x", "--label", "version=", file, "--region", "r"]) == 0


def test_a_difference_is_told_and_the_status_is_that_of_diff(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = ROOT / "examples" / "canary.yaml"
    new = tmp_path / "new.yaml"
    new.write_text("# moved down a line\n" + old.read_text())
    assert main(["config", "diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out == ""
    new.write_text(old.read_text().replace("weight: 90", "weight: 50").replace("weight: 10 ", "weight: 50 "))
    assert main(["config", "diff", str(old), str(new)]) == 1
    where = 'route_configurations["shop"].virtual_hosts["shop"].routes["canary"].action.weighted_clusters'
    assert capsys.readouterr().out.splitlines() == [
        f'~ {where}["v1"].weight: 90 -> 50',
        f'~ {where}["v2"].weight: 10 -> 50',
    ]
    new.write_text("{")
    assert main(["config", "diff", str(old), str(new)]) == 2
    assert f"{new}:" in capsys.readouterr().err


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "examples" / "canary.yaml").read_text()
    syntax = tmp_path / "syntax.yaml"
    syntax.write_text(
        text.replace("weight: 90", "wieght: 90").replace("lb_policy: ROUND_ROBIN", "lb_policy: RANDOMLY", 1)
    )
    table = tmp_path / "table.yaml"
    table.write_text(text.replace('domains: ["*"]', 'domains: ["*", "*"]'))
    assert main(["config", "check", str(syntax)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert '"weight" is missing' in lines[0]
    assert lines[1].startswith(f"{syntax}:45:35: static_resources.listeners[0]")
    assert "the field 'wieght' is unknown or not supported; did you mean \"weight\"?" in lines[1]
    assert lines[2].startswith(f"{syntax}:60:16: static_resources.clusters[0].lb_policy: expected one of ROUND_ROBIN")
    assert lines[3:] == [f"{syntax}: 3 errors"]
    assert main(["config", "check", str(table)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "domain" in lines[0]
    assert lines[1:] == [f"{table}: 1 error"]


def test_files_are_checked_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As they are loaded: what one refers to stands in another."""
    services, routes = tmp_path / "services.yaml", tmp_path / "routes.json"
    kind = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "v"}}
    spec = {"hosts": ["a"], "http": [{"route": [{"destination": {"host": "a"}}]}]}
    routes.write_text(json.dumps({**kind, "spec": spec}))
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}
    services.write_text(json.dumps(service))
    assert main(["config", "check", str(routes)]) == 0
    assert "there is no Service with the host 'a.default.svc.cluster.local'" in capsys.readouterr().out
    assert main(["config", "check", str(services), str(routes)]) == 0
    assert capsys.readouterr().out == f"{services} {routes}: ok\n"
    services.write_text(json.dumps({**service, "spec": {"ports": [{"port": "80"}]}}))
    routes.write_text(json.dumps({**kind, "spec": {**spec, "host": "a"}}))
    assert main(["config", "check", str(services), str(routes)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == [str(services), str(routes)]
    assert lines[2] == f"{services} {routes}: 2 errors"


def test_lenient_checks_warn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text((ROOT / "examples" / "canary.yaml").read_text().replace("type: STATIC", "kind: STATIC", 1))
    assert main(["config", "check", str(file)]) == 1
    capsys.readouterr()
    assert main(["config", "check", "--lenient", str(file)]) == 0
    warning, verdict = capsys.readouterr().out.splitlines()
    assert warning.startswith("warning: ignored: ")
    assert "the field 'kind' is unknown" in warning
    assert verdict == f"{file}: ok"


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", str(tmp_path / "absent.yaml")]) == 1
    assert "cannot be read: No such file or directory" in capsys.readouterr().out
    assert main(["demo", "--config", str(tmp_path / "absent.yaml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_demo_runs_as_configured() -> None:
    result = run("demo", "--requests", "1200", "--connections", "4")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"1200 requests, [1-9]\d* refused .*, 0 errors seen by the client", result.stdout)
    assert "the library's share of a request" in result.stdout
    assert "as configured, " in result.stdout
    assert "wrong:" not in result.stdout


@pytest.mark.parametrize(
    "names",
    [
        ("canary-gateway.yaml", "canary-services.yaml"),
        ("canary-ingress.yaml", "canary-services.yaml"),
        ("canary-istio.yaml",),
    ],
)
def test_the_demo_runs_the_same_canary_in_other_words(names: tuple[str, ...]) -> None:
    files = [str(ROOT / "examples" / each) for each in names]
    result = run("demo", "--requests", "800", "--connections", "4", "--config", *files)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"0 errors seen by the client", result.stdout)
    assert re.search(r"\b90\s+90.0%", result.stdout)
    assert re.search(r"\b10\s+10.0%", result.stdout)


def test_refusals_of_kubernetes_objects_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "examples" / "canary-gateway.yaml")
    assert main(["config", "check", file]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "warning: HTTPRoute shop/shop, parent shop/web: ResolvedRefs is false, BackendNotFound: "
        'there is no Service "shop/v2"',
        f"{file}: ok",
    ]


def test_the_demo_needs_a_listener(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(__file__).resolve().parents[2] / "examples" / "canary-services.yaml"
    assert main(["demo", "--config", str(file)]) == 1
    assert "the demo shows one listener, and here are 0" in capsys.readouterr().err


def test_the_demo_says_when_it_is_not_as_configured(tmp_path: Path) -> None:
    file = tmp_path / "nobody-dead.yaml"
    file.write_text((ROOT / "examples" / "canary.yaml").read_text().replace("dead: true", "dead: false"))
    result = run("demo", "--requests", "400", "--config", str(file))
    assert result.returncode == 1
    assert "nothing was tried again" in result.stdout
    assert "not as configured" in result.stdout


def test_the_demo_stays_up_for_curl_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "canary.yaml").read_text()
    with ExitStack() as stack:
        for port in ("10000", "10011", "10012", "10019", "10021"):
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            text = text.replace(port, str(probe.getsockname()[1]))
    file = tmp_path / "canary.yaml"
    file.write_text(text)
    command = [sys.executable, "-u", "-m", "fastpath", "demo", "--serve", "--config", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(5)]
            assert lines[0].endswith("; Ctrl-C ends it\n")
            urls = [line.split("'")[1] for line in lines[1:]]
            with urllib.request.urlopen(urls[-1], timeout=10) as response:
                assert response.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("count", "total", "expected", "ok"),
    [
        (900, 1000, 0.9, True),
        (942, 1000, 0.9, True),
        (943, 1000, 0.9, False),
        (857, 1000, 0.9, False),
        (5, 5, 1.0, True),
    ],
)
def test_shares_may_be_four_and_a_half_sigma_off(count: int, total: int, expected: float, ok: bool) -> None:
    assert Share(count, total, expected).ok is ok


def test_a_share_of_nothing() -> None:
    assert Share(0, 10, 0.0).ok
    assert not Share(1, 10, 0.0).ok
