"""Find the stories that are one event. Pure: the result depends on the stories alone, not on their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from schemas.mentions import FAMILY_OF, EventKind

__all__ = ["JoinableStory", "are_one_event", "group_stories"]

#: Stories that began further apart are different events.
WINDOW = timedelta(days=7)
#: The share of their words that two headlines of one event have in common.
ALIKE = 0.5
#: Kinds that say too little to tell two events apart.
_VAGUE = frozenset(("other", "none", "event"))
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class JoinableStory:
    """A story, as far as joining looks at it. ``items`` are the titles of the items that report it, by item id."""

    story_id: str
    entity_id: str
    entity_name: str
    headline: str
    kind: EventKind
    first_at: datetime
    items: Mapping[str, str]


def are_one_event(one: JoinableStory, other: JoinableStory) -> bool:
    """Return whether two stories tell the same event.

    Stories with the same first item do. Others must be of one family of events and share half of the smaller one's
    items. A single shared item may be a round-up, so its title must name both, or the headlines must be alike.
    """
    if one.story_id == other.story_id:
        return True
    shared = one.items.keys() & other.items.keys()
    if not shared or 2 * len(shared) < min(len(one.items), len(other.items)):
        return False
    if abs(one.first_at - other.first_at) > WINDOW or not _same_family(one.kind, other.kind):
        return False
    if len(shared) > 1 or _alike(one.headline, other.headline):
        return True
    (item_id,) = shared
    title = one.items[item_id].casefold()
    return one.entity_name.casefold() in title and other.entity_name.casefold() in title


def group_stories(stories: Iterable[JoinableStory]) -> dict[str, str]:
    """Return the event of each story id: the story in its group that began first."""
    groups: list[list[JoinableStory]] = []
    for story in stories:
        joined = [group for group in groups if any(are_one_event(story, other) for other in group)]
        apart = [group for group in groups if group not in joined]
        groups = [*apart, [story, *chain.from_iterable(joined)]]
    return {story.story_id: min(map(_age, group))[1] for group in groups for story in group}


def _age(story: JoinableStory) -> tuple[datetime, str]:
    return story.first_at, story.story_id


def _same_family(one: EventKind, other: EventKind) -> bool:
    return FAMILY_OF[one] == FAMILY_OF[other] or one in _VAGUE or other in _VAGUE


def _alike(one: str, other: str) -> bool:
    words, others = set(_WORD.findall(one.casefold())), set(_WORD.findall(other.casefold()))
    return len(words & others) >= ALIKE * max(1, len(words | others))
