"""Recognize near-copies by the sketches of their texts, and the stories whose meaning is closest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from services.matcher.stories.embedding import DIMENSIONS
from services.matcher.stories.signature import MAX_SHINGLES
from services.matcher.stories.story import Story

__all__ = ["cosines", "is_near_copy", "unit_rows"]

#: Two near-copies share this fraction of their shingles; texts with fewer shingles than the second are not compared.
_COPY_SHARE, _COPY_MIN_SHINGLES = 0.6, 4


def unit_rows(embeddings: Sequence[bytes]) -> np.ndarray[Any, Any]:
    """Return the vectors as rows of length 1; a missing one is all zeros."""
    empty = bytes(DIMENSIONS)
    raw = np.frombuffer(b"".join(embedding or empty for embedding in embeddings), np.int8)
    rows = raw.reshape(-1, DIMENSIONS).astype(np.float32)
    unit: np.ndarray[Any, Any] = rows / np.maximum(np.sqrt(np.einsum("ij,ij->i", rows, rows)), 1e-9)[:, None]
    return unit


def cosines(embedding: bytes, others: Sequence[bytes]) -> np.ndarray[Any, Any]:
    """Return the cosine of a vector with each of ``others``; 0 where one is missing."""
    rows = unit_rows((embedding, *others))
    found: np.ndarray[Any, Any] = rows[1:] @ rows[0]
    return found


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
