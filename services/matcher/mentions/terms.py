"""Turns the names, phrases and tickers of the client book into search terms."""

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
    "UNWATCHED_STYLE",
    "Term",
    "TermKind",
    "TermStyle",
    "WordClass",
    "has_legal_form",
    "initials_term",
    "is_phrase",
    "name_terms",
    "query_terms",
    "word_class",
]

#: The names of such watches are phrases, not proper names: their case and number do not matter.
_PHRASE_KINDS = frozenset({"topic", "industry", "regulation", "place"})
#: Names whose terms are cached, because many clients watch the same ones. A million would take half a gigabyte.
_CACHED_NAMES = 1 << 12

# The usual spelling of German, Danish, Norwegian and Swedish letters on a keyboard that lacks them.
_SPELLED_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
_SPELLING = re.compile(r"ae|oe|ue|aa", re.IGNORECASE)
_PLUS = re.compile(r"^(\w.*\w)\+$")
# What an authority's initials leave out: "the U.S. Food and Drug Administration".
_COUNTRY = re.compile(r"^(?:the )?(?:(?:US|U\.S\.|UK|U\.K\.|EU) )?", re.IGNORECASE)
_LEAST_INITIALS = 3
# Legal forms that are not a single word: "Novo A/S", "Vela (publ)".
_SLASHED_FORM = re.compile(r"(?:,?\s+(?:A/S|K/S|I/S|\(publ\)))+\.?$", re.IGNORECASE)


class TermKind(Enum):
    """The kind of a term."""

    NAME = "name"
    PHRASE = "phrase"
    TICKER = "ticker"


class WordClass(Enum):
    """The kind of ordinary word that a name could also be.

    An INSTITUTION is an acronym that readers know as an authority's.
    """

    NONE = "none"
    FUNCTION = "function"
    COMMON = "common"
    GOODS = "goods"
    INSTITUTION = "institution"


class TermStyle(NamedTuple):
    """The properties of a term that decide which occurrences count.

    ``capitalized`` and ``upper_case`` tell how the book writes the term.
    ``followed`` marks a phrase that a client follows; it is found beside and inside longer phrases.
    ``needs_umlaut`` marks the folded form of a name that the book spells out (Mueller): the text must have the umlaut.
    ``initials`` marks the initials of a longer name, which may be another's as well.
    ``plus`` marks a name that ends with a plus sign (Halden+): without it, the word is another's.
    """

    kind: TermKind
    word_count: int
    word_class: WordClass
    capitalized: bool
    upper_case: bool
    is_given_name: bool
    is_media: bool
    is_research: bool
    followed: bool = False
    needs_umlaut: bool = False
    initials: bool = False
    plus: bool = False


class Term(NamedTuple):
    """A term to search for, in normal form."""

    norm: str
    style: TermStyle


@lru_cache(maxsize=4096)
def _shared(style: TermStyle) -> TermStyle:
    """Return one object for all equal styles, because there are millions of terms and few styles."""
    return style


#: The style of longer names that nobody watches.
UNWATCHED_STYLE = TermStyle(TermKind.PHRASE, 2, WordClass.NONE, False, False, False, False, False)


def is_phrase(watch: Watch) -> bool:
    """Return whether the names of ``watch`` are phrases, which count in any letter case.

    Places that are also ordinary words, such as Nice and Reading, are not.
    """
    if watch.kind == "place" and watch.name[:1].isupper():
        return word_class(words(watch.name)) is WordClass.NONE
    return watch.kind in _PHRASE_KINDS


def word_class(norms: list[str]) -> WordClass:
    """Return the kind of ordinary word or words that a name could also be."""
    ordinary = _ordinary_words()
    classes = [ordinary.get(norm, WordClass.NONE) for norm in norms]
    if WordClass.NONE in classes:
        return WordClass.NONE
    return classes[0] if len(classes) == 1 else WordClass.COMMON


@cache
def _ordinary_words() -> dict[str, WordClass]:
    lists = word_lists()
    classes = [
        (WordClass.FUNCTION, lists.function_words),
        (WordClass.COMMON, lists.common_words),
        (WordClass.GOODS, lists.goods),
    ]
    return {word: kind for kind, word_list in classes for word in sorted(word_list)}


def _without_legal_form(norms: list[str]) -> list[str]:
    legal_forms = word_lists().legal_forms
    kept = norms[1:] if len(norms) > 1 and norms[0] == "the" else norms
    while len(kept) > 1 and (kept[-1] in legal_forms or (kept[-1] in ("private", "and") and kept != norms)):
        kept = kept[:-1]
    if len(kept) > 1 and kept[-1] == "and":
        kept = kept[:-1]
    return kept


def has_legal_form(name: str) -> bool:
    """Return whether ``name`` ends with a legal form such as "Inc" or "plc", and so belongs to a company."""
    norms = words(name)
    return len(_without_legal_form(norms)) < len(norms) - (norms[:1] == ["the"])


