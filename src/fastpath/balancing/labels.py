"""Metadata as labels: values with their types, comparable byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fastpath._subset import Labels

__all__ = ["LabelPair", "MetadataMatch", "host_labels", "label_pairs"]

LabelPair = tuple[bytes, bytes]


class MetadataMatch(Labels):
    """Which subset a request is for, made once for many picks.

    `metadata` is like {"version": "1.0", "stage": "prod"}: the `metadata_match` of a route, for `Cluster.pick`. Its
    values are compared with those of hosts as protobuf's JSON values: 1 and 1.0 are equal, 1 and "1" or true are not.
    TypeError for keys and values that JSON has not.
    """

    def __new__(cls, metadata: Mapping[str, object]) -> MetadataMatch:
        return super().__new__(cls, tuple((_text(key), _encode(value)) for key, value in metadata.items()))


def host_labels(metadata: Mapping[str, object], *, list_as_any: bool) -> Labels | None:
    """Labels of a host with this metadata `envoy.lb`; with list_as_any, one for each element of a list."""
    return Labels(tuple(label_pairs(metadata, list_as_any=list_as_any))) if metadata else None


def label_pairs(metadata: Mapping[str, object], *, list_as_any: bool) -> Iterator[LabelPair]:
    """Keys and values, to be compared; with list_as_any, a pair for each element of a list."""
    for key, value in metadata.items():
        for each in value if list_as_any and isinstance(value, (list, tuple)) else (value,):
            yield _text(key), _encode(each)


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no key of metadata")
    return value.encode("utf-8", "surrogateescape")


def _encode(value: object) -> bytes:
    """A letter for the type, and the value; what is nested stands with its length."""
    if value is None:
        return b"z"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (int, float)):
        return b"n" + repr(float(value) + 0.0).encode()  # there is one zero
    if isinstance(value, str):
        return b"s" + _text(value)
    if isinstance(value, (list, tuple)):
        return b"l" + b"".join(map(_sized, map(_encode, value)))
    if isinstance(value, Mapping):
        fields = sorted((_text(key), _encode(each)) for key, each in value.items())
        return b"m" + b"".join(_sized(key) + _sized(each) for key, each in fields)
    raise TypeError(f"{value!r} is no value of metadata")


def _sized(data: bytes) -> bytes:
    return b"%d:%b" % (len(data), data)
