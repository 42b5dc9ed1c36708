"""A gateway of one's own: a tenant's requests go to one host while it is there; who names none is turned away.

python gateway.py canary.yaml
"""

from __future__ import annotations

import sys
from dataclasses import replace

import fastpath
from fastpath import aio
from fastpath.models import LbPolicy
from fastpath.proxy import Exchange, Gateway, HeaderChanges, Reply


class TenantGateway(Gateway):
    def request_filter(self, exchange: Exchange) -> Reply | None:
        if exchange.request.headers.get(b"x-tenant") is None:
            return Reply(400, b"x-tenant is missing\n")
        return None

    def upstream_peer(self, exchange: Exchange) -> fastpath.Pick:
        assert exchange.match is not None
        assert exchange.match.cluster is not None
        tried = [host for host, _ in exchange.failed]
        tenant = exchange.request.headers.get(b"x-tenant")
        return self.clusters[exchange.match.cluster].pick(exchange.request, hash_key=tenant, exclude=tried)

    def response_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
        headers.set(b"x-served-by", str(exchange.host).encode())

    def logging(self, exchange: Exchange) -> None:
        print(exchange.request.method, exchange.request.path, exchange.status, exchange.host, flush=True)


def main() -> None:
    config = fastpath.load(sys.argv[1])
    clusters = tuple(replace(cluster, lb_policy=LbPolicy.RING_HASH) for cluster in config.clusters)
    aio.run(TenantGateway(replace(config, clusters=clusters)).serve())


if __name__ == "__main__":
    main()
