"""One field of an item as a reader sees it: its words, their places, its use of capitals, and neighbours."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from functools import cached_property
from itertools import accumulate

from schemas.mentions import ItemField
from services.matcher.text.normalize import BAR, places, words

__all__ = ["FieldText", "LetterCase"]

# A field whose words are at least this share capitalised uses capitals throughout: there they tell nothing.
_MOSTLY = 0.8
_WORDS_NEEDED = 3
#: Words from the beginning of a field by which its use of capitals is told.
_WORDS_LOOKED_AT = 60
_SENTENCE_ENDS = frozenset('.!?:;|\n"“•—–')
_SMALL_WORDS = frozenset(
    {"a", "an", "the", "of", "in", "on", "for", "to", "and", "or", "at", "by", "vs", "as", "with", "from"}
)


class LetterCase(Enum):
    """How a text uses capitals: for names only, for nearly every word, for every letter, or never."""

    SENTENCE = "sentence"
    TITLE = "title"
    UPPER = "upper"
    LOWER = "lower"


class FieldText:
    """One field. Only its words are made at once, the rest when a hit asks for it."""

    def __init__(self, field: ItemField, text: str) -> None:
        self.field: ItemField = field
        self.text = text
        self.norms = words(text)

    @cached_property
    def padded(self) -> str:
        """The words with a blank before, between and after."""
        return f" {' '.join(self.norms)} "

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Where in the text each word stands, end exclusive."""
        return places(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        """Where in ``padded`` the blank before each word stands."""
        return list(accumulate((len(norm) + 1 for norm in self.norms[:-1]), initial=0))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The first and last word between two places of ``padded``."""
        return bisect_left(self._starts, start), bisect_left(self._starts, end) - 1

    @cached_property
    def case(self) -> LetterCase:
        """How the field uses capitals; a single word tells nothing and counts as a sentence."""
        text = self.text
        if not any(map(str.isupper, text)):
            return LetterCase.LOWER if len(self.norms) > 1 else LetterCase.SENTENCE
        seen = [word for word in text.split(None, _WORDS_LOOKED_AT)[:_WORDS_LOOKED_AT] if word[0].isalpha()]
        if _mostly([word.isupper() for word in seen if len(word) > 1]):
            return LetterCase.UPPER
        telling = [word[0].isupper() for word in seen[1:] if word not in _SMALL_WORDS]
        return LetterCase.TITLE if _mostly(telling) else LetterCase.SENTENCE

    def surface(self, k: int) -> str:
        """Word ``k`` as it is written."""
        start, end = self.places[k]
        return self.text[start:end]

    def before(self, k: int) -> int | None:
        """The word before ``k`` if nothing but blanks or a hyphen lies between, else None."""
        return k - 1 if k > 0 and self._adjacent(k - 1, k) else None

    def after(self, k: int) -> int | None:
        """The word after ``k`` if nothing but blanks or a hyphen lies between, else None."""
        return k + 1 if k + 1 < len(self.norms) and self._adjacent(k, k + 1) else None

    def _adjacent(self, left: int, right: int) -> bool:
        if BAR in (self.norms[left], self.norms[right]):
            return False
        return self.between(left, right).strip() == ""

    def between(self, left: int, right: int) -> str:
        """What is written between two words."""
        return self.text[self.places[left][1] : self.places[right][0]]

    def opens_sentence(self, k: int) -> bool:
        """Whether word ``k`` opens the field, a sentence, or what follows a colon or dash."""
        if k == 0:
            return True
        gap = self.between(k - 1, k)
        if "'" in gap or "‘" in gap or "(" in gap:
            return True
        marks = gap.strip()
        return (bool(marks) and any(mark in _SENTENCE_ENDS or mark == "-" for mark in marks)) or "\n" in gap

    def is_capitalized(self, k: int) -> bool:
        """Whether word ``k`` begins with a capital."""
        return self.surface(k)[:1].isupper()

    def listed(self, k: int | None, known: frozenset[str]) -> bool:
        """Whether there is a word ``k`` and it is one of ``known``."""
        return k is not None and self.norms[k] in known

    @cached_property
    def last(self) -> int:
        """The last word that stands in the text itself."""
        return (self.norms.index(BAR) if BAR in self.norms else len(self.norms)) - 1


def _mostly(told: list[bool]) -> bool:
    return len(told) > _WORDS_NEEDED and sum(told) >= _MOSTLY * len(told)
