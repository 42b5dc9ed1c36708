"""The operators of format strings by name: what each reads, and which arguments it takes.

An operator is compiled into a Reader: a function of the StreamInfo, and the kind of what it returns. The modules that
are imported here make them known.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
"""

from __future__ import annotations

from . import connection_operators, request_operators, response_operators, time_operators, upstream_operators
from .registry import TABLE, BadOperator, Kind, Reader, make_reader

__all__ = ["EXTENSIONS", "NAMES", "BadOperator", "Kind", "Reader", "make_reader"]

_MODULES = (connection_operators, request_operators, response_operators, time_operators, upstream_operators)

EXTENSIONS = frozenset({"REQ_WITHOUT_QUERY"})
"""Operators that Envoy knows in access logs with a formatter extension, and not in header values."""

NAMES = tuple(sorted(TABLE))
"""All operators, but COALESCE, which is made of these."""
