"""The error for what was fetched as a feed and is none."""

from __future__ import annotations

from services.common.errors import BadInput

__all__ = ["NotAFeed"]


class NotAFeed(BadInput):
    """What came is no feed; the message says what it is instead, ``fix`` what to do about it."""
