"""Reasons to refuse an action."""

from __future__ import annotations

from services.common.errors import FirstwordError

__all__ = ["Conflict", "NotFound", "SignInNeeded"]


class NotFound(FirstwordError):
    """It does not exist, or this user may not see it; the answer does not say which."""


class Conflict(FirstwordError):
    """Somebody has changed it in the meantime, perhaps the same person in another tab."""


class SignInNeeded(FirstwordError):
    """Nobody is signed in."""
