"""A story as text: the words, names, figures and sketches of its items, which new items are compared with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.mentions import Signature, StoryRelation
from services.matcher.stories.signature import story_words

__all__ = ["STORY_WINDOW", "Story", "add_to_story", "name_stems", "relation_to", "start_story", "term_weights"]

#: Items further apart than this never belong to one story.
STORY_WINDOW = timedelta(hours=72)
# Bounds that keep the state small however long a story runs.
_MAX_TERMS, _MAX_FIGURES, _MAX_SKETCHES, _MAX_ITEMS = 64, 64, 8, 200
#: The weight of a word in the lead, relative to one in the title.
_LEAD_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Story:
    """One story. ``terms`` sums each word's weight over the items that contain it; treat it as immutable."""

    id: str
    title: str
    first_at: datetime
    last_at: datetime
    count: int
    terms: Mapping[str, float]
    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    sketches: tuple[tuple[int, ...], ...] = ()
    items: tuple[str, ...] = ()

    def distance(self, at: datetime) -> timedelta:
        """Return how far ``at`` lies outside the span from the first to the last item; zero inside it."""
        return max(self.first_at - at, at - self.last_at, timedelta())


def term_weights(signature: Signature) -> dict[str, float]:
    """Return the terms that are compared, with their weights: words of the title and the lead, and figures."""
    weights = dict.fromkeys(signature.lead, _LEAD_WEIGHT)
    weights.update(dict.fromkeys(signature.words, 1.0))
    weights.update((f"#{number}", 1.0) for number in signature.numbers)
    return weights


def name_stems(signature: Signature) -> frozenset[str]:
    """Return the stems of all words that are part of a name in the title."""
    return frozenset(word for name in signature.names for word in name.split())


def relation_to(story: Story, signature: Signature, *, copy: bool) -> StoryRelation:
    """Classify an item that joins ``story``.

    An update brings a figure that the story lacks, or its first denial, confirmation or retraction.
    """
    if _states(signature) - story.states or any(number not in story.numbers for number in signature.numbers):
        return "update"
    return "copy" if copy else "same"


def start_story(item_id: str, signature: Signature, at: datetime, title: str) -> Story:
    """Return a new story that consists of one item."""
    return Story(
        id=item_id,
        title=title,
        first_at=at,
        last_at=at,
        count=1,
        terms=term_weights(signature),
        names=name_stems(signature),
        numbers=frozenset(signature.numbers),
        states=_states(signature),
        sketches=(signature.shingles,) if signature.shingles else (),
        items=(item_id,),
    )


def add_to_story(story: Story, item_id: str, signature: Signature, at: datetime, *, revision: bool) -> Story:
    """Return the story with one more item, or with a ``revision`` of an item that it already contains."""
    terms = dict(story.terms)
    for term, weight in term_weights(signature).items():
        terms[term] = terms.get(term, 0.0) + (0.0 if revision and term in terms else weight)
    if len(terms) > 2 * _MAX_TERMS:
        terms = dict(sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))[:_MAX_TERMS])
    sketches = story.sketches
    if signature.shingles and signature.shingles not in sketches:
        sketches = (*sketches[:1], *sketches[1:][-(_MAX_SKETCHES - 2) :], signature.shingles)
    return replace(
        story,
        first_at=min(story.first_at, at),
        last_at=max(story.last_at, at),
        count=story.count + (not revision),
        terms=terms,
        names=story.names if len(story.names) >= _MAX_FIGURES else story.names | name_stems(signature),
        numbers=story.numbers if len(story.numbers) >= _MAX_FIGURES else story.numbers | frozenset(signature.numbers),
        states=story.states | _states(signature),
        sketches=sketches,
        items=story.items if revision else (*story.items[:1], *story.items[1:][-(_MAX_ITEMS - 2) :], item_id),
    )


def _states(signature: Signature) -> frozenset[str]:
    """Return which of denial, confirmation and retraction the item's words express."""
    state_words = story_words()
    stems = {*signature.words, *signature.lead}
    groups = (
        ("denial", state_words.denial),
        ("confirmation", state_words.confirmation),
        ("retraction", state_words.retraction),
    )
    return frozenset(state for state, markers in groups if not markers.isdisjoint(stems))
