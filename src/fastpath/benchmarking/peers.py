"""Other libraries, where they are installed."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["peer"]


def peer(name: str) -> Any:
    """A module, or None where it is not installed: rows that need it are left out."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
