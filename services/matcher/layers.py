"""The watch list in layers, so that a small change of a large book costs little: the book as it was first read, and on
top of it what changed since, newest last. An entity counts in the newest layer that has it.

What is found never depends on how the layers came about or were merged.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.clients import Watch
from services.matcher.watchlist import Compiled, Hit, Posting, compile_entities

__all__ = ["Layers", "Sizes"]

Watched = dict[str, tuple[Watch, ...]]


class Sizes(NamedTuple):
    """Entities to a layer. One of up to ``small`` is merged with the next change: a thousand compile in some 20 ms.

    None is merged into one of more than ``largest``, which compile in under a second.
    """

    small: int = 1_000
    largest: int = 20_000


class _Layer(NamedTuple):
    """Some entities, compiled; ``stale`` are ids that a newer layer has, or that nobody watches any more.

    ``watched`` is what it was compiled from while it may still be merged, else None: a large book is not kept twice.
    """

    compiled: Compiled
    watched: Watched | None
    stale: frozenset[str]


class Layers:
    """Immutable."""

    def __init__(self, layers: tuple[_Layer, ...], sizes: Sizes) -> None:
        self._layers = layers
        self._sizes = sizes

    @classmethod
    def empty(cls, sizes: Sizes | None = None) -> Layers:
        """Nothing is watched."""
        return cls((_Layer(compile_entities({}, with_unwatched=True), {}, frozenset()),), sizes or Sizes())

    def __len__(self) -> int:
        return sum(len(layer.compiled) for layer in self._layers)

    @property
    def depth(self) -> int:
        """How many layers there are: passes over each text."""
        return len(self._layers)

    def changed(self, watched: Mapping[str, Sequence[Watch]]) -> Layers:
        """With each of these entities as it is from now on, watched by nobody where its sequence is empty."""
        below = list(self._layers)
        while below and _worth_merging(below[-1], len(watched), self._sizes):
            under = below.pop().watched
            if under:
                watched = {**under, **watched}
        below = [layer._replace(stale=layer.stale.union(watched)) for layer in below]
        compiled = compile_entities(watched, with_unwatched=not below)
        # What nobody watches any more is remembered as long as a layer below may have it. A large book is not kept.
        small = len(watched) <= self._sizes.largest
        kept = {key: tuple(watches) for key, watches in watched.items() if watches or below} if small else None
        if not small:
            gc.freeze()  # else every full collection looks at millions of objects that stay: a second each
        return Layers((*below, _Layer(compiled, kept, frozenset())), self._sizes)

    def hits(self, text: str) -> list[Hit]:
        """Every living term in a padded string, overlapping ones too; each occurrence once, with all it stands for."""
        first, *newer = self._layers
        if not newer:
            return first.compiled.hits(text)
        found: dict[tuple[int, int, bool], Hit] = {}
        for layer in self._layers:
            for hit in layer.compiled.hits(text):
                living = _of_living(hit.postings, layer.stale)
                if living:
                    place = hit[:3]
                    known = found.get(place)
                    found[place] = hit._replace(postings=living if known is None else known.postings + living)
        return list(found.values())


def _worth_merging(layer: _Layer, added: int, sizes: Sizes) -> bool:
    """Whether to compile ``layer`` again together with a change of so many entities.

    Layers shrink towards the top by a half at least, so that an entity is compiled again only as often as the book
    has halves; but what is small is always merged.
    """
    if layer.watched is None:
        return False
    held = len(layer.watched)
    if held + added > sizes.largest:
        return held * 10 <= added
    return held <= max(sizes.small, 2 * added)


def _of_living(postings: tuple[Posting, ...], stale: frozenset[str]) -> tuple[Posting, ...]:
    if not stale or all(posting.entity is None or posting.entity.id not in stale for posting in postings):
        return postings
    return tuple(posting for posting in postings if posting.entity is None or posting.entity.id not in stale)
