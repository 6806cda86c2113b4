"""Pick the story that an item about one watched entity belongs to, by comparing texts.

Online, in one pass: near-copies first, then similarity of words, names, figures and time. Stories are never merged or
split, so anything a client was told about a story stays true. Times are those the items state; items may arrive in any
order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from schemas.mentions import Signature, StoryRecord
from services.matcher.stories.similarity import (
    ONE_ENTITY,
    is_near_copy,
    required_similarity,
    similarity,
    story_norm,
    time_decay,
    weights_norm,
    word_weight,
)
from services.matcher.stories.story import (
    STORY_WINDOW,
    Story,
    add_to_story,
    name_stems,
    relation_to,
    start_story,
    term_weights,
)

__all__ = ["EMPTY_WINDOW", "StoryWindow", "assign_by_text"]

#: Stories kept for one entity.
_MAX_STORIES = 200
#: From this many stories on, a word that more than half of them contain counts for little.
_STORIES_TO_COMPARE, _COMMON_WORD_FACTOR = 4, 0.2


@dataclass(frozen=True, slots=True)
class StoryWindow:
    """The recent stories about one watched entity, oldest first. Treat as immutable."""

    stories: tuple[Story, ...] = ()
    newest: datetime | None = None


EMPTY_WINDOW = StoryWindow()


def assign_by_text(
    window: StoryWindow, item_id: str, signature: Signature, at: datetime, *, title: str, revised: bool = False
) -> tuple[StoryWindow, StoryRecord]:
    """Put an item into the most similar story, or start one; return the new window and the assignment.

    ``at`` is when the item was published or first seen, in UTC. An item already in a story stays there, ``revised`` or
    not; one that is revised after its story has left the window counts as new.
    """
    newest = at if window.newest is None else max(window.newest, at)
    live = [story for story in window.stories if newest - story.last_at <= STORY_WINDOW]
    known = next((story for story in live if item_id in story.items), None)
    chosen, copy = (known, False) if known is not None else _choose_story(live, signature, at)
    if chosen is None:
        started = start_story(item_id, signature, at, title)
        kept = (*live, started)[-_MAX_STORIES:]
        return StoryWindow(kept, newest), StoryRecord(item_id=item_id, story_id=started.id, relation="new")
    relation = relation_to(chosen, signature, copy=copy and not revised)
    updated = add_to_story(chosen, item_id, signature, at, revision=known is not None)
    stories = tuple(updated if story is chosen else story for story in live)
    return StoryWindow(stories, newest), StoryRecord(item_id=item_id, story_id=chosen.id, relation=relation)


def _choose_story(stories: Iterable[Story], signature: Signature, at: datetime) -> tuple[Story | None, bool]:
    """Return the story that fits best, if any fits, and whether the item is a near-copy."""
    near = [story for story in stories if story.distance(at) <= STORY_WINDOW]
    for story in near:
        if is_near_copy(story, signature.shingles):
            return story, True
    names = name_stems(signature)
    weights = {term: weight * word_weight(term, names, ONE_ENTITY) for term, weight in term_weights(signature).items()}
    common = _common_words(weights, near)
    weights = {term: weight * (_COMMON_WORD_FACTOR if term in common else 1.0) for term, weight in weights.items()}
    own_norm = weights_norm(weights)
    best, best_ratio = None, 1.0
    for story in near:
        shared = [term for term in weights if term in story.terms]
        if not _shares_enough(shared, story, signature, common):
            continue
        norms = own_norm * story_norm(story, partial(word_weight, names=story.names, profile=ONE_ENTITY))
        score = similarity(story, weights, shared, norms) * time_decay(story, at)
        ratio = score / required_similarity(story.count, ONE_ENTITY)
        if ratio >= best_ratio:
            best, best_ratio = story, ratio
    return best, False


def _common_words(terms: Iterable[str], stories: list[Story]) -> set[str]:
    if len(stories) < _STORIES_TO_COMPARE:
        return set()
    return {term for term in terms if sum(term in story.terms for story in stories) > len(stories) / 2}


def _shares_enough(shared: list[str], story: Story, signature: Signature, common: set[str]) -> bool:
    """Return whether two words besides names are shared, or one and two names.

    A single name may be that of the entity itself.
    """
    distinctive = {term for term in shared if term not in common}
    names = name_stems(signature)
    plain_words = sum(term not in names and term not in story.names for term in distinctive)
    if plain_words != 1:
        return plain_words > 1 or len(signature.words) < 2
    return sum(not distinctive.isdisjoint(name.split()) for name in signature.names) > 1
