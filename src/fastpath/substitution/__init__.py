"""Envoy's format strings: header values and access-log lines with operators that read a request and what became of it.

    formatter = SubstitutionFormatter("%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %RESPONSE_CODE%")
    line = formatter.format(stream)  # bytes

An operator is %NAME%, %NAME(argument)% or %NAME(argument):length%, "%%" is a percent sign. Supported:

    the request    REQ and REQUEST_HEADER, STREAM_INFO_REQ (field?alternative), PATH, QUERY_PARAM, QUERY_PARAMS,
                   REQ_WITHOUT_QUERY, REQUEST_HEADERS_BYTES, PROTOCOL, STREAM_ID, TRACE_ID, SPAN_ID
    the response   RESP and RESPONSE_HEADER, TRAILER and RESPONSE_TRAILER, RESPONSE_CODE, RESPONSE_CODE_DETAILS,
                   RESPONSE_FLAGS, RESPONSE_FLAGS_LONG, RESPONSE_HEADERS_BYTES, RESPONSE_TRAILERS_BYTES,
                   GRPC_STATUS, GRPC_STATUS_NUMBER, LOCAL_REPLY_BODY
    times          START_TIME, START_TIME_LOCAL, EMIT_TIME, EMIT_TIME_LOCAL (pattern), COMMON_DURATION, DURATION,
                   REQUEST_DURATION, REQUEST_TX_DURATION, RESPONSE_DURATION, RESPONSE_TX_DURATION,
                   DOWNSTREAM_HANDSHAKE_DURATION, UPSTREAM_CONNECTION_POOL_READY_DURATION
    bytes          BYTES_RECEIVED, BYTES_SENT, {DOWNSTREAM,UPSTREAM}_{WIRE,HEADER}_BYTES_{RECEIVED,SENT}
    addresses      {DOWNSTREAM,DOWNSTREAM_DIRECT,UPSTREAM}_{REMOTE,LOCAL}_{ADDRESS,ADDRESS_WITHOUT_PORT (bits),PORT},
                   CONNECTION_ID, FILTER_CHAIN_NAME, CONNECTION_TERMINATION_DETAILS, REQUESTED_SERVER_NAME,
                   DOWNSTREAM_{TRANSPORT_FAILURE_REASON,LOCAL_CLOSE_REASON,DETECTED_CLOSE_TYPE}
    TLS            {DOWNSTREAM,UPSTREAM}_TLS_{VERSION,CIPHER,SESSION_ID}, {DOWNSTREAM,UPSTREAM}_{PEER,LOCAL}_... and
                   _PEER_CERT_V_{START,END} (subject, issuer, serial, SANs, fingerprints, certificate; what Envoy has of
                   each), TLS_JA3_FINGERPRINT, TLS_JA4_FINGERPRINT
    the upstream   UPSTREAM_{HOST,HOST_NAME,HOST_NAME_WITHOUT_PORT,CLUSTER,CLUSTER_RAW,PROTOCOL,CONNECTION_ID,
                   REQUEST_ATTEMPT_COUNT,HOSTS_ATTEMPTED,HOST_NAMES_ATTEMPTED,CONNECTION_IDS_ATTEMPTED,
                   TRANSPORT_FAILURE_REASON,LOCAL_CLOSE_REASON,DETECTED_CLOSE_TYPE}
    data           DYNAMIC_METADATA, CLUSTER_METADATA, UPSTREAM_METADATA (namespace:key:...), METADATA (kind:...),
                   FILTER_STATE, UPSTREAM_FILTER_STATE (key:PLAIN|TYPED|FIELD:name), PER_REQUEST_STATE (key)
    others         ROUTE_NAME, VIRTUAL_CLUSTER_NAME, ACCESS_LOG_TYPE, CUSTOM_FLAGS, UNIQUE_ID, HOSTNAME, ENVIRONMENT,
                   COALESCE

Any other name is refused. Those of Envoy 1.39 that are: CEL; what only QUIC or HTTP/2 connections know
(BYTES_RETRANSMITTED, PACKETS_RETRANSMITTED, ROUNDTRIP_DURATION, ..._DECOMPRESSED_HEADER_BYTES_...); and the ids of
internal listeners (..._ADDRESS_ENDPOINT_ID).

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
"""

from __future__ import annotations

from .formatter import SubstitutionFormatter
from .heads import HeaderList, HeaderSource, RequestHead
from .json_format import DEFAULT_FORMAT, JsonFormatter, log_formatter
from .operators import NAMES
from .stream import Address, Certificate, ConnectionInfo, StreamInfo, TlsInfo, UpstreamInfo

__all__ = [
    "DEFAULT_FORMAT",
    "NAMES",
    "Address",
    "Certificate",
    "ConnectionInfo",
    "HeaderList",
    "HeaderSource",
    "JsonFormatter",
    "RequestHead",
    "StreamInfo",
    "SubstitutionFormatter",
    "TlsInfo",
    "UpstreamInfo",
    "log_formatter",
]
