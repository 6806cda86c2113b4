"""Which watched things an item mentions, where, and how much it is about them.

The automaton finds every name of every client in one pass; what is asked of a hit costs only where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.clients import Watch
from schemas.items import Item
from schemas.mentions import ItemField, Mention, Span
from services.matcher.normalise import padded
from services.matcher.occurrences import Place, Trust, legal_form, part_of_another_name, quoted, trust
from services.matcher.reading import Reading
from services.matcher.salience import salience
from services.matcher.watchlist import Compiled, Entity, Hit, Posting, compile_watches

__all__ = ["Watchlist"]


_ORDER: dict[ItemField, int] = {"title": 0, "summary": 1, "body": 2}


class _Found(NamedTuple):
    """An occurrence that letter case allows, for each entity it may stand for."""

    place: Place
    postings: tuple[tuple[Posting, Trust], ...]


class Watchlist:
    """Compiled: every term of every entity in one automaton. Immutable."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    @classmethod
    def build(cls, watches: Iterable[Watch]) -> Watchlist:
        """Compile the watches of all clients. Names compiled before are remembered, so a small change is cheap."""
        return cls(compile_watches(watches))

    def __len__(self) -> int:
        """How many different terms are looked for."""
        return len(self._compiled)

    def find(self, item: Item) -> tuple[Mention, ...]:
        """What ``item`` mentions, ordered by entity id. Cost grows with the hits, not with the clients."""
        readings = _readings(item)
        hits = [(reading, self._compiled.hits(reading.padded)) for reading in readings]
        if not any(found for _, found in hits):
            return ()
        publisher = padded(item.source.publisher).strip() if item.source.publisher else None
        kept: dict[str, tuple[Entity, list[tuple[Place, Trust]]]] = {}
        for reading, found in hits:
            if not found:
                continue
            for place, (posting, trusted) in _judge(reading, found, publisher):
                if posting.entity is not None:
                    kept.setdefault(posting.entity.id, (posting.entity, []))[1].append((place, trusted))
        whole = "".join(reading.padded for reading in readings)
        sure = {
            key: (entity, [place for place, _ in places])
            for key, (entity, places) in kept.items()
            if any(trusted is Trust.FULL for _, trusted in places) and _conditions_hold(entity, whole)
        }
        total = sum(len(places) for _, places in sure.values())
        return tuple(_mention(item, *sure[key], total) for key in sorted(sure))


def _readings(item: Item) -> list[Reading]:
    fields: tuple[tuple[ItemField, str | None], ...] = (
        ("title", item.title),
        ("summary", item.summary),
        ("body", item.body),
    )
    return [Reading(field, text) for field, text in fields if text]


def _judge(
    reading: Reading, hits: Sequence[Hit], publisher: str | None
) -> Iterable[tuple[Place, tuple[Posting, Trust]]]:
    candidates: list[_Found] = []
    for hit in hits:
        place = Place(reading, *reading.span(hit.start, hit.end), hit.plural)
        trusted = ((posting, trust(place, posting.style)) for posting in hit.postings)
        postings = tuple(pair for pair in trusted if pair[1] is not Trust.NONE)
        if postings:
            candidates.append(_Found(place, postings))
    for found in _longest(candidates) if len(candidates) > 1 else candidates:
        for posting, trusted_as in found.postings:
            style, place = posting.style, found.place
            own = publisher is not None and _norm(place) == publisher
            if part_of_another_name(place, style) is None and not quoted(place, style, own):
                yield _with_legal_form(place), (posting, trusted_as)


def _norm(place: Place) -> str:
    return " ".join(place.reading.norms[place.first : place.last + 1])


def _longest(found: list[_Found]) -> list[_Found]:
    """Of those that overlap only the longest (then the leftmost), across all entities."""
    taken: set[int] = set()
    kept: list[_Found] = []
    for each in sorted(found, key=lambda f: (f.place.first - f.place.last, f.place.first, f.place.plural)):
        words = range(each.place.first, each.place.last + 1)
        if taken.isdisjoint(words):
            taken.update(words)
            kept.append(each)
    return sorted(kept, key=lambda f: f.place.first)


def _with_legal_form(place: Place) -> Place:
    """The occurrence together with "Inc", "plc" … that follows it."""
    last = place.last
    while (following := legal_form(place.reading, last)) is not None:
        last = following
    return place._replace(last=last)


def _conditions_hold(entity: Entity, text: str) -> bool:
    return any(
        (not condition.context or any(_stands(word, text) for word in condition.context))
        and not any(_stands(word, text) for word in condition.exclude)
        for condition in entity.conditions
    )


def _stands(word: str, text: str) -> bool:
    return f"{word} " in text or f"{word}s " in text


def _mention(item: Item, entity: Entity, places: Sequence[Place], total: int) -> Mention:
    spans = []
    for place in places:
        start, end = place.bounds
        spans.append(Span(field=place.reading.field, start=start, end=end, text=place.reading.text[start:end]))
    spans.sort(key=lambda span: (_ORDER[span.field], span.start))
    weight, why = salience(item, entity.name, spans, share=len(places) / total)
    return Mention(item_id=item.id, entity_id=entity.id, spans=tuple(spans), salience=weight, why=why)
