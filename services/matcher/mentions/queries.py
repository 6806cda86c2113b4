"""Compiles the queries of the client book and matches them against items: any of, all of, none of, near.

Only a few rare terms of each query, its anchors, are in the term table. The rest of a query is checked only if an item
contains an anchor, so queries unrelated to the item cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from schemas.clients import Query
from services.matcher.mentions.name_disambiguation import (
    Certainty,
    Occurrence,
    disambiguate,
    is_part_of_another_name,
    is_quoted_source,
)
from services.matcher.mentions.terms import Term, TermKind, TermStyle, query_terms
from services.matcher.text.field_text import FieldText
from services.matcher.text.word_lists import word_lists

__all__ = ["CompiledNear", "CompiledQuery", "ItemText", "compile_query", "match_query", "term_positions"]

#: Terms of which any one is enough.
AnyOf = tuple[Term, ...]


class CompiledNear(NamedTuple):
    """A condition that one term of each group occurs within so many words."""

    groups: tuple[AnyOf, ...]
    within: int


class CompiledQuery(NamedTuple):
    """A query ready to be matched. ``context`` groups narrow it but are not part of what it finds."""

    groups: tuple[AnyOf, ...]
    near: tuple[CompiledNear, ...]
    context: tuple[AnyOf, ...]
    none_of: AnyOf
    anchors: AnyOf


@lru_cache(maxsize=1 << 10)
def compile_query(
    queries: tuple[Query, ...], context: tuple[str, ...] = (), exclude: tuple[str, ...] = ()
) -> CompiledQuery | None:
    """Return one query that requires all of ``queries``, any of ``context`` and none of ``exclude``.

    Return None if nothing is left to search for.
    """
    groups: list[AnyOf] = []
    near: list[CompiledNear] = []
    none_of = list(exclude)
    for query in queries:
        groups += [_any_of((entry,)) for entry in query.all_of]
        if query.any_of:
            groups.append(_any_of(query.any_of))
        near += [
            CompiledNear(tuple(_any_of((entry,)) for entry in condition.words), condition.within)
            for condition in query.near
        ]
        none_of += query.none_of
    required = [*groups, *(group for condition in near for group in condition.groups)]
    if not required or not all(required):
        return None
    context_groups = tuple(group for group in (_any_of(context),) if group)
    anchors = max((*required, *context_groups), key=_rarity)
    return CompiledQuery(tuple(groups), tuple(near), context_groups, _any_of(tuple(none_of)), anchors)


def _any_of(entries: Sequence[str]) -> AnyOf:
    return tuple(dict.fromkeys(term for entry in entries for term in query_terms(entry)))


def _rarity(group: AnyOf) -> tuple[int, int, int]:
    """Return how rare a group is in the news, by its most common term."""
    return min(_term_rarity(term) for term in group)


def _term_rarity(term: Term) -> tuple[int, int, int]:
    """Return a sort key for the rarity of a term: ordinary words are common, long terms rare."""
    lists = word_lists()
    parts = term.norm.split()
    ordinary = sum(
        any(
            form in word_list
            for word_list in (lists.common_words, lists.function_words, lists.goods, lists.company_predicates)
        )
        for part in parts
        for form in ((part, part[:-1]) if part.endswith("s") else (part,))
    )
    return min(len(parts) - min(ordinary, len(parts)), 1), len(parts), len(term.norm)


class ItemText:
    """The text of an item as queries see it. Each term is looked up once and shared by all queries.

    ``names`` are the names found in each field: a term inside a longer name does not count.
    ``also``: for each name of a mentioned entity, the occurrences of all its names.
    """

    def __init__(
        self,
        fields: Sequence[FieldText],
        names: Mapping[str, Sequence[Occurrence]],
        publisher: str | None,
        also: Mapping[str, Sequence[Occurrence]] | None = None,
    ) -> None:
        self._fields = fields
        #: For each field and word, the size in words of the longest name that contains the word.
        self._name_sizes: dict[str, dict[int, int]] = {}
        for field, occurrences in names.items():
            sizes = self._name_sizes.setdefault(field, {})
            for occurrence in occurrences:
                size = occurrence.last - occurrence.first + 1
                for word in range(occurrence.first, occurrence.last + 1):
                    sizes[word] = max(sizes.get(word, 0), size)
        self._publisher = publisher
        self._also = also or {}
        self._whole = "".join(field_text.padded for field_text in fields)
        self._known: dict[str, list[tuple[TermStyle, list[Occurrence]]]] = {}

    def find(self, term: Term) -> Sequence[Occurrence]:
        """Return the occurrences that mean ``term``."""
        norm, style = term
        also = self._also.get(norm, ()) if style.kind is TermKind.NAME else ()
        if f" {norm}" not in self._whole:
            return also
        known = self._known.setdefault(norm, [])
        for known_style, occurrences in known:
            if known_style is style or known_style == style:
                return occurrences
        occurrences = list(dict.fromkeys((*self._search(term), *also)))
        known.append((style, occurrences))
        return occurrences

    def find_any(self, group: AnyOf) -> list[Occurrence]:
        """Return the occurrences of all terms of ``group``."""
        return [occurrence for term in group for occurrence in self.find(term)]

    def _search(self, term: Term) -> list[Occurrence]:
        occurrences = []
        for field_text in self._fields:
            for start, end, plural in term_positions(field_text.padded, term.norm):
                occurrence = Occurrence(field_text, *field_text.words_between(start, end), plural)
                if not self._is_inside_a_name(occurrence) and _is_meant(occurrence, term, self._publisher):
                    occurrences.append(occurrence)
        return occurrences

    def _is_inside_a_name(self, occurrence: Occurrence) -> bool:
        sizes = self._name_sizes.get(occurrence.field_text.field, {})
        size = occurrence.last - occurrence.first + 1
        return any(sizes.get(word, 0) > size for word in range(occurrence.first, occurrence.last + 1))


def term_positions(padded: str, norm: str) -> list[tuple[int, int, bool]]:
    """Return the start and end of each occurrence of a term in padded text, and whether it adds a plural "s"."""
    positions = []
    start = padded.find(f" {norm}")
    while start >= 0:
        end = start + len(norm) + 1
        if padded[end] == " ":
            positions.append((start, end, False))
        elif len(norm) > 2 and padded[end] == "s" and padded[end + 1] == " ":
            positions.append((start, end + 1, True))
        start = padded.find(f" {norm}", end)
    return positions


def _is_meant(occurrence: Occurrence, term: Term, publisher: str | None) -> bool:
    style = term.style
    if style.kind is TermKind.PHRASE:
        return True
    if disambiguate(occurrence, style) is not Certainty.CERTAIN or is_part_of_another_name(occurrence, style):
        return False
    return not is_quoted_source(occurrence, style, publisher == term.norm)


def match_query(query: CompiledQuery, text: ItemText) -> list[Occurrence] | None:
    """Return the occurrences by which ``text`` matches ``query``, or None if it does not match."""
    if not all(text.find_any(group) for group in query.context):
        return None
    matched: dict[Occurrence, None] = {}
    for group in query.groups:
        occurrences = text.find_any(group)
        if not occurrences:
            return None
        matched.update(dict.fromkeys(occurrences))
    for near in query.near:
        closest = _closest([text.find_any(group) for group in near.groups], near.within)
        if closest is None:
            return None
        matched.update(dict.fromkeys(closest))
    return None if any(text.find(term) for term in query.none_of) else list(matched)


def _closest(groups: Sequence[Sequence[Occurrence]], within: int) -> tuple[Occurrence, ...] | None:
    """Return one occurrence of each group, those closest together, or None if they are too far apart.

    They are in one field, and no two start at the same word.
    """
    best: tuple[int, tuple[Occurrence, ...]] | None = None
    if not all(groups):
        return None
    for field in sorted({occurrence.field_text.field for occurrence in groups[0]}):
        latest: dict[int, Occurrence] = {}
        for number, occurrence in sorted(
            ((n, o) for n, occurrences in enumerate(groups) for o in occurrences if o.field_text.field == field),
            key=lambda pair: (pair[1].first, pair[0]),
        ):
            if occurrence.last > occurrence.field_text.last_word:
                break  # joined forms of hyphenated words follow the text, out of order
            latest[number] = occurrence
            firsts = {known.first for known in latest.values()}
            distance = occurrence.first - min(firsts)
            if len(firsts) == len(groups) and distance <= within and (best is None or distance < best[0]):
                best = distance, tuple(latest[n] for n in range(len(groups)))
    return best[1] if best else None
