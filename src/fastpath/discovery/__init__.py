"""Endpoints that come and go: whatever knows them feeds a cluster, without holding up its picks.

    following = follow(manager["service_a"], DnsSource(manager["service_a"].model))
    await following.ready()         # hosts are there, or the source has said why not
    ...
    await following.close()

A registry of your own becomes a source with one method, `watch()`, an asynchronous generator.
"""

from __future__ import annotations

from fastpath.following import Following

from .dns import DnsSource
from .follow import follow
from .resolver import Resolution, Resolver, SystemResolver
from .source import EndpointSource

__all__ = ["DnsSource", "EndpointSource", "Following", "Resolution", "Resolver", "SystemResolver", "follow"]
