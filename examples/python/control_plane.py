"""A control plane looks at what it is about to send: it loads, no route is in vain, and what would change.

python control_plane.py RUNNING.yaml NEXT.yaml       # exits 1, and says why, when NEXT must not be sent
"""

from __future__ import annotations

import sys
import warnings

import fastpath
from fastpath.config import differences
from fastpath.models import Cluster, Config, Endpoint


def check(config: Config) -> list[str]:
    """What speaks against sending it, beyond what the loader refuses: the rules of this control plane."""
    problems = [f"the cluster {each.name!r} has no endpoint" for each in config.clusters if not endpoints_of(each)]
    with warnings.catch_warnings(record=True) as shadowed:
        warnings.simplefilter("always", fastpath.ConfigWarning)
        for name in config.route_configurations:
            fastpath.RouteTable.from_config(config, name, warn_shadowed=True)
    problems += [str(warning.message) for warning in shadowed]
    fastpath.ClusterManager(config.clusters)  # refuses what cannot be balanced
    return problems


def endpoints_of(cluster: Cluster) -> list[Endpoint]:
    return [endpoint for locality in cluster.localities for endpoint in locality.endpoints]


def main() -> int:
    running, following = sys.argv[1:]
    try:
        config = fastpath.load(following)
        problems = check(config)
    except fastpath.ConfigError as error:  # all that is wrong with a document, a line each
        problems = [str(error)]
    if problems:
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    for change in differences(fastpath.load(running), config):
        print(change)
    return 0


if __name__ == "__main__":
    sys.exit(main())
