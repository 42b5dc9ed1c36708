"""The reference gateway, on the public API only: `Gateway(config)` with phases to override."""

from __future__ import annotations

from .exchange import Exchange
from .gateway import Gateway, Options
from .heads import HeaderChanges
from .reply import Reply

__all__ = ["Exchange", "Gateway", "HeaderChanges", "Options", "Reply"]
