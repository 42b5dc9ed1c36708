"""The exceptions that fastpath raises on purpose. Imports nothing of fastpath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "ConfigError",
    "ConfigErrors",
    "ConfigWarning",
    "FastpathError",
    "LocalProtocolError",
    "NoHostAvailable",
    "ProtocolError",
    "RemoteProtocolError",
]


class FastpathError(Exception):
    """Base of every exception that fastpath defines."""


class ProtocolError(FastpathError):
    """An HTTP message that is refused.

    `code` is a stable short name of the rule that was broken ("http_content_length"), `reason` an English sentence,
    `position` the offset in bytes of the offending byte from the start of the message (None when there is no such
    byte), `status` the HTTP status that a server answers with.
    """

    def __init__(self, reason: str, *, code: str = "http_malformed", position: int | None = None, status: int = 400):
        super().__init__(reason, code, position, status)
        self.reason = reason
        self.code = code
        self.position = position
        self.status = status

    def __str__(self) -> str:
        where = "" if self.position is None else f" at byte {self.position}"
        return f"{self.reason}{where} [{self.code}]"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.reason, self.code, self.position, self.status))


def _rebuild(kind: type[ProtocolError], reason: str, code: str, position: int | None, status: int) -> ProtocolError:
    return kind(reason, code=code, position=position, status=status)


class RemoteProtocolError(ProtocolError):
    """The peer sent something that is refused."""


class LocalProtocolError(ProtocolError):
    """This side tried to send something that must not be sent; nothing was written."""


class ConfigError(FastpathError, ValueError):
    """A configuration that is refused; what was live stays live.

    `path` leads into the document ("virtual_hosts[3].routes[17].match.prefix"), `source` names file, line and column
    when they are known; `line` and `column` count from 1. `code` is a stable short name of the rule that was broken
    ("config_weight"), `index` the position of the offending item in the list that was handed over (None when there is
    no such item).
    """

    def __init__(
        self,
        reason: str,
        *,
        path: str = "",
        source: str | None = None,
        line: int | None = None,
        column: int | None = None,
        code: str = "config",
        index: int | None = None,
    ):
        super().__init__(reason, path, source, line, column, code, index)
        self.reason = reason
        self.path = path
        self.source = source
        self.line = line
        self.column = column
        self.code = code
        self.index = index

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.path, self.reason) if part)

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in ("path", "source", "line", "column", "code", "index")}
        return (_rebuild_config, (type(self), self.reason, fields))


def _rebuild_config(kind: type[ConfigError], reason: str, fields: dict[str, object]) -> ConfigError:
    return kind(reason, **fields)  # type: ignore[arg-type]


class ConfigErrors(ConfigError):
    """Everything that is wrong with one document, reported together: `errors` in the order in which it was found.

    `reason`, `path` and `source` are those of the first.
    """

    def __init__(self, errors: Sequence[ConfigError]):
        if not errors:
            raise ValueError("there are no errors to report")
        first = errors[0]
        super().__init__(first.reason, path=first.path, source=first.source, line=first.line, column=first.column)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self) -> tuple[object, ...]:
        return (ConfigErrors, (self.errors,))


class ConfigWarning(UserWarning):
    """A part of a configuration that a lenient load has ignored."""


class NoHostAvailable(FastpathError):
    """A cluster has no endpoint to offer: it is empty, all weights are zero, or every endpoint was excluded.

    `dispatched` is what a Dispatcher had found out about the request until then; None from anything else.
    """

    dispatched: Any = None


# Statuses of the C core that say nothing about a message or a configuration (fastpath/base.h).
_PLAIN: dict[int, type[Exception]] = {
    -1: MemoryError,
    -2: ValueError,
    -3: BufferError,
    -4: RuntimeError,
    -5: OverflowError,
}


def exception_for(
    status: int,
    code: str,
    reason: str = "",
    *,
    position: int | None = None,
    http_status: int = 0,
    local: bool = False,
) -> Exception:
    """The exception that stands for a status of the C core (`fp_status`, < 0).

    `code` is the status's name, `reason`, `position` and `http_status` are what `fp_error` says, `local` tells whether
    this side made the message that is refused.
    """
    reason = reason or code
    if -200 < status <= -100:
        kind = LocalProtocolError if local else RemoteProtocolError
        return kind(reason, code=code, position=position, status=http_status or 400)
    if -400 < status <= -300:
        return RemoteProtocolError(reason, code=code, position=position)
    if -300 < status <= -200:
        return ConfigError(reason, code=code, index=position)
    return _PLAIN.get(status, FastpathError)(reason)
