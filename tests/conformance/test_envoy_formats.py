"""Format strings in header values come out as in a real Envoy, and those that it refuses are refused."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conformance.envoy_oracle import program, run_envoy
from conformance.ports import free_ports

from fastpath import ConfigError, ConnectionInfo, RouteTable, StreamInfo, direct_answer, parse_request
from fastpath.models import (
    DirectResponse,
    HeaderMutations,
    HeaderValueOption,
    Route,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from fastpath.substitution import Address, SubstitutionFormatter

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"

FORMATS = """
%REQ(x-a)% %REQ(X-A)% %REQ(x-b)% %REQ(x-b):2% %REQ(x-a):0% %REQ(no?x-b)% %REQ(x-empty?x-a)% %REQ(x-empty)% %REQ(a?)%
%REQ(?x-a)% %REQ(:path)% %REQ(:authority)% %REQ(host)% %REQ(:method)% %REQ(:scheme)% %REQ(:no)% %REQ(accept)%
%REQUEST_HEADER(x-a)% %STREAM_INFO_REQ(x-a)% %RESP(:status)% %RESP(x-none)% %RESPONSE_HEADER(:status)% %TRAILER(x)%
%PATH% %PATH(WQ)% %PATH(NQ)% %PATH(WQ:ORIG)% %PATH(NQ:ORIG)% %PATH(NQ:PATH)% %PATH(:ORIG)% %PATH(NQ:ORIG):3%
%QUERY_PARAM(a)% %QUERY_PARAM(b):3% %QUERY_PARAM(A)% %QUERY_PARAM(name)% %QUERY_PARAM(c)% %QUERY_PARAMS%
%QUERY_PARAMS(ORIG)% %QUERY_PARAMS(DECODED)% %QUERY_PARAMS(ORIG):4% %REQUESTED_SERVER_NAME%
%REQUESTED_SERVER_NAME(SNI_ONLY)% %REQUESTED_SERVER_NAME(SNI_FIRST)% %REQUESTED_SERVER_NAME(HOST_FIRST)%
%REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)% %REQUESTED_SERVER_NAME(HOST_FIRST:HOST)% %PROTOCOL% %PROTOCOL()% %ROUTE_NAME%
%VIRTUAL_CLUSTER_NAME% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% %BYTES_SENT% %BYTES_RECEIVED%
%UPSTREAM_HOST% %UPSTREAM_CLUSTER% %UPSTREAM_CONNECTION_ID% %UPSTREAM_PROTOCOL% %UPSTREAM_REQUEST_ATTEMPT_COUNT%
%UPSTREAM_HOST_NAME% %UPSTREAM_HOSTS_ATTEMPTED% %FILTER_CHAIN_NAME% %ACCESS_LOG_TYPE% %LOCAL_REPLY_BODY%
%CUSTOM_FLAGS% %DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_PEER_SUBJECT% %CONNECTION_TERMINATION_DETAILS%
%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)%
%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(33)% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%
%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% %DYNAMIC_METADATA(a:b)% %FILTER_STATE(a:PLAIN)% %PER_REQUEST_STATE(a)%
%UPSTREAM_METADATA(a:b)% %CLUSTER_METADATA(a)% %GRPC_STATUS% %GRPC_STATUS(NUMBER)% %TRACE_ID% %ENVIRONMENT(NO_SUCH)%
%COMMON_DURATION(a:b)% %RESPONSE_DURATION% %UPSTREAM_TRANSPORT_FAILURE_REASON% %HOSTNAME% 100%% %%REQ%% a%REQ(x-a)%b%%
%REQ(x-a)%%REQ(x-b)% %COALESCE({"operators":[{"command":"REQ","param":"no"},"PROTOCOL"]}):3% %START_TIME(%n)%
%START_TIME:3% % a% %%% %REQ(x %REQ(x) %REQ(x):% %REQ(x):-1% %REQ(x):99999999999999999999% %REQ()% %REQ% %REQ(a?b?c)%
%REQ(a)b)% %REQ(a%b)% %req(a)% %PROTOCOL(x)% %PROTOCOL:3% %NOPE% %GRPC_STATUS(X)% %COMMON_DURATION(a)%
%COMMON_DURATION(a:b:x)% %COMMON_DURATION(a:b:ms:d)% %FILTER_STATE(a:X)% %FILTER_STATE(a:FIELD)%
%FILTER_STATE(a:PLAIN:b)% %FILTER_STATE% %PATH(X)% %PATH(NQ:X)% %QUERY_PARAM()% %QUERY_PARAMS(X)%
%REQUESTED_SERVER_NAME(X)% %ENVIRONMENT% %REQUESTED_SERVER_NAME(SNI_FIRST:X)% %HOSTNAME:3% %REQ_WITHOUT_QUERY(:path)%
%METADATA(ROUTE:a)% %DURATION%x% %PER_REQUEST_STATE(a:PLAIN)% %DOWNSTREAM_REMOTE_ADDRESS(16)%
%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16):3% %START_TIME(%s)% %START_TIME(a)b)% %RESPONSE_CODE_DETAILS(X)%
%DYNAMIC_METADATA(a:b:c):3%
""".split()
TIMED = ("%START_TIME",)

REQUESTS = [
    b"GET /p/q?a=1&b=x%20y&a=2&n%61me=v%2Bw&d=%zz%4 HTTP/1.1\r\nHost: A.example:8080\r\nX-A: one\r\nX-B: two\r\n"
    b"X-B: three\r\nX-Empty:\r\nAccept: t\r\nAccept: u\r\nX-Envoy-Original-Path: /o?z=9\r\n"
    b"X-Envoy-Original-Host: o\r\n\r\n",
    b"GET /p? HTTP/1.1\r\nHost: a\r\nX-B: \xe9\r\n\r\n",
    b"GET /p?a&b==&%61=3 HTTP/1.1\r\nHost: a\r\n\r\n",
]


def bootstrap(formats: list[str], port: int) -> dict[str, Any]:
    added = [{"header": {"key": f"x-{index}", "value": f"<{text}>"}} for index, text in enumerate(formats)]
    route = {
        "name": "rname",
        "match": {"prefix": "/"},
        "direct_response": {"status": 200},
        "response_headers_to_add": added,
    }
    manager = {
        "@type": HCM,
        "stat_prefix": "x",
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    listener = {
        "name": "l",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener]}}


def is_refused_by_envoy(text: str, directory: Path) -> bool:
    config = directory / "one.json"
    config.write_text(json.dumps(bootstrap([text], 0)))
    command = [program(), "--mode", "validate", "-c", str(config), "-l", "off"]
    return subprocess.run(command, capture_output=True, check=False).returncode != 0


def is_refused(text: str) -> bool:
    try:
        SubstitutionFormatter(text, extensions=False)
    except ConfigError:
        return True
    return False


def values_of_envoy(request: bytes, port: int) -> tuple[dict[str, bytes], int]:
    """The fields of the answer, and the client's port."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            some = connection.recv(65536)
            assert some
            received += some
        lines = received.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        return {name.decode(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}, (
            connection.getsockname()[1]
        )


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    directory = tmp_path_factory.mktemp("formats")
    return {text: is_refused_by_envoy(text, directory) for text in FORMATS}


def test_formats_that_envoy_refuses_are_refused_and_no_others(verdicts: dict[str, bool]) -> None:
    assert {text: is_refused(text) for text in FORMATS} == verdicts
    assert 20 < sum(verdicts.values()) < len(FORMATS) - 50


def test_formats_come_out_as_in_envoy(verdicts: dict[str, bool], tmp_path: Path) -> None:
    formats = [text for text in FORMATS if not verdicts[text] and not text.startswith(TIMED)]
    (port,) = free_ports(1)
    options = tuple(HeaderValueOption(f"x-{index}", f"<{text}>") for index, text in enumerate(formats))
    route = Route(
        RouteMatch(prefix="/"), DirectResponse(200), "rname", HeaderMutations(response_headers_to_add=options)
    )
    table = RouteTable(RouteConfiguration("r", (VirtualHost("v", ("*",), (route,)),)))
    with run_envoy(bootstrap(formats, port), [port], tmp_path):
        for head in REQUESTS:
            theirs, client = values_of_envoy(head, port)
            request = parse_request(head)
            assert request is not None
            match = table.match(request)
            assert match is not None
            connection = ConnectionInfo(remote=Address("127.0.0.1", client), local=Address("127.0.0.1", port))
            stream = StreamInfo(request, connection)
            stream.route_name = "rname"
            answer = direct_answer(match, request, stream)
            assert answer is not None
            ours = {name.decode(): value for name, value in answer.headers}
            differing = {
                text: (ours[f"x-{index}"], theirs[f"x-{index}"])
                for index, text in enumerate(formats)
                if ours[f"x-{index}"] != theirs[f"x-{index}"]
            }
            assert differing == {}
