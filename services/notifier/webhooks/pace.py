"""How much an endpoint takes, over all workers: so many a second, with up to a second's worth at once (pure).

The generic cell rate algorithm (ITU-T I.371, annex A): one moment, kept with the endpoint, says until when all that was
sent fills the time at the rate; whoever takes work for the endpoint holds its row, and moves that moment on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["filled_until", "places"]

#: Sums of fractions of seconds are not exact.
_SLACK = 1e-6


def places(paced_until: datetime | None, per_second: float, now: datetime) -> int:
    """How many requests may begin at ``now``."""
    ahead = 0.0 if paced_until is None else max(0.0, (paced_until - now).total_seconds())
    return max(0, int(max(1.0, per_second) - ahead * per_second + _SLACK))


def filled_until(paced_until: datetime | None, per_second: float, now: datetime, begun: int) -> datetime:
    """The moment that is kept once ``begun`` requests have begun at ``now``."""
    return max(paced_until or now, now) + timedelta(seconds=begun / per_second)