def _terms_as_written(written: str, kind: TermKind) -> list[Term]:
    if kind is TermKind.NAME and ("/" in written or "(" in written):
        written = _SLASHED_FORM.sub("", written)
    norms = words(written)
    joined = [word for mark, word in pairwise(norms) if mark == BAR] if BAR in norms else ()
    parts = norms[: norms.index(BAR)] if joined else norms
    if kind is TermKind.NAME:
        if written.islower():
            kind = TermKind.PHRASE
        parts = _without_legal_form(parts)
    if not parts:
        return []
    lists, terms, upper_case = word_lists(), [], written.isupper()
    for form in [parts, *([word] for word in joined if len(parts) == written.count("-") + 1)]:
        norm = " ".join(form)
        style = TermStyle(
            kind,
            len(form),
            word_class(form),
            written.strip()[:1].isupper(),
            upper_case,
            norm in lists.given_names,
            norm in lists.media,
            norm in lists.research,
        )
        terms.append(Term(norm, _shared(style)))
    return terms


def _terms(written: str, kind: TermKind) -> list[Term]:
    """Return the terms of ``written`` and its other spellings.

    Müller is also Mueller, and Mueller also Müller, but never Muller. Halden+ is also Halden Plus, but never Halden.
    """
    terms = _terms_as_written(written, kind)
    if kind is TermKind.TICKER:
        return terms
    if kind is TermKind.NAME and (product := _PLUS.search(written)) is not None:
        marked = [Term(term.norm, _shared(term.style._replace(plus=True))) for term in terms]
        return [*marked, *_terms_as_written(f"{product[1]} Plus", kind)]
    if not written.isascii():
        spelled_out = written.translate(_SPELLED_OUT)
        return terms if spelled_out == written else terms + _terms_as_written(spelled_out, kind)
    if kind is TermKind.NAME and _SPELLING.search(written):
        folded = _terms_as_written(_SPELLING.sub(lambda match: match[0][0], written), kind)
        terms += [Term(term.norm, _shared(term.style._replace(needs_umlaut=True))) for term in folded]
    return terms


def _bare_ticker(written: str) -> str:
    """Return a ticker without its exchange.

    ``LSE:HSBA``, ``HSBA.L`` and ``HSBA LN`` become HSBA; ``BRK.B`` stays, because B is not an exchange.
    """
    lists, bare = word_lists(), written.rpartition(":")[2].strip().upper().removeprefix("$")
    head, dot, tail = bare.rpartition(".")
    if dot and len(head) > 1 and tail.lower() in lists.reuters_codes:
        return head
    head, _, tail = bare.removesuffix(" EQUITY").partition(" ")
    return head if tail.lower() in lists.bloomberg_codes else bare


def initials_term(name: str) -> Term | None:
    """Return the term for the initials of an authority's name, or None if they are fewer than three.

    The Financial Conduct Authority is the FCA, and the U.S. Food and Drug Administration the FDA.
    """
    own_words = _COUNTRY.sub("", name).split()
    initials = "".join(word[0] for word in own_words if word[0].isupper())
    if len(initials) < _LEAST_INITIALS or not all(word[0].isalpha() for word in own_words) or name.isupper():
        return None
    style = TermStyle(TermKind.NAME, 1, WordClass.NONE, True, True, False, False, False, initials=True)
    return Term(initials.lower(), _shared(style))


@lru_cache(maxsize=_CACHED_NAMES)
def name_terms(names: tuple[str, ...], tickers: tuple[str, ...], as_phrases: bool) -> tuple[Term, ...]:
    """Return the terms for the names and tickers of one watch."""
    styles: dict[str, TermStyle] = {}
    institutions = word_lists().institutions
    for name in names:
        for norm, style in _terms(name, TermKind.PHRASE if as_phrases else TermKind.NAME):
            if as_phrases:
                style = _shared(style._replace(followed=True))
            if style.upper_case and norm in institutions and any(map(has_legal_form, names)):
                style = _shared(style._replace(word_class=WordClass.INSTITUTION))
            # If a name is written in two ways, upper case is the strictest and a phrase the most lenient.
            known = styles.get(norm)
            if (
                known is None
                or (known.plus, known.needs_umlaut, known.upper_case)
                > (style.plus, style.needs_umlaut, style.upper_case)
                or style.kind is TermKind.PHRASE
            ):
                styles[norm] = style
    for ticker in tickers:
        for norm, style in _terms_as_written(_bare_ticker(ticker), TermKind.TICKER):
            styles.setdefault(norm, style)
    return tuple(Term(norm, style) for norm, style in styles.items())


@lru_cache(maxsize=_CACHED_NAMES)
def query_terms(written: str) -> tuple[Term, ...]:
    """Return the terms of one entry of a query; ``a | b`` gives the terms of both.

    An entry with a capital is a name, any other a phrase.
    """
    styles: dict[str, TermStyle] = {}
    for alternative in written.split("|"):
        for norm, style in _terms(alternative.strip(), TermKind.NAME):
            styles.setdefault(norm, style)
    return tuple(Term(norm, style) for norm, style in styles.items())
