"""The path normaliser against a real Envoy: every option, thousands of awkward paths, the same string or refusal."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import pytest
from conformance.envoy_oracle import KeptConnection, run_envoy
from conformance.ports import free_ports

from fastpath.errors import ProtocolError
from fastpath.http import PathNormalizer

PATHS_PER_OPTION = 1000
PIECES = (
    b"/ / / // /./ /../ /..; /.; . .. ..;x %2e %2E %2e%2e; %2f %2F %5c %5C \\ a b f 2 % %2 %zz %00 %25 %32 %35 %41 %66"
    b" %7e %7E %20 %3b %7f %ff %c3%a9 ; ;x=1 | \" < ^ ` { [ ~ ! -_ $&'()*+,=:@ ? ?q=/../%2f"
).split(b" ")
# Envoy takes "..;x" for ".." only where the dots stand literally, behind a slash; a second Envoy would then see another
# path than the first. The normaliser settles that in one pass.
SETTLED_LATER = re.compile(rb"(?i)(\\|%5c|/|%2f)(\.|%2e){1,2};")


Slashes = Literal["keep", "reject", "redirect", "forward"]


class Options(NamedTuple):
    slashes: Slashes
    normalize: bool
    merge: bool


SWITCH = (False, True)
OPTIONS = [Options(slashes, n, m) for slashes in get_args(Slashes) for n, m in itertools.product(SWITCH, SWITCH)]
ENVOY_ACTIONS = {
    "keep": "KEEP_UNCHANGED",
    "reject": "REJECT_REQUEST",
    "redirect": "UNESCAPE_AND_REDIRECT",
    "forward": "UNESCAPE_AND_FORWARD",
}


def listener(port: int, options: Options) -> dict[str, Any]:
    """Answers every request with 200 and the path as its routes see it."""
    extensions = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{extensions}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "paths",
        "codec_type": "HTTP1",
        "normalize_path": options.normalize,
        "merge_slashes": options.merge,
        "path_with_escaped_slashes_action": ENVOY_ACTIONS[options.slashes],
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{extensions}.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "any",
                    "domains": ["*"],
                    "routes": [
                        {
                            "match": {"prefix": ""},
                            "direct_response": {"status": 200},
                            "response_headers_to_add": [{"header": {"key": "x-path", "value": "%REQ(:PATH)%"}}],
                        }
                    ],
                }
            ]
        },
    }
    return {
        "name": f"paths-{port}",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Options, int]]:
    chosen = free_ports(len(OPTIONS))
    listeners = [listener(port, options) for port, options in zip(chosen, OPTIONS, strict=True)]
    directory: Path = tmp_path_factory.mktemp("envoy")
    with run_envoy({"static_resources": {"listeners": listeners}}, chosen, directory):
        yield dict(zip(OPTIONS, chosen, strict=True))


def ask(connection: KeptConnection, path: bytes) -> tuple[str, bytes]:
    status, fields = connection.get(path)
    match status:
        case 200:
            return "forward", fields[b"x-path"]
        case 307:
            return "redirect", fields[b"location"]
        case 400:
            return "reject", b""
    raise AssertionError(f"{path!r}: status {status}")


def settled(connection: KeptConnection, path: bytes) -> bytes:
    """What the path is after as many Envoys as it takes."""
    while (following := ask(connection, path)[1]) != path:
        path = following
    return path


def resolve(normalizer: PathNormalizer, path: bytes) -> tuple[str, bytes]:
    try:
        target, redirect = normalizer.resolve(path)
    except ProtocolError:
        return "reject", b""
    return "redirect" if redirect else "forward", target


@pytest.mark.parametrize(
    "options", OPTIONS, ids=lambda o: f"{o.slashes}-{'n' if o.normalize else ''}{'m' if o.merge else ''}"
)
def test_same_path_as_envoy(ports: dict[Options, int], options: Options) -> None:
    rng = random.Random(f"paths {options}")
    normalizer = PathNormalizer.envoy(
        escaped_slashes=options.slashes, normalize=options.normalize, merge_slashes=options.merge
    )
    changed = 0
    with closing(KeptConnection(ports[options])) as connection:
        for _ in range(PATHS_PER_OPTION):
            path = b"/" + b"".join(rng.choices(PIECES, k=rng.randrange(10)))
            expected = ask(connection, path)
            if options.normalize and expected[0] != "reject" and SETTLED_LATER.search(path):
                expected = expected[0], settled(connection, expected[1])
            assert resolve(normalizer, path) == expected, path
            changed += expected[1] != path
    assert changed > 0 or options == Options("keep", False, False)
