"""Protobuf messages into plain values, field by field: what the same document says in protobuf's JSON mapping.

Whoever gives a message has imported protobuf; nothing here does so before. Fields that are not set have no value,
whether they have presence or are at their default. An Any is unpacked with the types that are loaded, or else those
that stand where xds-protos keeps them.
"""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple, Protocol

from ..errors import ConfigError
from ..models.position import Where, path_of
from .node import DocumentLimits, shorten
from .problems import Problems

__all__ = ["Message", "is_message", "read_message"]

# Where Envoy's own types are, and nothing that a document names is imported from elsewhere. Packages are no deeper than
# this: importing one goes from parent to parent by recursion.
_GENERATED = re.compile(r"((?:envoy|udpa|xds)(?:\.[a-z][a-z0-9_]{0,63}){1,16})\.[A-Z][A-Za-z0-9_.]*\Z", re.ASCII)
# Each type that nobody knows may have to be looked for in files. After so many the message is refused anyhow.
_MAX_UNKNOWN_TYPES = 100
_ANY = "google.protobuf.Any"
_LIST = "google.protobuf.ListValue"
_STRUCT = "google.protobuf.Struct"
_VALUE = "google.protobuf.Value"
_WRAPPERS = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
)
# Their JSON is no object with their fields, so an Any keeps it under "value".
_VALUES = _WRAPPERS | {_ANY, _LIST, _STRUCT, _VALUE, "google.protobuf.Duration", "google.protobuf.Timestamp"}


class Message(Protocol):
    """A message of Google's protobuf package."""

    def ByteSize(self) -> int: ...  # noqa: N802

    def ListFields(self) -> Any: ...  # noqa: N802


def is_message(value: object) -> bool:
    module = sys.modules.get("google.protobuf.message")
    return module is not None and isinstance(value, module.Message)


class _Field(NamedTuple):
    """What there is to know about a field."""

    name: str
    repeated: bool
    entry: Any
    """Of a map: the field that its values are."""
    message: bool
    enum: dict[int, str] | None
    """Names of the numbers."""
    octets: bool


def _field(descriptor: Any) -> _Field:
    message = descriptor.message_type
    numbers = descriptor.enum_type.values_by_number if descriptor.enum_type is not None else None
    return _Field(
        descriptor.name,
        descriptor.is_repeated,
        message.fields_by_name["value"] if message is not None and message.GetOptions().map_entry else None,
        message is not None,
        None if numbers is None else {number: value.name for number, value in numbers.items()},
        descriptor.type == descriptor.TYPE_BYTES,
    )


def read_message(message: Any, limits: DocumentLimits, path: str, problems: Problems) -> object:
    """The message as a value with its "@type". Types that nobody knows and bytes that are no message go to `problems`.

    Raises ConfigError where a limit is passed.
    """
    size = message.ByteSize()
    if size > limits.max_bytes:
        raise ConfigError(f"the message has {size} bytes, the limit is {limits.max_bytes}", path=path)
    found = _Reader(limits, problems).read(message, path)
    if isinstance(found, dict):
        return {"@type": f"type.googleapis.com/{message.DESCRIPTOR.full_name}", **found}
    return found


