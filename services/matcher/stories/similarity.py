"""Score how similar an item and a story are: near-copies by text sketches, other reports by weighted words and time.

Pure. Which stories are compared is decided in ``window.py`` (one entity) and ``index.py`` (all items).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.matcher.stories.signature import MAX_SHINGLES, story_words
from services.matcher.stories.story import STORY_WINDOW, Story

__all__ = [
    "ALL_ITEMS",
    "ONE_ENTITY",
    "SimilarityProfile",
    "is_near_copy",
    "required_similarity",
    "similarity",
    "story_norm",
    "time_decay",
    "weights_norm",
    "word_weight",
]

#: Two near-copies share this fraction of their shingles; texts with fewer shingles than the second are not compared.
_COPY_SHARE, _COPY_MIN_SHINGLES = 0.6, 4
#: At the edge of the window, similarity counts this much less.
_DECAY = 0.3


class SimilarityProfile(NamedTuple):
    """Word weights and the similarity that is required.

    An item joins a story of n items at a similarity of ``first / n ** falloff`` or more, but never below ``least``.
    """

    ordinary_weight: float
    name_weight: float
    first: float
    least: float
    falloff: float


# Tuned on half of the stories in ../shared/data/stories, titles only (bench/eval_stories.py).
ALL_ITEMS = SimilarityProfile(ordinary_weight=0.5, name_weight=1.0, first=0.3, least=0.05, falloff=1.0)
# Among items about one entity, its name distinguishes nothing; ordinary words ("dividend", "cuts") distinguish most.
ONE_ENTITY = SimilarityProfile(ordinary_weight=1.0, name_weight=0.4, first=0.3, least=0.22, falloff=0.25)


def word_weight(term: str, names: Container[str], profile: SimilarityProfile) -> float:
    """Return the weight of a word by its class: part of a name, ordinary, or any other."""
    if term in names:
        return profile.name_weight
    return profile.ordinary_weight if term in story_words().generic else 1.0


def similarity(story: Story, weights: Mapping[str, float], shared: Iterable[str], norms: float) -> float:
    """Return the cosine of the item's weighted words and the story's average item; ``norms`` is the product of both."""
    return sum(weights[term] ** 2 * story.terms[term] for term in shared) / (story.count + 1) / norms


def weights_norm(weights: Mapping[str, float]) -> float:
    """Return the Euclidean norm of an item's word weights; never 0."""
    return math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0


def story_norm(story: Story, weight: Callable[[str], float]) -> float:
    """Return the Euclidean norm of the story's average item, each word weighted by ``weight``; never 0."""
    squares = sum((weight(term) * count) ** 2 for term, count in story.terms.items())
    return (math.sqrt(squares) or 1.0) / (story.count + 1)


def required_similarity(count: int, profile: SimilarityProfile) -> float:
    """Return how similar an item must be to join a story of ``count`` items."""
    return float(max(profile.least, profile.first * count**-profile.falloff))


def time_decay(story: Story, at: datetime) -> float:
    """Return the factor by which distance in time reduces similarity: 1 within the story's span."""
    return 1 - _DECAY * (story.distance(at) / STORY_WINDOW)


def is_near_copy(story: Story, shingles: tuple[int, ...]) -> bool:
    """Return whether the text with these shingles is a near-copy of one in the story."""
    own = frozenset(shingles)
    return any(_sketches_match(sketch, shingles, own) for sketch in story.sketches)


def _sketches_match(left: tuple[int, ...], right: tuple[int, ...], right_set: frozenset[int]) -> bool:
    if left == right:
        return bool(left)
    if min(len(left), len(right)) < _COPY_MIN_SHINGLES:
        return False
    both = len(right_set.intersection(left))
    if both < _COPY_SHARE * max(len(left), len(right)) / 2:
        return False
    if max(len(left), len(right)) < MAX_SHINGLES:
        return both >= _COPY_SHARE * (len(left) + len(right) - both)
    # Two bottom-k sketches are comparable only up to the smaller of their largest hashes.
    limit = min(left[-1], right[-1])
    union = {shingle for shingle in (*left, *right) if shingle <= limit}
    return both >= _COPY_SHARE * len(union)
