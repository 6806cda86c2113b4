"""What is compared to tell whether two items are one story: small enough to travel with every annotated item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from zlib import crc32

from schemas.items import Item
from schemas.mentions import Signature
from services.matcher.lexicon import read_sections
from services.matcher.text.field_text import FieldText, LetterCase
from services.matcher.text.normalize import BAR, words
from services.matcher.text.word_lists import word_lists

__all__ = ["SHINGLES", "numbers_in", "signature", "stem", "story_words"]

#: Bounds on what a signature carries.
SHINGLES, _WORDS, _LEAD, _NUMBERS, _NAMES = 64, 30, 20, 12, 16
_SHINGLE_WORDS = 3
#: Characters of the summary, else of the body, that count as the lead.
_LEAD_CHARS = 300
#: Characters of the text that shingles are made of.
_SHINGLED_CHARS = 2_000

_CUT_OFF = re.compile(r"\s*(?:\.\.\.|…)\s*$")
_DIGIT = re.compile(r"\d")
_FIGURE = re.compile(
    r"(?P<sign>[$€£¥]|\b(?:rs|usd|eur|gbp|inr)\.?\s?)?(?<![\w.,-])(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"\s?(?P<unit>%|percent\b|per cent\b|pct\b|pc\b|bps\b|basis points\b|k\b|m\b|mn\b|mln\b|million\b|bn\b|billion\b|"
    r"b\b|tn\b|trillion\b|crore\b|cr\b|lakh\b)?",
    re.IGNORECASE,
)
_PERCENT = frozenset({"%", "percent", "per cent", "pct", "pc"})
_POINTS = frozenset({"bps", "basis points"})
_SCALE = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "b": 1e9, "tn": 1e12,
    "trillion": 1e12, "lakh": 1e5, "cr": 1e7, "crore": 1e7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoryWords:
    """Stems of the words that change a story's state, and of those that tell nothing of it."""

    denial: frozenset[str]
    confirmation: frozenset[str]
    retraction: frozenset[str]
    empty: frozenset[str]
    generic: frozenset[str]


@cache
def story_words() -> StoryWords:
    """The list of words on stories, read once."""
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
    """``word`` without its commonest endings: crude, but the same for "cut", "cuts" and for "denied", "denies"."""
    if len(word) == 4 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    if len(word) > 4:
        for ending, instead in (
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
                return word[: -len(ending)] + instead
    return word


def signature(item: Item) -> Signature:
    """The signature of ``item``; of equal items it is equal."""
    title = _CUT_OFF.sub("", item.title)
    lead = (item.summary or item.body or "")[:_LEAD_CHARS]
    reading = FieldText("title", title)
    title_terms = _terms(reading.norms)
    lead_terms = [term for term in _terms(words(lead)) if term not in title_terms] if lead else []
    return Signature(
        shingles=_shingles(title, item.summary or "", item.body or ""),
        words=tuple(title_terms[:_WORDS]),
        lead=tuple(_telling_first(lead_terms)[:_LEAD]),
        numbers=_numbers(f"{title}\n{lead}"),
        names=_names(reading),
    )


def _terms(found: list[str]) -> list[str]:
    if BAR in found:
        found = found[: found.index(BAR)]
    empty = story_words().empty
    stems = (stem(word) for word in found if word not in empty and len(word) > 1 and not word.isdigit())
    return list(dict.fromkeys(word for word in stems if word not in empty))


def _telling_first(terms: list[str]) -> list[str]:
    """Words that change a story's state come first, so that a bound never cuts them off."""
    known = story_words()
    states = known.denial | known.confirmation | known.retraction
    return sorted(terms, key=lambda term: term not in states)


def _shingles(*texts: str) -> tuple[int, ...]:
    """The smallest hashes of all runs of three words: a bottom-k sketch, for which CRC-32 spreads well enough."""
    found = [word for word in words("\n".join(text for text in texts if text)[:_SHINGLED_CHARS]) if word != BAR]
    if len(found) < _SHINGLE_WORDS:
        return (crc32(" ".join(found).encode()),) if found else ()
    runs = zip(found, found[1:], found[2:], strict=False)
    return tuple(sorted({crc32(" ".join(run).encode()) for run in runs})[:SHINGLES])


def _names(reading: FieldText) -> tuple[str, ...]:
    """What the title writes like names: stems, those of one name with a blank between."""
    if reading.case in (LetterCase.UPPER, LetterCase.LOWER):
        return ()
    names: list[str] = []
    last = -2
    for k in range(reading.last + 1):
        after_name = last == k - 1 and reading.after(last) == k
        if _in_name(reading, k, after_name):
            name = stem(reading.norms[k])
            if after_name:
                names[-1] += f" {name}"
            else:
                names.append(name)
            last = k
    return tuple(dict.fromkeys(names))[:_NAMES]


def _in_name(reading: FieldText, k: int, after_name: bool) -> bool:
    norm = reading.norms[k]
    if not norm.isalpha() or not reading.is_capitalized(k) or stem(norm) in story_words().empty:
        return False
    # Inside a sentence a capital makes any word part of a name ("Norwick Foods"), elsewhere only an unusual one.
    if reading.case is LetterCase.SENTENCE and not reading.opens_sentence(k):
        return True
    lists = word_lists()
    return stem(norm) not in story_words().generic or (
        after_name and (norm in lists.longer_name_words or norm in lists.goods)
    )


def numbers_in(text: str) -> frozenset[str]:
    """The figures of ``text``, each in one form: "$1.8bn" and "1.8 billion" are the same."""
    return frozenset(_numbers(text))


def _numbers(text: str) -> tuple[str, ...]:
    """Figures that say something: amounts, percentages, counts of two digits and more; no years, no days."""
    found: dict[str, None] = {}
    if not _DIGIT.search(text):
        return ()
    for match in _FIGURE.finditer(text):
        unit = (match["unit"] or "").lower()
        value = float(match["digits"].replace(",", ""))
        if unit in _PERCENT:
            found[f"{value:g}%"] = None
        elif unit in _POINTS:
            found[f"{value / 100:g}%"] = None
        elif unit in _SCALE:
            found[f"{value * _SCALE[unit]:.4g}"] = None
        elif match["sign"] or value > 2_100 or (value >= 32 and value < 1_900):
            found[f"{value:.4g}"] = None
    return tuple(found)[:_NUMBERS]
