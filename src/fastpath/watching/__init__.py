"""Configurations that change while they are used: files are watched, and what they say is taken up as a whole.

live = LiveConfig(load("config/"))
async with follow(live, ConfigFiles("config/")):
    ...
    match = live.tables["r0"].match(request)
    pick = live.clusters[match.cluster].pick(request)
"""

from __future__ import annotations

from fastpath.following import Following

from .files import ConfigFiles
from .follow import ConfigFollowing, follow
from .live import LiveConfig

__all__ = ["ConfigFiles", "ConfigFollowing", "Following", "LiveConfig", "follow"]
