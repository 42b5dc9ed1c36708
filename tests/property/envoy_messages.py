"""Envoy's documents as protobuf messages: json_format, which the loader does without, is what says what they mean."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf import json_format, symbol_database

BOOTSTRAP = "envoy.config.bootstrap.v3.Bootstrap"
RESPONSE = "envoy.service.discovery.v3.DiscoveryResponse"


@cache
def import_types() -> None:
    """All of Envoy's types, so that json_format can pack them."""
    for module in pkgutil.walk_packages(importlib.import_module("envoy").__path__, "envoy."):
        if module.name.endswith("_pb2"):
            importlib.import_module(module.name)


# What Envoy 1.39 has and the newest xds-protos has not: the objects that hold a field, and its name.
_MISSING = {("match", "cookies"), ("address_match", "invert_match")}


def sayable(value: Any, within: str = "") -> Any:
    """What a message can say of a document: it lacks some fields, and its maps have no order but their own."""
    if isinstance(value, dict):
        return {key: sayable(value[key], key) for key in sorted(value) if (within, key) not in _MISSING}
    return [sayable(each, within) for each in value] if isinstance(value, list) else value


def message_of(document: Mapping[str, Any], kind: str | None = None) -> Any:
    """The message that the document is, of this type or of the one that its "@type" says."""
    import_types()
    fields = dict(document)
    written = fields.pop("@type", "").rpartition("/")[2]
    return json_format.ParseDict(fields, symbol_database.Default().GetSymbol(kind or written)())
