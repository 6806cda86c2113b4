"""The names of everything that anybody watches, compiled into one automaton that is shared by all clients.

Knows how a name is written in the book and what that asks of its occurrences; judges no occurrence itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import ahocorasick_rs

from schemas.clients import Watch
from services.matcher.normalise import BAR, words
from services.matcher.words import word_lists

__all__ = ["Compiled", "Condition", "Entity", "Hit", "Kind", "Posting", "Style", "Word", "compile_watches"]

#: Interests of these kinds are phrases, not names: their case and number don't matter.
_PHRASE_KINDS = frozenset({"topic", "industry", "regulation", "place"})
#: Shorter terms are found as they are, never as a plural and never inside a longer word.
_SHORT = 2
_CACHED_NAMES = 1 << 18


class Kind(Enum):
    """What sort of term it is."""

    NAME = "name"
    PHRASE = "phrase"
    TICKER = "ticker"


class Word(Enum):
    """What ordinary word a name could also be."""

    NONE = "none"
    FUNCTION = "function"
    COMMON = "common"
    GOODS = "goods"


class Style(NamedTuple):
    """What a term asks of its occurrences. The book writes it with a ``capital``, or in ``upper`` case throughout."""

    kind: Kind
    size: int
    word: Word
    capital: bool
    upper: bool
    given_name: bool
    media: bool
    research: bool


class Condition(NamedTuple):
    """One watch's condition, in normal forms: any of ``context``, none of ``exclude``."""

    context: tuple[str, ...]
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """What is watched. It is mentioned where any of ``conditions`` holds, one for each way somebody watches it."""

    id: str
    name: str
    conditions: tuple[Condition, ...]


class Posting(NamedTuple):
    """A term stands for ``entity``; None for names that nobody watches, kept because they contain shorter ones."""

    entity: Entity | None
    style: Style


class Hit(NamedTuple):
    """A term's occurrence in a padded string: where its first blank stands, where it ends, whether in the plural."""

    start: int
    end: int
    plural: bool
    postings: tuple[Posting, ...]


@lru_cache(maxsize=4096)
def _style(
    kind: Kind, size: int, word: Word, capital: bool, upper: bool, given: bool, media: bool, research: bool
) -> Style:
    """One object for all terms of a style, for there are millions of terms and few styles."""
    return Style(kind, size, word, capital, upper, given, media, research)


def _word_class(parts: list[str]) -> Word:
    lists = word_lists()
    classes = [(Word.GOODS, lists.goods), (Word.COMMON, lists.common), (Word.FUNCTION, lists.function)]
    found = [next((name for name, listed in classes if part in listed), Word.NONE) for part in parts]
    if Word.NONE in found:
        return Word.NONE
    return found[0] if len(found) == 1 else Word.COMMON


def _without_legal_form(parts: list[str]) -> list[str]:
    legal = word_lists().legal
    kept = parts[1:] if len(parts) > 1 and parts[0] == "the" else parts
    while len(kept) > 1 and kept[-1] in legal:
        kept = kept[:-1]
    if len(kept) > 1 and kept[-1] == "and":
        kept = kept[:-1]
    return kept


def _term(written: str, kind: Kind) -> list[tuple[str, Style]]:
    found = words(written)
    joined = [word for mark, word in pairwise(found) if mark == BAR]
    parts = found[: found.index(BAR)] if BAR in found else found
    if kind is Kind.NAME:
        if written.islower():
            kind = Kind.PHRASE
        parts = _without_legal_form(parts)
    if not parts:
        return []
    lists, terms = word_lists(), []
    for form in [parts, *([word] for word in joined if len(parts) == written.count("-") + 1)]:
        norm = " ".join(form)
        style = _style(
            kind,
            len(form),
            _word_class(form),
            written.strip()[:1].isupper(),
            written.isupper(),
            norm in lists.given_names,
            norm in lists.media,
            norm in lists.research,
        )
        terms.append((norm, style))
    return terms


@lru_cache(maxsize=_CACHED_NAMES)
def _terms(written: tuple[str, ...], tickers: tuple[str, ...], phrases: bool) -> tuple[tuple[str, Style], ...]:
    """The terms of one watch; kept, so that a rebuild after one client's change costs little."""
    found: dict[str, Style] = {}
    for name in written:
        for norm, style in _term(name, Kind.PHRASE if phrases else Kind.NAME):
            # Of two ways to write one name the one in capitals is the stricter, the phrase the most lenient.
            known = found.get(norm)
            if known is None or (known.upper and not style.upper) or style.kind is Kind.PHRASE:
                found[norm] = style
    for ticker in tickers:
        for norm, style in _term(ticker.rpartition(":")[2].upper(), Kind.TICKER):
            found.setdefault(norm, style)
    return tuple(found.items())


@lru_cache(maxsize=_CACHED_NAMES)
def _condition(context: tuple[str, ...], exclude: tuple[str, ...]) -> Condition:
    def forms(given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f" {' '.join(words(word))}" for word in given)

    return Condition(forms(context), forms(exclude))


@lru_cache(maxsize=_CACHED_NAMES)
def _conditions(given: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """``given`` without repeats, one tuple for all entities that have the same."""
    return tuple(dict.fromkeys(given))


class Compiled:
    """All terms in one automaton. Immutable; a changed book is compiled anew."""

    def __init__(self, terms: dict[str, tuple[Posting, ...]]) -> None:
        """Build from terms in normal form."""
        self._postings = list(terms.values())
        patterns = [f" {norm} " if len(norm) <= _SHORT else f" {norm}" for norm in terms]
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


def compile_watches(watches: Iterable[Watch]) -> Compiled:
    """Compile the watches of all clients; those with one ``entity_id`` are taken together."""
    grouped: dict[str, list[Watch]] = {}
    for watch in watches:
        grouped.setdefault(watch.entity_id, []).append(watch)
    terms: dict[str, tuple[Posting, ...]] = {norm: (Posting(None, style),) for norm, style in _unwatched()}
    for entity_id, group in grouped.items():
        entity = Entity(
            entity_id, group[0].name, _conditions(tuple(_condition(watch.context, watch.exclude) for watch in group))
        )
        styles: dict[str, Style] = {}
        for watch in group:
            written = (watch.name, *watch.aliases)
            for norm, style in _terms(written, watch.tickers, watch.kind in _PHRASE_KINDS):
                styles.setdefault(norm, style)
        for norm, style in styles.items():
            known = terms.get(norm, ())
            terms[norm] = (*(p for p in known if p.entity is not None), Posting(entity, style))
    return Compiled(terms)


def _unwatched() -> Iterable[tuple[str, Style]]:
    for norm in word_lists().longer_names:
        yield norm, _style(Kind.PHRASE, norm.count(" ") + 1, Word.NONE, False, False, False, False, False)
