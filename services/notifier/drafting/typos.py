"""Finds typing slips: repeated words and marks, missing spaces, quotation marks and brackets left open.

The search is cheap, so every draft is checked, whether we wrote it or a person edited it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.drafts import Finding

__all__ = ["check_typos"]

#: Words that may be repeated: "I know that that holding …", "what we had had in mind".
_REPEATABLE = frozenset(("had", "that"))
_DOUBLED_WORD = re.compile(r"(?<![\w'-])([a-z]+)[ \t]+\1(?![\w'-])")
_DOUBLED_MARK = re.compile(r"(?<![.…])(?:([,;:])[ \t]*[,;:]+|\.[ \t]?\.(?!\.)|\.[,;:]|[,;:]\.)(?!\w)")
_SPACE_BEFORE = re.compile(r"(?<=\w)[ \t]+[.,;:?](?=\s|$)")
#: Two words with a full stop and no space. Addresses and "e.g." continue with a small letter, so they don't count.
_NO_SPACE = re.compile(r"[a-z]{2,}[.?;:][A-Z][a-z]+|[a-z]{2,},[a-z]{2,}")
_PAIRS = {"(": ")", "[": "]", "“": "”", "«": "»"}
_SPACES = re.compile(r"(?<=[\w,;]) {2,}(?=\w)")


def check_typos(own: str) -> Iterator[Finding]:
    """Report typing slips in ``own``, a text with its quotations blanked, by kind."""
    for match in _DOUBLED_WORD.finditer(own):
        if match[1] not in _REPEATABLE:
            yield _slip(match[0], "The word is repeated.", f"Write “{match[1]}”.")
    for match in _DOUBLED_MARK.finditer(own):
        yield _slip(match[0], "There are two punctuation marks in a row.", "Keep one.")
    for match in _SPACE_BEFORE.finditer(own):
        yield _slip(match[0], "There is a space before the punctuation mark.", "Remove the space.")
    for match in _NO_SPACE.finditer(own):
        yield _slip(match[0], "A space is missing after the punctuation mark.", "Add a space.")
    for match in _SPACES.finditer(own):
        yield _slip(match[0], "There are too many spaces.", "Keep one.")
    yield from _unbalanced(own)


def _unbalanced(own: str) -> Iterator[Finding]:
    """Report brackets and quotation marks that are opened but not closed in a paragraph, or the other way round."""
    for paragraph in own.split("\n"):
        for opening, closing in _PAIRS.items():
            if paragraph.count(opening) != paragraph.count(closing):
                mark = opening if paragraph.count(opening) > paragraph.count(closing) else closing
                yield _slip(mark, "It has no counterpart in this paragraph.", "Close it or remove it.")


def _slip(text: str, message: str, fix: str) -> Finding:
    return Finding(rule="slip", text=text, message=message, mend=fix)
