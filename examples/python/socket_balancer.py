"""A balancer of TCP connections with plain sockets and threads: least request, the next host when one refuses.

python socket_balancer.py 9000 127.0.0.1:9001 127.0.0.1:9002
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress

import fastpath
from fastpath.models import Cluster, Endpoint, LbPolicy, LocalityEndpoints


def cluster_of(addresses: list[str]) -> fastpath.Cluster:
    pairs = [address.rsplit(":", 1) for address in addresses]
    endpoints = tuple(Endpoint(host, int(port)) for host, port in pairs)
    model = Cluster("upstream", (LocalityEndpoints(endpoints),), lb_policy=LbPolicy.LEAST_REQUEST)
    return fastpath.ClusterManager([model])["upstream"]


def connect(cluster: fastpath.Cluster) -> tuple[fastpath.Pick, socket.socket]:
    """A connection to some host, and the pick that counts it; NoHostAvailable when all have refused."""
    tried: list[fastpath.Host] = []
    while True:
        pick = cluster.pick(exclude=tried)
        try:
            return pick, socket.create_connection((pick.host.address, pick.host.port), timeout=5)
        except OSError:
            pick.report(reset="connect-failure")
            pick.release()
            tried.append(pick.host)


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def serve(cluster: fastpath.Cluster, client: socket.socket) -> None:
    with client:
        try:
            pick, upstream = connect(cluster)
        except fastpath.NoHostAvailable as nobody:
            print(nobody, file=sys.stderr, flush=True)
            return
        with pick, upstream:
            back = threading.Thread(target=copy, args=(upstream, client))
            back.start()
            copy(client, upstream)
            back.join()


def main() -> None:
    port, *addresses = sys.argv[1:]
    cluster = cluster_of(addresses)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        print(f"listening on {listener.getsockname()[1]}", flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(cluster, client), daemon=True).start()


if __name__ == "__main__":
    main()
