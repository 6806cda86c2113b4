"""The industries and regions of ``lexicon/scopes.yaml``, and the words by which an item names them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from services.matcher.lexicon import read_yaml
from services.matcher.mentions.name_disambiguation import Occurrence
from services.matcher.mentions.term_table import TermEntry, TermTable
from services.matcher.mentions.terms import UNWATCHED_STYLE, Term, TermKind, TermStyle, WordClass, name_terms
from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.normalize import BAR, words
from services.matcher.text.word_lists import word_lists

__all__ = ["ScopePart", "ScopeWords", "is_written_as_name", "scope_words"]

#: The parts of a scope, named as the fields of :class:`schemas.clients.TopicScope`.
ScopePart = Literal["industries", "regions", "parties"]


class ScopeWords:
    """Finds the known industries and regions in a text, each under its label: one pass, whatever clients ask for."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        """Build the term table from the content of ``scopes.yaml``."""
        lists = word_lists()
        self._table = TermTable()
        self._label_of: dict[tuple[ScopePart, str], str] = {}
        self._names: dict[ScopePart, list[str]] = defaultdict(list)
        for names, news_words in lexicon["industries"].items():
            self._add("industries", names, news_words)
        #: The first name of each region by label; groups of regions are none.
        self._regions = {
            self._add("regions", names, f"{names} | {news_words}"): _split(names)[0]
            for names, news_words in lexicon["regions"].items()
        }
        groups = {
            self._add("regions", names, f"{names} | {group['words']}"): group
            for names, group in lexicon["groups"].items()
        }
        self._standing_for = _standing_for(
            {label: self._labels(group["members"]) for label, group in groups.items()},
            {label for label, group in groups.items() if group.get("union")},
        )
        for norm in (*(norm for norm, _ in _terms(lexicon["other_names"])), *lists.longer_names, *sorted(lists.media)):
            self._table.add(norm, TermEntry(None, UNWATCHED_STYLE, anchor=False))

    def names(self, part: ScopePart) -> tuple[str, ...]:
        """Return the names that a client book can use for the known industries or regions."""
        return tuple(self._names[part])

    def labels_for(self, part: ScopePart, entry: str) -> frozenset[str]:
        """Return the labels that stand for an entry of a scope: none if the industry or region is not known.

        For a group of regions, those are its members'; for a member of a union, also the union's own.
        """
        label = self._label_of.get((part, _plain(entry)))
        return frozenset() if label is None else self._standing_for.get(label, frozenset({label}))

    def region_of(self, city: str) -> str | None:
        """Return the name of a region that a city, or another word of the lexicon, stands for."""
        labels = sorted(self.labels_in(FieldText("title", city)) & self._regions.keys())
        return self._regions[labels[0]] if labels else None

    def labels_in(self, field_text: FieldText) -> frozenset[str]:
        """Return the labels of the industries and regions that a text names; overlapping words count as the longest."""
        hits = self._table.hits(field_text.norms)
        labels: set[str] = set()
        taken: set[int] = set()
        for hit in sorted(hits, key=lambda hit: (hit.first - hit.last, hit.plural)):
            span = range(hit.first, hit.last + 1)
            occurrence = Occurrence(field_text, hit.first, hit.last, hit.plural)
            meant = [entry for entry in hit.entries if is_written_as_name(occurrence, entry.style)]
            if meant and taken.isdisjoint(span):
                taken.update(span)
                labels.update(entry.entity_id for entry in meant if entry.entity_id is not None)
        return frozenset(labels)

    def _add(self, part: ScopePart, names: str, news_words: str) -> str:
        """Add an industry, a region or a group under all its names, with its words in news; return its label."""
        label = f"{part}:{_plain(_split(names)[0])}"
        for name in _split(names):
            self._label_of[part, _plain(name)] = label
            self._names[part].append(name)
        for norm, style in _terms(news_words):
            self._table.add(norm, TermEntry(label, style, anchor=False))
        return label

    def _labels(self, regions: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._label_of["regions", _plain(region)] for region in regions)


def _standing_for(members: Mapping[str, tuple[str, ...]], unions: set[str]) -> dict[str, frozenset[str]]:
    """Return the labels that stand for each group, and for each member of a union."""

    def parts(label: str) -> frozenset[str]:
        return frozenset({label}).union(*map(parts, members.get(label, ())))

    unions_of: dict[str, set[str]] = defaultdict(set)
    for union in unions:
        for label in parts(union):
            unions_of[label].add(union)
    return {
        label: frozenset({*parts(label), *(union for part in parts(label) for union in unions_of[part])})
        for label in (*members, *list(unions_of))
    }


def is_written_as_name(occurrence: Occurrence, style: TermStyle) -> bool:
    """Return whether the text writes a term as it should be: acronyms in capitals, other names with a capital."""
    if style.kind is TermKind.PHRASE:
        return True
    field_text = occurrence.field_text
    surface, case = occurrence.surface, field_text.case
    previous = field_text.word_before(occurrence.first)
    if style.word_count == 1 and field_text.is_listed(previous, word_lists().given_names):
        return False  # Michael Jordan
    if style.upper_case and style.word_count == 1:
        is_also_a_word = style.word_class is not WordClass.NONE  # US, IT
        letters = surface.removesuffix("'s").removesuffix("’s")
        letters = letters[:-1] if occurrence.plural else letters
        return letters.isupper() and not (is_also_a_word and case is LetterCase.UPPER)
    return surface[0].isupper() or (case is LetterCase.LOWER and style.word_class is WordClass.NONE)


def _split(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split("|") if part.strip())


def _terms(written: str) -> Iterable[Term]:
    """Yield the terms of words of the lexicon: of a name if it has a capital, otherwise of a phrase."""
    for word in _split(written):
        yield from (term for term in name_terms((word,), (), word.islower()) if not term.style.needs_umlaut)


def _plain(name: str) -> str:
    """Return a name as it is looked up: in any letter case, with or without accents, hyphens and full stops."""
    return " ".join(itertools.takewhile(lambda word: word != BAR, words(name)))


@cache
def scope_words() -> ScopeWords:
    """Return the industries and regions that ship with the package."""
    return ScopeWords(read_yaml("scopes.yaml"))
