"""Reduce an item to its signature: the stems, names, figures and shingles by which items are compared.

A signature is small enough to travel with every annotated item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from zlib import crc32

from schemas.items import Item
from schemas.mentions import Mention, Signature
from services.matcher.lexicon import read_sections
from services.matcher.stories.embedding import default_embedder
from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.normalize import BAR, words
from services.matcher.text.preparation import prepared
from services.matcher.text.word_lists import word_lists

__all__ = [
    "MAX_SHINGLES",
    "compute_signature",
    "content_stems",
    "figures_in",
    "signature_about",
    "stem",
    "story_words",
]

#: Bounds on the parts of a signature.
MAX_SHINGLES, _MAX_WORDS, _MAX_LEAD, _MAX_NUMBERS, _MAX_NAMES = 64, 30, 20, 12, 16
_SHINGLE_WORDS = 3
#: The lead: so many characters of the summary, or of the body if there is none.
_LEAD_CHARS = 300
#: Shingles are made from so many characters of the text.
_SHINGLED_CHARS = 2_000

_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…)\s*$")
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(
    r"(?P<sign>[$€£¥]|\b(?:rs|usd|eur|gbp|inr)\.?\s?)?(?<![\w.,-])(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"\s?(?P<unit>%|percent\b|per cent\b|pct\b|pc\b|bps\b|basis points\b|k\b|m\b|mn\b|mln\b|million\b|bn\b|billion\b|"
    r"b\b|tn\b|trillion\b|crore\b|cr\b|lakh\b)?",
    re.IGNORECASE,
)
_PERCENT = frozenset({"%", "percent", "per cent", "pct", "pc"})
_POINTS = frozenset({"bps", "basis points"})
_MULTIPLIERS = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "b": 1e9, "tn": 1e12,
    "trillion": 1e12, "lakh": 1e5, "cr": 1e7, "crore": 1e7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoryWords:
    """Stems of the words that change a story's state (denial, confirmation, retraction) and of uninformative ones."""

    denial: frozenset[str]
    confirmation: frozenset[str]
    retraction: frozenset[str]
    empty: frozenset[str]
    generic: frozenset[str]


@cache
def story_words() -> StoryWords:
    """Return the word lists of ``story_words.txt``, read once."""
    sections = {
        name: frozenset(stem(word) for line in lines for word in line.split())
        for name, lines in read_sections("story_words.txt").items()
    }
    lists = word_lists()
    ordinary = lists.common_words | lists.goods | lists.company_predicates | lists.same_company
    return StoryWords(
        denial=sections["denial"],
        confirmation=sections["confirmation"],
        retraction=sections["retraction"],
        empty=sections["empty"] | lists.function_words,
        generic=frozenset(map(stem, ordinary)),
    )


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Strip the most common endings: crude, but the same for "cut", "cuts" and for "denied", "denies"."""
    if len(word) == 4 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    if len(word) > 4:
        for ending, replacement in (
            ("ies", "y"),
            ("ied", "y"),
            ("ing", ""),
            ("ed", ""),
            ("es", ""),
            ("s", ""),
            ("ly", ""),
            ("er", ""),
        ):
            if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith("ss")):
                return word[: -len(ending)] + replacement
    return word


def compute_signature(item: Item, *, mention: Mention | None = None) -> Signature:
    """Return the signature of ``item``; equal items have equal signatures.

    With a ``mention``, the vector is that of what the item says beside the watched name, which all its items have.
    """
    title = _ELLIPSIS.sub("", item.title)
    lead = (item.summary or item.body or "")[:_LEAD_CHARS]
    title_text = FieldText("title", title)
    title_terms = _terms(title_text.norms)
    lead_terms = [term for term in _terms(words(lead)) if term not in title_terms] if lead else []
    return Signature(
        shingles=_shingles(title, item.summary or "", item.body or ""),
        words=tuple(title_terms[:_MAX_WORDS]),
        lead=tuple(_state_words_first(lead_terms)[:_MAX_LEAD]),
        numbers=_figures(f"{title}\n{lead}"),
        names=_names(title_text),
        embedding=_embedding(item, mention),
    )


def signature_about(signature: Signature, item: Item, mention: Mention) -> Signature:
    """Return the item's ``signature``, which is that about another name, as it is about this one."""
    return signature.model_copy(update={"embedding": _embedding(item, mention)})


