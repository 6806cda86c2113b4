"""A limit on requests to the API, so that one program in a loop does not slow the desk down for everybody."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime

__all__ = ["RequestRates"]

#: Users whose requests are counted; beyond this, the one idle longest is forgotten.
REMEMBERED = 1_000


class RequestRates:
    """Counts each user's requests in this process: ``per_minute`` on average, and as many at once."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, user_id: str, now: datetime, count: int = 1) -> int:
        """Count a request of a user and return 0; if they have none left, return the seconds until the next one.

        With ``count``, it is that many at once, of which all or none are counted.
        """
        left, since = self._left.pop(user_id, (float(self._per_minute), now))
        left = min(self._per_minute, left + max(0.0, (now - since).total_seconds()) * self._per_minute / 60)
        accepted = left >= count
        self._left[user_id] = (left - count if accepted else left, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return 0 if accepted else max(1, math.ceil((count - left) * 60 / self._per_minute))
