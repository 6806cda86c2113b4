"""The names of everything that anybody watches, in one table that is shared by all clients and changed in place.

Knows which terms stand for what; judges no occurrence itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from schemas.clients import Query, Watch
from services.matcher.mentions.queries import Asked, ask
from services.matcher.mentions.term_table import Hit, Posting, TermTable
from services.matcher.mentions.terms import UNWATCHED, Style, is_phrase, terms_of
from services.matcher.mentions.topics import shipped_topics
from services.matcher.text.compact_map import CompactMap
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["Condition", "Entity", "WatchTable"]

#: Entities that are kept unpacked, those of the day's news; with long queries each is some kilobytes.
_READY = 1 << 12


class Condition(NamedTuple):
    """One watch's condition, in normal forms: any of ``context``, none of ``exclude``."""

    context: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """What is watched: mentioned where it is named and any of ``conditions`` holds, or where any of ``asked`` does.

    There is one of them for each way in which somebody watches it. ``names`` are the terms that name it.
    """

    id: str
    name: str
    names: tuple[str, ...]
    conditions: tuple[Condition, ...]
    asked: tuple[Asked, ...]


_UNCONDITIONAL = (Condition((), ()),)


class WatchTable:
    """Every term, and of each entity what is needed to judge its occurrences. Changed one entity at a time."""

    def __init__(self) -> None:
        """Of the longer names that nobody watches, which are no mentions of the shorter ones inside them."""
        self._terms = TermTable()
        self._entities = CompactMap()
        self._ready: dict[str, Entity] = {}
        for norm in word_lists().longer_names:
            self._terms.add(norm, Posting(None, UNWATCHED, anchor=False))

    def __len__(self) -> int:
        return len(self._terms)

    def hits(self, norms: Sequence[str]) -> list[Hit]:
        """Every term among these words, overlapping ones too."""
        return self._terms.hits(norms)

    def postings(self, norm: str) -> tuple[Posting, ...]:
        """What a term stands for."""
        return self._terms.postings(norm)

    def change(self, entity_id: str, watches: Sequence[Watch]) -> None:
        """From now on the entity is watched as ``watches`` say, whose order decides on its name; by nobody if empty."""
        known = self._entities.get(entity_id)
        if known is not None:
            names, *_, anchors = orjson.loads(known)[1:]
            for norm in dict.fromkeys([*names, *anchors]):
                self._terms.remove(norm, entity_id)
            self._ready.pop(entity_id, None)
        self._entities.put(entity_id, self._compiled(entity_id, watches) if watches else None)

    def _compiled(self, entity_id: str, watches: Sequence[Watch]) -> bytes:
        """Enter the terms; the rest of what the entity is, packed."""
        named = dict.fromkeys((watch.context, watch.exclude) for watch in watches if not _asks(watch))
        asking = dict.fromkeys(
            (watch.topic, watch.query, watch.context, watch.exclude) for watch in watches if _asks(watch)
        )
        anchors = dict.fromkeys(
            (term.norm, term.style) for each in asking for asked in _asked(*each) for term in asked.anchors
        )
        styles = _styles(watches)
        for norm, style in styles.items():
            self._terms.add(norm, Posting(entity_id, style, anchor=False))
        for norm, style in anchors:
            self._terms.add(norm, Posting(entity_id, style, anchor=True))
        conditions = tuple(dict.fromkeys(Condition(_forms(context), _forms(exclude)) for context, exclude in named))
        packed = [
            watches[0].name,
            list(styles),
            0 if conditions == _UNCONDITIONAL else [list(each) for each in conditions],
            [(topic, query and query.model_dump(), *rest) for topic, query, *rest in asking],
            [norm for norm, _ in anchors],
        ]
        return orjson.dumps(packed)

    def entity(self, entity_id: str) -> Entity:
        """An entity that some term stands for.

        Raises:
            KeyError: nobody watches it.
        """
        ready = self._ready.get(entity_id)
        if ready is None:
            packed = self._entities.get(entity_id)
            if packed is None:
                raise KeyError(entity_id)
            if len(self._ready) >= _READY:
                self._ready.clear()
            ready = self._ready[entity_id] = _unpacked(entity_id, orjson.loads(packed))
        return ready


def _unpacked(entity_id: str, packed: list[Any]) -> Entity:
    name, names, conditions, asking, _ = packed
    asked = (
        asked
        for topic, query, context, exclude in asking
        for asked in _asked(topic, query and Query.model_validate(query), tuple(context), tuple(exclude))
    )
    told = tuple(Condition(tuple(context), tuple(exclude)) for context, exclude in conditions or ())
    return Entity(
        entity_id, name, tuple(names), _UNCONDITIONAL if conditions == 0 else told, tuple(dict.fromkeys(asked))
    )


def _styles(watches: Sequence[Watch]) -> dict[str, Style]:
    """The names of an entity, each in the style of the first who watches it by that name."""
    styles: dict[str, Style] = {}
    for names, tickers, phrases in dict.fromkeys(
        ((watch.name, *watch.aliases), watch.tickers, is_phrase(watch)) for watch in watches if not _asks(watch)
    ):
        for norm, style in terms_of(names, tickers, phrases):
            styles.setdefault(norm, style)
    return styles


def _asks(watch: Watch) -> bool:
    return watch.topic is not None or watch.query is not None


def _asked(
    topic: str | None, query: Query | None, context: tuple[str, ...], exclude: tuple[str, ...]
) -> Iterable[Asked]:
    """The queries of a watch, each of which is enough: a topic has several, its own query narrows all of them."""
    own = () if query is None else (query,)
    shipped = shipped_topics().get(topic) if topic is not None else None
    alternatives = [own] if shipped is None else [(each, *own) for each in shipped.queries]
    for queries in alternatives:
        asked = ask(queries, context, exclude)
        if asked is not None:
            yield asked


def _forms(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {' '.join(words(word))}" for word in given)
