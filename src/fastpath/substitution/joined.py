"""Header fields of which Envoy keeps one line: what arrives on several, or is appended, is joined with commas."""

from __future__ import annotations

__all__ = ["JOINED_IN_REQUESTS", "JOINED_IN_RESPONSES", "join"]

_BOTH = (
    "cache-control content-encoding content-type proxy-status via x-envoy-decorator-operation x-request-id "
    "connection keep-alive proxy-connection te transfer-encoding upgrade content-length"
)
_REQUESTS = (
    "accept accept-encoding access-control-request-headers access-control-request-method "
    "access-control-request-private-network authentication authorization cdn-loop expect grpc-accept-encoding "
    "grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since origin pragma referer "
    "user-agent x-client-trace-id x-envoy-attempt-count x-envoy-downstream-service-cluster "
    "x-envoy-downstream-service-node x-envoy-external-address x-envoy-force-trace x-envoy-internal x-envoy-ip-tags "
    "x-envoy-is-timeout-retry x-envoy-original-host x-envoy-original-path x-envoy-original-url "
    "x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto"
)
_RESPONSES = (
    "access-control-allow-credentials access-control-allow-headers access-control-allow-methods "
    "access-control-allow-origin access-control-allow-private-network access-control-expose-headers "
    "access-control-max-age age date etag expires grpc-message grpc-status last-modified location server vary "
    "x-envoy-attempt-count x-envoy-degraded x-envoy-immediate-health-check-fail x-envoy-ratelimited "
    "x-envoy-upstream-canary x-envoy-upstream-healthchecked-cluster x-envoy-upstream-service-time"
)

JOINED_IN_REQUESTS = frozenset(name.encode() for name in f"{_BOTH} {_REQUESTS}".split())
JOINED_IN_RESPONSES = frozenset(name.encode() for name in f"{_BOTH} {_RESPONSES}".split())


def join(values: list[bytes]) -> bytes | None:
    """The one value of several lines, None for no line."""
    if len(values) < 2:
        return values[0] if values else None
    return b",".join([value for value in values if value])
