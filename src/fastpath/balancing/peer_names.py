"""The names that certificates of a cluster's hosts may have."""

from __future__ import annotations

from fastpath._regex import Regex
from fastpath.errors import ConfigError
from fastpath.models import UpstreamTlsContext

from .refusal import refusal

__all__ = ["check_peer_names"]


def check_peer_names(context: UpstreamTlsContext | None, path: str) -> None:
    """ConfigError with a path below `path` for an expression that cannot be compiled."""
    for index, name in enumerate(context.typed_subject_alt_names if context is not None else ()):
        pattern = name.matcher.safe_regex
        try:
            if pattern is not None:
                Regex(pattern)
        except ConfigError as error:
            where = f"{path}.typed_subject_alt_names[{index}].matcher.safe_regex"
            raise refusal(error.reason, where, name.position, error.code) from None
