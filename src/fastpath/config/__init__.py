"""Documents in, models out, and Envoy's documents out of them again. Imports only models and errors of fastpath."""

from __future__ import annotations

from .difference import Difference, differences
from .kubernetes_scope import Scope
from .loader import load
from .node import DocumentLimits
from .output import Form, to_dict, to_json, to_yaml

__all__ = ["Difference", "DocumentLimits", "Form", "Scope", "differences", "load", "to_dict", "to_json", "to_yaml"]
