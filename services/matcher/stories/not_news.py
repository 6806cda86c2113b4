"""Decide whether an item is news: satire, advertising, opinion, speculation and old items are not."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from schemas.mentions import EventKind, ItemAnnotated
from schemas.readings import Genre
from services.matcher.reading.impact import is_retrospective
from services.matcher.reading.opinion_headlines import find_commentator
from services.matcher.stories.evidence import is_speculative
from services.matcher.thresholds import Thresholds

__all__ = ["NotNews", "not_news_reason"]

#: Why an item is not news.
NotNews = Literal[
    "satire",
    "advertisement",
    "opinion",
    "stale",
    "anniversary",
    "speculation",
    "preview",
    "analysis",
    "list",
    "feature",
]
_GENRES: dict[Genre, NotNews | None] = {
    "news": None,
    "promo": "advertisement",
    "opinion": "opinion",
    "old": "anniversary",
    "preview": "preview",
    "analysis": "analysis",
    "list": "list",
    "feature": "feature",
}


def not_news_reason(thresholds: Thresholds, annotated: ItemAnnotated, *, known_story: bool) -> NotNews | None:
    """Return why the item is not news, or None if it is.

    ``known_story``: clients know the story, or it was too small to tell them; then even a late denial is news.
    """
    if annotated.source.kind == "satire":
        return "satire"
    if annotated.impact.kind == "advertisement":
        return "advertisement"
    by_genre = _by_genre(thresholds, annotated)
    if by_genre is not None:
        return by_genre
    if is_retrospective(annotated.impact):
        return "anniversary"
    if _is_commentary(annotated, thresholds.thought_kinds):
        return "opinion"
    if is_speculative(annotated) and not _is_worth_telling(thresholds, annotated):
        return "speculation"
    answers = known_story and annotated.claim.status in ("denied", "retracted")
    if not answers and _is_stale(thresholds, annotated):
        return "stale"
    return None


def _by_genre(thresholds: Thresholds, annotated: ItemAnnotated) -> NotNews | None:
    """Return why the sort of text is not news, unless it holds an event that is worth telling all the same."""
    reading = annotated.reading
    if reading is None or not annotated.claim.judged:
        return "opinion" if annotated.impact.kind == "opinion" else None
    return None if _is_worth_telling(thresholds, annotated) else _GENRES[reading.genre]


def _is_worth_telling(thresholds: Thresholds, annotated: ItemAnnotated) -> bool:
    return annotated.reading is not None and annotated.reading.tell_score >= thresholds.worth_telling


def _is_commentary(annotated: ItemAnnotated, kinds: frozenset[EventKind]) -> bool:
    """Return whether the headline quotes an outsider's view; a denial comes from somebody who must know."""
    own_claim = annotated.claim.status in ("asserted", "hedged") and annotated.claim.basis in ("own", "researcher")
    return own_claim and annotated.impact.kind in kinds and find_commentator(annotated.item.title) is not None


def _is_stale(thresholds: Thresholds, annotated: ItemAnnotated) -> bool:
    published, updated = annotated.item.published_at, annotated.item.updated_at
    if published is None:
        return False
    newest = updated if updated is not None and updated > published else published
    return annotated.seen_at - newest > timedelta(hours=thresholds.stale_after_hours)
