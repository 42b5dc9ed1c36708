"""What a real Envoy and fastpath say of the names and revocations that a server's certificate is looked at for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conformance.validate_oracle import envoy_refuses, fastpath_refuses

from fastpath.config import load, to_yaml

TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
KINDS = ("EMAIL", "DNS", "URI", "IP_ADDRESS")
MATCHERS: tuple[dict[str, Any], ...] = (
    {"exact": "a.example", "ignore_case": True},
    {"exact": ""},
    {"prefix": "spiffe://"},
    {"suffix": ".example"},
    {"contains": "x"},
    {"safe_regex": {"regex": "spiffe://[^/]+/ns/.*"}},
)
CONFIGURATION = """\
[ca]
default_ca = it
[it]
database = {directory}/index
default_md = sha256
default_crl_days = 30
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:true
subjectKeyIdentifier = hash
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With an authority, ca.pem, and what it has revoked, crl.pem."""
    made = tmp_path_factory.mktemp("authority")
    (made / "openssl.cnf").write_text(CONFIGURATION.format(directory=made))
    (made / "index").write_text("")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key"]
    for command in (
        ["req", "-x509", *key, "-subj", "/CN=ca", "-days", "30", "-out", "ca.pem", "-config", "openssl.cnf"],
        ["ca", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "crl.pem", "-config", "openssl.cnf"],
    ):
        subprocess.run(["openssl", *command], cwd=made, check=True, capture_output=True)
    return made


def typed(**name: object) -> dict[str, Any]:
    return {"match_typed_subject_alt_names": [name]}


def bootstrap(*validations: dict[str, Any]) -> dict[str, Any]:
    return {
        "static_resources": {
            "clusters": [
                {
                    "name": f"c{index}",
                    "transport_socket": {
                        "name": "envoy.transport_sockets.tls",
                        "typed_config": {"@type": TLS, "common_tls_context": {"validation_context": validation}},
                    },
                }
                for index, validation in enumerate(validations)
            ]
        }
    }


def test_what_both_take(directory: Path, tmp_path: Path) -> None:
    authority = {"trusted_ca": {"filename": str(directory / "ca.pem")}}
    revoked = {"crl": {"filename": str(directory / "crl.pem")}}
    inline = {"crl": {"inline_string": (directory / "crl.pem").read_text()}}
    names = [typed(san_type=kind, matcher=matcher) for kind in KINDS for matcher in MATCHERS]
    document = bootstrap(
        *({**authority, **each} for each in names),
        {**authority, **revoked},
        {**authority, **inline, **names[0]},
        {**authority, **typed(san_type=2, matcher={"exact": "a"})},
        {**authority, **typed(san_type="DNS", matcher={"exact": "a"}), "match_subject_alt_names": [{"exact": "b"}]},
    )
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(document))
    assert not envoy_refuses(file)
    assert not fastpath_refuses(file)
    config = load(file)
    written = tmp_path / "written.yaml"
    written.write_text(to_yaml(config))
    assert load(written) == config
    assert not envoy_refuses(written)


@pytest.mark.parametrize(
    ("validation", "reason"),
    [
        (typed(matcher={"exact": "a"}), "san_type"),
        (typed(san_type="DNS"), "matcher"),
        (typed(san_type="DNS", matcher={}), "match pattern"),
        (typed(san_type="SAN_TYPE_UNSPECIFIED", matcher={"exact": "a"}), "san_type"),
        (typed(san_type="OTHER_NAME", matcher={"exact": "a"}), "OTHER_NAME is not supported"),
        (typed(san_type="DNS", matcher={"prefix": ""}), "must not be empty"),
        (typed(san_type="URI", matcher={"safe_regex": {"regex": "("}}), "missing )"),
        ({**typed(san_type="DNS", matcher={"exact": "a"}), "trusted_ca": None}, "without a trusted_ca"),
        ({"trusted_ca": None, "crl": {"inline_string": "x"}}, "a crl is worth nothing without a trusted_ca"),
    ],
)
def test_what_both_refuse(directory: Path, tmp_path: Path, validation: dict[str, Any], reason: str) -> None:
    authority = {"trusted_ca": {"filename": str(directory / "ca.pem")}}
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(bootstrap({**authority, **validation})))
    errors = fastpath_refuses(file)
    assert any(reason in str(error) for error in errors), errors
    assert envoy_refuses(file)
