"""Each client's thresholds: the firm's, shifted by account managers' feedback on the messages they got."""

from __future__ import annotations

from schemas.interactions import ClientTuned
from services.matcher.thresholds import Thresholds

__all__ = ["TunedThresholds"]

#: Limits of feedback: the gravest news about a client's assets (0.9 and more) is always told, passing mentions never.
LEAST_RELEVANCE, MOST_RELEVANCE = 0.2, 0.85


class TunedThresholds:
    """The firm's thresholds, with the required relevance shifted for clients whose account managers gave feedback."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._shifts: dict[str, tuple[float, dict[str, float]]] = {}
        self._by_shift: dict[float, Thresholds] = {0.0: thresholds}

    def update(self, tuned: ClientTuned) -> None:
        """Replace the client's shifts."""
        self._shifts[tuned.client_id] = (tuned.shift, {entity.entity_id: entity.shift for entity in tuned.entities})

    def for_client(self, client_id: str, entity_id: str) -> Thresholds:
        """Return the client's thresholds for news about this entity."""
        shifts = self._shifts.get(client_id)
        if shifts is None:
            return self._thresholds
        shift = round(shifts[0] + shifts[1].get(entity_id, 0.0), 3)
        if shift not in self._by_shift:
            shifted = self._thresholds.tell_relevance + shift
            bounded = round(max(LEAST_RELEVANCE, min(MOST_RELEVANCE, shifted)), 3)
            self._by_shift[shift] = self._thresholds.model_copy(update={"tell_relevance": bounded})
        return self._by_shift[shift]
