"""`fastpath routes`: tests of routes pass and fail, and an explanation says why a route was taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastpath.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CANARY = str(EXAMPLES / "canary.yaml")


ROOT = {"authority": "a", "path": "/"}


def check(tmp_path: Path, tests: object, *options: str) -> int:
    file = tmp_path / "tests.json"
    file.write_text(json.dumps({"tests": tests}))
    return main(["routes", "check", CANARY, str(file), *options])


def test_the_example_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "check", CANARY, str(EXAMPLES / "canary-tests.yaml"), "--fail-under", "100"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 0 failed; 100.0% of 4 routes tried"


def test_a_failure_says_what_was_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"authority": "a", "path": "/shop/", "random_value": 89}
    tests = [
        {"test_name": "wrong", "input": request, "validate": {"cluster_name": "v2"}},
        {"test_name": "right", "input": request, "validate": {"cluster_name": "v1"}},
    ]
    assert check(tmp_path, tests, "--only-show-failures") == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAILED wrong",
        "         cluster_name: expected 'v2', got 'v1'",
        "1 passed, 1 failed; 25.0% of 4 routes tried",
    ]


def test_headers_that_go_upstream_are_matched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"authority": "a", "path": "/shop/", "additional_request_headers": [{"key": "x-a", "value": "1"}]}
    holds = {"name": "x-a", "string_match": {"exact": "1"}}
    not_held = {"name": "x-a", "string_match": {"exact": "2"}}
    assert check(tmp_path, [{"input": request, "validate": {"request_header_matches": [holds]}}]) == 0
    assert check(tmp_path, [{"input": request, "validate": {"request_header_matches": [not_held]}}]) == 1
    assert "does not hold" in capsys.readouterr().out


def test_too_few_routes_tried_fail(tmp_path: Path) -> None:
    tests = [{"input": {"authority": "a", "path": "/healthz"}, "validate": {"response_code": 200}}]
    assert check(tmp_path, tests, "--fail-under", "25") == 0
    assert check(tmp_path, tests, "--fail-under", "26") == 1


@pytest.mark.parametrize(
    ("tests", "complaint"),
    [
        (5, "tests: expected a list"),
        ([{}], 'tests[0]: "input" is missing'),
        ([{"input": {"authority": "a"}}], 'tests[0].input: "path" is missing'),
        ([{"input": {"authority": "a", "path": "/", "pth": "/"}}], "the field 'pth' is unknown"),
        ([{"input": {**ROOT, "random_value": "x"}}], "tests[0].input.random_value: expected"),
        ([{"input": {**ROOT, "random_value": -1}}], "tests[0].input.random_value: expected"),
        ([{"input": {**ROOT, "method": 5}}], "tests[0].input.method: expected a string"),
        ([{"input": {**ROOT, "additional_request_headers": [{"k": 1}]}}], "additional_request_headers[0]"),
        ([{"input": {**ROOT, "additional_request_headers": "x"}}], "additional_request_headers: expected a list"),
        ([{"input": ROOT, "validate": {"request_header_matches": 5}}], "request_header_matches: expected a list"),
        ([{"input": ROOT, "validate": {"response_code": "two"}}], "validate.response_code: expected"),
        ([{"input": ROOT, "validate": {"virtual_cluster_name": "x"}}], "'virtual_cluster_name' is not supported"),
    ],
)
def test_files_that_are_no_tests(
    tests: object, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, tests) == 1
    assert complaint in capsys.readouterr().err


def test_explain_says_which_route_and_what_becomes_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "explain", CANARY, "GET http://shop.example/shop/cart", "--random", "95"]) == 0
    out = capsys.readouterr().out
    assert 'route 3 "canary": yes' in out
    assert "cluster_name: v2\npath_rewrite: /cart\n" in out
    assert main(["routes", "explain", CANARY, "GET http://shop.example/elsewhere"]) == 1
    assert "no route takes the request" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["GET /path"], ["GET http://a/", "-H", "no-colon"], ["GET http://[a/"]])
def test_explain_refuses_what_is_no_request(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "explain", CANARY, *arguments]) == 2
    assert capsys.readouterr().err.startswith("fastpath: ")


@pytest.mark.parametrize("number", ["-1", "18446744073709551616", "x"])
def test_chance_is_a_number_of_64_bits(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["routes", "explain", CANARY, "GET http://a/", "--random", number])
    assert "--random" in capsys.readouterr().err


def test_redirects_and_response_headers_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = {"match": {"prefix": "/old"}, "redirect": {"path_redirect": "/new"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "c"}, "response_headers_to_remove": ["x-gone"]}
    added = {"header": {"key": "x-of", "value": "%REQ(:path)%"}}
    host = {"name": "h", "domains": ["*"], "routes": [moved, route], "response_headers_to_add": [added]}
    config, tests = tmp_path / "config.json", tmp_path / "tests.json"
    config.write_text(json.dumps({"name": "r", "virtual_hosts": [host]}))
    of = [{"name": "x-of", "string_match": {"exact": "/a"}}, {"name": "x-gone", "present_match": False}]
    gone = [{"key": "x-gone", "value": "1"}]
    cases = [
        {"input": {"authority": "a", "path": "/old"}, "validate": {"code_redirect": 301, "response_code": 301}},
        {"input": {"authority": "a", "path": "/a"}, "validate": {"response_header_matches": of[:1]}},
        {
            "input": {"authority": "a", "path": "/a", "additional_response_headers": gone},
            "validate": {"response_header_matches": of, "cluster_name": "c"},
        },
        {"input": {"authority": "a", "path": "/b"}, "validate": {"response_header_matches": of[:1]}},
        {"input": {"authority": "a", "path": "/b"}, "validate": {"code_redirect": 301}},
    ]
    tests.write_text(json.dumps({"tests": cases}))
    assert main(["routes", "check", str(config), str(tests)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "tests[" in line] == ["ok", "ok", "ok", "FAILED", "FAILED"]


def test_files_are_loaded_together_for_a_workload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService"}
    files = []
    for name, label in (("one", "x"), ("two", "y")):
        match = [{"sourceLabels": {"app": label}}]
        spec = {"hosts": [name], "http": [{"match": match, "name": name, "route": [{"destination": {"host": name}}]}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}
        files.append(tmp_path / f"{name}.yaml")
        documents = [{**kind, "metadata": {"name": name}, "spec": spec}, service]
        files[-1].write_text("\n---\n".join(map(json.dumps, documents)))
    arguments = [*map(str, files), "GET http://two/", "--label", "app=y"]
    assert main(["routes", "explain", *arguments]) == 0
    assert "cluster_name: default/two:80" in capsys.readouterr().out
    tests = tmp_path / "tests.json"
    expected = {"cluster_name": "default/two:80", "route_name": "two"}
    tests.write_text(json.dumps({"tests": [{"input": {"authority": "two", "path": "/"}, "validate": expected}]}))
    assert main(["routes", "check", *map(str, files), str(tests), "--label", "app=y"]) == 0
    assert main(["routes", "check", *map(str, files), str(tests), "--label", "app=x"]) == 1
