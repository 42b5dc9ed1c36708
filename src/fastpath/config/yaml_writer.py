"""Plain data as YAML that Envoy, this library and YAML's own loaders read alike."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["write_yaml"]

_WORDS = re.compile(r"[yYnN]\Z")  # booleans to yaml-cpp, which Envoy reads YAML with, though not to PyYAML


def write_yaml(document: dict[str, Any]) -> str:
    """A document in block style, its fields in the order given and nothing as an alias."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("writing YAML needs PyYAML: pip install 'fastpath[config]'") from error

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: object) -> bool:
            return True

    Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", _WORDS, list("yYnN"))
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
