"""Pick the story that an item about one watched entity belongs to.

Online, in one pass: near-copies first, then the story with whose reports the item is most probably of one event. If it
fits several, those whose reports are of one event are united, so that the order of arrival makes little difference.
Stories are never split. Times are those the items state; items may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from schemas.mentions import FAMILY_OF, Signature, StoryRecord
from schemas.readings import Role
from services.matcher.stories.pairwise import HALF_DAY_HOURS, RESULTS, UNSPECIFIC, Report, default_model
from services.matcher.stories.similarity import cosines, is_near_copy
from services.matcher.stories.story import STORY_WINDOW, Story, add_to_story, relation_to, start_story, unite

__all__ = [
    "ANSWER_AT",
    "ANSWER_KIND_AT",
    "EMPTY_WINDOW",
    "JOIN_AT",
    "JOIN_RESULTS_AT",
    "JOIN_STRANGERS_AT",
    "Assignment",
    "StoryWindow",
    "United",
    "assign_report",
    "event_probability",
]

#: An item joins a story if it reports its event with this probability. A denial answers something, so less is enough,
#: and still less where the story is of the kind that it denies: the denial of a sale answers the sale.
JOIN_AT, ANSWER_AT, ANSWER_KIND_AT = 0.5, 0.25, 0.08
#: A company announces its results once in a quarter, and each paper picks figures of its own: within one news cycle,
#: less is enough.
JOIN_RESULTS_AT = 0.3
#: More is needed if the watched thing, such as a topic, takes no part in the event, and the story names others.
JOIN_STRANGERS_AT = 0.75
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))
#: Stories kept for one entity, and those whose meaning is closest, which an item is compared with.
_MAX_STORIES, _MAX_CANDIDATES = 200, 8
#: A story that an item reports with this probability is compared with the one that it joins.
_RIVAL_AT = 0.3


@dataclass(frozen=True, slots=True)
class StoryWindow:
    """The recent stories about one watched entity, oldest first. Treat as immutable."""

    stories: tuple[Story, ...] = ()
    newest: datetime | None = None


EMPTY_WINDOW = StoryWindow()


class United(NamedTuple):
    """A story that was united with another one, and the probability that both are of one event."""

    story_id: str
    probability: float


class Assignment(NamedTuple):
    """An item's story. ``probability``: that it reports the story's event; None if it started the story.

    ``united``: stories that turned out to be the item's story and are part of it now.
    """

    window: StoryWindow
    record: StoryRecord
    probability: float | None
    united: tuple[United, ...] = ()


#: Returns the probability with which the stories of two ids must be of one event to be united; None if they must not.
Uniting = Callable[[str, str], float | None]


def assign_report(
    window: StoryWindow,
    report: Report,
    signature: Signature,
    *,
    title: str,
    revised: bool = False,
    answered: str | None = None,
    unrelated: frozenset[str] = frozenset(),
    running: Mapping[str, bool] | None = None,
    uniting: Uniting | None = None,
) -> Assignment:
    """Put an item into the story whose event it reports, or start one; return the new window and the assignment.

    An item already in a story stays there, ``revised`` or not; one that is revised after its story has left the window
    counts as new. ``answered`` is the id of the story that it denies in other words; ``unrelated`` are those of which
    it denies nothing by its words, and which it joins only if it surely reports their event. ``running`` stories stay
    in the window however old they are; the value says whether this item may join them then. Of two that are united, the
    one that is running keeps its id, or else the older one. None are united without ``uniting``.
    """
    running = running or {}
    newest = report.at if window.newest is None else max(window.newest, report.at)
    live = [story for story in window.stories if newest - story.last_at <= STORY_WINDOW or story.id in running]
    known = next((story for story in live if report.item_id in story.items), None)
    chosen, copy, probability = known, False, None if known is None else event_probability(known, report)
    rivals: list[Story] = []
    if known is None:
        within_reach = _within_reach(live, report.at, running)
        chosen, copy, probability, rivals = _choose_story(within_reach, report, signature, unrelated)
        if chosen is None and answered is not None:
            chosen = next((story for story in within_reach if story.id == answered), None)
            probability = None if chosen is None else event_probability(chosen, report)
    if chosen is None:
        started = start_story(report, signature, title)
        record = StoryRecord(item_id=report.item_id, story_id=started.id, relation="new")
        return Assignment(StoryWindow((*live, started)[-_MAX_STORIES:], newest), record, None)
    united: tuple[United, ...] = ()
    if rivals and uniting is not None:
        live, chosen, united = _unite_rivals(live, chosen, rivals, report, running, uniting)
    relation = relation_to(chosen, signature, copy=copy and not revised)
    updated = add_to_story(chosen, report, signature, revision=known is not None)
    stories = tuple(updated if story is chosen else story for story in live)
    record = StoryRecord(item_id=report.item_id, story_id=chosen.id, relation=relation)
    return Assignment(StoryWindow(stories, newest), record, probability, united)


def _unite_rivals(
    live: list[Story],
    chosen: Story,
    rivals: Sequence[Story],
    report: Report,
    running: Mapping[str, bool],
    uniting: Uniting,
) -> tuple[list[Story], Story, tuple[United, ...]]:
    """Unite the story that ``report`` joins with those of ``rivals`` that are of one event with it."""
    gone: dict[str, float] = {}
    for rival in rivals:
        required = uniting(chosen.id, rival.id)
        if required is None:
            continue
        probability = _union_probability((*chosen.compared(), report), rival.compared())
        if probability < required:
            continue
        kept, other = sorted((chosen, rival), key=lambda story: (story.id not in running, story.first_at, story.id))
        united = unite(kept, other)
        live = [united if story is kept else story for story in live if story is not other]
        chosen, gone[other.id] = united, probability
    return live, chosen, tuple(United(story_id, probability) for story_id, probability in gone.items())


def _union_probability(reports: Sequence[Report], others: Sequence[Report]) -> float:
    """Return the mean probability that two reports of two stories are of one event.

    Where good sources report both, only theirs count: nobody else's text about both makes two stories one.
    """
    model = default_model()
    lefts, rights = (([found for found in side if found.reliable] or side) for side in (reports, others))
    probabilities = [model.probability(left, right) for left in lefts for right in rights]
    return sum(probabilities) / len(probabilities)


def event_probability(story: Story, report: Report) -> float | None:
    """Return how probably the item reports the story's event: the mean over its other reports; None if it has none."""
    model = default_model()
    found = [model.probability(other, report) for other in story.compared() if other.item_id != report.item_id]
    return sum(found) / len(found) if found else None


