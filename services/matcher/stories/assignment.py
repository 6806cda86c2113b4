"""Assign an item to a story about one watched entity. The entry point of this package; pure.

Texts are compared first (``window.py``), then kind of event and time (``linking.py``); at last the item is added to the
story's thread (``merging.py``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from schemas.mentions import ItemAnnotated
from services.matcher.stories.linking import ends_event, find_linked_thread
from services.matcher.stories.merging import StoryUpdate, add_to_thread, open_thread
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.threads import JudgeState
from services.matcher.stories.window import assign_by_text
from services.matcher.thresholds import Thresholds

__all__ = ["assign_to_story"]


def assign_to_story(
    thresholds: Thresholds, state: JudgeState, annotated: ItemAnnotated, now: datetime, old: NotNews | None = None
) -> tuple[JudgeState, StoryUpdate]:
    """Assign an item that arrived at ``now`` (UTC) to a story, old or new. ``old``: why it is old news, if it is.

    Returns the state with the item in its window, and the story's thread with the item; the caller stores the thread.
    """
    item, revised = annotated.item, annotated.revision > 0
    window, by_text = assign_by_text(
        state.window, item.id, annotated.signature, annotated.seen_at, title=item.title, revised=revised
    )
    state = replace(state, window=window)
    thread = state.threads.get(state.aliases.get(by_text.story_id, by_text.story_id))
    if thread is None or thread.uncategorized:
        linked = find_linked_thread(thresholds, state, annotated)
        if linked is not None:
            thread = linked
            state = replace(state, aliases={**state.aliases, by_text.story_id: thread.story_id})
    if thread is None:
        return state, open_thread(thresholds, by_text.story_id, annotated, now, old)
    update = by_text.relation in ("update", "new") or revised or ends_event(thread.event, annotated.impact)
    copy = by_text.relation == "copy"
    return state, add_to_thread(thresholds, thread, annotated, now, copy=copy, update=update, old=old)
