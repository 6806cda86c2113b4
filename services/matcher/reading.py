"""One field of an item as a reader sees it: its words with their places, how it uses capitals, what stands beside what."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from functools import cached_property

from schemas.mentions import ItemField
from services.matcher import words as lists
from services.matcher.normalise import BAR, Token, padded, starts, tokens

__all__ = ["Case", "Reading"]

# A field whose words are at least this share capitalised uses capitals throughout: there they tell nothing.
_TITLE_SHARE = 0.8
#: Words from the beginning of a field by which its use of capitals is told.
_WORDS_LOOKED_AT = 60
_SENTENCE_ENDS = frozenset(".!?:;|\n\"“•—–")
_SMALL_WORDS = frozenset({"a", "an", "the", "of", "in", "on", "for", "to", "and", "or", "at", "by", "vs", "as", "with", "from"})


class Case(Enum):
    """How a text uses capitals: for names only, for nearly every word, for every letter, or never."""

    SENTENCE = "sentence"
    TITLE = "title"
    UPPER = "upper"
    LOWER = "lower"


class Reading:
    """One field. Only ``padded`` is made at once, the rest when a hit asks for it."""

    def __init__(self, field: ItemField, text: str) -> None:
        self.field: ItemField = field
        self.text = text
        self.padded = padded(text)

    @cached_property
    def tokens(self) -> list[Token]:
        """The words, in the order of ``padded``."""
        return tokens(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return starts(self.tokens)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The first and last word between two places of ``padded``."""
        return bisect_left(self._starts, start), bisect_left(self._starts, end) - 1

    @cached_property
    def case(self) -> Case:
        """How the field uses capitals; a single word tells nothing and counts as a sentence."""
        seen = [self.surface(k) for k in range(min(len(self.tokens), _WORDS_LOOKED_AT))]
        alphabetic = [word for word in seen if word[:1].isalpha()]
        if not any(word[0].isupper() for word in alphabetic):
            return Case.LOWER if len(alphabetic) > 1 else Case.SENTENCE
        long = [word for word in alphabetic if len(word) > 1]
        if len(long) > 3 and sum(word.isupper() for word in long) >= _TITLE_SHARE * len(long):
            return Case.UPPER
        telling = [word for word in alphabetic[1:] if word.lower() not in _SMALL_WORDS]
        if len(telling) > 3 and sum(word[0].isupper() for word in telling) >= _TITLE_SHARE * len(telling):
            return Case.TITLE
        return Case.SENTENCE

    def surface(self, k: int) -> str:
        """Word ``k`` as it is written."""
        token = self.tokens[k]
        return self.text[token.start : token.end]

    def before(self, k: int) -> int | None:
        """The word before ``k`` if nothing but blanks or a hyphen lies between, else None."""
        return k - 1 if k > 0 and self._adjacent(k - 1, k) else None

    def after(self, k: int) -> int | None:
        """The word after ``k`` if nothing but blanks or a hyphen lies between, else None."""
        return k + 1 if k + 1 < len(self.tokens) and self._adjacent(k, k + 1) else None

    def _adjacent(self, left: int, right: int) -> bool:
        if BAR in (self.tokens[left].norm, self.tokens[right].norm):
            return False
        return self.between(left, right).strip() == ""

    def between(self, left: int, right: int) -> str:
        """What is written between two words."""
        return self.text[self.tokens[left].end : self.tokens[right].start]

    def opens(self, k: int) -> bool:
        """Whether word ``k`` opens the field, a sentence, or what follows a colon or dash."""
        if k == 0:
            return True
        gap = self.between(k - 1, k)
        if "'" in gap or "‘" in gap or "(" in gap:
            return True
        marks = gap.strip()
        return bool(marks) and any(mark in _SENTENCE_ENDS or mark == "-" for mark in marks) or "\n" in gap

    def capitalised(self, k: int) -> bool:
        """Whether word ``k`` begins with a capital."""
        return self.surface(k)[:1].isupper()

    def listed(self, k: int | None, file: str, section: str = "") -> bool:
        """Whether there is a word ``k`` and a word list has it."""
        return k is not None and self.tokens[k].norm in lists.section(file, section)

    @property
    def last(self) -> int:
        """The last word that stands in the text itself."""
        return next((k - 1 for k, token in enumerate(self.tokens) if token.norm == BAR), len(self.tokens) - 1)
