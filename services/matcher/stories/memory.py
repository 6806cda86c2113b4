"""Recognize a story that returns: the texts of a watched entity's stories, kept as small sketches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.mentions import Signature

__all__ = ["OldText", "find_old_text", "remember_text"]

#: Hashes kept of each text: the smallest of its shingles.
_SKETCH = 24
#: Near-copies share one of these at least; it is checked first.
_FIRST = 8
#: Texts kept of one entity, and of one story.
_MAX_TEXTS, _MAX_OF_STORY = 64, 3
#: Two texts share this fraction of their shingles.
_COPY_SHARE = 0.6
#: Their titles share this fraction of their words: a column's text is much the same each day, but not its title.
_TITLE_SHARE = 0.5
#: A dated text with fewer shingles is too short to tell old news from a formula: "Trading statement".
_LEAST_DATED, _LEAST_UNDATED = 16, 4


@dataclass(frozen=True, slots=True)
class OldText:
    """A text of a story: its sketch, its title's words and its figures. ``at`` is when it was published, or first seen.

    ``told``: clients know the story; such texts are kept longest.
    """

    story_id: str
    at: datetime
    shingles: frozenset[int]
    words: frozenset[str]
    numbers: frozenset[str]
    told: bool


def find_old_text(
    texts: Sequence[OldText], signature: Signature, seen_at: datetime, least_age: timedelta, *, dated: bool
) -> OldText | None:
    """Return the oldest text, older than ``least_age``, that the one with ``signature`` repeats; None if it is none.

    A text with another figure is not a repetition. ``dated``: it states a date of its own, so that more is needed to
    show that it is old.
    """
    if len(signature.shingles) < (_LEAST_DATED if dated else _LEAST_UNDATED):
        return None
    own, numbers = frozenset(signature.shingles[:_SKETCH]), frozenset(signature.numbers)
    first = frozenset(signature.shingles[:_FIRST])
    candidates = [text for text in texts if not first.isdisjoint(text.shingles) and seen_at - text.at > least_age]
    copied = (text for text in candidates if numbers <= text.numbers and _is_copy(text.shingles, own))
    same_title = (text for text in copied if _is_same_title(text.words, signature.words))
    return min(same_title, key=lambda text: text.at, default=None)


def remember_text(
    texts: tuple[OldText, ...], story_id: str, signature: Signature, at: datetime, *, told: bool
) -> tuple[OldText, ...]:
    """Return the texts with one more, unless it repeats one of the story, or the story has enough."""
    shingles = frozenset(signature.shingles[:_SKETCH])
    if len(shingles) < _LEAST_UNDATED:
        return texts
    of_story = [text for text in texts if text.story_id == story_id]
    if told and not all(text.told for text in of_story):
        texts = tuple(replace(text, told=True) if text.story_id == story_id else text for text in texts)
    if len(of_story) >= _MAX_OF_STORY or any(_is_copy(text.shingles, shingles) for text in of_story):
        return texts
    new = OldText(story_id, at, shingles, frozenset(signature.words), frozenset(signature.numbers), told)
    kept = (*texts, new)
    if len(kept) > _MAX_TEXTS:
        dropped = min(kept, key=lambda text: (text.told, text.at, text.story_id))
        kept = tuple(text for text in kept if text is not dropped)
    return kept


def _is_same_title(left: frozenset[str], right: Sequence[str]) -> bool:
    return len(left.intersection(right)) >= _TITLE_SHARE * max(len(left), len(right))


def _is_copy(left: frozenset[int], right: frozenset[int]) -> bool:
    """Return whether two sketches are those of near-copies."""
    both = len(left & right)
    if both < _COPY_SHARE * max(len(left), len(right)) / 2:
        return False
    # Two bottom-k sketches are comparable only up to the smaller of their largest hashes.
    limit = min(max(left), max(right)) if min(len(left), len(right)) >= _SKETCH else None
    union = [shingle for shingle in left | right if limit is None or shingle <= limit]
    return both >= _COPY_SHARE * len(union)
