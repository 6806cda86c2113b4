"""An annotated item and answers about it, for tests of the second reader."""

from __future__ import annotations

import json
from datetime import datetime

from schemas.base import event
from schemas.items import Item, Source
from schemas.mentions import Claim, Impact, ItemAnnotated, Mention, Origin, Signature, SourceGrade, Span
from schemas.readings import Reading, ReadingConfidence
from services.common.processing import AnyEvent
from tests.desk_data import NOW

__all__ = ["SUMMARY", "TITLE", "a_reading", "an_annotated_item", "an_answer", "an_item"]

TITLE = "Northgate to buy Armstead for 7 billion crowns"
SUMMARY = "Northgate, a rival of Halden Energy, has agreed to buy Armstead.\nThe deal is to close in June."


def an_item(item_id: str = "itm_1", *, title: str = TITLE, summary: str = SUMMARY, **changes: object) -> Item:
    """Return a public item."""
    item = Item(id=item_id, title=title, summary=summary, url="https://wire.example.com/1", source=Source(host="x"))
    return item.model_copy(update=changes)


def a_reading(item_id: str = "itm_1", tell_score: float = 0.9) -> Reading:
    """Return the first reading, which takes Halden Energy for the buyer."""
    sure = ReadingConfidence(role=0.6, kind=0.9, genre=0.9, status=0.9, direction=0.6, weight=0.7)
    return Reading(
        item_id=item_id,
        entity_id="halden-energy",
        role="actor",
        kind="deal",
        genre="news",
        status="fact",
        direction="mixed",
        weight="major",
        tell_score=tell_score,
        confidence=sure,
    )


def an_annotated_item(item: Item | None = None, *, tell_score: float = 0.9, at: datetime = NOW) -> AnyEvent:
    """Return the event that ``item`` was annotated for Halden Energy."""
    item = item or an_item()
    text = item.summary or ""
    start = text.find("Halden Energy")
    span = Span(field="summary", start=start, end=start + 13, text="Halden Energy")
    annotated = ItemAnnotated(
        entity_id="halden-energy",
        item=item,
        mention=Mention(item_id=item.id, entity_id="halden-energy", spans=(span,), salience=0.5, why="named"),
        claim=Claim(item_id=item.id, status="asserted", score=0.1),
        impact=Impact(kind="acquisition", direction="unclear", size="major", urgency="high", worth_hours=24),
        source=SourceGrade(domain="wire.example.com", publisher="Wire", grade="A"),
        origin=Origin(id="wire.example.com", name="Wire", grade="A"),
        signature=Signature(),
        seen_at=at,
        reading=a_reading(item.id, tell_score),
    )
    return event(annotated, key="halden-energy", id=f"evt-{item.id}", source="tests", time=at)


def an_answer(**changes: object) -> str:
    """Return a valid answer: Halden Energy is only mentioned."""
    values = {
        "role": "mention",
        "kind": "deal",
        "genre": "news",
        "status": "fact",
        "direction": "unclear",
        "weight": "none",
        "quote": "a rival of Halden Energy",
    }
    return json.dumps({**values, **changes})
