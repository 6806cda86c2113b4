"""Stories over all items, watched or not: an inverted index, so that an item is compared with likely stories only.

Unlike everything else here it is mutable: it serves replay and evaluation, where one process sees every item. Memory is
bounded by the window.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from datetime import datetime

from schemas.items import Item
from schemas.mentions import Signature, StoryRecord
from services.matcher.stories.signature import signature, story_words
from services.matcher.stories.similarity import (
    OVER_ALL,
    WINDOW,
    Story,
    begin,
    fade,
    grow,
    is_copy,
    kind_weight,
    length_of,
    likeness,
    needed,
    relation,
    size_of,
    terms_of,
)

__all__ = ["StoryIndex"]

#: The smallest shingles of an item by which near-copies are looked up: copies share one of them almost surely.
_PROBES = 8
#: Words that stand in more stories than this bring no candidates, and this many candidates are compared.
_TOO_COMMON, _CANDIDATES = 200, 16
#: Rarity is reckoned as if so many items had been seen before, so that the first few are not all rare.
_SEEN_BEFORE = 100
#: A story's length is reckoned anew with every item up to the first number, then with every so many.
_OFTEN, _SELDOM = 16, 8
#: A story smaller than this needs a shared word that is not an ordinary one, or two shared words.
_YOUNG = 4
#: A larger story needs a shared word that stands in this part of its items.
_CORE = 0.15


class StoryIndex:
    """All stories whose last item is no older than the window, and what finds them."""

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}
        self._sizes: dict[str, float] = {}
        self._story_of: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._by_term: dict[str, dict[str, None]] = {}
        self._by_shingle: dict[int, str] = {}
        self._frequency: dict[str, float] = {}
        self._items = 0
        self._leaving: list[tuple[datetime, str]] = []
        self._newest: datetime | None = None

    def __len__(self) -> int:
        """How many stories are open."""
        return len(self._stories)

    def add(self, item: Item, at: datetime) -> StoryRecord:
        """Put ``item``, published or first seen ``at`` (UTC), into its story; one seen before stays there."""
        seen = signature(item)
        if self._newest is None or at > self._newest:
            self._newest = at
            self._forget(at - WINDOW)
        known = self._story_of.get(item.id)
        joined, copy = (self._stories[known], False) if known is not None else self._choose(seen, at)
        if joined is None:
            self._put(None, begin(item.id, seen, at, item.title), item.id, seen)
            return StoryRecord(item_id=item.id, story_id=item.id, relation="new")
        how = relation(joined, seen, copy=copy)
        self._put(joined, grow(joined, item.id, seen, at, again=known is not None), item.id, seen)
        return StoryRecord(item_id=item.id, story_id=joined.id, relation=how)

    def _choose(self, seen: Signature, at: datetime) -> tuple[Story | None, bool]:
        probed = dict.fromkeys(self._by_shingle.get(shingle, "") for shingle in seen.shingles[:_PROBES])
        for story_id in probed:
            story = self._stories.get(story_id)
            if story is not None and story.distance(at) <= WINDOW and is_copy(story, seen.shingles):
                return story, True
        weights = {term: weight * self._weight(term) for term, weight in terms_of(seen).items()}
        own = length_of(weights)
        best, best_ratio = None, 1.0
        for story_id in self._candidates(weights):
            story = self._stories[story_id]
            shared = [term for term in weights if term in story.terms]
            if story.distance(at) > WINDOW or not _enough(story, shared):
                continue
            ratio = likeness(story, weights, shared, own * self._sizes[story_id]) * fade(story, at)
            ratio /= needed(story.count, OVER_ALL)
            if ratio >= best_ratio:
                best, best_ratio = story, ratio
        return best, False

    def _weight(self, term: str) -> float:
        rarity = math.log((self._items + _SEEN_BEFORE) / (self._frequency.get(term, 0) + 1))
        return max(rarity, 0.0) * kind_weight(term, (), OVER_ALL)

    def _candidates(self, weights: dict[str, float]) -> list[str]:
        scores: dict[str, float] = {}
        for term, weight in weights.items():
            found = self._by_term.get(term, ())
            if len(found) <= _TOO_COMMON:
                for story_id in found:
                    scores[story_id] = scores.get(story_id, 0.0) + weight * weight
        if len(scores) <= _CANDIDATES:
            return list(scores)
        return heapq.nlargest(_CANDIDATES, scores, key=lambda story_id: scores[story_id])

    def _put(self, old: Story | None, new: Story, item_id: str, seen: Signature) -> None:
        self._recount(old, new, terms_of(seen))
        self._stories[new.id] = new
        if new.count < _OFTEN or new.count % _SELDOM == 0 or new.id not in self._sizes:
            self._sizes[new.id] = size_of(new, self._weight)
        if item_id not in self._story_of:
            self._story_of[item_id] = new.id
            self._members.setdefault(new.id, []).append(item_id)
        for shingle in seen.shingles[:_PROBES]:
            self._by_shingle[shingle] = new.id
        if old is None or new.last_at > old.last_at:
            heapq.heappush(self._leaving, (new.last_at, new.id))

    def _recount(self, old: Story | None, new: Story, terms: Iterable[str]) -> None:
        """Take ``new`` into the index in the place of ``old``; ``terms`` are those that can have changed."""
        if old is None or len(new.terms) < len(old.terms):
            self._count(old, -1)
            self._count(new, 1)
            return
        self._items += new.count - old.count
        for term in terms:
            change = new.terms[term] - old.terms.get(term, 0.0)
            self._frequency[term] = self._frequency.get(term, 0.0) + change
            self._by_term.setdefault(term, {})[new.id] = None

    def _count(self, story: Story | None, sign: int) -> None:
        """Take a story into the index (1) or out of it (-1)."""
        if story is None:
            return
        self._items += sign * story.count
        for term, count in story.terms.items():
            if sign > 0:
                self._frequency[term] = self._frequency.get(term, 0.0) + count
                self._by_term.setdefault(term, {})[story.id] = None
                continue
            self._frequency[term] -= count
            self._by_term[term].pop(story.id, None)
            if not self._by_term[term]:
                del self._by_term[term], self._frequency[term]

    def _forget(self, before: datetime) -> None:
        while self._leaving and self._leaving[0][0] < before:
            last_at, story_id = heapq.heappop(self._leaving)
            story = self._stories.get(story_id)
            if story is None or story.last_at > last_at:
                continue
            self._count(story, -1)
            del self._stories[story_id], self._sizes[story_id]
            for item_id in self._members.pop(story_id):
                del self._story_of[item_id]
        if len(self._by_shingle) > 4 * _PROBES * max(len(self._story_of), 1_000):
            self._by_shingle = {key: value for key, value in self._by_shingle.items() if value in self._stories}


def _enough(story: Story, shared: list[str]) -> bool:
    """Whether what is shared could be what the story is about, not just words that any large story gathers."""
    generic = story_words().generic
    if story.count < _YOUNG and len(shared) > 1:
        return True
    least = _CORE * story.count
    return any(story.terms[term] >= least and term not in generic for term in shared)
