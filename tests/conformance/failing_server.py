"""An upstream that makes a proxy try again, and knows where it tried."""

from __future__ import annotations

import asyncio
from contextlib import suppress

__all__ = ["FailingServer"]


class FailingServer:
    """Answers 503 and remembers which of its addresses requests came to, by their targets."""

    def __init__(self) -> None:
        self.tried: dict[bytes, list[str]] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.tried.setdefault(head.split(b" ")[1], []).append(writer.get_extra_info("sockname")[0])
                writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
        writer.close()