def _embedding(item: Item, mention: Mention | None) -> str:
    title, lead = prepared(item)
    for surface in sorted({span.text for span in mention.spans} if mention else (), key=len, reverse=True):
        title, lead = title.replace(surface, " "), lead.replace(surface, " ")
    return default_embedder().embed(title, lead)


def _terms(norms: list[str]) -> list[str]:
    if BAR in norms:
        norms = norms[: norms.index(BAR)]
    empty = story_words().empty
    stems = (stem(word) for word in norms if word not in empty and len(word) > 1 and not word.isdigit())
    return list(dict.fromkeys(word for word in stems if word not in empty))


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of the words of ``text`` that say something."""
    return frozenset(_terms(words(text)))


def _state_words_first(terms: list[str]) -> list[str]:
    """Move words that change a story's state to the front, so that the bound never cuts them off."""
    lists = story_words()
    state_words = lists.denial | lists.confirmation | lists.retraction
    return sorted(terms, key=lambda term: term not in state_words)


def _shingles(*texts: str) -> tuple[int, ...]:
    """Return the smallest hashes of all runs of three words (a bottom-k sketch; CRC-32 spreads well enough for it)."""
    norms = [word for word in words("\n".join(text for text in texts if text)[:_SHINGLED_CHARS]) if word != BAR]
    if len(norms) < _SHINGLE_WORDS:
        return (crc32(" ".join(norms).encode()),) if norms else ()
    runs = zip(norms, norms[1:], norms[2:], strict=False)
    return tuple(sorted({crc32(" ".join(run).encode()) for run in runs})[:MAX_SHINGLES])


def _names(title: FieldText) -> tuple[str, ...]:
    """Return the names in the title as stems, the words of one name separated by a space."""
    if title.case in (LetterCase.UPPER, LetterCase.LOWER):
        return ()
    names: list[str] = []
    last = -2
    for k in range(title.last_word + 1):
        after_name = last == k - 1 and title.word_after(last) == k
        if _in_name(title, k, after_name):
            name = stem(title.norms[k])
            if after_name:
                names[-1] += f" {name}"
            else:
                names.append(name)
            last = k
    return tuple(dict.fromkeys(names))[:_MAX_NAMES]


def _in_name(title: FieldText, k: int, after_name: bool) -> bool:
    norm = title.norms[k]
    if not norm.isalpha() or not title.is_capitalized(k) or stem(norm) in story_words().empty:
        return False
    # In sentence case, a capital makes any word part of a name ("Norwick Foods"); elsewhere only an unusual word.
    if title.case is LetterCase.SENTENCE and not title.opens_sentence(k):
        return True
    lists = word_lists()
    return stem(norm) not in story_words().generic or (
        after_name and (norm in lists.longer_name_words or norm in lists.goods)
    )


def figures_in(text: str) -> frozenset[str]:
    """Return the figures in ``text``, normalized: "$1.8bn" and "1.8 billion" are the same."""
    return frozenset(_figures(text))


def _figures(text: str) -> tuple[str, ...]:
    """Return amounts, percentages and counts of two digits or more, but no years or days of a month."""
    figures: dict[str, None] = {}
    if not _DIGIT.search(text):
        return ()
    for match in _FIGURE.finditer(text):
        unit = (match["unit"] or "").lower()
        value = float(match["digits"].replace(",", ""))
        if unit in _PERCENT:
            figures[f"{value:g}%"] = None
        elif unit in _POINTS:
            figures[f"{value / 100:g}%"] = None
        elif unit in _MULTIPLIERS:
            figures[f"{value * _MULTIPLIERS[unit]:.4g}"] = None
        elif match["sign"] or value > 2_100 or (value >= 32 and value < 1_900):
            figures[f"{value:.4g}"] = None
    return tuple(figures)[:_MAX_NUMBERS]
