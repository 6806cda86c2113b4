"""The words and marks of a sentence, with their capitals and positions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["CONNECTORS", "READ_CHARS", "Word", "joins_capitals", "next_mark", "quoted_words", "split_words"]

#: Characters of a sentence in which speakers are looked for.
READ_CHARS = 700
#: Words in parentheses that are set aside: "(NYSE: HAL)", "(University College London)".
PARENTHESIS_WORDS = 8
#: Small words inside a name.
CONNECTORS = frozenset(
    ("of", "and", "for", "de", "du", "da", "di", "van", "von", "der", "den", "la", "le", "al", "&", "the")
)

_TOKEN = re.compile(r"\w(?:[\w&]|['’.\-‐‑](?=\w))*|[^\w\s®™©]")
_INITIALS = re.compile(r"(?:[A-Z]\.){0,3}[A-Z]$")
_ABBREVIATIONS = frozenset(
    (
        *("dr", "mr", "mrs", "ms", "prof", "gov", "sen", "rep", "gen", "col", "capt", "lt", "sgt", "st", "jr", "sr"),
        *("inc", "corp", "co", "ltd", "bros", "no", "vs", "u.s", "u.k", "e.u", "d.c"),
    )
)
_LEGAL_FORMS = frozenset(("inc", "llc", "ltd", "corp", "plc", "lp", "llp", "gmbh"))


class Word(NamedTuple):
    """A word or punctuation mark of a sentence. ``norm`` is in lower case, without a possessive ending.

    ``is_capital`` is True for "Halden", "iOrganBio" and "9to5Mac", False for "Halden-based".
    """

    text: str
    norm: str
    start: int
    end: int
    is_word: bool
    is_capital: bool

    @property
    def is_possessive(self) -> bool:
        """True for "Halden's"."""
        return self.text.lower().endswith(("'s", "’s", "s'", "s’"))


def _is_capital(text: str) -> bool:
    if text.islower() or ("-" in text and text.rpartition("-")[2].islower()):
        return False
    return text[0].isupper() or any(map(str.isupper, text))


def split_words(text: str) -> list[Word]:
    """Return the words and marks at the start of ``text``, without short parentheses and the dots of abbreviations."""
    result: list[Word] = []
    opened: int | None = None
    for match in _TOKEN.finditer(text, 0, min(len(text), READ_CHARS)):
        mark = match.group()
        norm = mark.lower().replace("’", "'").removesuffix("'s")
        if result and result[-1].text == "," and norm in _LEGAL_FORMS:
            result.pop()  # "Halden Energy, Inc."
        if (
            mark == "."
            and result
            and match.start() == result[-1].end
            and _is_abbreviated(result[-1], text, match.end())
        ):
            continue
        if mark in "'’" and result and result[-1].end == match.start() and result[-1].norm.endswith("s"):
            last = result[-1]
            if last.is_capital and text[match.end() : match.end() + 1] == " ":
                result[-1] = last._replace(text=last.text + mark, end=match.end())  # "UBS' Ann Lee"
                continue
        result.append(Word(mark, norm, match.start(), match.end(), mark[0].isalnum(), _is_capital(mark)))
        if mark == "(":
            opened = len(result) - 1
        elif mark == ")" and opened is not None:
            if len(result) - opened <= PARENTHESIS_WORDS + 2:
                del result[opened:]
            opened = None
    return result


def _is_abbreviated(word: Word, text: str, end: int) -> bool:
    """Return whether a full stop after ``word``, up to ``end`` in ``text``, belongs to an abbreviation or initials."""
    if word.norm in _ABBREVIATIONS:
        return True
    return len(word.text) <= 7 and _INITIALS.match(word.text) is not None and bool(text[end : end + 3].strip())


def quoted_words(words: Sequence[Word]) -> frozenset[int]:
    """Return the positions of the words between double quotation marks."""
    quoted: set[int] = set()
    opened: int | None = None
    for index, word in enumerate(words):
        if word.text == "“" or (word.text == '"' and opened is None):
            opened = index
        elif word.text in ("”", '"') and opened is not None:
            quoted.update(range(opened, index))
            opened = None
    return frozenset(quoted)


def next_mark(words: Sequence[Word], start: int, within: int) -> int | None:
    """Return the position of the first punctuation mark from ``start`` on, at most ``within`` words ahead."""
    return next((i for i in range(start, min(start + within, len(words))) if not words[i].is_word), None)


def joins_capitals(words: Sequence[Word], index: int) -> bool:
    """Return whether a capitalized word follows a connector at ``index``: "of Justice", "of the West"."""
    following = words[index + 1 : index + 3]
    if not following:
        return False
    return following[0].is_capital or (following[0].norm == "the" and len(following) > 1 and following[1].is_capital)
