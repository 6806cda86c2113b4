"""The names of everything that anybody watches, compiled into one automaton that is shared by all clients.

Knows which terms stand for what; judges no occurrence itself.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import ahocorasick_rs

from schemas.clients import Query, Watch
from services.matcher.normalise import words
from services.matcher.queries import Asked, ask
from services.matcher.terms import UNWATCHED, Style, is_phrase, terms_of
from services.matcher.topics import shipped_topics
from services.matcher.words import word_lists

__all__ = ["Compiled", "Condition", "Entity", "Hit", "Posting", "compile_entities"]

#: Shorter terms are found as they are, never as a plural and never inside a longer word.
_SHORT = 2
_CACHED = 1 << 16


class Condition(NamedTuple):
    """One watch's condition, in normal forms: any of ``context``, none of ``exclude``."""

    context: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """What is watched: mentioned where it is named and any of ``conditions`` holds, or where any of ``asked`` does.

    There is one of them for each way in which somebody watches it.
    """

    id: str
    name: str
    conditions: tuple[Condition, ...]
    asked: tuple[Asked, ...]


class Posting(NamedTuple):
    """A term stands for ``entity``; None for names that nobody watches, kept because they contain shorter ones.

    An ``anchor`` is no name of it, but makes one of its queries worth asking.
    """

    entity: Entity | None
    style: Style
    anchor: bool


class Hit(NamedTuple):
    """A term's occurrence in a padded string: where its first blank stands, where it ends, whether in the plural."""

    start: int
    end: int
    plural: bool
    postings: tuple[Posting, ...]


class Compiled:
    """Terms in one automaton. Immutable."""

    def __init__(self, terms: dict[str, tuple[Posting, ...]]) -> None:
        """Build from terms in normal form; ``terms`` is emptied, for memory is what a large book is short of."""
        self._postings = list(terms.values())
        patterns = [f" {norm} " if len(norm) <= _SHORT else f" {norm}" for norm in terms]
        terms.clear()
        self._automaton = ahocorasick_rs.AhoCorasick(patterns, store_patterns=False) if patterns else None

    def __len__(self) -> int:
        return len(self._postings)

    def hits(self, text: str) -> list[Hit]:
        """Every term in a padded string that ends where a word ends, overlapping ones too."""
        if self._automaton is None:
            return []
        found: list[Hit] = []
        for which, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if text[end - 1] == " ":
                found.append(Hit(start, end - 1, False, self._postings[which]))
            elif text[end] == " ":
                found.append(Hit(start, end, False, self._postings[which]))
            elif text[end] == "s" and text[end + 1] == " ":
                found.append(Hit(start, end + 1, True, self._postings[which]))
        return found


def compile_entities(watched: Mapping[str, Sequence[Watch]], *, with_unwatched: bool) -> Compiled:
    """Compile what is watched: entity id → its watches, whose order decides on its name and on how terms are styled.

    Entities that nobody watches are passed over; ``with_unwatched`` adds the longer names that nobody watches.
    """
    with _no_collection():
        return Compiled(_terms(watched, with_unwatched))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of objects and no cycle among them: the collector would only look at all of them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _terms(watched: Mapping[str, Sequence[Watch]], with_unwatched: bool) -> dict[str, tuple[Posting, ...]]:
    terms: dict[str, tuple[Posting, ...]] = {}
    if with_unwatched:
        terms = {norm: (Posting(None, UNWATCHED, False),) for norm in word_lists().longer_names}
    for entity_id, watches in watched.items():
        if not watches:
            continue
        for norm, posting in _postings(entity_id, watches):
            known = terms.get(norm)
            terms[norm] = (posting,) if known is None else (*known, posting)
    return terms


def _postings(entity_id: str, watches: Sequence[Watch]) -> Iterable[tuple[str, Posting]]:
    entity = _entity(entity_id, watches)
    styles: dict[str, Style] = {}
    for names, tickers, phrases in dict.fromkeys(
        ((watch.name, *watch.aliases), watch.tickers, is_phrase(watch)) for watch in watches if not _asks(watch)
    ):
        for norm, style in terms_of(names, tickers, phrases):
            styles.setdefault(norm, style)
    for norm, style in styles.items():
        yield norm, Posting(entity, style, False)
    for norm, style in dict.fromkeys(term for each in entity.asked for term in each.anchors):
        yield norm, Posting(entity, style, True)


def _entity(entity_id: str, watches: Sequence[Watch]) -> Entity:
    """The entity as all who watch it see it together; tens of thousands may watch it in the same few ways."""
    named = dict.fromkeys((watch.context, watch.exclude) for watch in watches if not _asks(watch))
    asking = dict.fromkeys(
        (watch.topic, watch.query, watch.context, watch.exclude) for watch in watches if _asks(watch)
    )
    asked = dict.fromkeys(asked for each in asking for asked in _asked(*each))
    return Entity(entity_id, watches[0].name, _conditions(tuple(named)), tuple(asked))


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


@lru_cache(maxsize=_CACHED)
def _conditions(given: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]) -> tuple[Condition, ...]:
    """Those ``given`` as context and exclusions without repeats, one tuple for all entities that have the same."""
    return tuple(dict.fromkeys(Condition(_forms(context), _forms(exclude)) for context, exclude in given))


def _forms(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {' '.join(words(word))}" for word in given)
