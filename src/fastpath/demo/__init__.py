"""`fastpath demo`: the library at work on loopback, between real upstreams and a client that knows nothing of it."""

from __future__ import annotations

from .run import example, run, serve

__all__ = ["example", "run", "serve"]
