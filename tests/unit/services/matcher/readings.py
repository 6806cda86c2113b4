"""Readings for tests that do not ask the model."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.items import Item
from schemas.readings import EventFamily, Firmness, Genre, Outlook, Reading, ReadingConfidence, Role, Weight
from services.matcher.reading.reader import NamedMention

__all__ = ["FixedReader", "reading"]


def reading(
    *,
    item_id: str = "itm",
    entity_id: str = "halden",
    role: Role = "object",
    kind: EventFamily = "other",
    genre: Genre = "news",
    status: Firmness = "fact",
    direction: Outlook = "unclear",
    weight: Weight = "worth",
    tell_score: float = 0.9,
    sure: float = 0.9,
) -> Reading:
    """Return a reading with the same confidence, ``sure``, in all fields."""
    return Reading(
        item_id=item_id,
        entity_id=entity_id,
        role=role,
        kind=kind,
        genre=genre,
        status=status,
        direction=direction,
        weight=weight,
        tell_score=tell_score,
        confidence=ReadingConfidence(role=sure, kind=sure, genre=sure, status=sure, direction=sure, weight=sure),
    )


class FixedReader:
    """A reader that always says the same, apart from the item and the name."""

    def __init__(self, answer: Reading) -> None:
        self._answer = answer

    def read(self, item: Item, publisher: str, named: Sequence[NamedMention]) -> list[Reading]:
        """Return the fixed answer for each name."""
        return [
            self._answer.model_copy(update={"item_id": item.id, "entity_id": name.mention.entity_id}) for name in named
        ]
