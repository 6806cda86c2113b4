"""The error for documents that are not feeds."""

from __future__ import annotations

from services.common.errors import BadInput

__all__ = ["NotAFeed"]


class NotAFeed(BadInput):
    """The document is not a feed. The message says what it is instead, ``fix`` what to do about it."""
