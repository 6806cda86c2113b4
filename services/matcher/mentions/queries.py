"""Interests as queries: any of, all of, none of, near. A few anchor terms stand in the automaton; the rest of a query
is looked at only where one of them was found, so that an item costs nothing for the queries that it does not touch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from schemas.clients import Query
from services.matcher.mentions.name_disambiguation import Place, Trust, part_of_another_name, quoted, trust
from services.matcher.mentions.terms import Kind, Style, Term, query_term
from services.matcher.text.field_text import FieldText
from services.matcher.text.word_lists import word_lists

__all__ = ["Asked", "AskedNear", "Text", "answer", "ask"]

#: Any of these.
Group = tuple[Term, ...]


class AskedNear(NamedTuple):
    """One of each group within so many words."""

    groups: tuple[Group, ...]
    within: int


class Asked(NamedTuple):
    """A query ready to be put to a text. ``only`` are narrowing groups that are no evidence by themselves."""

    groups: tuple[Group, ...]
    near: tuple[AskedNear, ...]
    only: tuple[Group, ...]
    none_of: Group
    anchors: Group


@lru_cache(maxsize=1 << 10)
def ask(queries: tuple[Query, ...], context: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Asked | None:
    """All of ``queries`` together, in a text that holds any of ``context`` and none of ``exclude``.

    None where nothing is looked for.
    """
    groups: list[Group] = []
    near: list[AskedNear] = []
    none_of = list(exclude)
    for query in queries:
        groups += [_group((term,)) for term in query.all_of]
        if query.any_of:
            groups.append(_group(query.any_of))
        near += [AskedNear(tuple(_group((word,)) for word in each.words), each.within) for each in query.near]
        none_of += query.none_of
    choices = [*groups, *(group for each in near for group in each.groups)]
    if not choices or not all(choices):
        return None
    only = tuple(group for group in (_group(context),) if group)
    return Asked(tuple(groups), tuple(near), only, _group(tuple(none_of)), max((*choices, *only), key=_rarity))


def _group(written: Sequence[str]) -> Group:
    return tuple(dict.fromkeys(term for each in written for term in query_term(each)))


def _rarity(group: Group) -> tuple[int, int, int]:
    """How seldom a group stands in the news, by its commonest term: ordinary words are common, long terms rare."""
    return min(_rarity_of(term) for term in group)


def _rarity_of(term: Term) -> tuple[int, int, int]:
    lists = word_lists()
    parts = term.norm.split()
    ordinary = sum(
        any(
            form in known for known in (lists.common_words, lists.function_words, lists.goods, lists.company_predicates)
        )
        for part in parts
        for form in ((part, part[:-1]) if part.endswith("s") else (part,))
    )
    return min(len(parts) - min(ordinary, len(parts)), 1), len(parts), len(term.norm)


class Text:
    """An item as queries see it; what one query looked up the next finds ready.

    ``names`` are the words taken by longer names, for each field: what stands inside another's name is no word.
    ``also``: where what bears a name is mentioned, by whichever of its names.
    """

    def __init__(
        self,
        readings: Sequence[FieldText],
        names: Mapping[str, Sequence[Place]],
        publisher: str | None,
        also: Mapping[str, Sequence[Place]] | None = None,
    ) -> None:
        self._readings = readings
        #: For each field, word → how many words the longest name has that it is part of.
        self._named: dict[str, dict[int, int]] = {}
        for field, places in names.items():
            named = self._named.setdefault(field, {})
            for place in places:
                size = place.last - place.first + 1
                for word in range(place.first, place.last + 1):
                    named[word] = max(named.get(word, 0), size)
        self._publisher = publisher
        self._also = also or {}
        self._whole = "".join(reading.padded for reading in readings)
        self._known: dict[str, list[tuple[Style, list[Place]]]] = {}

    def places(self, term: Term) -> Sequence[Place]:
        """Where ``term`` stands, as what it is written as."""
        norm, style = term
        also = self._also.get(norm, ()) if style.kind is Kind.NAME else ()
        if f" {norm}" not in self._whole:
            return also
        known = self._known.setdefault(norm, [])
        for other, places in known:
            if other is style or other == style:
                return places
        found = list(dict.fromkeys((*self._look_up(term), *also)))
        known.append((style, found))
        return found

    def of(self, group: Group) -> list[Place]:
        """Where any of ``group`` stands."""
        return [place for term in group for place in self.places(term)]

    def _look_up(self, term: Term) -> list[Place]:
        found = []
        for reading in self._readings:
            for start, end, plural in _occurrences(reading.padded, term.norm):
                place = Place(reading, *reading.span(start, end), plural)
                if not self._inside_a_name(place) and _meant(place, term, self._publisher):
                    found.append(place)
        return found

    def _inside_a_name(self, place: Place) -> bool:
        named = self._named.get(place.reading.field, {})
        size = place.last - place.first + 1
        return any(named.get(word, 0) > size for word in range(place.first, place.last + 1))


def _occurrences(padded: str, norm: str) -> list[tuple[int, int, bool]]:
    found = []
    at = padded.find(f" {norm}")
    while at >= 0:
        end = at + len(norm) + 1
        if padded[end] == " ":
            found.append((at, end, False))
        elif len(norm) > 2 and padded[end] == "s" and padded[end + 1] == " ":
            found.append((at, end + 1, True))
        at = padded.find(f" {norm}", end)
    return found


def _meant(place: Place, term: Term, publisher: str | None) -> bool:
    style = term.style
    if style.kind is Kind.PHRASE:
        return True
    if trust(place, style) is not Trust.FULL or part_of_another_name(place, style) is not None:
        return False
    return not quoted(place, style, publisher == term.norm)


def answer(asked: Asked, text: Text) -> list[Place] | None:
    """The places that bear out ``asked``, or None where the text doesn't hold what it asks."""
    if not all(text.of(group) for group in asked.only):
        return None
    places: dict[Place, None] = {}
    for group in asked.groups:
        found = text.of(group)
        if not found:
            return None
        places.update(dict.fromkeys(found))
    for near in asked.near:
        together = _closest([text.of(group) for group in near.groups], near.within)
        if together is None:
            return None
        places.update(dict.fromkeys(together))
    return None if any(text.places(term) for term in asked.none_of) else list(places)


def _closest(found: Sequence[Sequence[Place]], within: int) -> tuple[Place, ...] | None:
    """One place of each, all in one field and no two the same word, the closest together; None if too far apart."""
    best: tuple[int, tuple[Place, ...]] | None = None
    if not all(found):
        return None
    for field in sorted({place.reading.field for place in found[0]}):
        latest: dict[int, Place] = {}
        for which, place in sorted(
            ((k, p) for k, places in enumerate(found) for p in places if p.reading.field == field),
            key=lambda pair: (pair[1].first, pair[0]),
        ):
            if place.last > place.reading.last:
                break  # the joined forms of hyphenated words stand behind the text, out of its order
            latest[which] = place
            firsts = {p.first for p in latest.values()}
            span = place.first - min(firsts)
            if len(firsts) == len(found) and span <= within and (best is None or span < best[0]):
                best = span, tuple(latest[k] for k in range(len(found)))
    return best[1] if best else None
