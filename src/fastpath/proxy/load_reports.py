"""What responses say of their host's load, where the cluster balances by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models import LbPolicy
from ..orca import OrcaLoadReport, load_report_of

if TYPE_CHECKING:
    from fastpath import Cluster, EndOfMessage, Headers, Host, Response

__all__ = ["load_in", "note_trailers"]


def load_in(headers: Headers, cluster: Cluster | None) -> OrcaLoadReport | None:
    """The report in headers or trailers; None when there is none that can be read, or nobody wants it."""
    if cluster is None or cluster.model.lb_policy is not LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN:
        return None
    try:
        return load_report_of(headers)
    except ValueError:
        return None


def note_trailers(end: EndOfMessage, cluster: Cluster | None, host: Host | None, response: Response | None) -> None:
    """The response has ended: its trailers count unless its head had a report."""
    if cluster is None or host is None or response is None:
        return
    report = load_in(end.trailers, cluster)
    if report is not None and load_in(response.headers, cluster) is None:
        cluster.report_load(host, report)
