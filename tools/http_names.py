"""Generate src/libfastpath/http_names_table.h: the well-known field names and their perfect hash.

    python tools/http_names.py          rewrite the file
    python tools/http_names.py --check  exit 1 when the file is not what this script makes

Ids are positions in NAMES, from 1; the first ones also stand in include/fastpath/http.h. New names go to the end.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent.parent / "src" / "libfastpath" / "http_names_table.h"

MAX_LENGTH = 30  # a name, the colon behind it and its id fit one load of 32 bytes
SLOT_BITS = 10
WORD = (1 << 64) - 1
TAIL_SHIFT = 29  # not a multiple of 8: where head and tail are the same bytes, they must not cancel out

NAMES = """
Host Content-Length Transfer-Encoding Connection Upgrade Expect
Keep-Alive Proxy-Connection TE Trailer Proxy-Authenticate Proxy-Authorization HTTP2-Settings

Accept Accept-CH Accept-Charset Accept-Encoding Accept-Language Accept-Patch Accept-Ranges
Access-Control-Allow-Headers Access-Control-Allow-Methods Access-Control-Allow-Origin
Access-Control-Expose-Headers Access-Control-Max-Age Access-Control-Request-Headers Access-Control-Request-Method
Age Allow Alt-Svc Authorization Baggage Cache-Control CF-Connecting-IP CF-Ray Clear-Site-Data Content-Disposition
Content-Encoding Content-Language Content-Location Content-Range Content-Security-Policy Content-Type Cookie
Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy Date DNT ETag Expires Forwarded From grpc-timeout
Idempotency-Key If-Match If-Modified-Since If-None-Match If-Range If-Unmodified-Since Last-Modified Link Location
Max-Forwards Origin Permissions-Policy Pragma Priority Range Referer Referrer-Policy Retry-After
Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-GPC
Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol Sec-WebSocket-Version
Server Server-Timing Set-Cookie Strict-Transport-Security Timing-Allow-Origin traceparent tracestate
Upgrade-Insecure-Requests User-Agent Vary Via Warning WWW-Authenticate
X-Amzn-Trace-Id X-B3-ParentSpanId X-B3-Sampled X-B3-SpanId X-B3-TraceId X-Cache X-Content-Type-Options
X-Correlation-ID X-DNS-Prefetch-Control X-Envoy-Attempt-Count X-Envoy-Expected-Rq-Timeout-Ms
X-Envoy-Original-Path X-Envoy-Upstream-Service-Time X-Forwarded-For X-Forwarded-Host X-Forwarded-Port
X-Forwarded-Proto X-Frame-Options X-Powered-By X-Real-IP X-Request-ID X-Requested-With X-XSS-Protection
""".split()

# Those that the core asks for and include/fastpath/http.h does not name.
NAMED = ["Content-Type", "Cookie", "Referer", "X-Forwarded-Proto"]


def slot(name: str, factor: int) -> int:
    """The slot of a lower-case name; fp_http_name_slot in http_names.h is the same in C."""
    raw = name.encode()
    head = int.from_bytes(raw[:8], "little")
    tail = int.from_bytes(bytes(byte | 0x20 for byte in (b"\r\n" + raw)[-4:]), "little")
    mixed = ((head ^ tail << TAIL_SHIFT) + len(raw)) * factor
    return (mixed & WORD) >> (64 - SLOT_BITS)


def perfect_factor(names: list[str]) -> int:
    rng = random.Random(9112)
    while True:
        factor = rng.getrandbits(64) | 1
        if len({slot(name, factor) for name in names}) == len(names):
            return factor


def generate() -> str:
    lower = [name.lower() for name in NAMES]
    assert len(set(lower)) == len(lower) < 256
    assert all(2 <= len(name) <= MAX_LENGTH for name in lower)
    factor = perfect_factor(lower)

    lines = [
        "/* http_names_table.h - made by tools/http_names.py; change that script and run it. */",
        "#ifndef FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H",
        "#define FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H",
        "",
        f"#define HTTP_NAME_COUNT {len(lower)}",
        f"#define HTTP_NAME_SLOT_BITS {SLOT_BITS}",
        f"#define HTTP_NAME_TAIL_SHIFT {TAIL_SHIFT}",
        f"#define HTTP_NAME_FACTOR UINT64_C({factor:#018x})",
        "",
        *(f"#define HTTP_NAME_{name.upper().replace('-', '_')} {NAMES.index(name) + 1}" for name in NAMED),
        "",
        "/* clang-format off */",
        "/* X(id, lower case, wire case, length), in the order of ids. */",
        "#define HTTP_NAME_LIST(X) \\",
    ]
    rows = [f'  X({i}, "{low}", "{NAMES[i - 1]}", {len(low)})' for i, low in enumerate(lower, 1)]
    lines += [row + " \\" for row in rows[:-1]] + [rows[-1], ""]
    lines += ["/* X(slot of the hash, lower-case name filled up with colons, id) */", "#define HTTP_NAME_SLOTS(X) \\"]
    rows = [f'  X({slot(name, factor)}, "{name.ljust(MAX_LENGTH + 1, ":")}", {i})' for i, name in enumerate(lower, 1)]
    lines += [row + " \\" for row in rows[:-1]] + [rows[-1], "", "#endif"]
    return "\n".join(lines) + "\n"


def main() -> None:
    text = generate()
    if sys.argv[1:] == ["--check"]:
        if OUTPUT.read_text() != text:
            raise SystemExit(f"{OUTPUT.name} is stale: run python tools/http_names.py")
    else:
        OUTPUT.write_text(text)


if __name__ == "__main__":
    main()
