"""Decide whether an item is news: satire, advertising, opinion, speculation and old items are not."""

from __future__ import annotations

from typing import Literal

from schemas.mentions import EventKind, ItemAnnotated
from schemas.readings import Genre
from services.matcher.reading.headline_forms import find_form
from services.matcher.reading.impact import is_retrospective
from services.matcher.reading.opinion_headlines import find_commentator
from services.matcher.stories.evidence import is_speculative
from services.matcher.text.preparation import title_of
from services.matcher.thresholds import Thresholds

__all__ = ["OLD_NEWS", "NotNews", "not_news_reason"]

#: Why an item is not news.
NotNews = Literal[
    "satire",
    "advertisement",
    "opinion",
    "stale",
    "background",
    "returned",
    "old_text",
    "anniversary",
    "speculation",
    "preview",
    "analysis",
    "list",
    "feature",
    "routine",
]
#: Old news: published long ago, from before its feed was added, a story that returns, or old by the date in its text.
OLD_NEWS: frozenset[NotNews | None] = frozenset(("stale", "background", "returned", "old_text"))
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


def not_news_reason(
    thresholds: Thresholds, annotated: ItemAnnotated, *, known_story: bool, old: NotNews | None
) -> NotNews | None:
    """Return why the item is not news, or None if it is. ``old``: why it is old news, if it is.

    ``known_story``: clients know the story, or it was too small to tell them; then even a late denial is news.
    """
    if annotated.source.kind == "satire":
        return "satire"
    if annotated.impact.kind == "advertisement":
        return "advertisement"
    by_form = find_form(title_of(annotated.item), {span.text for span in annotated.mention.spans})
    if by_form is not None and annotated.claim.judged:
        return by_form
    answers = known_story and annotated.claim.status in ("denied", "retracted")
    by_genre = _by_genre(thresholds, annotated)
    if by_genre is not None and not (answers and annotated.origin.primary):
        return by_genre
    if is_retrospective(annotated.impact):
        return "anniversary"
    if _is_commentary(annotated, thresholds.thought_kinds):
        return "opinion"
    if is_speculative(annotated) and not _is_worth_telling(thresholds, annotated):
        return "speculation"
    return None if answers and old != "background" else old


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
