"""The demo's load: clients of the standard library, which share no code with the gateway, in a process of their own.

    python -m fastpath.demo.client HOST PORT CONNECTIONS

reads a plan from standard input (a JSON list of [path, count]), sends its requests in a mixed order over keep-alive
connections, and prints JSON lines: {"done": n} now and then, at last {"results": [[path, status, upstream, seconds]]}.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
import time
from queue import Empty, SimpleQueue

__all__ = ["main"]

Result = tuple[str, int, str, float]


def send_all(host: str, port: int, paths: SimpleQueue[str], results: list[Result]) -> None:
    """Send requests until there are none left. A failure without an answer counts as status 0."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    while True:
        try:
            path = paths.get_nowait()
        except Empty:
            connection.close()
            return
        began = time.perf_counter()
        try:
            connection.request("GET", path, headers={"Host": "shop.example", "User-Agent": "fastpath-demo"})
            response = connection.getresponse()
            response.read()
            status, upstream = response.status, response.headers.get("X-Upstream") or ""
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            status, upstream = 0, repr(error)
        results.append((path, status, upstream, time.perf_counter() - began))


def main(arguments: list[str]) -> int:
    host, port, connections = arguments
    plan = [path for path, count in json.loads(sys.stdin.readline()) for _ in range(count)]
    random.shuffle(plan)
    paths: SimpleQueue[str] = SimpleQueue()
    for path in plan:
        paths.put(path)
    results: list[Result] = []
    threads = [
        threading.Thread(target=send_all, args=(host, int(port), paths, results), daemon=True)
        for _ in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)
            print(json.dumps({"done": len(results)}), flush=True)
    print(json.dumps({"results": results}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
