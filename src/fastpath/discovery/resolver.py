"""From a name to addresses."""

from __future__ import annotations

import asyncio
import socket
from typing import NamedTuple, Protocol

from fastpath.models import DnsLookupFamily

__all__ = ["Resolution", "Resolver", "SystemResolver", "choose_family"]


class Resolution(NamedTuple):
    """What a name stands for: IP addresses, in the order they came in. None at all is an answer too."""

    addresses: tuple[str, ...]
    ttl: float | None = None
    """Seconds for which the answer is good; None when the resolver does not know."""


class Resolver(Protocol):
    """Whoever resolves names."""

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        """The addresses of `name` that `family` asks for. OSError when there is no answer to be had."""
        ...


class SystemResolver:
    """The operating system's (getaddrinfo, in the loop's executor): knows hosts files, and no TTLs."""

    async def resolve(self, name: str, family: DnsLookupFamily) -> Resolution:
        """See Resolver. A name that does not exist has no addresses; that is no failure."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in _NO_ADDRESSES:
                return Resolution(())
            raise
        except UnicodeError:  # no name at all, by the rules of IDNA
            return Resolution(())
        addresses = dict.fromkeys(str(address[0]) for *_, address in found)
        return Resolution(choose_family(tuple(addresses), family))


_NO_ADDRESSES = {
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
}


def choose_family(addresses: tuple[str, ...], family: DnsLookupFamily) -> tuple[str, ...]:
    """Of addresses of both kinds those that count."""
    six = tuple(address for address in addresses if ":" in address)
    four = tuple(address for address in addresses if ":" not in address)
    return {
        DnsLookupFamily.AUTO: six or four,
        DnsLookupFamily.V4_ONLY: four,
        DnsLookupFamily.V6_ONLY: six,
        DnsLookupFamily.V4_PREFERRED: four or six,
        DnsLookupFamily.ALL: addresses,
    }[family]
