"""The messages that every HTTP benchmark parses, the same bytes on every run.

a  one browser request of nine fields, 703 bytes, with a long analytics cookie
b  a tiny request, 57 bytes, two fields
c  a request as it crosses a mesh: 25 fields, tracing, cookies and a JWT
d  a response head of twelve fields
g  512 different requests: what a parser meets in service. Repeating one input hides branch misses, so believe g.

python -m fastpath.benchmarking.inputs FILE   write them for the C benchmarks
"""

from __future__ import annotations

import random
import string
import struct
import sys
from collections.abc import Callable
from pathlib import Path

__all__ = ["sets", "write"]

SEED = 7230


def head(start: str, fields: list[tuple[str, str]]) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


BROWSER = head(
    "GET /wp-content/uploads/2010/03/a-picture-of-very-pink-robot.jpg HTTP/1.1",
    [
        ("Host", "www.pictures.com"),
        (
            "User-Agent",
            "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) "
            "Gecko/20100401 Firefox/3.6.3 Toolbars/0.9",
        ),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "ja,en-us;q=0.7,en;q=0.3"),
        ("Accept-Encoding", "gzip,deflate"),
        ("Accept-Charset", "Shift_JIS,utf-8;q=0.7,*;q=0.7"),
        ("Keep-Alive", "115"),
        ("Connection", "keep-alive"),
        (
            "Cookie",
            "site_visits=2; visitor=8f2c4; site_visit_lasttime=1267398251; "
            "__utma=103495823.1267398251.1267398251.1267398251.1267398251.1; "
            "__utmz=103495823.1267398251.1.1.utmccn=(referral)|utmcsr=feeds.example.net|utmcct=/reader/|utmcmd=referral",
        ),
    ],
)

TINY = head("GET /healthz HTTP/1.1", [("Host", "example.com"), ("Accept", "*/*")])

JWT = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjIwMjQtMDUifQ."
    "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoiYzJkNGZhOTAiLCJhdWQiOiJvcmRlcnMiLCJleHAiOjE3MTYyMzkwMjJ9."
    "Q2hlY2tzdW1zIGFyZSBub3Qgc2lnbmF0dXJlcywgYW5kIHRoaXMgb25lIGlzIG5laXRoZXIsIGl0IG9ubHkgaGFzIHRoZSBsZW5ndGggb2Ygb25lLCBhbmQg"
    "dGhhdCBpcyBhbGwgdGhhdCBhIHBhcnNlciBzZWVzIG9mIGl0LCBzbyBpdCB3aWxsIGRvLiBUaGUgcmVzdCBvZiBpdCBpcyB0aGVyZSBmb3IgdGhlIHNh"
    "a2Ugb2YgbGVuZ3RoIG9ubHk6IGEga2V5IG9mIDIwNDggYml0cyBzaWducyB3aXRoIDI1NiBieXRlcywgd2hpY2ggaXMgdGhpcyBsb25nIGluIGJhc2U2NC4"
    "VGhpcyBrZXk"
)

