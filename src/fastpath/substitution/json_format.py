"""Access-log lines as JSON (core.v3.SubstitutionFormatString.json_format) or as text, each with its line end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastpath.errors import ConfigError
from fastpath.models import SubstitutionFormatString

from .formatter import SubstitutionFormatter, parse

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__ = ["DEFAULT_FORMAT", "JsonFormatter", "log_formatter"]

DEFAULT_FORMAT = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" '
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
    '"%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" '
    '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\n'
)
"""What Envoy writes where no format is given."""

_MAX_DEPTH = 64
_Value = Callable[["StreamInfo"], object]


class JsonFormatter:
    """One JSON object a line. Strings are formats; one that is a single operator keeps its type (a number, an object).

    Keys are in order of their bytes. What an operator does not find is null, and left out with omit_empty_values.
    Raises ConfigError, with the path to the field at fault.
    """

    __slots__ = ("_omit", "_root")

    def __init__(self, fields: Mapping[str, object], *, omit_empty_values: bool = False):
        self._omit = omit_empty_values
        self._root = self._object(fields, "json_format", 0)

    def format(self, stream: StreamInfo) -> bytes:
        """The line for one request."""
        text = json.dumps(self._root(stream), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return text.encode("utf-8", "replace") + b"\n"

    def _compile(self, value: object, path: str, depth: int) -> _Value:
        if depth > _MAX_DEPTH:
            raise ConfigError(f"more than {_MAX_DEPTH} levels", path=path)
        if isinstance(value, str):
            return self._string(value, path)
        if isinstance(value, Mapping):
            return self._object(value, path, depth)
        if isinstance(value, list | tuple):
            return self._list(value, path, depth)
        if value is None or isinstance(value, bool | int | float):
            return lambda stream: value
        raise ConfigError(f"a {type(value).__name__} has no place in JSON", path=path)

    def _string(self, text: str, path: str) -> _Value:
        try:
            pieces = parse(text)
            formatter = SubstitutionFormatter(text, omit_empty_values=self._omit)
        except ConfigError as error:
            raise ConfigError(error.reason, path=path, code=error.code, index=error.index) from None
        if len(pieces) == 1 and pieces[0].reader is not None:
            return pieces[0].value
        return lambda stream: formatter.format(stream).decode("utf-8", "replace")

    def _object(self, fields: Mapping[str, object], path: str, depth: int) -> _Value:
        compiled = [(str(key), self._compile(value, f"{path}.{key}", depth + 1)) for key, value in fields.items()]

        def read(stream: StreamInfo) -> object:
            pairs = [(key, value(stream)) for key, value in compiled]
            return {key: value for key, value in pairs if value is not None or not self._omit}

        return read

    def _list(self, items: list[object] | tuple[object, ...], path: str, depth: int) -> _Value:
        compiled = [self._compile(value, f"{path}[{index}]", depth + 1) for index, value in enumerate(items)]

        def read(stream: StreamInfo) -> object:
            values = [value(stream) for value in compiled]
            return [value for value in values if value is not None or not self._omit]

        return read


def log_formatter(model: SubstitutionFormatString | None = None) -> SubstitutionFormatter | JsonFormatter:
    """What writes the lines of an access log: of its model, or of Envoy's default where there is none."""
    if model is None:
        return SubstitutionFormatter(DEFAULT_FORMAT)
    if (model.text_format is None) == (model.json_format is None):
        raise ConfigError("exactly one of text_format and json_format is needed")
    if model.text_format is not None:
        return SubstitutionFormatter(model.text_format, omit_empty_values=model.omit_empty_values)
    assert model.json_format is not None
    return JsonFormatter(model.json_format, omit_empty_values=model.omit_empty_values)
