"""One text field of an item, word by word: positions, neighbors and use of capitals."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from functools import cached_property
from itertools import accumulate

from schemas.mentions import ItemField
from services.matcher.text.normalize import BAR, word_spans, words

__all__ = ["FieldText", "LetterCase"]

# If at least this share of a field's words is capitalized, capitals are its style and say nothing about names.
_MOSTLY = 0.8
_WORDS_NEEDED = 3
#: The use of capitals is judged by the first words of a field.
_WORDS_SAMPLED = 60
_SENTENCE_ENDS = frozenset('.!?:;|\n"“•—–')
_TITLE_CASE_EXCEPTIONS = frozenset(
    {"a", "an", "the", "of", "in", "on", "for", "to", "and", "or", "at", "by", "vs", "as", "with", "from"}
)


class LetterCase(Enum):
    """The use of capitals in a text: for names only, for nearly every word, for every letter, or not at all."""

    SENTENCE = "sentence"
    TITLE = "title"
    UPPER = "upper"
    LOWER = "lower"


class FieldText:
    """One field of an item. Its words are split at once; everything else is computed on demand.

    Methods take and return the index of a word in ``norms``.
    """

    def __init__(self, field: ItemField, text: str) -> None:
        self.field: ItemField = field
        self.text = text
        #: The words in normal form, followed by the joined forms of hyphenated words, each after a bar.
        self.norms = words(text)

    @cached_property
    def padded(self) -> str:
        """The normalized words with a space before, between and after."""
        return f" {' '.join(self.norms)} "

    @cached_property
    def word_spans(self) -> list[tuple[int, int]]:
        """The start and end (exclusive) of each word in the text."""
        return word_spans(self.text)

    @cached_property
    def _padded_starts(self) -> list[int]:
        """The position in ``padded`` of the space before each word."""
        return list(accumulate((len(norm) + 1 for norm in self.norms[:-1]), initial=0))

    def words_between(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and last word between two positions in ``padded``."""
        return bisect_left(self._padded_starts, start), bisect_left(self._padded_starts, end) - 1

    @cached_property
    def case(self) -> LetterCase:
        """Return how the field uses capitals. A single word proves nothing and counts as a sentence."""
        text = self.text
        if not any(map(str.isupper, text)):
            return LetterCase.LOWER if len(self.norms) > 1 else LetterCase.SENTENCE
        sample = [word for word in text.split(None, _WORDS_SAMPLED)[:_WORDS_SAMPLED] if word[0].isalpha()]
        if _mostly([word.isupper() for word in sample if len(word) > 1]):
            return LetterCase.UPPER
        capitalized = [word[0].isupper() for word in sample[1:] if word not in _TITLE_CASE_EXCEPTIONS]
        return LetterCase.TITLE if _mostly(capitalized) else LetterCase.SENTENCE

    def surface(self, index: int) -> str:
        """Return a word as it is written in the text."""
        start, end = self.word_spans[index]
        return self.text[start:end]

    def word_before(self, index: int) -> int | None:
        """Return the previous word, or None if anything but spaces or a hyphen separates the two."""
        return index - 1 if index > 0 and self._adjacent(index - 1, index) else None

    def word_after(self, index: int) -> int | None:
        """Return the next word, or None if anything but spaces or a hyphen separates the two."""
        return index + 1 if index + 1 < len(self.norms) and self._adjacent(index, index + 1) else None

    def _adjacent(self, left: int, right: int) -> bool:
        if BAR in (self.norms[left], self.norms[right]):
            return False
        return self.gap(left, right).strip() == ""

    def gap(self, left: int, right: int) -> str:
        """Return the text between two words."""
        return self.text[self.word_spans[left][1] : self.word_spans[right][0]]

    def opens_sentence(self, index: int) -> bool:
        """Return whether a word opens the field, a sentence, a quotation, or the part after a colon or dash."""
        if index == 0:
            return True
        gap = self.gap(index - 1, index)
        if "'" in gap or "‘" in gap or "(" in gap:
            return True
        marks = gap.strip()
        return (bool(marks) and any(mark in _SENTENCE_ENDS or mark == "-" for mark in marks)) or "\n" in gap

    def is_capitalized(self, index: int) -> bool:
        """Return whether a word begins with a capital letter."""
        return self.surface(index)[:1].isupper()

    def is_listed(self, index: int | None, word_list: frozenset[str]) -> bool:
        """Return whether there is such a word and ``word_list`` contains it."""
        return index is not None and self.norms[index] in word_list

    @cached_property
    def last_word(self) -> int:
        """The last word of the text itself, before any joined forms."""
        return (self.norms.index(BAR) if BAR in self.norms else len(self.norms)) - 1


def _mostly(flags: list[bool]) -> bool:
    return len(flags) > _WORDS_NEEDED and sum(flags) >= _MOSTLY * len(flags)
