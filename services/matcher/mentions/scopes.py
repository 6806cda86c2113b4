"""Tells what an item names of the scopes of topics: the industries, regions and parties that concern a client.

The known industries and regions are found in one pass, once for each item and for all clients. Anything else is a word
or a name, looked up when the first client asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from schemas.clients import TopicScope
from schemas.items import Item
from services.matcher.mentions.name_disambiguation import Occurrence
from services.matcher.mentions.queries import ItemText, term_positions
from services.matcher.mentions.scope_words import ScopePart, is_written_as_name, scope_words
from services.matcher.mentions.terms import Term, query_terms
from services.matcher.text.field_text import FieldText
from services.matcher.text.normalize import padded_words
from services.matcher.text.preparation import prepared

__all__ = ["ScopeMatch", "ScopeText"]

_LIMITS: tuple[ScopePart, ...] = ("industries", "regions")


class ScopeMatch(NamedTuple):
    """The entries by which a story is within a scope. ``particular``: a party or an industry is one of them."""

    entries: tuple[str, ...]
    particular: bool


class ScopeText:
    """The text of a story as scopes see it: the title and lead of its newest item, and quotes from the others.

    What stands further down is not what an item is about.
    """

    def __init__(self, item: Item, quotes: Sequence[str] = ()) -> None:
        """Read nothing yet: most items concern no client who gave a scope."""
        self._item = item
        self._quotes = quotes
        self._known: dict[tuple[ScopePart, str], bool] = {}

    def within(self, scope: TopicScope) -> ScopeMatch | None:
        """Return the entries of ``scope`` by which the story is within it, or None if it is outside."""
        party = self._first("parties", scope.parties)
        if party is not None:
            return ScopeMatch((party,), particular=True)
        if scope.parties and not (scope.industries or scope.regions):
            return None
        matched = []
        for part in _LIMITS:
            entries: tuple[str, ...] = getattr(scope, part)
            entry = self._first(part, entries)
            if entries and entry is None:
                return None
            matched += [] if entry is None else [entry]
        return ScopeMatch(tuple(matched), particular=bool(scope.industries))

    def _first(self, part: ScopePart, entries: tuple[str, ...]) -> str | None:
        return next((entry for entry in entries if self._names(part, entry)), None)

    def _names(self, part: ScopePart, entry: str) -> bool:
        known = self._known.get((part, entry))
        if known is None:
            known = any(self._is_named(part, alternative.strip()) for alternative in entry.split("|"))
            self._known[part, entry] = known
        return known

    def _is_named(self, part: ScopePart, name: str) -> bool:
        if part == "parties":
            return bool(self._text.find_any(query_terms(name)))
        labels = scope_words().labels_for(part, name)
        return not labels.isdisjoint(self._labels) if labels else any(map(self._occurs, query_terms(name)))

    def _occurs(self, term: Term) -> bool:
        """Return whether a word or place occurs, as such or in a longer name: Tasmania, Tasmania Police."""
        return any(
            is_written_as_name(Occurrence(field_text, *field_text.words_between(start, end), plural), term.style)
            for field_text in self._fields
            for start, end, plural in term_positions(field_text.padded, term.norm)
        )

    @cached_property
    def _fields(self) -> tuple[FieldText, ...]:
        text = prepared(self._item)
        return tuple(FieldText("title", part) for part in (text.title, text.lead, *self._quotes) if part)

    @cached_property
    def _text(self) -> ItemText:
        publisher = self._item.source.publisher
        return ItemText(self._fields, {}, padded_words(publisher).strip() if publisher else None)

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset[str]().union(*map(scope_words().labels_in, self._fields))
