"""What is wrong in a document is told where it stands: file, line, column and the path to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fastpath import ConfigError, ConfigErrors
from fastpath.config import load

CLUSTERS = "static_resources.clusters"
THRESHOLD = f"{CLUSTERS}[0].common_lb_config.healthy_panic_threshold.value"
PRIORITY = f"{CLUSTERS}[0].load_assignment.endpoints[0].priority"


START = '{"static_resources": {"clusters": [\n'
BEFORE_THRESHOLD = '{"name": "a", "common_lb_config": {"healthy_panic_threshold": {"value": '
BEFORE_PRIORITY = '{"name": "a", "load_assignment": {"cluster_name": "a", "endpoints": [{"priority": '
AT_THRESHOLD, AT_PRIORITY = len(BEFORE_THRESHOLD) + 1, len(BEFORE_PRIORITY) + 1


def threshold(value: str) -> str:
    return f"{START}{BEFORE_THRESHOLD}{value}}}}}}}]}}}}"


def priority(value: str) -> str:
    return f"{START}{BEFORE_PRIORITY}{value}}}]}}}}]}}}}"


@pytest.mark.parametrize(
    ("name", "text", "line", "column", "path", "reason"),
    [
        # the document as a whole
        ("a.yaml", "static_resources: {clusters: [", 2, 1, "", "not YAML"),
        ("a.yaml", "static_resources: {}".encode("utf-16"), 1, 1, "", "byte 0xff is not valid UTF-8"),
        ("a.json", b'{"a":\n "\xc0\xaf"}', 2, 3, "", "byte 0xc0 is not valid UTF-8"),
        ("a.json", '{"static_resources": {}}\n{}', 2, 1, "", "the document has ended"),
        ("a.json", '{"static_resources": "a\0"}', 1, 24, "", "Invalid control character"),
        ("a.yaml", "\ufeffa: &b [*b]\n", 1, 8, "", "contains itself"),
        # tags and directives
        ("a.yaml", "a: 1\nstatic_resources: !!python/object/apply:os.system [false]\n", 2, 19, "", "is not allowed"),
        ("a.yaml", "!!python/name:os.system {}\n", 1, 1, "", "is not allowed"),
        ("a.yaml", "a: !!binary YQ==\n", 1, 4, "", "is not allowed"),
        ("a.yaml", "a: !!set {a, b}\n", 1, 4, "", "is not allowed"),
        ("a.yaml", "a: !!timestamp 2001-01-01\n", 1, 4, "", "is not allowed"),
        ("a.yaml", "a: !local 5\n", 1, 4, "", "is not allowed"),
        ("a.yaml", "%TAG ! tag:x,2000:\n---\na: !b {}\n", 3, 4, "", "is not allowed"),
        ("a.yaml", "%YAML 3.0\n---\na: b\n", 1, 1, "", "found incompatible YAML document"),
        ("a.yaml", "%FOO bar\n---\na: b\n", 1, 5, "", "found unknown directive name"),
        # keys
        (
            "a.yaml",
            "static_resources:\n  clusters:\n  - &a {name: a}\n  - {<<: *a, name: b}\n",
            4,
            6,
            f"{CLUSTERS}[1]",
            "the field '<<' is unknown or not supported",
        ),
        ("a.yaml", "static_resources: {}\n? [a]\n: 1\n", 2, 3, "", "a key is a string, found a list"),
        ("a.yaml", 'static_resources: {"clusters": [], clusters: []}\n', 1, 36, "", "stands here twice"),
        # numbers
        ("a.json", threshold("NaN"), 2, AT_THRESHOLD, "", "not JSON: expected value, found 'NaN"),
        ("a.json", threshold('"NaN"'), 2, AT_THRESHOLD, THRESHOLD, "expected a number, found the string 'NaN'"),
        ("a.json", threshold('"Infinity"'), 2, AT_THRESHOLD, THRESHOLD, "a number, found the string 'Infinity'"),
        ("a.json", threshold("1e9999"), 2, AT_THRESHOLD, THRESHOLD, "expected a number from 0 to 100, found inf"),
        ("a.yaml", threshold(".nan"), 2, AT_THRESHOLD, THRESHOLD, "expected a number, found the string '.nan'"),
        ("a.json", priority("18446744073709551616"), 2, AT_PRIORITY, PRIORITY, "0 to 128, found 18446744073709551616"),
        ("a.yaml", priority("9" * 100_000), 2, AT_PRIORITY, PRIORITY, "expected an integer, found the string '999"),
        ("a.json", priority("9" * 100_000), 2, AT_PRIORITY, "", "not JSON: expected value, found '9999"),
        ("a.yaml", priority("0x1"), 2, AT_PRIORITY, PRIORITY, "expected an integer, found the string '0x1'"),
        ("a.yaml", priority("true"), 2, AT_PRIORITY, PRIORITY, "expected an integer, found the boolean true"),
    ],
)  # fmt: skip
def test_where_it_is_wrong(
    tmp_path: Path, name: str, text: str | bytes, line: int, column: int, path: str, reason: str
) -> None:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigErrors) as caught:
        load(file)
    found = [error for error in caught.value.errors if reason in error.reason]
    assert [(each.source, each.line, each.column, each.path) for each in found] == [
        (f"{file}:{line}:{column}", line, column, path)
    ], caught.value


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_a_byte_order_mark_is_read_over(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    document = {"static_resources": {"clusters": [{"name": "a"}]}}
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    assert load(file) == load(document)


def test_all_that_is_wrong_is_told_at_once_with_the_names_that_are_near(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        "static_resources:\n"
        "  cluster: []\n"
        "  clusters:\n"
        "  - nam: a\n"
        "    connect_timeot: 1s\n"
        "    lb_policy: ROUND_ROBN\n"
        "  - name: b\n"
        "    type: LOGICAL_DSN\n"
        "    utterly_different: 1\n"
    )
    with pytest.raises(ConfigErrors) as caught:
        load(file)
    found = [(error.line, error.column, error.path, error.reason) for error in caught.value.errors]
    assert [each[:3] for each in found] == [
        (2, 3, "static_resources"),
        (4, 5, f"{CLUSTERS}[0]"),
        (4, 5, f"{CLUSTERS}[0]"),
        (5, 5, f"{CLUSTERS}[0]"),
        (6, 16, f"{CLUSTERS}[0].lb_policy"),
        (8, 11, f"{CLUSTERS}[1].type"),
        (9, 5, f"{CLUSTERS}[1]"),
    ]
    suggested = [reason.partition("did you mean ")[2] for *_, reason in found]
    assert suggested == ['"clusters"?', "", '"name"?', '"connect_timeout"?', '"ROUND_ROBIN"?', '"LOGICAL_DNS"?', ""]


def test_what_is_wrong_in_one_file_hides_nothing_of_another(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("a: &b [*b]\n")
    second.write_text("static_resources: 5\n")
    with pytest.raises(ConfigErrors) as caught:
        load([first, second])
    assert [error.source for error in caught.value.errors] == [f"{first}:1:8", f"{second}:1:19"]


def test_python_values_are_told_by_their_path() -> None:
    with pytest.raises(ConfigError) as caught:
        load({"static_resources": {"clusters": [{"name": "a", "connect_timeout": {1, 2}}]}})
    assert str(caught.value) == f"{CLUSTERS}[0].connect_timeout: a document holds no set"


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_name_that_is_none_names_nothing(field: str) -> None:
    """Hosts of the mesh are made of names: one of as many labels as the document has room for made each search long."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a", field: ".".join(["a"] * 30_000)},
        "spec": {"ports": [{"port": 80}]},
    }
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "a"},
        "spec": {"host": "a", "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}}},
    }
    with pytest.raises(ConfigErrors) as refused:
        load([service, rule])
    assert [error.path for error in refused.value.errors] == ["[0].metadata"]
    assert "expected the name of an object" in str(refused.value)
    assert len(str(refused.value)) < 500
