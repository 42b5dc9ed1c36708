"""The exceptions that fastpath raises on purpose. Imports nothing of fastpath."""

from __future__ import annotations

__all__ = [
    "ConfigError",
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
    when they are known.
    """

    def __init__(self, reason: str, *, path: str = "", source: str | None = None):
        super().__init__(reason, path, source)
        self.reason = reason
        self.path = path
        self.source = source

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.path, self.reason) if part)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_config, (type(self), self.reason, self.path, self.source))


def _rebuild_config(kind: type[ConfigError], reason: str, path: str, source: str | None) -> ConfigError:
    return kind(reason, path=path, source=source)


class NoHostAvailable(FastpathError):
    """A cluster has no endpoint to offer: it is empty, all weights are zero, or every endpoint was excluded."""
