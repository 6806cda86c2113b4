"""Decide whether an item is old news: by its date, its feed's first poll, its own words, or a text seen long before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from schemas.mentions import ItemAnnotated, SourceLetter
from services.matcher.reading.old_dates import old_date_in
from services.matcher.stories.evidence import said_at, stated_at, states_date
from services.matcher.stories.memory import find_old_text, remember_text
from services.matcher.stories.not_news import OLD_NEWS, NotNews
from services.matcher.stories.threads import JudgeState, Thread
from services.matcher.thresholds import Thresholds

__all__ = ["old_news_reason", "remember_story"]

#: Grades of channels whose dates show that a text is old; texts of others are as old as our knowledge of them.
_DATES_COUNT: frozenset[SourceLetter] = frozenset(("A", "B"))


def old_news_reason(thresholds: Thresholds, state: JudgeState, annotated: ItemAnnotated) -> NotNews | None:
    """Return why the item is old news, one of ``OLD_NEWS``, or None if it isn't."""
    if annotated.background:
        return "background"
    least_age = timedelta(hours=thresholds.stale_after_hours)
    if annotated.revision:
        thread = next((thread for thread in state.threads.values() if thread.has_item(annotated.item.id)), None)
        if thread is not None and thread.not_news is None:
            return None  # a running story is corrected
    newest = _newest_date(annotated)
    if newest is not None and annotated.seen_at - newest > least_age:
        return "stale"
    dated = states_date(annotated)
    if old_date_in(annotated.item, annotated.seen_at, least_age, dated=dated) is not None:
        return "old_text"
    if dated and annotated.impact.kind in thresholds.moves:
        return None  # prices move and services fail again, and are reported in the same words
    # Whoever puts today's date on an old text shows nothing by it.
    shown = dated and annotated.source.granted in _DATES_COUNT
    known = find_old_text(state.old_texts, annotated.signature, annotated.seen_at, least_age, dated=shown)
    return "returned" if known is not None else None


def _newest_date(annotated: ItemAnnotated) -> datetime | None:
    """Return the item's own date, or that of its update if it was revised since it was first seen."""
    stated, updated = stated_at(annotated), annotated.item.updated_at
    if stated is None or not annotated.revision or updated is None:
        return stated
    return max(stated, updated)


def remember_story(state: JudgeState, thread: Thread, annotated: ItemAnnotated) -> JudgeState:
    """Return the state with the item's text in memory if the story is known to clients, or old."""
    if not thread.told_or_held and thread.not_news not in OLD_NEWS:
        return state
    # A poor channel may date its item back, so that the true report after it looks old.
    at = said_at(annotated) if annotated.source.granted in _DATES_COUNT else annotated.seen_at
    texts = remember_text(state.old_texts, thread.story_id, annotated.signature, at, told=thread.told_or_held)
    return state if texts is state.old_texts else replace(state, old_texts=texts)
