"""Pick the story that any item belongs to, watched or not, with an inverted index over all stories.

For replay and evaluation, where one process sees every item. Mutable, unlike everything else in this package; memory is
bounded by the window.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from datetime import datetime

from schemas.items import Item
from schemas.mentions import Signature, StoryRecord
from services.matcher.stories.signature import compute_signature, story_words
from services.matcher.stories.similarity import (
    ALL_ITEMS,
    is_near_copy,
    required_similarity,
    similarity,
    story_norm,
    time_decay,
    weights_norm,
    word_weight,
)
from services.matcher.stories.story import STORY_WINDOW, Story, add_to_story, relation_to, start_story, term_weights

__all__ = ["AllItemsIndex"]

#: Near-copies are looked up by an item's smallest shingles; copies almost certainly share one of them.
_PROBES = 8
#: Words in more stories than this yield no candidates; at most this many candidates are compared.
_MAX_POSTINGS, _MAX_CANDIDATES = 200, 16
#: Rarity is computed as if this many items had been seen before, so that the first few words are not all rare.
_PRIOR_ITEMS = 100
#: A story's norm is recomputed with every item up to the first number, then with every so many.
_NORM_ALWAYS, _NORM_EVERY = 16, 8
#: A story with fewer items than this needs one shared word that is not ordinary, or two shared words.
_YOUNG = 4
#: A larger story needs a shared word that occurs in this fraction of its items.
_CORE_SHARE = 0.15


class AllItemsIndex:
    """All stories whose last item is within the window, with the indexes that find them."""

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}
        self._norms: dict[str, float] = {}
        self._story_of: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._by_term: dict[str, dict[str, None]] = {}
        self._by_shingle: dict[int, str] = {}
        self._frequency: dict[str, float] = {}
        self._items = 0
        self._leaving: list[tuple[datetime, str]] = []
        self._newest: datetime | None = None

    def __len__(self) -> int:
        """Return the number of open stories."""
        return len(self._stories)

    def add(self, item: Item, at: datetime) -> StoryRecord:
        """Put ``item``, published or first seen ``at`` (UTC), into its story; an item seen before stays there."""
        signature = compute_signature(item)
        if self._newest is None or at > self._newest:
            self._newest = at
            self._forget(at - STORY_WINDOW)
        known = self._story_of.get(item.id)
        chosen, copy = (self._stories[known], False) if known is not None else self._choose_story(signature, at)
        if chosen is None:
            self._put(None, start_story(item.id, signature, at, item.title), item.id, signature)
            return StoryRecord(item_id=item.id, story_id=item.id, relation="new")
        relation = relation_to(chosen, signature, copy=copy)
        updated = add_to_story(chosen, item.id, signature, at, revision=known is not None)
        self._put(chosen, updated, item.id, signature)
        return StoryRecord(item_id=item.id, story_id=chosen.id, relation=relation)

    def _choose_story(self, signature: Signature, at: datetime) -> tuple[Story | None, bool]:
        """Return the story that fits best, if any fits, and whether the item is a near-copy."""
        probed = dict.fromkeys(self._by_shingle.get(shingle, "") for shingle in signature.shingles[:_PROBES])
        for story_id in probed:
            probe = self._stories.get(story_id)
            if probe is not None and probe.distance(at) <= STORY_WINDOW and is_near_copy(probe, signature.shingles):
                return probe, True
        weights = {term: weight * self._weight(term) for term, weight in term_weights(signature).items()}
        own_norm = weights_norm(weights)
        best, best_ratio = None, 1.0
        for story_id in self._candidates(weights):
            story = self._stories[story_id]
            shared = [term for term in weights if term in story.terms]
            if story.distance(at) > STORY_WINDOW or not _shares_enough(story, shared):
                continue
            ratio = similarity(story, weights, shared, own_norm * self._norms[story_id]) * time_decay(story, at)
            ratio /= required_similarity(story.count, ALL_ITEMS)
            if ratio >= best_ratio:
                best, best_ratio = story, ratio
        return best, False

    def _weight(self, term: str) -> float:
        rarity = math.log((self._items + _PRIOR_ITEMS) / (self._frequency.get(term, 0) + 1))
        return max(rarity, 0.0) * word_weight(term, (), ALL_ITEMS)

    def _candidates(self, weights: dict[str, float]) -> list[str]:
        scores: dict[str, float] = {}
        for term, weight in weights.items():
            story_ids = self._by_term.get(term, ())
            if len(story_ids) <= _MAX_POSTINGS:
                for story_id in story_ids:
                    scores[story_id] = scores.get(story_id, 0.0) + weight * weight
        if len(scores) <= _MAX_CANDIDATES:
            return list(scores)
        return heapq.nlargest(_MAX_CANDIDATES, scores, key=lambda story_id: scores[story_id])

    def _put(self, old: Story | None, new: Story, item_id: str, signature: Signature) -> None:
        self._recount(old, new, term_weights(signature))
        self._stories[new.id] = new
        if new.count < _NORM_ALWAYS or new.count % _NORM_EVERY == 0 or new.id not in self._norms:
            self._norms[new.id] = story_norm(new, self._weight)
        if item_id not in self._story_of:
            self._story_of[item_id] = new.id
            self._members.setdefault(new.id, []).append(item_id)
        for shingle in signature.shingles[:_PROBES]:
            self._by_shingle[shingle] = new.id
        if old is None or new.last_at > old.last_at:
            heapq.heappush(self._leaving, (new.last_at, new.id))

    def _recount(self, old: Story | None, new: Story, terms: Iterable[str]) -> None:
        """Replace ``old`` by ``new`` in the index; ``terms`` are those whose counts may differ."""
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
        """Add a story's terms to the index (1) or remove them (-1)."""
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
        """Drop the stories whose last item is older than ``before``."""
        while self._leaving and self._leaving[0][0] < before:
            last_at, story_id = heapq.heappop(self._leaving)
            story = self._stories.get(story_id)
            if story is None or story.last_at > last_at:
                continue
            self._count(story, -1)
            del self._stories[story_id], self._norms[story_id]
            for item_id in self._members.pop(story_id):
                del self._story_of[item_id]
        if len(self._by_shingle) > 4 * _PROBES * max(len(self._story_of), 1_000):
            self._by_shingle = {key: value for key, value in self._by_shingle.items() if value in self._stories}


def _shares_enough(story: Story, shared: list[str]) -> bool:
    """Return whether the shared words could be the story's subject, not just words that any large story collects."""
    generic = story_words().generic
    if story.count < _YOUNG and len(shared) > 1:
        return True
    least = _CORE_SHARE * story.count
    return any(story.terms[term] >= least and term not in generic for term in shared)
