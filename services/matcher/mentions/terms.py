"""How a name, phrase or ticker is written in the book, as the terms that are looked for and what each asks of a hit."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from schemas.clients import Watch
from services.matcher.text.normalize import BAR, words
from services.matcher.text.word_lists import word_lists

__all__ = [
    "UNWATCHED",
    "Kind",
    "Style",
    "Term",
    "Word",
    "has_legal_form",
    "is_phrase",
    "query_term",
    "terms_of",
    "word_class",
]

#: Interests of these kinds are phrases, not names: their case and number don't matter.
_PHRASE_KINDS = frozenset({"topic", "industry", "regulation", "place"})
#: Names whose terms are kept at hand: many clients watch the same ones. A million would be half a gigabyte.
_CACHED_NAMES = 1 << 12

# German, Danish, Norwegian and Swedish letters as these languages spell them where a keyboard lacks them.
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
_SPELLING = re.compile(r"ae|oe|ue|aa", re.IGNORECASE)
# "Novo A/S", "Vela (publ)": forms that are no single word.
_SLASHED_FORM = re.compile(r"(?:,?\s+(?:A/S|K/S|I/S|\(publ\)))+\.?$", re.IGNORECASE)


class Kind(Enum):
    """What sort of term it is."""

    NAME = "name"
    PHRASE = "phrase"
    TICKER = "ticker"


class Word(Enum):
    """What ordinary word a name could also be; an INSTITUTION is an acronym better known as an authority's."""

    NONE = "none"
    FUNCTION = "function"
    COMMON = "common"
    GOODS = "goods"
    INSTITUTION = "institution"


class Style(NamedTuple):
    """What a term asks of its occurrences. The book writes it with a ``capital``, or in ``upper`` case throughout.

    ``followed``: a phrase that a client follows, so it stands beside longer ones.
    ``umlaut``: it is the folded form of a name that the book spells out (Mueller), so the text must have the mark.
    """

    kind: Kind
    size: int
    word: Word
    capital: bool
    upper: bool
    given_name: bool
    media: bool
    research: bool
    followed: bool = False
    umlaut: bool = False


class Term(NamedTuple):
    """What is looked for, in normal form."""

    norm: str
    style: Style


@lru_cache(maxsize=4096)
def _shared(style: Style) -> Style:
    """One object for all terms of a style, for there are millions of terms and few styles."""
    return style


#: The style of longer names that nobody watches.
UNWATCHED = Style(Kind.PHRASE, 2, Word.NONE, False, False, False, False, False)


def is_phrase(watch: Watch) -> bool:
    """Whether the names of ``watch`` are phrases, which may stand in any case; Nice and Reading are no such places."""
    if watch.kind == "place" and watch.name[:1].isupper():
        return word_class(words(watch.name)) is Word.NONE
    return watch.kind in _PHRASE_KINDS


def word_class(parts: list[str]) -> Word:
    """What ordinary word, or words, a name could also be."""
    ordinary = _ordinary()
    found = [ordinary.get(part, Word.NONE) for part in parts]
    if Word.NONE in found:
        return Word.NONE
    return found[0] if len(found) == 1 else Word.COMMON


@cache
def _ordinary() -> dict[str, Word]:
    lists = word_lists()
    classes = [(Word.FUNCTION, lists.function_words), (Word.COMMON, lists.common_words), (Word.GOODS, lists.goods)]
    return {word: name for name, listed in classes for word in sorted(listed)}


def _without_legal_form(parts: list[str]) -> list[str]:
    legal = word_lists().legal_forms
    kept = parts[1:] if len(parts) > 1 and parts[0] == "the" else parts
    while len(kept) > 1 and (kept[-1] in legal or (kept[-1] in ("private", "and") and kept != parts)):
        kept = kept[:-1]
    if len(kept) > 1 and kept[-1] == "and":
        kept = kept[:-1]
    return kept