MESH = head(
    "POST /api/v2/orders/7f3c1a/items?expand=price,stock&currency=EUR&page=3 HTTP/1.1",
    [
        ("host", "orders.shop.svc.cluster.local:8080"),
        ("user-agent", "Go-http-client/1.1"),
        ("content-length", "348"),
        ("content-type", "application/json; charset=utf-8"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "de-DE,de;q=0.9,en;q=0.8"),
        ("authorization", f"Bearer {JWT}"),
        ("cookie", "session=9f86d081884c7d659a2feaa0c55ad015; theme=dark; consent=all; cart=3fdba35f04dc8c46"),
        ("x-request-id", "5b3e1c9a-8f40-4d1e-9a77-3c2f6d0b8e15"),
        ("x-correlation-id", "checkout-20240521-000001873"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", "vendor=00f067aa0ba902b7,other=t61rcWkgMzE"),
        ("baggage", "userId=c2d4fa90,serverNode=DF-28,isProduction=false"),
        ("x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("x-b3-spanid", "00f067aa0ba902b7"),
        ("x-b3-sampled", "1"),
        ("x-forwarded-for", "203.0.113.195, 10.4.12.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example.com"),
        (
            "x-forwarded-client-cert",
            "By=spiffe://cluster.local/ns/shop/sa/orders;URI=spiffe://cluster.local/ns/edge/sa/gw",
        ),
        ("x-envoy-attempt-count", "1"),
        ("x-envoy-expected-rq-timeout-ms", "15000"),
        ("x-tenant", "emea-17"),
        ("idempotency-key", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ],
)

RESPONSE = head(
    "HTTP/1.1 200 OK",
    [
        ("Date", "Tue, 21 May 2024 09:14:03 GMT"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "18342"),
        ("Connection", "keep-alive"),
        ("Server", "gateway"),
        ("Last-Modified", "Mon, 20 May 2024 17:02:41 GMT"),
        ("ETag", '"664b81e1-47a6"'),
        ("Cache-Control", "public, max-age=3600, stale-while-revalidate=60"),
        ("Vary", "Accept-Encoding, Origin"),
        ("Set-Cookie", "sid=31d4d96e407aad42; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Request-ID", "b7d4c1f2-6a0e-4f7d-9d3b-52a1e8c07f66"),
    ],
)

AGENTS = (
    "curl/8.5.0",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1",
)
WORDS = "api v1 v2 users orders items search static img css js assets login profile cart blog feed health".split()


def varied_requests(count: int = 512, seed: int = SEED) -> list[bytes]:
    """Requests that differ in method, target, fields, their order, case and lengths."""
    rng = random.Random(seed)

    def text(low: int, high: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
        return "".join(rng.choices(alphabet, k=rng.randint(low, high)))

    def target() -> str:
        path = "/" + "/".join(rng.choices(WORDS, k=rng.randint(0, 5)))
        if rng.random() < 0.4:
            path += "/" + text(4, 24)
        if rng.random() < 0.4:
            path += "?" + "&".join(f"{text(1, 8)}={text(0, 16)}" for _ in range(rng.randint(1, 5)))
        return path

    def hexes(count: int) -> str:
        return text(count, count, "0123456789abcdef")

    optional: list[tuple[float, str, Callable[[], str]]] = [
        (0.9, "User-Agent", lambda: rng.choice(AGENTS)),
        (0.9, "Accept", lambda: rng.choice(["*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8"])),
        (0.8, "Accept-Encoding", lambda: rng.choice(["gzip", "gzip, deflate", "gzip, deflate, br, zstd"])),
        (0.6, "Accept-Language", lambda: rng.choice(["en", "de-DE,de;q=0.9", "en-GB,en;q=0.7,fr;q=0.3"])),
        (0.6, "Connection", lambda: rng.choice(["keep-alive", "keep-alive", "close"])),
        (0.7, "Cookie", lambda: "; ".join(f"{text(3, 12)}={text(8, 64)}" for _ in range(rng.randint(1, 5)))),
        (0.5, "Referer", lambda: f"https://{text(4, 12)}.example.com{target()}"),
        (0.3, "Origin", lambda: f"https://{text(4, 12)}.example.com"),
        (0.5, "Cache-Control", lambda: rng.choice(["no-cache", "max-age=0", "no-store, max-age=0"])),
        (0.3, "Authorization", lambda: "Bearer " + text(40, 320, string.ascii_uppercase + string.ascii_lowercase)),
        (0.5, "X-Request-Id", lambda: f"{hexes(8)}-{hexes(4)}-{hexes(4)}-{hexes(4)}-{hexes(12)}"),
        (0.5, "X-Forwarded-For", lambda: ", ".join(f"10.{rng.randint(0, 255)}.0.9" for _ in range(rng.randint(1, 4)))),
        (0.4, "X-Forwarded-Proto", lambda: rng.choice(["http", "https"])),
        (0.4, "traceparent", lambda: f"00-{hexes(32)}-{hexes(16)}-01"),
        (0.3, "Sec-Fetch-Mode", lambda: rng.choice(["cors", "navigate", "no-cors"])),
        (0.3, "Sec-Fetch-Site", lambda: rng.choice(["same-origin", "cross-site", "none"])),
        (0.3, "If-None-Match", lambda: f'"{hexes(rng.choice([8, 16, 32]))}"'),
        (0.2, "If-Modified-Since", lambda: "Mon, 20 May 2024 17:02:41 GMT"),
        (0.2, "DNT", lambda: "1"),
        (0.3, "Upgrade-Insecure-Requests", lambda: "1"),
        (0.2, "Priority", lambda: rng.choice(["u=0, i", "u=1", "u=4"])),
        (0.3, "X-Tenant", lambda: text(3, 18)),
        (0.2, "X-Api-Key", lambda: hexes(32)),
        (0.2, "X-Client-Version", lambda: f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 99)}"),
        (0.2, "X-Device-Fingerprint", lambda: hexes(64)),
    ]

    def request() -> bytes:
        method = rng.choices(["GET", "POST", "PUT", "HEAD", "DELETE"], [75, 15, 4, 3, 3])[0]
        port = rng.choice(["", "", "", ":8080", ":443"])
        fields = [("Host", f"{text(3, 14)}.{rng.choice(['example.com', 'test', 'svc.cluster.local'])}{port}")]
        fields += [(name, make()) for chance, name, make in optional if rng.random() < chance]
        if method in ("POST", "PUT"):
            fields.append(("Content-Type", rng.choice(["application/json", "application/x-www-form-urlencoded"])))
            chunked = rng.random() < 0.15
            framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(rng.randint(0, 90000)))
            fields.append(framing)
        if rng.random() < 0.5:
            rng.shuffle(fields)
        if rng.random() < 0.4:
            fields = [(name.lower(), value) for name, value in fields]
        return head(f"{method} {target()} HTTP/1.1", fields)

    return [request() for _ in range(count)]


def sets() -> dict[str, list[bytes]]:
    return {"a": [BROWSER], "b": [TINY], "c": [MESH], "d": [RESPONSE], "g": varied_requests()}


def write(path: Path) -> None:
    """Records of: set name (1 byte), 1 when a response (1 byte), length (4 bytes, little-endian), the message."""
    with path.open("wb") as file:
        for name, messages in sets().items():
            for message in messages:
                is_response = message.startswith(b"HTTP/")
                file.write(struct.pack("<cBI", name.encode(), is_response, len(message)) + message)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
