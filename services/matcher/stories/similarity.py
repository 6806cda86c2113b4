"""One story: what it holds, how alike an item is to it, and what it becomes when the item joins. Pure values."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.mentions import Signature, StoryRelation
from services.matcher.stories.signature import SHINGLES, story_words

__all__ = [
    "OVER_ALL", "PER_ENTITY", "STORIES", "WINDOW", "Scale", "Story", "begin", "fade", "grow", "is_copy", "kind_weight",
    "length_of",
    "likeness",
    "name_words", "needed", "relation", "size_of", "terms_of",
]  # fmt: skip

#: Items further apart than this are never one story (design, section 5).
WINDOW = timedelta(hours=72)
# Bounds, so that a state stays small however long a story runs.
_TERMS, _FIGURES, _SKETCHES, _ITEMS = 64, 64, 8, 200
#: How many stories are kept for one entity.
STORIES = 200
#: Share of shingles that two near-copies have in common, and how many there must be to tell.
_COPY_SHARE, _COPY_SHINGLES = 0.6, 4
#: A word of the lead counts this much beside one of the title.
_LEAD_WEIGHT = 0.5
#: At the edge of the window an item must be this much more alike.
_FADE = 0.3


class Scale(NamedTuple):
    """How likeness is weighed and how much of it is asked for.

    A story of n items takes what is alike by ``first / n ** fall`` or more, but never by less than ``least``.
    """

    generic: float
    name: float
    first: float
    least: float
    fall: float


# Tuned on half of the stories in ../shared/data/stories, titles only (bench/eval_stories.py).
OVER_ALL = Scale(generic=0.5, name=1.0, first=0.3, least=0.05, fall=1.0)
# Among the items about one entity its name tells nothing, and ordinary words ("dividend", "cuts") tell the most.
PER_ENTITY = Scale(generic=1.0, name=0.4, first=0.3, least=0.22, fall=0.25)


@dataclass(frozen=True, slots=True)
class Story:
    """One story. Immutable by convention: ``terms`` counts the items that hold each word, and is never changed."""

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
        """How far ``at`` lies outside the time from the first to the last item; none inside."""
        return max(self.first_at - at, at - self.last_at, timedelta())


def terms_of(seen: Signature) -> dict[str, float]:
    """What is compared, and how much each counts: the title's words, the lead's, and figures."""
    terms = dict.fromkeys(seen.lead, _LEAD_WEIGHT)
    terms.update(dict.fromkeys(seen.words, 1.0))
    terms.update((f"#{number}", 1.0) for number in seen.numbers)
    return terms


def name_words(seen: Signature) -> frozenset[str]:
    """The stems that stand in the item's names."""
    return frozenset(word for name in seen.names for word in name.split())


def kind_weight(term: str, names: Container[str], scale: Scale) -> float:
    """How much a word counts for what it is: a name, an ordinary word, or any other."""
    if term in names:
        return scale.name
    return scale.generic if term in story_words().generic else 1.0


def likeness(story: Story, weights: Mapping[str, float], shared: Iterable[str], lengths: float) -> float:
    """Cosine of the item's weighted words and the story's average item; ``lengths`` is the product of theirs."""
    return sum(weights[term] ** 2 * story.terms[term] for term in shared) / (story.count + 1) / lengths


def length_of(weights: Mapping[str, float]) -> float:
    """The length of an item's weighted words; never 0."""
    return math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0


def size_of(story: Story, weight: Callable[[str], float]) -> float:
    """The length of the story's average item, each word weighted."""
    squares = sum((weight(term) * count) ** 2 for term, count in story.terms.items())
    return (math.sqrt(squares) or 1.0) / (story.count + 1)


def needed(count: int, scale: Scale) -> float:
    """How alike an item must be to join a story of ``count`` items."""
    return float(max(scale.least, scale.first * count**-scale.fall))


def fade(story: Story, at: datetime) -> float:
    """How much of its likeness an item keeps for its distance in time."""
    return 1 - _FADE * (story.distance(at) / WINDOW)


def is_copy(story: Story, shingles: tuple[int, ...]) -> bool:
    """Whether the text with these shingles is a near-copy of one of the story's."""
    own = frozenset(shingles)
    return any(_alike(sketch, shingles, own) for sketch in story.sketches)


def _alike(left: tuple[int, ...], right: tuple[int, ...], right_set: frozenset[int]) -> bool:
    if left == right:
        return bool(left)
    if min(len(left), len(right)) < _COPY_SHINGLES:
        return False
    both = len(right_set.intersection(left))
    if both < _COPY_SHARE * max(len(left), len(right)) / 2:
        return False
    if max(len(left), len(right)) < SHINGLES:
        return both >= _COPY_SHARE * (len(left) + len(right) - both)
    # Of two bottom-k sketches only the hashes up to the smaller of their largest can be compared.
    limit = min(left[-1], right[-1])
    union = {shingle for shingle in (*left, *right) if shingle <= limit}
    return both >= _COPY_SHARE * len(union)


def _states(seen: Signature) -> frozenset[str]:
    known = story_words()
    found = {*seen.words, *seen.lead}
    groups = (("denial", known.denial), ("confirmation", known.confirmation), ("retraction", known.retraction))
    return frozenset(name for name, stems in groups if not stems.isdisjoint(found))


def relation(story: Story, seen: Signature, *, copy: bool) -> StoryRelation:
    """An update brings a figure that the story doesn't have, or its first denial, confirmation or retraction."""
    if _states(seen) - story.states or any(number not in story.numbers for number in seen.numbers):
        return "update"
    return "copy" if copy else "same"


def begin(item_id: str, seen: Signature, at: datetime, title: str) -> Story:
    """A new story of one item."""
    return Story(
        id=item_id,
        title=title,
        first_at=at,
        last_at=at,
        count=1,
        terms=terms_of(seen),
        names=name_words(seen),
        numbers=frozenset(seen.numbers),
        states=_states(seen),
        sketches=(seen.shingles,) if seen.shingles else (),
        items=(item_id,),
    )


def grow(story: Story, item_id: str, seen: Signature, at: datetime, *, again: bool) -> Story:
    """The story with one more item; ``again``: with a further state of one that it has."""
    terms = dict(story.terms)
    for term, weight in terms_of(seen).items():
        terms[term] = terms.get(term, 0.0) + (0.0 if again and term in terms else weight)
    if len(terms) > 2 * _TERMS:
        terms = dict(sorted(terms.items(), key=lambda pair: (-pair[1], pair[0]))[:_TERMS])
    sketches = story.sketches
    if seen.shingles and seen.shingles not in sketches:
        sketches = (*sketches[:1], *sketches[1:][-(_SKETCHES - 2) :], seen.shingles)
    return replace(
        story,
        first_at=min(story.first_at, at),
        last_at=max(story.last_at, at),
        count=story.count + (not again),
        terms=terms,
        names=story.names if len(story.names) >= _FIGURES else story.names | name_words(seen),
        numbers=story.numbers if len(story.numbers) >= _FIGURES else story.numbers | frozenset(seen.numbers),
        states=story.states | _states(seen),
        sketches=sketches,
        items=story.items if again else (*story.items[:1], *story.items[1:][-(_ITEMS - 2) :], item_id),
    )
