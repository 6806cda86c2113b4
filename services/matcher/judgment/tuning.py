"""Each client's own thresholds: those of all, moved by what account managers said of the messages they got."""

from __future__ import annotations

from schemas.interactions import ClientTuned
from services.matcher.thresholds import Thresholds

__all__ = ["TunedThresholds"]

#: Whatever was said: the gravest news of what a client owns (0.9 and more) is told, and mere mentions are not.
LEAST_RELEVANCE, MOST_RELEVANCE = 0.2, 0.85


class TunedThresholds:
    """``thresholds`` for everybody, but for those whose feedback moves the relevance that news must have for them."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._shifts: dict[str, tuple[float, dict[str, float]]] = {}
        self._made: dict[float, Thresholds] = {0.0: thresholds}

    def take(self, tuned: ClientTuned) -> None:
        """From now on this counts for the client."""
        self._shifts[tuned.client_id] = (tuned.shift, {one.entity_id: one.shift for one in tuned.entities})

    def of(self, client_id: str, entity_id: str) -> Thresholds:
        """The thresholds for news on this watched thing for this client."""
        known = self._shifts.get(client_id)
        if known is None:
            return self._thresholds
        shift = round(known[0] + known[1].get(entity_id, 0.0), 3)
        if shift not in self._made:
            needed = self._thresholds.tell_relevance + shift
            bounded = round(max(LEAST_RELEVANCE, min(MOST_RELEVANCE, needed)), 3)
            self._made[shift] = self._thresholds.model_copy(update={"tell_relevance": bounded})
        return self._made[shift]
