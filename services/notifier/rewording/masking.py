"""Puts marks in the place of names, figures, dates, wishes and quotations, and puts them back.

What is marked doesn't leave the house, and can't come back changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.notifier.drafting.tokens import tokens

__all__ = ["MARK", "Masks"]

MARK = re.compile(r"\[[A-Z]\d+\]")
#: A desire is only masked where it is named as one: "income" is a word of the trade as well.
_BEFORE = {"N": r"(?<!\w)", "W": r"(?:(?<=desire for )|(?<=desire to )|(?<=you want )|(?<=you want to ))"}
_LETTER = {"name": "N", "quotation": "Q", "date": "D", "number": "F", "amount": "F", "percentage": "F"}


@dataclass(slots=True)
class Masks:
    """The marks of one message: the same text has the same mark throughout.

    ``private`` are texts to mark wherever they stand, beside what must be grounded: names of the book, wishes.
    """

    private: Mapping[str, str]
    _marks: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str], wishes: Iterable[str]) -> Masks:
        """Masks for a client with these names and wishes; what is empty counts for nothing."""
        private = {name: "N" for name in names if name.strip()} | {wish: "W" for wish in wishes if wish.strip()}
        return cls(private)

    def mask(self, text: str) -> str:
        """``text`` with marks."""
        taken: list[tuple[int, int, str]] = []
        for start, end, letter in self._found(text):
            if all(end <= other[0] or start >= other[1] for other in taken):
                taken.append((start, end, letter))
        for start, end, letter in sorted(taken, reverse=True):
            text = f"{text[:start]}{self._mark(text[start:end], letter)}{text[end:]}"
        return text

    def unmask(self, text: str) -> str:
        """``text`` with what the marks stand for; a mark that nobody gave stays."""
        return MARK.sub(lambda match: self._texts.get(match[0], match[0]), text)

    def _found(self, text: str) -> list[tuple[int, int, str]]:
        """What is to be marked, quotations first, then longer before shorter."""
        found = [
            (match.start(), match.end(), letter)
            for private, letter in self.private.items()
            for match in re.finditer(rf"{_BEFORE[letter]}{re.escape(private)}(?!\w)", text)
        ]
        for token in tokens(text):
            # "12 %" and the like hold their sign; a date in words holds its words.
            found.append((token.start, token.start + len(token.text), _LETTER[token.kind]))
        return sorted(found, key=lambda one: (one[2] != "Q", one[0] - one[1], one[0]))

    def _mark(self, text: str, letter: str) -> str:
        if text not in self._marks:
            number = sum(mark[1] == letter for mark in self._texts) + 1
            self._marks[text] = f"[{letter}{number}]"
            self._texts[self._marks[text]] = text
        return self._marks[text]
