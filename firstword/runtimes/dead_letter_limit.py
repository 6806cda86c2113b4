"""The limit on dead letters. Both runtimes keep it, and it outlasts restarts.

A few events that can't be processed are a feed's fault: they become dead letters and the rest goes on. Many within a
short time are a release's fault. Then the process must stop before it turns its whole input into dead letters.

The rule: at most ``most`` dead letters in any hour, not counting those that somebody has replayed or dropped. A process
that reaches the limit ends without writing the letter that exceeds it, and without moving past its event. Containers
restart such a process at once, so each start passes in the letters of the past hour that the runtime has stored: those
in the table ``dead_letters`` (embedded) or in the topics ``<topic>.dlq`` (Kafka). A restart therefore doesn't reset the
count. Old letters alone stop nobody: once the cause is fixed no letter is added, and the process runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from services.common.errors import FirstwordError

__all__ = ["DEAD_LETTERS_PER_HOUR", "DeadLetterLimit", "TooManyDeadLetters", "window_start"]

WINDOW = timedelta(hours=1)
DEAD_LETTERS_PER_HOUR = 500


class TooManyDeadLetters(FirstwordError):
    """So many events fail that going on would only turn the input into dead letters."""


def window_start(now: datetime) -> datetime:
    """Return the time from which on dead letters count."""
    return now - WINDOW


class DeadLetterLimit:
    """Counts the dead letters of the past hour and refuses one too many."""

    def __init__(self, most: int = DEAD_LETTERS_PER_HOUR) -> None:
        self._most = most
        self._recent: deque[datetime] = deque()

    def restore(self, written_at: Iterable[datetime]) -> None:
        """Count letters that were stored before this process started and that nobody has dealt with."""
        self._recent.extend(sorted(written_at))

    def add(self, now: datetime, failure: str) -> None:
        """Count one letter; call this before it is stored. ``failure`` names the consumer, the event and the reason.

        Raises:
            TooManyDeadLetters: it exceeds the limit. Neither store the letter nor commit the event's offset.
        """
        while self._recent and self._recent[0] < window_start(now):
            self._recent.popleft()
        if len(self._recent) >= self._most:
            raise TooManyDeadLetters(
                f"More than {self._most} events within an hour could not be processed; the last: {failure}",
                fix="The other events are safe and wait. See the reasons with 'firstword dlq list', fix the cause and "
                "start again. To give these events up and go on without a fix, run 'firstword dlq drop --all' first.",
            )
        self._recent.append(now)
