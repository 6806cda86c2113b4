"""Decides by what was read about a doubtful name if it is the watched one: Zoom slashes jobs, Orvane Outlook is down.

The words beside such a name do not show it. The model knows homonyms, but not all of them, so a doubtful name counts
only for an event that is worth telling and that the name takes part in.
"""

from __future__ import annotations

from schemas.readings import Reading, Role

__all__ = ["SURE_OF_ROLE", "is_meant"]

#: On days that the model was not trained on, 8 of the 11 doubtful names that it was so sure of were worth telling.
SURE_OF_ROLE = 0.5
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))


def is_meant(reading: Reading, worth_telling: float) -> bool:
    """Return whether ``reading`` shows that its doubtful name is meant; ``worth_telling`` is the threshold for it."""
    sure = reading.confidence.role >= SURE_OF_ROLE
    return sure and reading.role in _TAKES_PART and reading.tell_score >= worth_telling
