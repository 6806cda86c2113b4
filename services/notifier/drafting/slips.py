"""Finds slips that a tired eye passes over: doubled words and marks, missing spaces, quotes and brackets left open.

They cost next to nothing to look for, so every draft is looked through, ours as well as an edited one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.drafts import Finding

__all__ = ["slips"]

#: Words that may stand twice: "I know that that holding …", "what we had had in mind".
_TWICE = frozenset(("had", "that"))
_DOUBLED_WORD = re.compile(r"(?<![\w'-])([a-z]+)[ \t]+\1(?![\w'-])")
_DOUBLED_MARK = re.compile(r"(?<![.…])(?:([,;:])[ \t]*[,;:]+|\.[ \t]?\.(?!\.)|\.[,;:]|[,;:]\.)(?!\w)")
_SPACE_BEFORE = re.compile(r"(?<=\w)[ \t]+[.,;:?](?=\s|$)")
#: Two words with a full stop and no space; an address or "e.g." is none, for their next letter is small.
_NO_SPACE = re.compile(r"[a-z]{2,}[.?;:][A-Z][a-z]+|[a-z]{2,},[a-z]{2,}")
_PAIRS = {"(": ")", "[": "]", "“": "”", "«": "»"}
_SPACES = re.compile(r"(?<=[\w,;]) {2,}(?=\w)")


def slips(own: str) -> Iterator[Finding]:
    """What should be fixed in ``own``, in which the words of others are blanked, in the order of the kinds."""
    for match in _DOUBLED_WORD.finditer(own):
        if match[1] not in _TWICE:
            yield _slip(match[0], "The word stands twice.", f"Write “{match[1]}”.")
    for match in _DOUBLED_MARK.finditer(own):
        yield _slip(match[0], "Two marks stand together.", "Keep one.")
    for match in _SPACE_BEFORE.finditer(own):
        yield _slip(match[0], "There is a space before the mark.", "Close it up.")
    for match in _NO_SPACE.finditer(own):
        yield _slip(match[0], "A space is missing after the mark.", "Put one in.")
    for match in _SPACES.finditer(own):
        yield _slip(match[0], "There are spaces too many.", "Keep one.")
    yield from _unbalanced(own)


def _unbalanced(own: str) -> Iterator[Finding]:
    """A bracket or quotation mark that is opened and not closed in its paragraph, or the other way round."""
    for paragraph in own.split("\n"):
        for opening, closing in _PAIRS.items():
            if paragraph.count(opening) != paragraph.count(closing):
                mark = opening if paragraph.count(opening) > paragraph.count(closing) else closing
                yield _slip(mark, "It has no partner in this paragraph.", "Close it, or leave it out.")


def _slip(text: str, message: str, fix: str) -> Finding:
    return Finding(rule="slip", text=text, message=message, mend=fix)
