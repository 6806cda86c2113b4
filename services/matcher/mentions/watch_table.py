"""The terms, conditions and queries of all watched entities: one table, shared by all clients and updated in place.

The table knows which terms stand for which entity. It does not judge occurrences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from schemas.clients import Query, Watch
from services.matcher.mentions.queries import CompiledQuery, compile_query
from services.matcher.mentions.term_table import TermEntry, TermHit, TermTable
from services.matcher.mentions.terms import UNWATCHED_STYLE, TermStyle, initials_term, is_phrase, name_terms
from services.matcher.mentions.topics import all_topics
from services.matcher.text.compact_map import CompactMap
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["Condition", "WatchTable", "WatchedEntity"]

#: Entities kept decoded: those of the day's news. With long queries, each takes some kilobytes.
_CACHED = 1 << 12


class Condition(NamedTuple):
    """The condition of one watch, in normal form: the item has any of ``context`` and none of ``exclude``."""

    context: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchedEntity:
    """An entity with the names, conditions and queries of everybody who watches it.

    An item mentions it by name if any of ``conditions`` holds, and without a name if any of ``queries`` matches.
    ``names`` are terms in normal form, ``ciks`` its numbers at the SEC.
    """

    id: str
    name: str
    names: tuple[str, ...]
    conditions: tuple[Condition, ...]
    queries: tuple[CompiledQuery, ...]
    ciks: frozenset[str] = frozenset()


_UNCONDITIONAL = (Condition((), ()),)


class WatchTable:
    """The terms of all watched entities, and what is needed to judge their occurrences."""

    def __init__(self) -> None:
        """Start with only the longer names that contain a shorter one but do not mention it."""
        self._terms = TermTable()
        self._entities = CompactMap()
        self._decoded: dict[str, WatchedEntity] = {}
        self._filers: dict[str, set[str]] = {}
        for norm in word_lists().longer_names:
            self._terms.add(norm, TermEntry(None, UNWATCHED_STYLE, anchor=False))

    def __len__(self) -> int:
        return len(self._terms)

    def hits(self, norms: Sequence[str]) -> list[TermHit]:
        """Return every term among these words, including overlapping ones."""
        return self._terms.hits(norms)

    def entries(self, norm: str) -> tuple[TermEntry, ...]:
        """Return the entries of a term."""
        return self._terms.entries(norm)

    def update(self, entity_id: str, watches: Sequence[Watch]) -> None:
        """Replace all watches of the entity; an empty sequence removes it. The first watch gives its name."""
        packed = self._entities.get(entity_id)
        if packed is not None:
            names, *_, anchors, ciks = orjson.loads(packed)[1:]
            for cik in ciks:
                self._filers[cik].discard(entity_id)
            for norm in dict.fromkeys([*names, *anchors]):
                self._terms.remove(norm, entity_id)
            self._decoded.pop(entity_id, None)
        self._entities.put(entity_id, self._add_terms(entity_id, watches) if watches else None)

    def _add_terms(self, entity_id: str, watches: Sequence[Watch]) -> bytes:
        """Add the terms of an entity and return the rest of it, packed."""
        named = dict.fromkeys((watch.context, watch.exclude) for watch in watches if not _has_query(watch))
        by_query = dict.fromkeys(
            (watch.topic, watch.query, watch.context, watch.exclude) for watch in watches if _has_query(watch)
        )
        anchors = dict.fromkeys(
            (term.norm, term.style) for watched in by_query for query in _compile(*watched) for term in query.anchors
        )
        styles = _styles(watches)
        for norm, style in styles.items():
            self._terms.add(norm, TermEntry(entity_id, style, anchor=False))
        for norm, style in anchors:
            self._terms.add(norm, TermEntry(entity_id, style, anchor=True))
        conditions = tuple(
            dict.fromkeys(Condition(_padded_starts(context), _padded_starts(exclude)) for context, exclude in named)
        )
        ciks = sorted({watch.cik for watch in watches if watch.cik})
        for cik in ciks:
            self._filers.setdefault(cik, set()).add(entity_id)
        packed = [
            watches[0].name,
            list(styles),
            0 if conditions == _UNCONDITIONAL else [list(condition) for condition in conditions],
            [(topic, query and query.model_dump(), *rest) for topic, query, *rest in by_query],
            [norm for norm, _ in anchors],
            ciks,
        ]
        return orjson.dumps(packed)

    def filers(self, cik: str) -> Sequence[str]:
        """Return the entities that have this number at the SEC."""
        return sorted(self._filers.get(cik, ()))

    def entity(self, entity_id: str) -> WatchedEntity:
        """Return an entity for which the table has terms.

        Raises:
            KeyError: if nobody watches it.
        """
        entity = self._decoded.get(entity_id)
        if entity is None:
            packed = self._entities.get(entity_id)
            if packed is None:
                raise KeyError(entity_id)
            if len(self._decoded) >= _CACHED:
                self._decoded.clear()
            entity = self._decoded[entity_id] = _unpack(entity_id, orjson.loads(packed))
        return entity


def _unpack(entity_id: str, packed: list[Any]) -> WatchedEntity:
    name, names, packed_conditions, by_query, _, ciks = packed
    queries = (
        compiled
        for topic, query, context, exclude in by_query
        for compiled in _compile(topic, query and Query.model_validate(query), tuple(context), tuple(exclude))
    )
    conditions = (
        _UNCONDITIONAL
        if packed_conditions == 0
        else tuple(Condition(tuple(context), tuple(exclude)) for context, exclude in packed_conditions)
    )
    return WatchedEntity(entity_id, name, tuple(names), conditions, tuple(dict.fromkeys(queries)), frozenset(ciks))


def _styles(watches: Sequence[Watch]) -> dict[str, TermStyle]:
    """Return the names of an entity, each in the style of the first watch that has it."""
    styles: dict[str, TermStyle] = {}
    for names, tickers, as_phrases in dict.fromkeys(
        ((watch.name, *watch.aliases), watch.tickers, is_phrase(watch)) for watch in watches if not _has_query(watch)
    ):
        for norm, style in name_terms(names, tickers, as_phrases):
            styles.setdefault(norm, style)
    for watch in watches:
        term = initials_term(watch.name) if watch.kind == "regulation" and not _has_query(watch) else None
        if term is not None:
            styles.setdefault(*term)
    return styles


def _has_query(watch: Watch) -> bool:
    return watch.topic is not None or watch.query is not None


def _compile(
    topic_id: str | None, query: Query | None, context: tuple[str, ...], exclude: tuple[str, ...]
) -> Iterable[CompiledQuery]:
    """Yield the queries of a watch, any of which is enough: those of its topic, each narrowed by its own query."""
    own = () if query is None else (query,)
    topic = all_topics().get(topic_id) if topic_id is not None else None
    alternatives = [own] if topic is None else [(topic_query, *own) for topic_query in topic.queries]
    for queries in alternatives:
        compiled = compile_query(queries, context, exclude)
        if compiled is not None:
            yield compiled


def _padded_starts(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return each entry in normal form after a space, as it is searched for in padded text."""
    return tuple(f" {' '.join(words(entry))}" for entry in entries)
