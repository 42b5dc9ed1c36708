"""Active checks without a network: which host is asked when, and what its answers make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fastpath import ClusterManager, ConfigErrors, load, models
from fastpath.clusters import Cluster
from fastpath.config import to_dict
from fastpath.health import CheckResult, HealthChecker
from fastpath.health.probes import HttpProbe, TcpProbe
from fastpath.models import (
    Endpoint,
    GrpcHealthCheck,
    HeaderAppendAction,
    HeaderValueOption,
    HealthCheck,
    HostFlag,
    HttpHealthCheck,
    Int64Range,
    LocalityEndpoints,
    OutlierDetection,
    TcpHealthCheck,
)

HTTP = HttpHealthCheck("/health?deep=1")
CHECK = HealthCheck(
    1,
    10,
    3,
    2,
    HTTP,
    no_traffic_interval=60,
    unhealthy_interval=5,
    unhealthy_edge_interval=1,
    healthy_edge_interval=2,
)
FAILED = HostFlag.FAILED_ACTIVE_HC
PASSED, NETWORK, TIMEOUT = CheckResult.PASSED, CheckResult.NETWORK, CheckResult.TIMEOUT


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def model_of(count: int, **fields: Any) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in range(count))
    return models.Cluster("c", (LocalityEndpoints(endpoints),), **fields)


class Bench:
    """A cluster of one host that had a request, and its checker."""

    def __init__(self, check: HealthCheck = CHECK, *, traffic: bool = True, **fields: Any) -> None:
        self.clock = Clock()
        self.cluster: Cluster = ClusterManager([model_of(1, **fields)], seed=1, clock=self.clock)["c"]
        if traffic:
            self.cluster.pick().release()
        self.checker = HealthChecker(self.cluster, check, seed=1)
        self.host = self.cluster.hosts[0]

    def answer(self, result: CheckResult) -> float:
        """The next check ends like this; seconds until the one after it."""
        due = self.checker.next_due()
        assert due is not None
        self.clock.now = due
        (check,) = self.checker.take_due()
        assert check.deadline == due + 1
        self.checker.finish(check, result)
        following = self.checker.next_due()
        assert following is not None
        return following - due


class TestThresholds:
    def test_hosts_are_unhealthy_until_the_first_check_has_passed(self) -> None:
        bench = Bench()
        assert bench.host.flags == FAILED
        assert not bench.checker.all_checked
        bench.answer(PASSED)
        assert bench.host.flags == HostFlag(0)
        assert bench.checker.all_checked

    def test_intervals_follow_the_state(self) -> None:
        bench = Bench()
        told = []
        for result in (
            PASSED,
            PASSED,
            NETWORK,
            PASSED,
            NETWORK,
            NETWORK,
            NETWORK,
            NETWORK,
            PASSED,
            NETWORK,
            PASSED,
            PASSED,
        ):
            told.append((bench.answer(result), bool(bench.host.flags & FAILED)))
        assert told == [
            (10, False),
            (10, False),
            (1, False),
            (10, False),
            (1, False),
            (1, False),
            (5, True),
            (5, True),
            (2, True),
            (5, True),
            (2, True),
            (10, False),
        ]

    def test_a_host_that_says_so_is_unhealthy_at_once(self) -> None:
        bench = Bench()
        bench.answer(PASSED)
        bench.answer(CheckResult.RETRIABLE)
        assert bench.host.flags == HostFlag(0)
        bench.answer(CheckResult.FAILED)
        assert bench.host.flags == FAILED

    def test_a_first_failure_leaves_a_host_to_its_thresholds(self) -> None:
        bench = Bench()
        bench.answer(NETWORK)
        bench.answer(PASSED)
        assert bench.host.flags == FAILED
        bench.answer(PASSED)
        assert bench.host.flags == HostFlag(0)

    def test_a_timeout_is_told_apart(self) -> None:
        bench = Bench(replace(CHECK, unhealthy_threshold=1))
        bench.answer(PASSED)
        bench.answer(TIMEOUT)
        assert bench.host.flags == FAILED | HostFlag.ACTIVE_HC_TIMEOUT
        bench.answer(NETWORK)
        assert bench.host.flags == FAILED

    def test_degraded_comes_and_goes(self) -> None:
        bench = Bench()
        bench.answer(CheckResult.DEGRADED)
        assert bench.host.flags == HostFlag.DEGRADED_ACTIVE_HC
        bench.answer(NETWORK)
        assert bench.host.flags == HostFlag.DEGRADED_ACTIVE_HC
        bench.answer(PASSED)
        assert bench.host.flags == HostFlag(0)

    def test_counters(self) -> None:
        bench = Bench()
        for result in (PASSED, CheckResult.DEGRADED, NETWORK, TIMEOUT, CheckResult.FAILED):
            bench.answer(result)
        stats = bench.checker.stats
        assert (stats.attempt, stats.success, stats.failure, stats.network_failure) == (5, 2, 3, 2)

    @pytest.mark.parametrize(("readmits", "flags"), [(True, HostFlag(0)), (False, HostFlag.FAILED_OUTLIER_CHECK)])
    def test_a_passed_check_may_end_an_ejection(self, readmits: bool, flags: HostFlag) -> None:
        detection = OutlierDetection(
            consecutive_5xx=1, max_ejection_percent=100, successful_active_health_check_uneject_host=readmits
        )
        bench = Bench(outlier_detection=detection)
        bench.answer(PASSED)
        bench.cluster.pick().report(500)
        assert bench.host.flags == HostFlag.FAILED_OUTLIER_CHECK
        bench.answer(PASSED)
        assert bench.host.flags == flags


class TestTimes:
    def test_without_traffic_checks_are_rare(self) -> None:
        bench = Bench(replace(CHECK, no_traffic_healthy_interval=300), traffic=False)
        assert bench.answer(NETWORK) == 60
        assert bench.answer(PASSED) == 60
        assert bench.answer(PASSED) == 300
        bench.cluster.pick().release()
        assert bench.answer(PASSED) == 10

    def test_jitter_is_added(self) -> None:
        bench = Bench(replace(CHECK, initial_jitter=7, interval_jitter=3, interval_jitter_percent=50))
        first = bench.checker.next_due()
        assert first is not None
        assert 0 < first < 7
        times = [bench.answer(PASSED) for _ in range(50)]
        assert all(10 <= time < 18 for time in times)
        assert max(times) - min(times) > 4

    def test_hosts_that_come_are_checked_and_those_that_go_are_not(self) -> None:
        bench = Bench()
        (check,) = bench.checker.take_due()
        bench.cluster.update(replace(bench.cluster.model, localities=model_of(3).localities[0:1]))
        assert [host.flags for host in bench.cluster.hosts] == [FAILED] * 3
        assert {each.host.port for each in bench.checker.take_due()} == {1, 2}
        bench.cluster.update(replace(bench.cluster.model, localities=()))
        bench.checker.finish(check, PASSED)
        assert bench.checker.stats.success == 0
        assert bench.checker.next_due() is None

    def test_a_check_counts_once(self) -> None:
        bench = Bench()
        (check,) = bench.checker.take_due()
        bench.checker.finish(check, PASSED)
        bench.checker.finish(check, CheckResult.FAILED)
        assert bench.host.flags == HostFlag(0)

    def test_closing_takes_back_what_was_said(self) -> None:
        bench = Bench()
        bench.checker.close()
        assert bench.host.flags == HostFlag(0)
        bench.cluster.update(replace(bench.cluster.model, localities=model_of(2).localities))
        assert [host.flags for host in bench.cluster.hosts] == [HostFlag(0)] * 2


def ask(check: HttpHealthCheck, *pieces: bytes) -> CheckResult | None:
    probe = HttpProbe(check, "cluster")
    result = None
    for piece in pieces:
        assert result is None
        result = probe.receive(piece)
    return result


def answer(status: int = 200, body: bytes = b"", *lines: bytes) -> bytes:
    head = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


class TestHttp:
    def test_the_request(self) -> None:
        probe = HttpProbe(HTTP, "cluster")
        assert probe.outgoing == b"GET /health?deep=1 HTTP/1.1\r\nhost: cluster\r\nuser-agent: Envoy/HC\r\n\r\n"

    def test_the_request_as_configured(self) -> None:
        overwrite = HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
        absent, existing = HeaderAppendAction.ADD_IF_ABSENT, HeaderAppendAction.OVERWRITE_IF_EXISTS
        check = HttpHealthCheck(
            "/",
            host="a.example",
            method="POST",
            send=b"ping",
            request_headers_to_add=(
                HeaderValueOption("User-Agent", "me", overwrite),
                HeaderValueOption("X-A", "1"),
                HeaderValueOption("X-A", "2"),
                HeaderValueOption("X-A", "3", absent),
                HeaderValueOption("X-B", "4", existing),
                HeaderValueOption("X-C", ""),
                HeaderValueOption("X-D", "5"),
            ),
            request_headers_to_remove=("x-d",),
        )
        assert HttpProbe(check, "cluster").outgoing == (
            b"POST / HTTP/1.1\r\nhost: a.example\r\nuser-agent: me\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 4\r\n\r\nping"
        )

    @pytest.mark.parametrize(
        ("status", "result"),
        [
            (200, CheckResult.PASSED),
            (201, CheckResult.FAILED),
            (299, CheckResult.PASSED),
            (300, CheckResult.FAILED),
            (503, CheckResult.RETRIABLE),
            (504, CheckResult.FAILED),
        ],
    )
    def test_statuses(self, status: int, result: CheckResult) -> None:
        check = HttpHealthCheck(
            "/",
            expected_statuses=(Int64Range(200, 201), Int64Range(210, 300)),
            retriable_statuses=(Int64Range(500, 504), Int64Range(200, 201)),
        )
        assert ask(check, answer(status)) is result

    def test_the_header_of_degraded_hosts(self) -> None:
        assert ask(HTTP, answer(200, b"", b"x-envoy-degraded: ")) is CheckResult.DEGRADED
        assert ask(HTTP, answer(500, b"", b"x-envoy-degraded: ")) is CheckResult.FAILED

    def test_answers_in_pieces(self) -> None:
        whole = b"HTTP/1.1 100 Continue\r\n\r\n" + answer(200, b"fine")
        assert ask(HTTP, *(whole[i : i + 1] for i in range(len(whole)))) is CheckResult.PASSED

    @pytest.mark.parametrize(
        ("body", "limit", "result"),
        [
            (b"..ab..cd..", 1024, CheckResult.PASSED),
            (b"cdab", 1024, CheckResult.FAILED),
            (b"abc", 1024, CheckResult.FAILED),
            (b"." * 1020 + b"abcd", 1024, CheckResult.PASSED),
            (b"." * 1021 + b"abcd", 1024, CheckResult.FAILED),
            (b"." * 9000 + b"abcd", 0, CheckResult.PASSED),
        ],
    )
    def test_bodies(self, body: bytes, limit: int, result: CheckResult) -> None:
        check = HttpHealthCheck("/", receive=(b"ab", b"cd"), response_buffer_size=limit)
        assert ask(check, answer(200, body)) is result

    @pytest.mark.parametrize(
        "pieces",
        [
            (b"",),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", b""),
            (b"SSH-2.0-OpenSSH\r\n",),
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",),
        ],
    )
    def test_what_is_no_answer(self, pieces: tuple[bytes, ...]) -> None:
        assert ask(HTTP, *pieces) is CheckResult.NETWORK

    def test_connections_are_used_again_when_both_sides_want_that(self) -> None:
        for line, reusable in ((b"X: y", True), (b"Connection: close", False)):
            probe = HttpProbe(HTTP, "cluster")
            assert probe.receive(answer(200, b"", line)) is CheckResult.PASSED
            assert probe.reusable is reusable
        until_close = HttpProbe(HTTP, "cluster")
        assert until_close.receive(b"HTTP/1.0 200 OK\r\n\r\nabc") is None
        assert until_close.receive(b"") is CheckResult.PASSED
        assert not until_close.reusable


def test_tcp() -> None:
    assert TcpProbe(TcpHealthCheck()).connected() is PASSED
    probe = TcpProbe(TcpHealthCheck(send=b"PING", receive=(b"PO", b"NG")))
    assert probe.outgoing == b"PING"
    assert probe.connected() is None
    assert probe.receive(b"+P") is None
    assert probe.receive(b"ONG\r\n") is PASSED
    assert TcpProbe(TcpHealthCheck(receive=(b"x",))).receive(b"") is NETWORK


BASE = {"timeout": "1s", "interval": "2s", "unhealthy_threshold": 3, "healthy_threshold": 4}
HTTP_BASE: dict[str, Any] = {"path": "/health"}


HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def protocol(name: str, **options: Any) -> dict[str, Any]:
    explicit = {"@type": f"type.googleapis.com/{HTTP_OPTIONS}", "explicit_http_config": {name: options}}
    return {HTTP_OPTIONS: explicit}


def load_check(http: dict[str, Any] | None = None, **fields: Any) -> HealthCheck:
    check = {**BASE, **({} if http is None else {"http_health_check": {**HTTP_BASE, **http}}), **fields}
    cluster = {"name": "c", "health_checks": [check]}
    (loaded,) = load({"static_resources": {"clusters": [cluster]}}).clusters[0].health_checks
    return loaded


class TestConfiguration:
    def test_the_least(self) -> None:
        assert load_check({}) == HealthCheck(1, 2, 3, 4, HttpHealthCheck("/health"))
        assert load_check(tcp_health_check={}) == HealthCheck(1, 2, 3, 4, TcpHealthCheck())

    def test_everything(self) -> None:
        http = {
            "host": "a.example",
            "path": "/",
            "method": "PUT",
            "send": {"text": "0aff"},
            "receive": [{"text": "61"}, {"binary": "Yg=="}],
            "response_buffer_size": 0,
            "expected_statuses": [{"start": 200, "end": "300"}],
            "retriable_statuses": [{"start": 500, "end": 600}],
            "codec_client_type": "HTTP1",
            "request_headers_to_add": [{"header": {"key": "x-a", "value": "b"}}],
            "request_headers_to_remove": ["user-agent"],
        }
        times = {
            "initial_jitter": 1,
            "interval_jitter": 2,
            "no_traffic_interval": 3,
            "no_traffic_healthy_interval": 4,
            "unhealthy_interval": 5,
            "unhealthy_edge_interval": 6,
            "healthy_edge_interval": 7,
        }
        loaded = load_check(
            http,
            interval_jitter_percent=8,
            reuse_connection=False,
            **{name: f"{seconds}s" for name, seconds in times.items()},
        )
        check = HttpHealthCheck(
            "/",
            "a.example",
            "PUT",
            b"\x0a\xff",
            (b"a", b"b"),
            0,
            (Int64Range(200, 300),),
            (Int64Range(500, 600),),
            (HeaderValueOption("x-a", "b"),),
            ("user-agent",),
        )
        assert loaded == HealthCheck(1, 2, 3, 4, check, interval_jitter_percent=8, reuse_connection=False, **times)
        tcp = {"send": {"text": "50"}, "receive": [{"text": "51"}]}
        assert load_check(tcp_health_check=tcp).check == TcpHealthCheck(b"P", (b"Q",))

    def test_grpc(self) -> None:
        metadata = [{"header": {"key": "x-a", "value": "b"}}]
        check = {"service_name": "s", "authority": "a.example", "initial_metadata": metadata}
        cluster = {"name": "c", "typed_extension_protocol_options": protocol("http2_protocol_options")}

        def loaded(check: dict[str, Any]) -> HealthCheck:
            checks = [{**BASE, "grpc_health_check": check}]
            config = load({"static_resources": {"clusters": [{**cluster, "health_checks": checks}]}})
            assert config.clusters[0].http2
            assert load(to_dict(config)) == config
            return config.clusters[0].health_checks[0]

        kind = GrpcHealthCheck("s", "a.example", (HeaderValueOption("x-a", "b"),))
        assert loaded(check) == HealthCheck(1, 2, 3, 4, kind)
        assert loaded({}).check == GrpcHealthCheck()
        metadata[0]["header"]["value"] = "%PROTOCOL%"
        with pytest.raises(ConfigErrors, match="format operators"):
            loaded(check)
        with pytest.raises(ConfigErrors, match="needs http2_protocol_options"):
            load_check(grpc_health_check={})

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            ({"mine": {}}, "HttpProtocolOptions"),
            ({HTTP_OPTIONS: {"@type": f"type.googleapis.com/{HTTP_OPTIONS}"}}, "explicit_http_config"),
            (protocol("http3_protocol_options"), "'http3_protocol_options' is not supported"),
            (protocol("http2_protocol_options", max_concurrent_streams=1), "max_concurrent_streams"),
        ],
    )
    def test_other_protocols_of_hosts_are_refused(self, options: dict[str, Any], reason: str) -> None:
        with pytest.raises(ConfigErrors) as caught:
            load({"static_resources": {"clusters": [{"name": "c", "typed_extension_protocol_options": options}]}})
        assert reason in str(caught.value)

    def test_http1_is_what_there_is_without(self) -> None:
        cluster = {"name": "c", "typed_extension_protocol_options": protocol("http_protocol_options")}
        assert load({"static_resources": {"clusters": [cluster]}}).clusters == (models.Cluster("c"),)

    @pytest.mark.parametrize(
        ("http", "fields"),
        [
            (None, {}),
            ({}, {"tcp_health_check": {}}),
            (None, {"grpc_health_check": {}}),
            (None, {"custom_health_check": {"name": "redis"}}),
            ({}, {"timeout": None}),
            ({}, {"timeout": "0s"}),
            ({}, {"interval": None}),
            ({}, {"unhealthy_threshold": None}),
            ({}, {"healthy_threshold": 0}),
            ({}, {"unhealthy_interval": "0s"}),
            ({}, {"event_log_path": "/dev/null"}),
            ({}, {"always_log_health_check_failures": True}),
            ({}, {"tls_options": {}}),
            ({"path": ""}, {}),
            ({"path": "health"}, {}),
            ({"path": "/a b"}, {}),
            ({"method": "CONNECT"}, {}),
            ({"codec_client_type": "HTTP2"}, {}),
            ({"send": {"text": "00"}}, {}),
            ({"method": "POST", "send": {}}, {}),
            ({"method": "POST", "send": {"text": "0"}}, {}),
            ({"receive": [{"text": "00" * 1025}]}, {}),
            ({"expected_statuses": [{"start": 99, "end": 200}]}, {}),
            ({"expected_statuses": [{"start": 200, "end": 200}]}, {}),
            ({"retriable_statuses": [{"start": 500, "end": 601}]}, {}),
            ({"service_name_matcher": {"prefix": "a"}}, {}),
            ({"request_headers_to_add": [{"header": {"key": "x", "value": "%PROTOCOL%"}}]}, {}),
            ({"request_headers_to_add": [{"header": {"key": ":path", "value": "/"}}]}, {}),
            ({"host": "a\nb"}, {}),
        ],
    )
    def test_what_cannot_be_done_is_refused(self, http: dict[str, Any] | None, fields: dict[str, Any]) -> None:
        with pytest.raises(ConfigErrors) as caught:
            load_check(http, **fields)
        assert caught.value.path.startswith("static_resources.clusters[0].health_checks[0]")

    def test_several_are_refused_as_envoy_does(self) -> None:
        check = {**BASE, "tcp_health_check": {}}
        with pytest.raises(ConfigErrors, match="several"):
            load({"static_resources": {"clusters": [{"name": "c", "health_checks": [check, check]}]}})
