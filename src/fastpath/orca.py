"""Load reports that servers send with their answers (Open Request Cost Aggregation, ORCA), as Envoy 1.39 reads them.

endpoint-load-metrics: TEXT cpu_utilization=0.3,rps_fractional=120,named_metrics.queue=0.4
endpoint-load-metrics: JSON {"cpu_utilization": 0.3, "rps_fractional": 120}
endpoint-load-metrics: BIN <base64 of an xds.data.orca.v3.OrcaLoadReport>
endpoint-load-metrics-bin: <the same>
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from .wire_format import double_of, fields_of, map_entry

__all__ = ["OrcaLoadReport", "load_report_of"]

_HEADER, _BINARY_HEADER = b"endpoint-load-metrics", b"endpoint-load-metrics-bin"


@dataclass(frozen=True, slots=True)
class OrcaLoadReport:
    """An xds.data.orca.v3.OrcaLoadReport."""

    cpu_utilization: float = 0.0
    mem_utilization: float = 0.0
    application_utilization: float = 0.0
    eps: float = 0.0
    """Errors per second."""
    rps_fractional: float = 0.0
    """Requests per second."""
    named_metrics: Mapping[str, float] = field(default_factory=dict)
    utilization: Mapping[str, float] = field(default_factory=dict)
    request_cost: Mapping[str, float] = field(default_factory=dict)

    def metrics(self, name: str) -> Sequence[float]:
        """What a name stands for: `cpu_utilization`, `named_metrics.queue`, or all of a map by `utilization.*`.

        Nothing for one that says nothing here.
        """
        within, dot, key = name.partition(".")
        if not dot:
            return (getattr(self, name),) if name in _NUMBERS else ()
        found: Mapping[str, float] = getattr(self, within) if within in _MAPS else {}
        if key == "*":
            return tuple(found.values())
        return (found[key],) if key in found else ()


_MAPS = ("named_metrics", "utilization", "request_cost")
_NUMBERS = tuple(each.name for each in fields(OrcaLoadReport) if each.name not in _MAPS)


class _Headers(Protocol):
    def get_all(self, name: bytes, /) -> Sequence[bytes]: ...


def load_report_of(headers: _Headers) -> OrcaLoadReport | None:
    """The report that the headers, or trailers, of a response hold; None when there is none.

    ValueError for one that cannot be read, which Envoy passes over.
    """
    binary = headers.get_all(_BINARY_HEADER)
    if binary:
        return _read_binary(binary[0])
    values = headers.get_all(_HEADER)
    if not values:
        return None
    kind, _, content = values[0].partition(b" ")
    reader = _READERS.get(kind) if len(values[0]) > len(kind) else None
    if reader is None:
        raise ValueError(f"a load report has the format {kind[:5]!r}")
    return reader(content)


# --- TEXT ----------------------------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?", re.ASCII)
_SEPARATOR = re.compile("[=:]")
_TEXT_MAPS = ("named_metrics", "utilization")


def _read_text(content: bytes) -> OrcaLoadReport:
    found: dict[str, Any] = {name: {} for name in _TEXT_MAPS}
    names: set[str] = set()
    for item in content.decode("latin-1").split(","):
        pair = item.strip(" \t")
        if not pair:
            continue
        name, *rest = _SEPARATOR.split(pair, maxsplit=1)
        if name in names:
            raise ValueError(f"a load report has the metric {name!r} twice")
        names.add(name)
        value = _number(rest[0] if rest else "")
        if not 0 <= value < math.inf:
            raise ValueError(f"{name!r} of a load report is {value}")
        within, dot, key = name.partition(".")
        if dot and key and within in _TEXT_MAPS:
            found[within][key] = value
        elif name in _NUMBERS:
            found[name] = value
        else:
            raise ValueError(f"a load report cannot have a metric {name!r}")
    return OrcaLoadReport(**found)


def _number(text: str) -> float:
    stripped = text.strip(" \t\n\v\f\r")
    if _DECIMAL.fullmatch(stripped):
        return float(stripped)
    if _HEXADECIMAL.fullmatch(stripped):
        try:
            return float.fromhex(stripped)
        except OverflowError:
            return math.inf
    raise ValueError(f"{text!r} in a load report is no number")


# --- JSON ----------------------------------------------------------------------------------------------------------

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


_JSON_NAMES = {written: name for name in (*_NUMBERS, *_MAPS) for written in (name, _camel_case(name))}


def _refuse_constant(name: str) -> float:
    raise ValueError(f"a load report holds {name} without quotes")


class _Pairs(dict[str, Any]):
    """An object: of a message the last one of a name counts, in a map no two may be alike."""

    def __init__(self, pairs: list[tuple[str, Any]]):
        super().__init__(pairs)
        self.unique = len(self) == len(pairs)


def _read_json(content: bytes) -> OrcaLoadReport:
    try:
        read = json.loads(content, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("a load report is nested too deeply") from None
    if not isinstance(read, dict):
        raise ValueError("a load report is no object")
    found: dict[str, Any] = {}
    for written, value in read.items():
        name = _JSON_NAMES.get(written)
        if name in _MAPS:
            found[name] = _json_map(written, value)
        elif name is not None:
            found[name] = _json_number(written, value)
        elif written != "rps" or not _is_count(value):  # deprecated: nobody looks at it
            raise ValueError(f"a load report cannot have a field {written!r}")
    return OrcaLoadReport(**found)


def _json_map(name: str, value: object) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, _Pairs) or not value.unique:
        raise ValueError(f"{name!r} of a load report is no map")
    return {key: _json_number(name, each) for key, each in value.items()}


def _json_number(name: str, value: object) -> float:
    if value is None:
        return 0.0
    if isinstance(value, str):
        return _NOT_FINITE[value] if value in _NOT_FINITE else _number(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"{name!r} of a load report is no number")


def _is_count(value: object) -> bool:
    number = _json_number("rps", value)
    return 0 <= number < 2**64 and number.is_integer()


# --- BIN -----------------------------------------------------------------------------------------------------------

_NUMBER_FIELDS = {
    1: "cpu_utilization",
    2: "mem_utilization",
    6: "rps_fractional",
    7: "eps",
    9: "application_utilization",
}
_MAP_FIELDS = {4: "request_cost", 5: "utilization", 8: "named_metrics"}


def _read_binary(content: bytes) -> OrcaLoadReport:
    if not content or len(content) % 4:
        raise ValueError("a binary load report is no base64")
    found: dict[str, Any] = {name: {} for name in _MAPS}
    for number, value, fixed in fields_of(base64.b64decode(content, validate=True)):
        if number in _MAP_FIELDS and isinstance(value, bytes) and not fixed:
            key, metric = map_entry(value)
            found[_MAP_FIELDS[number]][key] = metric
        elif number in _NUMBER_FIELDS:
            read = double_of(value, fixed)
            if read is not None:
                found[_NUMBER_FIELDS[number]] = read
    return OrcaLoadReport(**found)


_READERS: Mapping[bytes, Callable[[bytes], OrcaLoadReport]] = {
    b"TEXT": _read_text,
    b"JSON": _read_json,
    b"BIN": _read_binary,
}
