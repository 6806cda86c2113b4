"""The result of one attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CUT_OFF", "Outcome", "OutcomeKind"]

#: delivered: it succeeded · retry: it failed, and may succeed later · rejected: it failed for good ·
#: unknown: it may have succeeded.
OutcomeKind = Literal["delivered", "retry", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt.

    ``detail`` explains it to a person and contains no secrets. ``retry_after_seconds`` is how long the other side asked
    to be left alone, if it did. ``service_down``: the other side takes nothing at all at present.
    """

    kind: OutcomeKind
    detail: str
    retry_after_seconds: float | None = None
    service_down: bool = False


#: The outcome of an attempt that a crash or a shutdown interrupted.
CUT_OFF = Outcome("unknown", "Firstword stopped while this was being sent. It may or may not have arrived.")
