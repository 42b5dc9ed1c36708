"""Fields as Istio writes them: durations as Go has them, percents as numbers, strings compared one way of three."""

from __future__ import annotations

import re

from ...models import DenominatorType, FractionalPercent, StringMatcher
from ..fields import Section, Value
from ..kubernetes_fields import host_name, integer, port_number
from ..kubernetes_object import KubernetesObject

__all__ = ["GROUP", "age", "duration", "fraction", "lower_host", "port_selector", "string_matcher", "whole_percent"]

GROUP = "networking.istio.io"
_WILD_LABEL = re.compile(r"\*-?[a-z0-9]")
_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s))+\Z")
_PARTS = re.compile(r"([0-9.]+)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def age(item: KubernetesObject) -> tuple[str, str, str]:
    """Orders objects where the older one counts, then by name first, as Istio has it. Unknown age counts as new."""
    return item.created or "~", item.name, item.namespace


def duration(section: Section, name: str, minimum: float = 0.0) -> float | None:
    """Seconds, from "1h", "1m30s", "0.5s" or "10ms"."""
    value = section.get(name)
    if value is None:
        return None
    text = value.string()
    if len(text) > 60 or not _DURATION.match(text):
        value.expected('a duration such as "1.5s" or "10ms"')
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text))
    if seconds < minimum:
        value.error(f"a duration is at least {minimum:g}s here, found {text!r}")
    return seconds


def fraction(section: Section, name: str, default: float) -> FractionalPercent:
    """A percentage {value: 12.5}, to the millionth below."""
    return FractionalPercent(int(section.percent(name, default) * 10_000), DenominatorType.MILLION)


def whole_percent(section: Section, name: str, default: int) -> float:
    """A percentage as Istio wrote them before it had fractions."""
    found = integer(section, name, 0, 100)
    return float(default if found is None else found)


def lower_host(value: Value) -> str:
    """A host, or "*." and one, in small letters whatever it is written in. Its first label may begin with "*" too."""
    text = value.string().lower()
    if not isinstance(value.raw, str):
        return text
    rest = text.lstrip("*-") if _WILD_LABEL.match(text) else text
    host_name(Value(rest, value.where, value.problems))
    return text


def string_matcher(section: Section, *, ignore_case: bool = False) -> StringMatcher | None:
    """None takes any string that is there."""
    kind = section.one_of("kind of comparison", "exact", "prefix", "regex", required=False)
    value = section.get(kind) if kind else None
    section.end()
    if value is None:
        return None
    text = value.string()
    if kind == "regex":
        if not text:
            value.error("must not be empty")
        return None if text == "*" else StringMatcher(safe_regex=text, position=section.position)
    if kind == "prefix":
        return StringMatcher(prefix=text, ignore_case=ignore_case, position=section.position)
    return StringMatcher(exact=text, ignore_case=ignore_case, position=section.position)


def port_selector(section: Section) -> int | None:
    """The number of `port: {number: 80}`."""
    selector = section.section("port")
    if selector is None:
        return None
    number = port_number(selector, "number", required=True)
    selector.end()
    return number
