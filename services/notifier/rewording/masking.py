"""Replaces names, figures, dates, desires, aims and quotations by marks, and puts them back.

What is masked does not leave the installation and cannot come back changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.notifier.drafting.own_words import aim_spans
from services.notifier.drafting.tokens import tokens

__all__ = ["MARK", "Masks"]

MARK = re.compile(r"\[[A-Z]\d+\]")
#: A desire is only masked where it is named as one: "income" is a word of the trade as well.
_BEFORE = {"N": r"(?<!\w)", "W": r"(?:(?<=desire for )|(?<=desire to )|(?<=you want )|(?<=you want to ))"}
_LETTER = {"name": "N", "quotation": "Q", "date": "D", "number": "F", "amount": "F", "percentage": "F"}


@dataclass(slots=True)
class Masks:
    """The marks of one message. The same text has the same mark throughout.

    ``private`` are texts to mask besides what must be grounded: names and desires of the client book.
    """

    private: Mapping[str, str]
    _marks: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str], desires: Iterable[str]) -> Masks:
        """Return masks for a client with these names and desires. Empty ones are ignored."""
        private = {name: "N" for name in names if name.strip()} | {desire: "W" for desire in desires if desire.strip()}
        return cls(private)

    def mask(self, text: str, *, public: bool = False) -> str:
        """Return ``text`` with marks. In ``public`` text, such as news, only figures and private texts have them."""
        taken: list[tuple[int, int, str]] = []
        for start, end, letter in self._spans(text, public):
            if all(end <= other[0] or start >= other[1] for other in taken):
                taken.append((start, end, letter))
        for start, end, letter in sorted(taken, reverse=True):
            text = f"{text[:start]}{self._mark(text[start:end], letter)}{text[end:]}"
        return text

    @property
    def marks(self) -> Mapping[str, str]:
        """The marks so far, by the texts that they stand for."""
        return self._marks

    def unmask(self, text: str) -> str:
        """Return ``text`` with the marks replaced by what they stand for. Unknown marks are kept."""
        return MARK.sub(lambda match: self._texts.get(match[0], match[0]), text)

    def _spans(self, text: str, public: bool) -> list[tuple[int, int, str]]:
        """Return what to mask: quotations first, then longer texts before shorter ones."""
        flags = re.IGNORECASE if public else re.NOFLAG
        found = [
            (match.start(), match.end(), letter)
            for private, letter in self.private.items()
            for match in re.finditer(rf"{_BEFORE[letter]}{re.escape(private)}(?!\w)", text, flags)
        ]
        found += [(start, end, "W") for start, end in aim_spans(text)]
        for token in tokens(text):
            # A token includes its sign ("12 %") or all words of a date.
            if not (public and token.kind in ("name", "quotation")):
                found.append((token.start, token.start + len(token.text), _LETTER[token.kind]))
        return sorted(found, key=lambda span: (span[2] != "Q", span[0] - span[1], span[0]))

    def _mark(self, text: str, letter: str) -> str:
        if text not in self._marks:
            number = sum(mark[1] == letter for mark in self._texts) + 1
            self._marks[text] = f"[{letter}{number}]"
            self._texts[self._marks[text]] = text
        return self._marks[text]
