"""The pace of an endpoint over all workers: a number of requests a second, at most a second's worth at once (pure).

This is the generic cell rate algorithm (ITU-T I.371, annex A). One moment is kept with the endpoint: up to then, the
requests that have begun use up the rate. A worker that claims work for the endpoint locks its row and moves it on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["free_slots", "paced_until_after"]

#: Sums of fractions of seconds are not exact.
_SLACK = 1e-6


def free_slots(paced_until: datetime | None, per_second: float, now: datetime) -> int:
    """Return how many requests may begin at ``now``."""
    ahead = 0.0 if paced_until is None else max(0.0, (paced_until - now).total_seconds())
    return max(0, int(max(1.0, per_second) - ahead * per_second + _SLACK))


def paced_until_after(paced_until: datetime | None, per_second: float, now: datetime, begun: int) -> datetime:
    """Return the moment to keep after ``begun`` requests have begun at ``now``."""
    return max(paced_until or now, now) + timedelta(seconds=begun / per_second)
