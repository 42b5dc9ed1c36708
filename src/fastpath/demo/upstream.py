"""An upstream of the demo: a plain HTTP server of the standard library that answers with its own name.

    python -m fastpath.demo.upstream NAME PORT

prints the port it listens on (PORT 0 takes a free one) and serves until its standard input ends.
"""

from __future__ import annotations

import http.server
import socket
import sys
import threading

__all__ = ["main"]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET, HEAD, POST and PUT with a line that says who answered what."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body in one segment
    name = "upstream"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        received = len(self.rfile.read(length)) if length else 0
        body = f"{self.name} {self.command} {self.path} {received}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Upstream", self.name)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the demo prints its own account."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().process_request(request, client_address)


def main(arguments: list[str]) -> int:
    name, port = arguments
    Handler.name = name
    server = Server(("127.0.0.1", int(port)), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()  # ends with the demo, however that ends
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
