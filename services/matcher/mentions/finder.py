"""Which watched things an item mentions, where, and how much it is about them.

One pass finds every name of every client; what is asked of a hit costs only where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.clients import Watch
from schemas.items import Item
from schemas.mentions import ItemField, Mention, Span
from services.matcher.mentions.name_disambiguation import Place, Trust, legal_form, part_of_another_name, quoted, trust
from services.matcher.mentions.queries import Text, answer
from services.matcher.mentions.salience import salience
from services.matcher.mentions.term_table import Hit, Posting
from services.matcher.mentions.terms import Word
from services.matcher.mentions.watch_table import Entity, WatchTable
from services.matcher.text.field_text import FieldText
from services.matcher.text.normalize import padded

__all__ = ["MentionFinder"]


_ORDER: dict[ItemField, int] = {"title": 0, "summary": 1, "body": 2}


class _Found(NamedTuple):
    """An occurrence that letter case allows, for each entity it may stand for."""

    place: Place
    postings: tuple[tuple[Posting, Trust], ...]


class _Kept(NamedTuple):
    """What is left of an item's hits: occurrences for each entity, names that take up words, queries to be asked."""

    places: dict[str, list[tuple[Place, Trust]]]
    names: dict[str, list[Place]]
    asked: dict[str, None]


class MentionFinder:
    """Every term of every entity, ready to be looked for."""

    def __init__(self) -> None:
        """Of nothing."""
        self._table = WatchTable()

    @classmethod
    def build(cls, watches: Iterable[Watch]) -> MentionFinder:
        """Of the watches of all clients, in the order of the clients' ids."""
        grouped: dict[str, list[Watch]] = {}
        for watch in watches:
            grouped.setdefault(watch.entity_id, []).append(watch)
        built = cls()
        for entity_id, each in grouped.items():
            built.change(entity_id, each)
        return built

    def change(self, entity_id: str, watches: Sequence[Watch]) -> None:
        """From now on the entity is watched as ``watches`` say, by nobody where there are none.

        It finds exactly what one would find that is built anew. The cost is that of the change, not of the book.
        """
        self._table.change(entity_id, watches)

    def __len__(self) -> int:
        """How many terms are looked for."""
        return len(self._table)

    def find(self, item: Item) -> tuple[Mention, ...]:
        """What ``item`` mentions: what is named, then what is asked for, each by id. Cost grows with the hits alone.

        Of a client who holds a thing and asks for news on it as well, the holding so comes first.
        """
        readings = _readings(item)
        hits = [(reading, self._table.hits(reading.norms)) for reading in readings]
        if not any(found for _, found in hits):
            return ()
        publisher = padded(item.source.publisher).strip() if item.source.publisher else None
        kept = _Kept({}, {}, {})
        for reading, found in hits:
            if found:
                _judge(reading, found, publisher, kept)
        sure = self._sure(kept, readings)
        also = self._by_other_names(kept, sure)
        if kept.asked:
            self._ask(kept, Text(readings, kept.names, publisher, also), sure)
        total = sum(len(places) for _, places in sure.values())
        order = sorted(sure, key=lambda key: (not sure[key][0].conditions, key))
        return tuple(_mention(item, *sure[key], total) for key in order)

    def _sure(self, kept: _Kept, readings: Sequence[FieldText]) -> dict[str, tuple[Entity, list[Place]]]:
        """The entities of which one occurrence at least is beyond doubt, and whose conditions hold."""
        whole = "".join(reading.padded for reading in readings)
        sure = {}
        for key, places in kept.places.items():
            if any(trusted is Trust.FULL for _, trusted in places):
                entity = self._table.entity(key)
                if _conditions_hold(entity, whole):
                    sure[key] = (entity, [place for place, _ in places])
        return sure

    def _by_other_names(self, kept: _Kept, sure: dict[str, tuple[Entity, list[Place]]]) -> dict[str, list[Place]]:
        """Where each name of what is surely mentioned stands under any of its names: a query may know it by another.

        Adds the queries that are worth asking by such a name.
        """
        also: dict[str, list[Place]] = {}
        for entity, places in list(sure.values()):
            if len(entity.names) > 1:
                for norm in entity.names:
                    also.setdefault(norm, []).extend(places)
                    anchored = (each.entity_id for each in self._table.postings(norm) if each.anchor and each.entity_id)
                    kept.asked.update(dict.fromkeys(anchored))
        return also

    def _ask(self, kept: _Kept, text: Text, sure: dict[str, tuple[Entity, list[Place]]]) -> None:
        for key in kept.asked:
            entity = self._table.entity(key)
            for asked in entity.asked:
                places = answer(asked, text)
                if places is not None:
                    known = sure.setdefault(key, (entity, []))[1]
                    known[:] = dict.fromkeys([*known, *places])


