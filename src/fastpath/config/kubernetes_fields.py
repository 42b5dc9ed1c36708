"""Fields as Kubernetes writes them: no number stands in quotes, durations are the Gateway API's (GEP-2257)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from socket import AF_INET, AF_INET6, inet_pton

from .fields import Section, Value
from .node import shorten

__all__ = [
    "choice",
    "duration",
    "host_name",
    "integer",
    "ip_address",
    "is_ip_address",
    "port_number",
    "string_map",
    "strings",
    "url_path",
]

_DURATION = re.compile(r"(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}\Z")
_PARTS = re.compile(r"([0-9]+)(ms|h|m|s)")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_ADDRESS = re.compile(r"[0-9.]+\Z")
_BAD_PATH = re.compile(r"//|/\./|/\.\./|/\.\.?\Z|%2[fF]|[?#]")
_ENCODED = re.compile(r"%(2[DEde]|3[0-9]|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9AEae])")
"""Letters, digits and "-._~"."""
_MAX_PATH = 1024
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def choice(section: Section, name: str, options: Sequence[str], default: str = "", *, required: bool = False) -> str:
    """One of a few words."""
    value = section.get(name, required=required)
    if value is None:
        return default
    text = value.string()
    if value.raw == text and text not in options:
        near = value.problems.suggest(text, options)
        value.error(f"expected one of {', '.join(options)}, found {shorten(text)!r}{near}")
        return default
    return text


def integer(section: Section, name: str, minimum: int, maximum: int, *, required: bool = False) -> int | None:
    value = section.get(name, required=required)
    if value is None:
        return None
    if type(value.raw) is not int:
        value.expected("an integer")
        return None
    return value.integer(minimum, maximum)


def port_number(section: Section, name: str, *, required: bool = False) -> int | None:
    return integer(section, name, 1, 65535, required=required)


def strings(section: Section, name: str) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(value.string() for value in section.items(name))


def string_map(parent: Section, name: str) -> Mapping[str, str]:
    """The texts of an object such as labels, by name."""
    section = parent.section(name)
    if section is None:
        return {}
    members = section.members
    if all(raw.__class__ is str for raw in members.values()):
        return members  # type: ignore[return-value]
    return {key: value.string() if value.raw is not None else "" for key, value in section.entries()}


def ip_address(value: Value, text: str) -> str:
    """Check that a text is an IP address."""
    if not is_ip_address(text):
        value.error(f"expected an IP address, found {shorten(text)!r}")
    return text


def is_ip_address(text: str) -> bool:
    try:
        inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


def duration(section: Section, name: str) -> float | None:
    """Seconds, from "1h30m", "10s", "500ms"."""
    value = section.get(name)
    if value is None:
        return None
    text = value.string()
    if not _DURATION.match(text):
        value.expected('a duration such as "10s" or "1m30s"')
        return None
    return sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))


def host_name(value: Value) -> str:
    """A host, or "*." and one for all below it."""
    text = value.string()
    if len(text) > 253 or not _HOST.match(text) or _ADDRESS.match(text):
        value.error(f'expected a host name in small letters or "*." and one, found {shorten(text)!r}')
    return text


def url_path(value: Value) -> str:
    """A path as a normalised request has it: what need not be encoded is not (RFC 3986, section 6.2.2.2)."""
    text = _ENCODED.sub(lambda match: chr(int(match[1], 16)), value.string())
    if len(text) > _MAX_PATH:
        value.error(f"a path has at most {_MAX_PATH} characters, found {len(text)}")
        return "/"
    if not text.startswith("/"):
        value.error(f"a path begins with '/', found {shorten(text)!r}")
    elif bad := _BAD_PATH.search(text):
        value.error(f"a path does not hold {bad.group()!r}, found {shorten(text)!r}")
    return text
