"""Pick the story that an item about one watched entity belongs to.

Online, in one pass: near-copies first, then the story with whose reports the item is most probably of one event.
Stories are never merged or split, so anything a client was told about a story stays true. Times are those the items
state; items may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from schemas.mentions import FAMILY_OF, Signature, StoryRecord
from services.matcher.stories.pairwise import UNSPECIFIC, EventModel, Report, default_model
from services.matcher.stories.similarity import cosines, is_near_copy
from services.matcher.stories.story import STORY_WINDOW, Story, add_to_story, relation_to, start_story

__all__ = [
    "ANSWER_AT",
    "ANSWER_KIND_AT",
    "EMPTY_WINDOW",
    "JOIN_AT",
    "StoryWindow",
    "assign_report",
    "event_probability",
]

#: An item joins a story if it reports its event with this probability. A denial answers something, so less is enough,
#: and still less where the story is of the kind that it denies: the denial of a sale answers the sale.
JOIN_AT, ANSWER_AT, ANSWER_KIND_AT = 0.5, 0.25, 0.08
#: Stories kept for one entity, and those whose meaning is closest, which an item is compared with.
_MAX_STORIES, _MAX_CANDIDATES = 200, 8


@dataclass(frozen=True, slots=True)
class StoryWindow:
    """The recent stories about one watched entity, oldest first. Treat as immutable."""

    stories: tuple[Story, ...] = ()
    newest: datetime | None = None


EMPTY_WINDOW = StoryWindow()


def assign_report(
    window: StoryWindow,
    report: Report,
    signature: Signature,
    *,
    title: str,
    revised: bool = False,
    running: Mapping[str, bool] | None = None,
) -> tuple[StoryWindow, StoryRecord]:
    """Put an item into the story whose event it reports, or start one; return the new window and the assignment.

    An item already in a story stays there, ``revised`` or not; one that is revised after its story has left the window
    counts as new. ``running`` stories stay in the window however old they are; the value says whether this item may
    join them then.
    """
    running = running or {}
    newest = report.at if window.newest is None else max(window.newest, report.at)
    live = [story for story in window.stories if newest - story.last_at <= STORY_WINDOW or story.id in running]
    known = next((story for story in live if report.item_id in story.items), None)
    within_reach = _within_reach(live, report.at, running)
    chosen, copy = (known, False) if known is not None else _choose_story(within_reach, report, signature)
    if chosen is None:
        started = start_story(report, signature, title)
        kept = (*live, started)[-_MAX_STORIES:]
        return StoryWindow(kept, newest), StoryRecord(item_id=report.item_id, story_id=started.id, relation="new")
    relation = relation_to(chosen, signature, copy=copy and not revised)
    updated = add_to_story(chosen, report, signature, revision=known is not None)
    stories = tuple(updated if story is chosen else story for story in live)
    return StoryWindow(stories, newest), StoryRecord(item_id=report.item_id, story_id=chosen.id, relation=relation)


def event_probability(model: EventModel, story: Story, report: Report) -> float:
    """Return how probably the item reports the story's event: the mean over the story's reports."""
    found = [model.probability(other, report) for other in story.compared()]
    return sum(found) / len(found)


def _within_reach(stories: Sequence[Story], at: datetime, running: Mapping[str, bool]) -> list[Story]:
    """Return the stories that an item of this time may join."""
    return [story for story in stories if story.distance(at) <= STORY_WINDOW or running.get(story.id, False)]


def _choose_story(stories: list[Story], report: Report, signature: Signature) -> tuple[Story | None, bool]:
    """Return the story that fits best, if any fits, and whether the item is a near-copy."""
    for story in stories:
        if is_near_copy(story, signature.shingles):
            return story, True
    model = default_model()
    best, best_probability = None, 0.0
    for story in _closest(stories, report):
        probability = event_probability(model, story, report)
        if probability >= max(best_probability, _required(story, report)):
            best, best_probability = story, probability
    return best, False


def _required(story: Story, report: Report) -> float:
    """Return the probability with which an item must report the story's event to join it."""
    if report.facts is None or not report.facts.denies:
        return JOIN_AT
    family = FAMILY_OF[report.facts.kind]
    known = {FAMILY_OF[other.facts.kind] for other in story.compared() if other.facts is not None}
    return ANSWER_KIND_AT if family in known and family not in UNSPECIFIC else ANSWER_AT


def _closest(stories: list[Story], report: Report) -> list[Story]:
    """Return the stories whose meaning is closest to the item's."""
    if len(stories) <= _MAX_CANDIDATES:
        return stories
    reports = [other for story in stories for other in story.compared()]
    numbers = [number for number, story in enumerate(stories) for _ in story.compared()]
    best = np.full(len(stories), -1.0)
    np.maximum.at(best, numbers, cosines(report.embedding, [other.embedding for other in reports]))
    return [stories[number] for number in np.argsort(-best, kind="stable")[:_MAX_CANDIDATES]]
