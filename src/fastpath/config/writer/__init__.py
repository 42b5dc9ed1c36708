"""Models as Envoy's documents, each file the counterpart of one that reads (`envoy_*.py`)."""

from __future__ import annotations

from .document import write_bootstrap, write_resources

__all__ = ["write_bootstrap", "write_resources"]
