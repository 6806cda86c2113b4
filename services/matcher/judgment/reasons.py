"""Builds the reasons that explain a decision to an account manager."""

from __future__ import annotations

from schemas.alerts import Reason

__all__ = ["reason"]


def reason(rule: str, saw: str, concluded: str, text: str) -> Reason:
    """Return a reason without validating it again; ``text`` is a whole sentence."""
    return Reason.model_construct(rule=rule, saw=saw, concluded=concluded, text=text)
