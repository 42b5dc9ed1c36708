"""Answers that the gateway gives itself."""

from __future__ import annotations

from ..actions import Answer

__all__ = ["Reply"]

Reply = Answer
"""A response without an upstream. Content-Length, Date and Connection are added."""
