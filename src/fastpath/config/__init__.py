"""Documents in, models out: loaders of what users already have. Imports only models and errors of fastpath."""

from __future__ import annotations

from .difference import Difference, differences
from .kubernetes_scope import Scope
from .loader import load
from .node import Limits

__all__ = ["Difference", "Limits", "Scope", "differences", "load"]