def has_legal_form(name: str) -> bool:
    """Whether ``name`` is written with its "Inc", "plc" …, and so is a firm's."""
    parts = words(name)
    return len(_without_legal_form(parts)) < len(parts) - (parts[:1] == ["the"])


def _written_as(written: str, kind: Kind) -> list[Term]:
    if kind is Kind.NAME and ("/" in written or "(" in written):
        written = _SLASHED_FORM.sub("", written)
    found = words(written)
    joined = [word for mark, word in pairwise(found) if mark == BAR] if BAR in found else ()
    parts = found[: found.index(BAR)] if joined else found
    if kind is Kind.NAME:
        if written.islower():
            kind = Kind.PHRASE
        parts = _without_legal_form(parts)
    if not parts:
        return []
    lists, terms, upper = word_lists(), [], written.isupper()
    for form in [parts, *([word] for word in joined if len(parts) == written.count("-") + 1)]:
        norm = " ".join(form)
        style = Style(
            kind,
            len(form),
            word_class(form),
            written.strip()[:1].isupper(),
            upper,
            norm in lists.given_names,
            norm in lists.media,
            norm in lists.research,
        )
        terms.append(Term(norm, _shared(style)))
    return terms


def _term(written: str, kind: Kind) -> list[Term]:
    """``written`` and its transliterations: Müller is also Mueller, and Mueller also Müller, but never Muller."""
    terms = _written_as(written, kind)
    if kind is Kind.TICKER:
        return terms
    if not written.isascii():
        spelled = written.translate(_SPELLED_OUT)
        return terms if spelled == written else terms + _written_as(spelled, kind)
    if kind is Kind.NAME and _SPELLING.search(written):
        folded = _written_as(_SPELLING.sub(lambda match: match[0][0], written), kind)
        terms += [Term(term.norm, _shared(term.style._replace(umlaut=True))) for term in folded]
    return terms


def _ticker(written: str) -> str:
    """Without exchange: ``LSE:HSBA``, ``HSBA.L`` and ``HSBA LN`` are HSBA; ``BRK.B`` stays, for B is no exchange."""
    lists, bare = word_lists(), written.rpartition(":")[2].strip().upper().removeprefix("$")
    head, mark, tail = bare.rpartition(".")
    if mark and len(head) > 1 and tail.lower() in lists.reuters_codes:
        return head
    head, _, tail = bare.removesuffix(" EQUITY").partition(" ")
    return head if tail.lower() in lists.bloomberg_codes else bare


@lru_cache(maxsize=_CACHED_NAMES)
def terms_of(written: tuple[str, ...], tickers: tuple[str, ...], phrases: bool) -> tuple[Term, ...]:
    """The terms of one watch."""
    found: dict[str, Style] = {}
    institutions = word_lists().institutions
    for name in written:
        for norm, style in _term(name, Kind.PHRASE if phrases else Kind.NAME):
            if phrases:
                style = _shared(style._replace(followed=True))
            if style.upper and norm in institutions and any(map(has_legal_form, written)):
                style = _shared(style._replace(word=Word.INSTITUTION))
            # Of two ways to write one name the one in capitals is the stricter, the phrase the most lenient.
            known = found.get(norm)
            if known is None or (known.umlaut, known.upper) > (style.umlaut, style.upper) or style.kind is Kind.PHRASE:
                found[norm] = style
    for ticker in tickers:
        for norm, style in _written_as(_ticker(ticker), Kind.TICKER):
            found.setdefault(norm, style)
    return tuple(Term(norm, style) for norm, style in found.items())


@lru_cache(maxsize=_CACHED_NAMES)
def query_term(written: str) -> tuple[Term, ...]:
    """The terms of one entry of a query: ``a | b`` gives both; one with a capital is a name, else a phrase."""
    found: dict[str, Style] = {}
    for each in written.split("|"):
        for norm, style in _term(each.strip(), Kind.NAME):
            found.setdefault(norm, style)
    return tuple(Term(norm, style) for norm, style in found.items())