def _readings(item: Item) -> list[FieldText]:
    fields: tuple[tuple[ItemField, str | None], ...] = (
        ("title", item.title),
        ("summary", item.summary),
        ("body", item.body),
    )
    return [FieldText(field, text) for field, text in fields if text]


def _judge(reading: FieldText, hits: Sequence[Hit], publisher: str | None, kept: _Kept) -> None:
    candidates: list[_Found] = []
    for hit in hits:
        place: Place | None = None
        postings = []
        for posting in hit.postings:
            if posting.anchor and posting.entity_id is not None:
                kept.asked[posting.entity_id] = None
                continue
            place = place or Place(reading, hit.first, hit.last, hit.plural)
            trusted = trust(place, posting.style)
            if trusted is not Trust.NONE:
                postings.append((posting, trusted))
        if place is not None and postings:
            candidates.append(_Found(place, tuple(postings)))
    names = kept.names.setdefault(reading.field, [])
    for place, posting, trusted in _longest(candidates, names):
        key = posting.entity_id
        if key is None:
            continue
        own = publisher is not None and _norm(place) == publisher
        if part_of_another_name(place, posting.style) is None and not quoted(place, posting.style, own):
            kept.places.setdefault(key, []).append((_with_legal_form(place), trusted))


def _norm(place: Place) -> str:
    return " ".join(place.reading.norms[place.first : place.last + 1])


def _longest(found: list[_Found], names: list[Place]) -> Iterable[tuple[Place, Posting, Trust]]:
    """Of names that overlap only the longest (then the leftmost), across all entities; adds those to ``names``.

    A phrase that somebody follows gives way to a name around it, and takes its words from ordinary ones, but stands
    beside other phrases: what one client follows must not hide what another does.
    """
    by_name: set[int] = set()
    by_phrase: set[int] = set()
    for place, postings in sorted(found, key=lambda f: (f.place.first - f.place.last, f.place.first, f.place.plural)):
        words = range(place.first, place.last + 1)
        if not by_name.isdisjoint(words):
            continue
        worded = not by_phrase.isdisjoint(words)
        for posting, trusted in postings:
            if posting.style.followed:
                by_phrase.update(words)
            elif worded and posting.style.word is not Word.NONE:
                continue
            else:
                by_name.update(words)
                names.append(place)
            yield place, posting, trusted


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
    spans: list[Span] = []
    for place in sorted(places, key=_reading_order):
        start, end = place.bounds
        field = place.reading.field
        if spans and spans[-1].field == field and spans[-1].end >= end:
            continue  # a phrase inside a longer one of the same entity
        spans.append(Span(field=field, start=start, end=end, text=place.reading.text[start:end]))
    asked = bool(entity.asked) and not entity.conditions
    weight, why = salience(item, entity.name, spans, len(places) / total, asked=asked)
    return Mention(item_id=item.id, entity_id=entity.id, spans=tuple(spans), salience=weight, why=why)


def _reading_order(place: Place) -> tuple[int, int, int]:
    start, end = place.bounds
    return _ORDER[place.reading.field], start, -end