class _Reader:
    """One message and what is in it, read iteratively."""

    def __init__(self, limits: DocumentLimits, problems: Problems):
        self.limits = limits
        self.problems = problems
        self.left = limits.max_nodes
        self.unknown_types = 0
        self.fields: dict[Any, _Field] = {}
        self.pending: list[tuple[Any, Any, int | str, Where, int]] = []
        """Messages to read, the dicts and lists that they become a part of, their keys there, paths and depths."""
        self.unknown_fields = import_module("google.protobuf.unknown_fields").UnknownFieldSet

    def read(self, message: Any, where: Where) -> object:
        found: list[object] = [None]
        self.pending.append((message, found, 0, where, 0))
        while self.pending:
            message, container, key, where, depth = self.pending.pop()
            self._refuse_depth(depth, where)
            container[key] = self._value_of(message, where, depth + 1)
            if self.left < 0:
                raise ConfigError(
                    f"there are more than {self.limits.max_nodes} values", path=shorten(path_of(where), 200)
                )
        return found[0]

    def _refuse_depth(self, depth: int, where: Where) -> None:
        if depth > self.limits.max_depth:
            raise ConfigError(f"nested deeper than {self.limits.max_depth} levels", path=shorten(path_of(where), 200))

    def _value_of(self, message: Any, where: Where, depth: int) -> object:
        name = message.DESCRIPTOR.full_name
        if name in _VALUES:
            if name in _WRAPPERS:
                return _scalar(message.value)
            if name == _ANY:
                return self._any(message, where, depth)
            if name == _STRUCT:
                return self._map(message.fields, where, depth, message=True)
            if name == _LIST:
                return self._list(message.values, where, depth)
            if name == _VALUE:
                return self._plain(message, where, depth)
        return self._members(message, where, depth)

    def _members(self, message: Any, where: Where, depth: int, beside: Mapping[str, object] = {}) -> dict[str, object]:
        """The fields of a message, and what stands beside them."""
        members = dict(beside)
        fields = self.fields
        for descriptor, value in message.ListFields():
            field = fields.get(descriptor)
            if field is None:
                field = fields[descriptor] = _field(descriptor)
            if field.message:
                members[field.name] = None
                self._fill(members, field, value, (where, field.name), depth)
            elif field.repeated:
                members[field.name] = [_plain_scalar(field, each) for each in value]
                self.left -= len(value)
            elif field.enum or field.octets:
                members[field.name] = _plain_scalar(field, value)
            else:
                members[field.name] = value
        self.left -= len(members) - len(beside)
        unknown = self.unknown_fields(message)
        if len(unknown):
            self.problems.unknown(f"the field number {unknown[0].field_number} is unknown", path_of(where))
        return members

    def _fill(self, members: dict[str, object], field: _Field, value: Any, where: Where, depth: int) -> None:
        if field.entry is not None:
            members[field.name] = self._map(value, where, depth, message=field.entry.message_type is not None)
        elif field.repeated:
            members[field.name] = self._list(value, where, depth)
        else:
            self.pending.append((value, members, field.name, where, depth))

    def _list(self, messages: Any, where: Where, depth: int) -> list[object]:
        items: list[object] = [None] * len(messages)
        self.left -= len(items)
        self.pending += [(each, items, index, (where, index), depth) for index, each in enumerate(messages)]
        return items

    def _map(self, values: Any, where: Where, depth: int, *, message: bool) -> dict[str, object]:
        members: dict[str, object] = {}
        for key in sorted(values):  # a map has no order, and what becomes of it should not change from run to run
            name = str(key)
            members[name] = None if message else _scalar(values[key])
            if message:
                self.pending.append((values[key], members, name, (where, name), depth))
        self.left -= len(members)
        return members

    def _plain(self, value: Any, where: Where, depth: int) -> object:
        """A google.protobuf.Value."""
        kind = value.WhichOneof("kind")
        if kind == "struct_value":
            return self._map(value.struct_value.fields, where, depth, message=True)
        if kind == "list_value":
            return self._list(value.list_value.values, where, depth)
        if kind == "number_value":
            number: float = value.number_value
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        return None if kind in (None, "null_value") else _scalar(getattr(value, kind))

    def _any(self, packed: Any, where: Where, depth: int) -> object:
        """The fields of what is packed, beside its "@type"."""
        url = packed.type_url
        if not url and not packed.value:
            return {}
        members: dict[str, object] = {"@type": url}
        self.left -= 1
        name = url.rpartition("/")[2]
        is_looked_for = self.unknown_types < _MAX_UNKNOWN_TYPES
        kind = _class_of(name, packed.DESCRIPTOR.file.pool, is_looked_for=is_looked_for)
        if kind is None:
            self.unknown_types += 1
            self.problems.add(
                f"the type {shorten(url, 120)!r} is not known; import the module that it was generated in",
                f"{path_of(where)}.@type",
            )
            return members
        try:
            message = kind.FromString(packed.value)
        except sys.modules["google.protobuf.message"].DecodeError:
            self.problems.add(f"the bytes are no message of the type {shorten(name, 120)}", f"{path_of(where)}.value")
            return members
        if name in _VALUES:
            members["value"] = None
            self.pending.append((message, members, "value", (where, "value"), depth))
            return members
        self._refuse_depth(depth, where)  # the message is on a level of its own
        return self._members(message, where, depth + 1, members)


def _scalar(value: Any) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _plain_scalar(field: _Field, value: Any) -> object:
    return field.enum.get(value, value) if field.enum else _scalar(value)


def _class_of(name: str, pool: Any, *, is_looked_for: bool) -> Any:
    """The class of messages of this type; None when there is none, or it is not loaded and not to be looked for."""
    try:
        descriptor = pool.FindMessageTypeByName(name)
    except KeyError:
        package = _GENERATED.match(name) if is_looked_for else None
        if package is None:
            return None
        _import_generated(package[1])
        try:
            descriptor = pool.FindMessageTypeByName(name)
        except KeyError:
            return None
    return import_module("google.protobuf.message_factory").GetMessageClass(descriptor)


@lru_cache(maxsize=1024)
def _import_generated(package: str) -> None:
    """Import the modules that protoc generated for a package, if they are installed."""
    try:
        found = import_module(package)
    except ImportError:
        return
    for module in iter_modules(getattr(found, "__path__", ())):
        if module.name.endswith("_pb2"):
            import_module(f"{package}.{module.name}")
