"""Retry schedules as data: how long a queue waits before each attempt (pure)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["DAY_SECONDS", "STANDARD", "Schedule"]

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The number of attempts, and how long a queue waits before each of them.

    ``waits`` holds the seconds before each attempt, the first included. ``jitter`` lengthens each wait by up to this
    share, so that an outage doesn't end in a stampede. ``longest_retry_after`` limits, in seconds, how much patience
    the other side can ask for. With ``endless``, the last wait repeats.
    """

    waits: tuple[float, ...]
    jitter: float = 0.0
    longest_retry_after: float = 7 * DAY_SECONDS
    endless: bool = False

    @property
    def attempts(self) -> int:
        """Return the number of attempts, if the schedule isn't endless."""
        return len(self.waits)

    def next_attempt(
        self, work_id: str, attempt: int, now: datetime, retry_after_seconds: float | None = None
    ) -> datetime | None:
        """Return when to try again after attempt number ``attempt`` (from 1) failed; None if it was the last one.

        The result is never earlier than ``retry_after_seconds`` from now. The jitter depends only on the id and the
        attempt, so that a repeated decision gives the same moment.
        """
        if attempt >= len(self.waits) and not self.endless:
            return None
        wait = self.waits[min(attempt, len(self.waits) - 1)]
        digest = hashlib.blake2b(f"{work_id}/{attempt}".encode(), digest_size=4).digest()
        seconds = wait * (1 + self.jitter * int.from_bytes(digest) / 2**32)
        patience = min(retry_after_seconds or 0.0, self.longest_retry_after)
        return now + timedelta(seconds=max(seconds, patience))


#: The schedule of Standard Webhooks: about three days. It suits mail servers that use greylisting, too.
STANDARD = Schedule((0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400), jitter=0.1)