def _within_reach(stories: Sequence[Story], at: datetime, running: Mapping[str, bool]) -> list[Story]:
    """Return the stories that an item of this time may join."""
    return [story for story in stories if story.distance(at) <= STORY_WINDOW or running.get(story.id, False)]


def _choose_story(
    stories: list[Story], report: Report, signature: Signature, unrelated: frozenset[str]
) -> tuple[Story | None, bool, float | None, list[Story]]:
    """Return the story that fits best, if any does, whether the item is a near-copy, the probability, and rivals."""
    for story in stories:
        if is_near_copy(story, signature.shingles):
            return story, True, 1.0, []
    best, best_probability = None, 0.0
    near: list[tuple[float, Story]] = []
    for story in _closest(stories, report):
        probability = event_probability(story, report) or 0.0
        if probability >= _RIVAL_AT:
            near.append((probability, story))
        required = JOIN_STRANGERS_AT if story.id in unrelated else _required(story, report)
        if probability >= max(best_probability, required):
            best, best_probability = story, probability
    near.sort(key=lambda pair: (-pair[0], pair[1].id))
    return best, False, best_probability, [story for _, story in near if best is not None and story is not best]


def _required(story: Story, report: Report) -> float:
    """Return the probability with which an item must report the story's event to join it."""
    others = story.compared()
    if _are_results(story, report):
        return JOIN_RESULTS_AT
    if report.facts is None or not report.facts.denies:
        takes_part = report.facts is not None and report.facts.role in _TAKES_PART
        names = frozenset(name for other in others for name in other.names)
        strangers = bool(names) and bool(report.names) and names.isdisjoint(report.names)
        return JOIN_STRANGERS_AT if strangers and not takes_part else JOIN_AT
    if report.facts.role == "mention":
        return JOIN_STRANGERS_AT  # what is denied is another's
    family = FAMILY_OF[report.facts.kind]
    known = {FAMILY_OF[other.facts.kind] for other in others if other.facts is not None}
    return ANSWER_KIND_AT if family in known and family not in UNSPECIFIC else ANSWER_AT


def _are_results(story: Story, report: Report) -> bool:
    """Return whether all are about the results of the watched company, in one news cycle."""
    facts = [other.facts for other in (*story.compared(), report)]
    of_results = all(
        fact is not None and not fact.denies and fact.role == "actor" and FAMILY_OF[fact.kind] in RESULTS
        for fact in facts
    )
    return of_results and story.distance(report.at) <= timedelta(hours=HALF_DAY_HOURS)


def _closest(stories: list[Story], report: Report) -> list[Story]:
    """Return the stories whose meaning is closest to the item's."""
    if len(stories) <= _MAX_CANDIDATES:
        return stories
    reports = [other for story in stories for other in story.compared()]
    numbers = [number for number, story in enumerate(stories) for _ in story.compared()]
    best = np.full(len(stories), -1.0)
    np.maximum.at(best, numbers, cosines(report.embedding, [other.embedding for other in reports]))
    return [stories[number] for number in np.argsort(-best, kind="stable")[:_MAX_CANDIDATES]]
