"""Splits a text into statements, and their words with what each says: its stem, its side on each axis, its negation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from services.notifier.drafting.data_files import read_yaml, word_list

__all__ = ["Statement", "Word", "find_all", "has_any", "lexicon", "statements", "stem_of"]

_SENTENCE = re.compile(r"\n+|(?<=[.?!…;])[”\"’')]*\s+(?=[“\"‘'(]?[A-ZÀ-Þ])")
_WORD = re.compile(r"[^\W_]+(?:[’'.&_-][^\W_]+)*")
_CLAUSE = re.compile(
    r"[,;:()–—]|\s-\s|\b(?:but|while|whereas|although|though|because|unless|and|as|after|since|which|who)\b",
    re.IGNORECASE,
)
_UN = re.compile(r"^un(?=(?:affected|changed|able|paid|disclosed|harmed|interrupted|damaged)$)")


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, which is fast
class Word:
    """A word of a statement, in lower case and as ``shown``. ``is_content``: it says something by itself.

    ``sides`` are its (axis, side) pairs before any negation.
    """

    text: str
    stem: str
    start: int
    clause: int
    negated: bool
    sides: tuple[tuple[str, int], ...]
    shown: str
    is_content: bool


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, which is fast
class Statement:
    """A sentence, its words, the clauses that contain a negation, and the stems of its content words."""

    text: str
    words: tuple[Word, ...]
    negative: frozenset[int]
    stems: frozenset[str]


@lru_cache(maxsize=2048)
def statements(text: str) -> tuple[Statement, ...]:
    """Return the statements of ``text``. Questions state nothing, so they are left out."""
    spans = (part.strip() for part in _SENTENCE.split(text))
    return tuple(_statement(part) for part in spans if part and not part.rstrip("”\"’')").endswith("?"))


@cache
def lexicon() -> Mapping[str, Any]:
    """Return the words that the check compares (words/meaning.yaml)."""
    raw: dict[str, Any] = read_yaml("words", "meaning.yaml")
    return {**raw, "empty": frozenset(raw["empty"])}


def has_any(text: str, entries: Iterable[str]) -> str | None:
    """Return the first of ``entries``, words or phrases, that stands in ``text``; None if none does."""
    match = _either(tuple(entries)).search(text)
    return match[0] if match else None


def find_all(text: str, entries: Iterable[str]) -> Iterable[re.Match[str]]:
    """Return the places of ``entries``, words or phrases, in ``text``."""
    return _either(tuple(entries)).finditer(text)


@cache
def stem_of(word: str) -> str:
    """Return what the forms of ``word`` have in common, roughly."""
    word = re.sub(r"[’']s?$", "", word.casefold())
    word = lexicon()["irregular"].get(word, word)
    bare = re.sub(r"(?:ations?|ions?|ments?|ings?|ances?|als?|ied|ies|ed|es|ers?|s|ly|e|y)$", "", word)
    if len(bare) < 3:
        bare = word
    if len(bare) > 3 and bare[-1] == bare[-2]:
        bare = bare[:-1]
    return bare[:8]


def _statement(text: str) -> Statement:
    joined = _phrases().sub(lambda match: match[0].replace(" ", "_"), text)
    raw = lexicon()
    negations, passed = frozenset(raw["negations"]), frozenset(raw["passed"])
    intentions = frozenset(raw["intentions"])  # "not planning to leave" also turns "leave"
    before_to = frozenset(raw["negations_before_to"])
    clauses = [match.start() for match in _CLAUSE.finditer(joined)]
    words: list[Word] = []
    negative: set[int] = set()
    left = 0  # how many words the last negation still turns
    clause_of_negation = -1
    for match in _WORD.finditer(joined):
        word = match[0].casefold().replace("’", "'")
        clause = sum(start <= match.start() for start in clauses)
        if clause != clause_of_negation:
            left = 0
        rest = joined[match.end() : match.end() + 5]
        if word in negations or word.endswith("n't") or (word in before_to and re.match(r" to [a-z]", rest)):
            negative.add(clause)
            left, clause_of_negation = (2 if word in ("no", "nothing", "nobody", "none", "neither") else 1), clause
            words.append(Word(word, word, match.start(), clause, False, (), match[0], False))
            continue
        turned = left > 0 and word not in passed
        if turned:
            left = 1 if word in intentions else left - 1
        plain = _UN.sub("", word)
        if plain != word:
            negative.add(clause)
        sides = tuple(dict.fromkeys((*_sides().get(word, ()), *_sides().get(plain, ()))))
        if word in ("up", "down") and not _is_direction(joined, match):
            sides = ()
        stem = stem_of(plain)
        says = word not in raw["empty"] and (len(stem) > 1 or word.isdigit())
        words.append(Word(word, stem, match.start(), clause, turned != (plain != word), sides, match[0], says))
    stems = frozenset(entry.stem for entry in words if entry.is_content)
    return Statement(text, tuple(words), frozenset(negative), stems)


def _is_direction(text: str, match: re.Match[str]) -> bool:
    """Return whether "up" or "down" says where something went: "up 6%", "is down"; not "set up"."""
    if re.search(r"\b(?:makes?|making|made)\s$", text[: match.start()], re.IGNORECASE):
        return False  # "makes up about 12%"
    after = re.match(r"\s(?:\d|[$€£]|by\b|from\b|about\b|slightly\b|sharply\b)|[.,;]|$", text[match.end() :])
    before = re.search(r"\b(?:is|are|was|were|goes|go|went)\s$", text[: match.start()], re.IGNORECASE)
    return before is not None or after is not None


@cache
def _sides() -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Return the axes of each form of each word."""
    found: dict[str, list[tuple[str, int]]] = {}
    for axis, poles in lexicon()["opposites"].items():
        for side, words in enumerate(poles):
            for base in words:
                for form in _forms(base):
                    found.setdefault(form, []).append((axis, side))
    return {form: tuple(sides) for form, sides in found.items()}


def _forms(base: str) -> Iterable[str]:
    first, joint, rest = base.partition("_")
    tail = joint + rest
    yield base
    if first in word_list("common") and first in ("up", "down", "all", "more", "less", "over", "under", "back"):
        return
    yield from (f"{first}{ending}{tail}" for ending in ("s", "es", "ed", "d", "ing"))
    if first.endswith("e"):
        yield f"{first[:-1]}ing{tail}"
    if first.endswith("y"):
        yield from (f"{first[:-1]}{ending}{tail}" for ending in ("ies", "ied"))
    yield from (f"{first}{first[-1]}{ending}{tail}" for ending in ("ed", "ing"))


@cache
def _phrases() -> re.Pattern[str]:
    return _either(tuple(lexicon()["phrases"]))


@cache
def _either(entries: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(entries, key=lambda entry: (-len(entry), entry))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)
