"""Load balancing policies of your own: one in Python, and one in C when its shared library is given.

python custom_policy.py [native_policy.so]
"""

from __future__ import annotations

import ctypes
import sys
from collections import Counter

from fastpath import ClusterManager, NoHostAvailable, models
from fastpath.models import Endpoint, LocalityEndpoints
from fastpath.policies import HostGroup, HostPolicy, NativePolicy

ENDPOINTS = tuple(Endpoint("10.0.0.1", port) for port in range(8001, 8005))
CLUSTERS = [models.Cluster("shop", (LocalityEndpoints(ENDPOINTS),))]


class NearestPort(HostPolicy):
    """By the request's hash, but always the same two hosts for the same half of all requests."""

    hashes = True

    def prepare(self, group: HostGroup) -> list[int]:
        return sorted(range(len(group.hosts)), key=lambda index: group.hosts[index].port)

    def pick(self, prepared: list[int], number: int, attempt: int) -> int:
        half = len(prepared) // 2
        return prepared[(number % 2) * half + (number // 2 + attempt) % half]


def native(path: str, limit: int) -> NativePolicy:
    library = ctypes.CDLL(path)
    table = ctypes.addressof(ctypes.c_char.in_dll(library, "policy"))
    context = ctypes.c_uint64(limit)
    return NativePolicy(table, context=ctypes.addressof(context), owner=(library, context))


def main() -> None:
    shop = ClusterManager(CLUSTERS, policies={"shop": NearestPort()})["shop"]
    print("python", sorted(Counter(shop.pick_host(hash_key=number).port for number in range(100)).items()))
    if len(sys.argv) > 1:
        shop = ClusterManager(CLUSTERS, policies={"shop": native(sys.argv[1], 2)})["shop"]
        held = [shop.pick(hash_key=7) for _ in range(8)]
        print("native", sorted(Counter(pick.host.port for pick in held).items()))
        try:
            shop.pick(hash_key=7)
        except NoHostAvailable as error:
            print(error)


if __name__ == "__main__":
    main()
