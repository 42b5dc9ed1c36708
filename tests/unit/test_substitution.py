"""Format strings: every operator, missing values, lengths, JSON lines, and what is refused."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from fastpath import ConfigError, parse_request
from fastpath.models import SubstitutionFormatString
from fastpath.substitution import (
    DEFAULT_FORMAT,
    NAMES,
    Address,
    Certificate,
    ConnectionInfo,
    HeaderList,
    JsonFormatter,
    RequestHead,
    StreamInfo,
    SubstitutionFormatter,
    TlsInfo,
    UpstreamInfo,
    log_formatter,
)

NOON = 1_700_000_000.123456  # 2023-11-14T22:13:20.123456Z


def stream() -> StreamInfo:
    """A request about which everything is known."""
    fields = [
        ("X-A", "one"),
        ("x-b", "two"),
        ("x-b", "three"),
        ("x-empty", ""),
        ("content-type", "application/grpc"),
        ("accept", "a"),
        ("accept", "b"),
        ("x-envoy-original-path", "/original?z=1"),
        ("x-envoy-original-host", "original.example"),
    ]
    info = StreamInfo(
        RequestHead("POST", "a.example:8080", "/p/q?a=1&b=x%20y&a=2&n%61me=v", fields, "https"),
        ConnectionInfo(
            remote=Address("10.0.0.1", 1234),
            local=Address("::1", 443),
            direct_remote=Address("10.0.0.9", 9),
            id=7,
            tls=TlsInfo("TLSv1.3", "TLS_AES_128_GCM_SHA256", "5e55", certificate("peer"), certificate("local")),
            requested_server_name="sni.example",
            ja3="j3",
            ja4="j4",
            filter_chain_name="chain",
            termination_details="over",
            transport_failure_reason="bad record",
            local_close_reason="idle",
            detected_close_type="Normal",
        ),
        start_time=NOON,
    )
    info.upstream = UpstreamInfo(
        cluster="service",
        host=Address("10.1.0.1", 80),
        hostname="up.example:80",
        remote=Address("10.1.0.1", 80),
        local=Address("10.1.0.2", 5000),
        protocol="HTTP/1.1",
        connection_id=8,
        tls=TlsInfo("TLSv1.2", "C", "6e", certificate("upeer"), certificate("ulocal")),
        attempts=2,
        metadata={"envoy.lb": {"zone": "z1", "n": 3.0}},
        cluster_metadata={"m": {"k": "cluster"}},
        filter_state={"u": "state"},
        transport_failure_reason="no route to host",
        local_close_reason="done",
        detected_close_type="RemoteReset",
        pool_ready_duration=0.0125,
        hosts_attempted=("10.1.0.1:80", "10.1.0.3:80"),
        host_names_attempted=("a", "b"),
        connection_ids_attempted=(8, 9),
        wire_bytes_received=11,
        wire_bytes_sent=12,
        header_bytes_received=13,
        header_bytes_sent=14,
    )
    info.times = {
        "DS_RX_BEG": 1.0,
        "DS_RX_END": 1.0101,
        "US_TX_END": 1.011,
        "US_RX_BEG": 1.0125,
        "DS_TX_END": 1.020,
        "NOW": 1.0305,
        "DS_CX_BEG": 0.5,
        "DS_HS_END": 0.507,
        "mine": 1.5,
    }
    info.response_code = 503
    info.response_status = 503
    info.response_code_details = "via upstream"
    info.response_flags = ("UF", "URX")
    info.response_headers = HeaderList([("Y", "why"), ("vary", "a"), ("vary", "b")])
    info.response_trailers = HeaderList([("grpc-status", "5"), ("t", "trail")])
    info.bytes_received, info.bytes_sent = 100, 200
    info.downstream_wire_bytes_received, info.downstream_wire_bytes_sent = 1, 2
    info.downstream_header_bytes_received, info.downstream_header_bytes_sent = 3, 4
    info.route_name = "route"
    info.route_metadata = {"r": {"k": "route"}}
    info.virtual_cluster_name = "vc"
    info.dynamic_metadata = {"ns": {"key": "text", "deep": {"list": [1, 2.5, True, None]}, "n": 4.0}}
    info.filter_state = {"plain": "state", "object": {"field": "f", "n": 1}}
    info.local_reply_body = b"body"
    info.access_log_type = "DownstreamEnd"
    info.custom_flags = "flag"
    info.stream_id, info.trace_id, info.span_id = "sid", "tid", "pid"
    return info


def certificate(name: str) -> Certificate:
    return Certificate(
        subject=f"CN={name}",
        issuer="CN=ca",
        serial="01",
        uri_sans=("spiffe://a", "spiffe://b"),
        dns_sans=("a.example",),
        ip_sans=("10.0.0.1",),
        email_sans=("a@b",),
        othername_sans=("other",),
        sha256="256",
        sha1="1",
        pem="PEM",
        not_before=NOON,
        not_after=NOON + 86400,
        chain_sha256=("c256", "d256"),
        chain_sha1=("c1",),
        chain_serials=("01", "02"),
    )


def formatted(text: str, info: StreamInfo | None = None, **options: Any) -> str:
    return SubstitutionFormatter(text, **options).format(info or stream()).decode()


CASES = {
    "%REQ(x-a)%": "one",
    "%REQ(X-A)%": "one",
    "%REQUEST_HEADER(x-a)%": "one",
    "%STREAM_INFO_REQ(x-a)%": "one",
    "%REQ(x-b)%": "two",
    "%REQ(x-b):2%": "tw",
    "%REQ(x-b):0%": "",
    "%REQ(nope?x-a)%": "one",
    "%REQ(nope?accept)%": "a,b",
    "%REQ(x-empty?x-a)%": "",
    "%REQ(accept)%": "a,b",
    "%REQ(:method)% %REQ(:path)% %REQ(:authority)% %REQ(host)% %REQ(:scheme)%": (
        "POST /p/q?a=1&b=x%20y&a=2&n%61me=v a.example:8080 a.example:8080 https"
    ),
    "%REQ(:nope)%": "-",
    "%REQ_WITHOUT_QUERY(:path)%": "/p/q",
    "%REQ_WITHOUT_QUERY(x-envoy-original-path):3%": "/or",
    "%PATH%": "/original?z=1",
    "%PATH(NQ)%": "/original",
    "%PATH(NQ:PATH)%": "/p/q",
    "%PATH(WQ:ORIG):5%": "/orig",
    "%QUERY_PARAM(a)%": "1",
    "%QUERY_PARAM(b)%": "x y",
    "%QUERY_PARAM(name)%": "v",
    "%QUERY_PARAM(c)%": "-",
    "%QUERY_PARAMS%": "a=1&b=x%20y&a=2&n%61me=v",
    "%QUERY_PARAMS(DECODED)%": "a=1&b=x%20y&a=2&name=v",
    "%QUERY_PARAMS(ORIG):3%": "a=1",
    "%REQUESTED_SERVER_NAME%": "sni.example",
    "%REQUESTED_SERVER_NAME(SNI_FIRST:HOST)%": "sni.example",
    "%REQUESTED_SERVER_NAME(HOST_FIRST)%": "original.example",
    "%REQUESTED_SERVER_NAME(HOST_FIRST:HOST)%": "a.example:8080",
    "%RESP(y)%|%RESPONSE_HEADER(Y)%|%RESP(:status)%|%RESP(n?y):2%": "why|why|503|wh",
    "%RESP(vary)%": "a,b",
    "%TRAILER(t)%|%RESPONSE_TRAILER(n?t):2%": "trail|tr",
    "%GRPC_STATUS%": "NotFound",
    "%GRPC_STATUS(SNAKE_STRING)%": "NOT_FOUND",
    "%GRPC_STATUS(NUMBER)%|%GRPC_STATUS_NUMBER%": "5|5",
    "%LOCAL_REPLY_BODY%": "body",
    "%START_TIME%": "2023-11-14T22:13:20.123Z",
    "%START_TIME(%s.%3f)%": "1700000000.123",
    "%START_TIME(%Y/%m/%dT%H:%M:%S%z)%": "2023/11/14T22:13:20+0000",
    "%START_TIME(%E3S|%E*S|%E0S|%E2f|%1f)%": "20.123|20.123456|20|12|1",
    "%START_TIME(a)b)%": "a)b",
    "%START_TIME(%%Y %)%": "%Y %",
    "%DURATION%": "30",
    "%REQUEST_DURATION%": "10",
    "%REQUEST_TX_DURATION%": "11",
    "%RESPONSE_DURATION%": "12",
    "%RESPONSE_TX_DURATION%": "7",
    "%DOWNSTREAM_HANDSHAKE_DURATION%": "7",
    "%UPSTREAM_CONNECTION_POOL_READY_DURATION%": "12",
    "%COMMON_DURATION(DS_RX_BEG:US_RX_BEG)%": "12",
    "%COMMON_DURATION(DS_RX_BEG:US_RX_BEG:us)%": "12500",
    "%COMMON_DURATION(DS_RX_BEG:mine:ns)%": "500000000",
    "%COMMON_DURATION(DS_RX_BEG:unknown)%": "-",
    "%COMMON_DURATION(mine:DS_RX_BEG)%": "-",
    "%RESPONSE_CODE%": "503",
    "%RESPONSE_CODE_DETAILS%": "via_upstream",
    "%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%": "via upstream",
    "%RESPONSE_FLAGS%": "UF,URX",
    "%RESPONSE_FLAGS_LONG%": "UpstreamConnectionFailure,UpstreamRetryLimitExceeded",
    "%BYTES_RECEIVED% %BYTES_SENT%": "100 200",
    "%DOWNSTREAM_WIRE_BYTES_RECEIVED% %DOWNSTREAM_WIRE_BYTES_SENT%": "1 2",
    "%DOWNSTREAM_HEADER_BYTES_RECEIVED% %DOWNSTREAM_HEADER_BYTES_SENT%": "3 4",
    "%UPSTREAM_WIRE_BYTES_RECEIVED% %UPSTREAM_WIRE_BYTES_SENT%": "11 12",
    "%UPSTREAM_HEADER_BYTES_RECEIVED% %UPSTREAM_HEADER_BYTES_SENT%": "13 14",
    "%RESPONSE_HEADERS_BYTES% %RESPONSE_TRAILERS_BYTES%": "24 18",
    "%PROTOCOL%": "HTTP/1.1",
    "%DOWNSTREAM_REMOTE_ADDRESS%": "10.0.0.1:1234",
    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_PORT%": "10.0.0.1 1234",
    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(7)% %UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(33)%": "10.0.0.0/7 10.1.0.1/32",
    "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(16)% %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(x)%": "::/16 ::1",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_PORT%": "10.0.0.9:9 9",
    "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%": "10.0.0.9",
    "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_PORT%": "[::1]:443 443",
    "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%": "::1",
    "%DOWNSTREAM_DIRECT_LOCAL_ADDRESS% %DOWNSTREAM_DIRECT_LOCAL_PORT%": "[::1]:443 443",
    "%DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT%": "::1",
    "%CONNECTION_ID%": "7",
    "%FILTER_CHAIN_NAME%": "chain",
    "%CONNECTION_TERMINATION_DETAILS%": "over",
    "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%": "bad_record",
    "%DOWNSTREAM_LOCAL_CLOSE_REASON% %DOWNSTREAM_DETECTED_CLOSE_TYPE%": "idle Normal",
    "%TLS_JA3_FINGERPRINT% %TLS_JA4_FINGERPRINT%": "j3 j4",
    "%DOWNSTREAM_TLS_VERSION% %DOWNSTREAM_TLS_CIPHER% %DOWNSTREAM_TLS_SESSION_ID%": (
        "TLSv1.3 TLS_AES_128_GCM_SHA256 5e55"
    ),
    "%DOWNSTREAM_PEER_SUBJECT% %DOWNSTREAM_PEER_ISSUER% %DOWNSTREAM_PEER_SERIAL%": "CN=peer CN=ca 01",
    "%DOWNSTREAM_PEER_CERT% %DOWNSTREAM_PEER_FINGERPRINT_256% %DOWNSTREAM_PEER_FINGERPRINT_1%": "PEM 256 1",
    "%DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_PEER_DNS_SAN%": "spiffe://a,spiffe://b a.example",
    "%DOWNSTREAM_PEER_IP_SAN% %DOWNSTREAM_PEER_EMAIL_SAN% %DOWNSTREAM_PEER_OTHERNAME_SAN%": "10.0.0.1 a@b other",
    "%DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256% %DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1%": "c256,d256 c1",
    "%DOWNSTREAM_PEER_CHAIN_SERIALS%": "01,02",
    "%DOWNSTREAM_PEER_CERT_V_START(%Y)% %DOWNSTREAM_PEER_CERT_V_END(%d)%": "2023 15",
    "%DOWNSTREAM_LOCAL_SUBJECT% %DOWNSTREAM_LOCAL_DNS_SAN% %DOWNSTREAM_LOCAL_IP_SAN%": "CN=local a.example 10.0.0.1",
    "%DOWNSTREAM_LOCAL_URI_SAN%": "spiffe://a,spiffe://b",
    "%DOWNSTREAM_LOCAL_EMAIL_SAN% %DOWNSTREAM_LOCAL_OTHERNAME_SAN%": "a@b other",
    "%UPSTREAM_HOST% %UPSTREAM_HOST_NAME% %UPSTREAM_HOST_NAME_WITHOUT_PORT%": ("10.1.0.1:80 up.example:80 up.example"),
    "%UPSTREAM_CLUSTER% %UPSTREAM_CLUSTER_RAW%": "service service",
    "%UPSTREAM_REMOTE_ADDRESS% %UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %UPSTREAM_REMOTE_PORT%": (
        "10.1.0.1:80 10.1.0.1 80"
    ),
    "%UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %UPSTREAM_LOCAL_PORT%": (
        "10.1.0.2:5000 10.1.0.2 5000"
    ),
    "%UPSTREAM_PROTOCOL% %UPSTREAM_CONNECTION_ID% %UPSTREAM_REQUEST_ATTEMPT_COUNT%": "HTTP/1.1 8 2",
    "%UPSTREAM_TLS_VERSION% %UPSTREAM_TLS_CIPHER% %UPSTREAM_TLS_SESSION_ID%": "TLSv1.2 C 6e",
    "%UPSTREAM_PEER_SUBJECT% %UPSTREAM_PEER_ISSUER% %UPSTREAM_PEER_CERT%": "CN=upeer CN=ca PEM",
    "%UPSTREAM_PEER_URI_SAN% %UPSTREAM_PEER_DNS_SAN% %UPSTREAM_PEER_IP_SAN%": (
        "spiffe://a,spiffe://b a.example 10.0.0.1"
    ),
    "%UPSTREAM_LOCAL_URI_SAN% %UPSTREAM_LOCAL_DNS_SAN% %UPSTREAM_LOCAL_IP_SAN%": (
        "spiffe://a,spiffe://b a.example 10.0.0.1"
    ),
    "%UPSTREAM_PEER_CERT_V_START(%m)% %UPSTREAM_PEER_CERT_V_END(%H)%": "11 22",
    "%UPSTREAM_TRANSPORT_FAILURE_REASON%": "no_route_to_host",
    "%UPSTREAM_LOCAL_CLOSE_REASON% %UPSTREAM_DETECTED_CLOSE_TYPE%": "done RemoteReset",
    "%UPSTREAM_HOSTS_ATTEMPTED% %UPSTREAM_HOST_NAMES_ATTEMPTED%": "10.1.0.1:80,10.1.0.3:80 a,b",
    "%UPSTREAM_CONNECTION_IDS_ATTEMPTED%": "8,9",
    "%DYNAMIC_METADATA(ns:key)%|%DYNAMIC_METADATA(ns:key):2%|%DYNAMIC_METADATA(ns:n)%": "text|te|4",
    "%DYNAMIC_METADATA(ns:deep)%": '{"list":[1,2.5,true,null]}',
    "%DYNAMIC_METADATA(ns:no)%|%DYNAMIC_METADATA(no)%|%DYNAMIC_METADATA(ns:key:more)%": "-|-|-",
    "%CLUSTER_METADATA(m:k)% %UPSTREAM_METADATA(envoy.lb:zone)% %UPSTREAM_METADATA(envoy.lb:n)%": "cluster z1 3",
    "%METADATA(ROUTE:r:k)% %METADATA(CLUSTER:m:k)% %METADATA(UPSTREAM_HOST:envoy.lb:zone)%": "route cluster z1",
    "%METADATA(DYNAMIC:ns:key):1%": "t",
    "%FILTER_STATE(plain:PLAIN)%|%FILTER_STATE(plain:PLAIN):2%|%FILTER_STATE(no)%": "state|st|-",
    "%FILTER_STATE(object)%|%FILTER_STATE(object:FIELD:field)%": '{"field":"f","n":1}|f',
    "%UPSTREAM_FILTER_STATE(u:PLAIN)%|%PER_REQUEST_STATE(plain)%": "state|state",
    "%ROUTE_NAME% %VIRTUAL_CLUSTER_NAME% %ACCESS_LOG_TYPE% %CUSTOM_FLAGS%": "route vc DownstreamEnd flag",
    "%STREAM_ID% %TRACE_ID% %SPAN_ID%": "sid tid pid",
    '%COALESCE({"operators":[{"command":"REQ","param":"nope"},"ROUTE_NAME"]})%': "route",
    '%COALESCE({"operators":["PROTOCOL"]}):4%': "HTTP",
    '%COALESCE({"operators":[{"command":"REQ","param":"x-b","max_length":1}]})%': "t",
    '%COALESCE({"operators":[{"command":"REQ","param":"nope"}]})%': "-",
    "": "",
    "plain": "plain",
    "100%%": "100%",
    "%%%REQ(x-a)%%%": "%one%",
    "%REQ(x-a)%%REQ(x-b)%": "onetwo",
    "é%REQ(x-a)%": "éone",
}


@pytest.mark.parametrize("text", CASES, ids=str)
def test_operators_read_what_they_are_named_after(text: str) -> None:
    assert formatted(text) == CASES[text]


def test_every_operator_is_in_a_case() -> None:
    shown = "".join([*CASES, "%REQUEST_HEADERS_BYTES%", *RANDOM_OR_LOCAL])
    assert [name for name in NAMES if f"%{name}%" not in shown and f"%{name}(" not in shown] == []


RANDOM_OR_LOCAL: dict[str, Callable[[str], bool]] = {
    "%UNIQUE_ID%": lambda text: len(text) == 36,
    "%HOSTNAME%": lambda text: text == socket.gethostname(),
    "%ENVIRONMENT(HOME)%": lambda text: text.startswith("/"),
    "%EMIT_TIME(%s)%": lambda text: abs(int(text) - time.time()) < 5,
    "%EMIT_TIME_LOCAL(%s)%": lambda text: abs(int(text) - time.time()) < 5,
    "%START_TIME_LOCAL(%Y)%": lambda text: text == "2023",
    "%START_TIME_LOCAL%": lambda text: text.startswith("2023-11-1"),
    "%REQUEST_HEADERS_BYTES%": lambda text: text == "221",
}


@pytest.mark.parametrize("text", RANDOM_OR_LOCAL)
def test_operators_that_differ_from_place_to_place(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert RANDOM_OR_LOCAL[text](formatted(text))


def test_an_environment_variable_that_is_not_set_is_a_dash_in_any_case() -> None:
    assert formatted("%ENVIRONMENT(NOT_SET_ANYWHERE)%", omit_empty_values=True) == "-"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_known_is_a_dash_or_left_out(name: str) -> None:
    arguments = {"COMMON_DURATION": "(a:b)", "METADATA": "(ROUTE:a)", "ENVIRONMENT": "(NOT_SET)"}
    needs = "REQ RESP TRAILER QUERY_PARAM REQUEST_HEADER RESPONSE_HEADER RESPONSE_TRAILER STREAM_INFO_REQ".split()
    needs += (
        "PER_REQUEST_STATE REQ_WITHOUT_QUERY DYNAMIC_METADATA CLUSTER_METADATA UPSTREAM_METADATA FILTER_STATE".split()
    )
    text = f"%{name}{arguments.get(name, '(a)' if name in [*needs, 'UPSTREAM_FILTER_STATE'] else '')}%"
    nothing = StreamInfo(protocol=None)
    shown = SubstitutionFormatter(text).format(nothing)
    left_out = SubstitutionFormatter(text, omit_empty_values=True).format(nothing)
    never_empty = {"UNIQUE_ID", "HOSTNAME", "EMIT_TIME", "EMIT_TIME_LOCAL"}
    if name in never_empty:
        assert shown
        return
    assert (shown, left_out) in ((b"-", b""), (b"0", b"0"), (b"-", b"-"), (b"NotSet", b"NotSet"), (b"", b""))


def test_grpc_status_comes_from_trailers_headers_or_the_response_code() -> None:
    info = stream()
    info.response_trailers = HeaderList([("grpc-status", "99")])
    assert formatted("%GRPC_STATUS%", info) == "99"
    info.response_trailers = None
    info.response_headers = HeaderList([("grpc-status", "0")])
    assert formatted("%GRPC_STATUS%", info) == "OK"
    info.response_headers = None
    assert formatted("%GRPC_STATUS%", info) == "Unavailable"
    info.head = RequestHead(headers=[("content-type", "text/plain")])
    assert formatted("%GRPC_STATUS%", info) == "-"


def test_a_parsed_request_is_read_as_parts_are() -> None:
    request = parse_request(b"GET http://b.example/p?q=1 HTTP/1.1\r\nHost: a.example\r\nX-A: v\r\n\r\n")
    assert request is not None
    text = "%REQ(:METHOD)% %REQ(:SCHEME)% %REQ(:AUTHORITY)% %REQ(:PATH)% %REQ(X-A)%"
    assert formatted(text, StreamInfo(request)) == "GET http b.example /p?q=1 v"


@pytest.mark.parametrize(
    ("head", "tls", "scheme"),
    [
        (b"GET /p HTTP/1.1\r\nHost: a\r\n\r\n", False, b"http"),
        (b"GET /p HTTP/1.1\r\nHost: a\r\n\r\n", True, b"https"),
        (b"GET /p HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: HTTPS\r\n\r\n", False, b"https"),
        (b"GET /p HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: ftp\r\n\r\n", False, b"http"),
        (b"GET https://a/p HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: http\r\n\r\n", False, b"https"),
    ],
)
def test_the_scheme_is_the_targets_or_the_forwarded_one_or_the_connections(
    head: bytes, tls: bool, scheme: bytes
) -> None:
    request = parse_request(head)
    assert request is not None
    assert RequestHead.of(request, tls=tls).scheme == scheme


REFUSED = {
    "%": 0,
    "a%": 1,
    "%%%": 2,
    "%REQ(x": 0,
    "%REQ(x)": 0,
    "a%REQ(x):%": 1,
    "%REQ(x):-1%": 0,
    "%REQ(x):99999999999999999999%": 0,
    "%REQ(x):18446744073709551616%": 0,
    "%REQ()%": 0,
    "%REQ%": 0,
    "%REQ(a?b?c)%": 0,
    "%REQ(a b)%": 0,
    "%REQ(a\n)%": 0,
    "%REQ(a)b)%": 0,
    "%req(a)%": 0,
    "%PROTOCOL(x)%": 0,
    "%PROTOCOL:3%": 0,
    "%NOPE%": 0,
    "%CEL(request.path)%": 0,
    "ab%ROUNDTRIP_DURATION%": 2,
    "%START_TIME(%n)%": 0,
    "%START_TIME:3%": 0,
    "%GRPC_STATUS(X)%": 0,
    "%COMMON_DURATION(a)%": 0,
    "%COMMON_DURATION(a:b:x)%": 0,
    "%COMMON_DURATION(a:b:ms:d)%": 0,
    "%FILTER_STATE(a:X)%": 0,
    "%FILTER_STATE(a:FIELD)%": 0,
    "%FILTER_STATE(a:PLAIN:b)%": 0,
    "%FILTER_STATE%": 0,
    "%PER_REQUEST_STATE(a:PLAIN)%": 0,
    "%DOWNSTREAM_REMOTE_ADDRESS(16)%": 0,
    "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16):3%": 0,
    "%PATH(X)%": 0,
    "%PATH(NQ:X)%": 0,
    "%QUERY_PARAM()%": 0,
    "%QUERY_PARAMS(X)%": 0,
    "%REQUESTED_SERVER_NAME(X)%": 0,
    "%REQUESTED_SERVER_NAME(SNI_FIRST:X)%": 0,
    "%METADATA(X:a)%": 0,
    "%ENVIRONMENT%": 0,
    "%COALESCE(x)%": 0,
    '%COALESCE({"operators":[]})%': 0,
    '%COALESCE({"operators":[1]})%': 0,
    '%COALESCE({"operators":["COALESCE"]})%': 0,
    '%COALESCE({"operators":["NOPE"]})%': 0,
    "%BYTES_SENT% %% a%b": 17,
    "%DURATION%x%": 11,
}


@pytest.mark.parametrize("text", REFUSED, ids=str)
def test_bad_formats_are_refused_with_their_position(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SubstitutionFormatter(text)
    assert caught.value.index == REFUSED[text]
    assert caught.value.code == "config_format"


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(ConfigError, match="the operator NOPE is unknown"):
        SubstitutionFormatter("%NOPE%")


def test_extensions_can_be_left_out() -> None:
    text = "%REQ_WITHOUT_QUERY(:path)%"
    SubstitutionFormatter(text)
    with pytest.raises(ConfigError, match="not for header fields"):
        SubstitutionFormatter(text, extensions=False)


def test_a_format_without_operators_is_known_beforehand() -> None:
    assert SubstitutionFormatter("100%% sure").static == b"100% sure"
    assert SubstitutionFormatter("%PROTOCOL%").static is None


def test_json_lines_keep_types_and_sort_keys() -> None:
    formatter = JsonFormatter(
        {
            "z": "%RESPONSE_CODE%",
            "a": {"text": "x-%RESPONSE_CODE%", "list": ["%DURATION%", "%REQ(nope)%", 1, True, None, 2.5]},
            "meta": "%DYNAMIC_METADATA(ns:deep)%",
            "quoted": '"%REQ(x-a)%"',
        }
    )
    line = formatter.format(stream())
    assert line == (
        b'{"a":{"list":[30,null,1,true,null,2.5],"text":"x-503"},"meta":{"list":[1,2.5,true,null]},'
        b'"quoted":"\\"one\\"","z":503}\n'
    )


def test_json_lines_leave_out_what_is_missing_when_told_to() -> None:
    fields = {"a": "%REQ(nope)%", "b": ["%REQ(nope)%", "x"], "c": "<%REQ(nope)%>"}
    assert json.loads(JsonFormatter(fields).format(stream())) == {"a": None, "b": [None, "x"], "c": "<->"}
    left = JsonFormatter(fields, omit_empty_values=True).format(stream())
    assert json.loads(left) == {"b": ["x"], "c": "<>"}


def test_bytes_that_are_not_utf8_do_not_break_a_json_line() -> None:
    info = StreamInfo(RequestHead(headers=[(b"x", b"\xff\xe9")]))
    assert json.loads(JsonFormatter({"x": "%REQ(x)%"}).format(info)) == {"x": "\ufffd\ufffd"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"a": {"b": ["x", "%NOPE%"]}}, "json_format.a.b[1]"),
        ({"a": b"bytes"}, "json_format.a"),
        ({"a": "%"}, "json_format.a"),
    ],
)
def test_a_bad_json_format_is_refused_with_its_place(fields: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        JsonFormatter(fields)
    assert caught.value.path == path


def test_a_json_format_may_not_be_too_deep() -> None:
    fields: dict[str, object] = {}
    for _ in range(100):
        fields = {"a": fields}
    with pytest.raises(ConfigError, match="levels"):
        JsonFormatter(fields)


def test_log_formats_come_from_their_model() -> None:
    assert log_formatter(SubstitutionFormatString(text_format="%REQ(nope)%\n")).format(stream()) == b"-\n"
    left_out = SubstitutionFormatString(text_format="%REQ(nope)%\n", omit_empty_values=True)
    assert log_formatter(left_out).format(stream()) == b"\n"
    assert log_formatter(SubstitutionFormatString(json_format={"a": "b"})).format(stream()) == b'{"a":"b"}\n'
    assert SubstitutionFormatter(DEFAULT_FORMAT).source == DEFAULT_FORMAT
    assert log_formatter().format(stream()).startswith(b'[2023-11-14T22:13:20.123Z] "POST /original?z=1 HTTP/1.1" 503 ')
    for model in (SubstitutionFormatString(), SubstitutionFormatString(text_format="", json_format={})):
        with pytest.raises(ConfigError, match="exactly one"):
            log_formatter(model)


def test_header_lists_keep_order_and_spelling() -> None:
    fields = HeaderList([("A", "1"), ("b", "2"), ("a", "3")])
    assert fields.get(b"a") == b"1"
    assert fields.get_all(b"A") == [b"1", b"3"]
    assert b"B" in fields
    fields.set(b"a", b"4")
    assert fields.items() == [(b"b", b"2"), (b"a", b"4")]
    fields.append(b"B", b"5")
    fields.remove(b"b")
    assert list(fields) == [(b"a", b"4")]
    assert len(fields) == 1
