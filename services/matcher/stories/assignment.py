"""Assign an item to a story about one watched entity. The entry point of this package; pure.

``window.py`` picks the story whose event the item reports; stories that turn out to be one are united (``union.py``);
then the item is added to the story's thread (``merging.py``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from schemas.mentions import ItemAnnotated
from services.matcher.stories.answers import find_answer, unrelated_stories
from services.matcher.stories.confirmations import find_confirmation
from services.matcher.stories.evidence import LIKELY_OF_EVENT
from services.matcher.stories.linking import ends_event, is_opposite
from services.matcher.stories.merging import StoryUpdate, add_to_thread, open_thread
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.pairwise import report_of
from services.matcher.stories.threads import JudgeState
from services.matcher.stories.union import probability_to_unite, unite_threads
from services.matcher.stories.window import assign_report
from services.matcher.thresholds import Thresholds

__all__ = ["assign_to_story"]


def assign_to_story(
    thresholds: Thresholds, state: JudgeState, annotated: ItemAnnotated, now: datetime, old: NotNews | None = None
) -> tuple[JudgeState, StoryUpdate]:
    """Assign an item that arrived at ``now`` (UTC) to a story, old or new. ``old``: why it is old news, if it is.

    Returns the state with the item in its window, and the story's thread with the item; the caller stores the thread.
    """
    answer = find_answer(state, annotated)
    if answer is not None:
        annotated = answer.annotated
    confirmed = None if answer is not None else find_confirmation(state, annotated)
    item, revised = annotated.item, annotated.revision > 0
    window, record, probability, united = assign_report(
        state.window,
        report_of(annotated),
        annotated.signature,
        title=item.title,
        revised=revised,
        answered=confirmed if answer is None else answer.story_id,
        unrelated=frozenset() if answer is not None else unrelated_stories(state, annotated),
        running=_running_stories(state, annotated),
        uniting=partial(probability_to_unite, state),
    )
    state = unite_threads(replace(state, window=window), record.story_id, united, thresholds)
    thread = state.thread_at(record.story_id)
    if thread is None:
        return state, open_thread(thresholds, record.story_id, annotated, now, old)
    impact = annotated.impact
    contradicts = ends_event(thread.event, impact) or is_opposite(thread.event, impact)
    update = record.relation in ("update", "new") or revised or contradicts
    copy = record.relation == "copy"
    added = add_to_thread(thresholds, thread, annotated, now, copy=copy, update=update, old=old)
    trigger = replace(added.trigger, of_event=None if probability is None else round(probability, 3))
    if record.story_id == confirmed and not trigger.is_likely_of_event:
        trigger = replace(trigger, of_event=LIKELY_OF_EVENT)
    if answer is not None and answer.story_id == record.story_id:
        trigger = replace(trigger, kind=impact.kind)  # what it denies decides, however unsure its own words are
    return state, added._replace(thread=added.thread.with_evidence(trigger), trigger=trigger)


def _running_stories(state: JudgeState, annotated: ItemAnnotated) -> dict[str, bool]:
    """Return the stories that clients know or that are held, and whether the item may join them after any time.

    An open rumor waits for whatever settles it; what clients were told waits for an answer to it.
    """
    answers = annotated.claim.status in ("denied", "retracted") or annotated.impact.kind == "averted"
    running = {}
    for story in state.window.stories:
        thread = state.thread_at(story.id)
        if thread is not None and thread.told_or_held:
            running[story.id] = answers or thread.is_open_rumor
    return running
