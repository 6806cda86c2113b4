"""Which story an item belongs to, and how: new, a copy, the same told again, or an update.

Online and in one pass: near-copies first, then likeness of words, names, numbers and time. Stories are never merged or
split, so what was once told of a story stays true. Time is what items say, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from schemas.mentions import Signature, StoryRecord
from services.matcher.stories.index import StoryIndex
from services.matcher.stories.signature import signature
from services.matcher.stories.similarity import (
    PER_ENTITY,
    STORIES,
    WINDOW,
    Story,
    begin,
    fade,
    grow,
    is_copy,
    kind_weight,
    length_of,
    likeness,
    name_words,
    needed,
    relation,
    size_of,
    terms_of,
)

__all__ = ["EMPTY_WINDOW", "Story", "StoryIndex", "StoryWindow", "assign", "dump_window", "load_window", "signature"]


@dataclass(frozen=True, slots=True)
class StoryWindow:
    """The stories about one watched entity, oldest first. Immutable by convention."""

    stories: tuple[Story, ...] = ()
    newest: datetime | None = None


EMPTY_WINDOW = StoryWindow()


def assign(
    window: StoryWindow, item_id: str, signature: Signature, at: datetime, *, title: str, revised: bool = False
) -> tuple[StoryWindow, StoryRecord]:
    """Put an item into its story; returns the window after it and what was decided.

    ``at`` is when the item was published or first seen, in UTC. An item that a story knows stays there, ``revised`` or
    not; one that was revised after its story left the window counts as new.
    """
    newest = at if window.newest is None else max(window.newest, at)
    live = [story for story in window.stories if newest - story.last_at <= WINDOW]
    known = next((story for story in live if item_id in story.items), None)
    joined, copy = (known, False) if known is not None else _choose(live, signature, at)
    if joined is None:
        fresh = begin(item_id, signature, at, title)
        kept = (*live, fresh)[-STORIES:]
        return StoryWindow(kept, newest), StoryRecord(item_id=item_id, story_id=fresh.id, relation="new")
    how = relation(joined, signature, copy=copy and not revised)
    grown = grow(joined, item_id, signature, at, again=known is not None)
    stories = tuple(grown if story is joined else story for story in live)
    return StoryWindow(stories, newest), StoryRecord(item_id=item_id, story_id=joined.id, relation=how)


def _choose(stories: Iterable[Story], seen: Signature, at: datetime) -> tuple[Story | None, bool]:
    near = [story for story in stories if story.distance(at) <= WINDOW]
    for story in near:
        if is_copy(story, seen.shingles):
            return story, True
    named = name_words(seen)
    weights = {term: weight * kind_weight(term, named, PER_ENTITY) for term, weight in terms_of(seen).items()}
    worn = {t for t in weights if len(near) > 3 and sum(t in story.terms for story in near) > len(near) / 2}
    weights = {term: weight * (0.2 if term in worn else 1.0) for term, weight in weights.items()}
    own = length_of(weights)
    best, best_ratio = None, 1.0
    for story in near:
        shared = [term for term in weights if term in story.terms]
        if not _enough(shared, story, seen, worn):
            continue
        lengths = own * size_of(story, partial(kind_weight, names=story.names, scale=PER_ENTITY))
        ratio = likeness(story, weights, shared, lengths) * fade(story, at) / needed(story.count, PER_ENTITY)
        if ratio >= best_ratio:
            best, best_ratio = story, ratio
    return best, False


def _enough(shared: list[str], story: Story, seen: Signature, worn: set[str]) -> bool:
    """Two words in common beside names, or one and two names: a single name may be that of the entity itself."""
    told = {term for term in shared if term not in worn}
    named = name_words(seen)
    common = sum(term not in named and term not in story.names for term in told)
    if common != 1:
        return common > 1 or len(seen.words) < 2
    return sum(not told.isdisjoint(name.split()) for name in seen.names) > 1


def dump_window(window: StoryWindow) -> object:
    """The window as plain lists, numbers and strings; equal windows give equal data."""
    return {
        "newest": None if window.newest is None else window.newest.isoformat(),
        "stories": [
            {
                "id": story.id,
                "title": story.title,
                "first_at": story.first_at.isoformat(),
                "last_at": story.last_at.isoformat(),
                "count": story.count,
                "terms": sorted(story.terms.items()),
                "names": sorted(story.names),
                "numbers": sorted(story.numbers),
                "states": sorted(story.states),
                "sketches": [list(sketch) for sketch in story.sketches],
                "items": list(story.items),
            }
            for story in window.stories
        ],
    }


def load_window(data: Any) -> StoryWindow:
    """The inverse of :func:`dump_window`."""
    newest = data["newest"]
    return StoryWindow(
        stories=tuple(_load_story(story) for story in data["stories"]),
        newest=None if newest is None else datetime.fromisoformat(newest),
    )


def _load_story(data: Any) -> Story:
    return Story(
        id=data["id"],
        title=data["title"],
        first_at=datetime.fromisoformat(data["first_at"]),
        last_at=datetime.fromisoformat(data["last_at"]),
        count=data["count"],
        terms=dict(data["terms"]),
        names=frozenset(data["names"]),
        numbers=frozenset(data["numbers"]),
        states=frozenset(data["states"]),
        sketches=tuple(tuple(sketch) for sketch in data["sketches"]),
        items=tuple(data["items"]),
    )
