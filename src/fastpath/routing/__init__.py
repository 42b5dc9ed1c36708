"""Route tables: from virtual hosts and their routes to the decision for one request, in Envoy's order.

The virtual host is the one with the exact domain, else with the longest "*suffix", else with the longest "prefix*",
else with "*". In it, the first route in order of the list whose match holds is the answer.

Source: Envoy v3 API, envoy.config.route.v3.VirtualHost, Route, RouteMatch.
"""

from fastpath._match import Match

from .explain import Candidate, Explanation, explain
from .path_router import PathRouter
from .table import RouteTable, TlsInfo, path_normalizer

__all__ = ["Candidate", "Explanation", "Match", "PathRouter", "RouteTable", "TlsInfo", "explain", "path_normalizer"]
