"""How hard a text is to read, by Flesch and Kincaid's grade, and whether that is too hard for its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from schemas.clients import Client
from schemas.drafts import Finding

__all__ = ["grade", "too_hard"]

#: Years of school that a reader of each level is not asked to exceed. Half of the drafts that ship are below 6, all
#: but one in a hundred below 9.
GRADES = {"plain": 10, "some": 13, "expert": 16}
#: The longest sentences that our own wording makes have about fifty words.
SENTENCE_WORDS = 55
#: A grade of fewer words than these says more of the words than of the text.
ENOUGH_WORDS = 40
_SENTENCE = re.compile(r"[^.?!:\n]+(?:[.?!:](?!\s|$)[^.?!:\n]*)*[.?!:]?")
_WORD = re.compile(r"[^\W\d_](?:[\w’'-])*")


def grade(text: str) -> float:
    """The Flesch–Kincaid grade of ``text`` (Kincaid and others, Naval Technical Training Command, report 8-75)."""
    sentences = _sentences(text)
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def too_hard(own: str, client: Client) -> Iterator[Finding]:
    """What in ``own``, in which the words of others are blanked, asks too much of this client."""
    sentences = _sentences(own)
    if not sentences:
        return
    longest = max(sentences, key=lambda sentence: len(_WORD.findall(sentence)))
    count = len(_WORD.findall(longest))
    if count > SENTENCE_WORDS:
        message = f"A sentence of {count} words is read twice."
        yield Finding(rule="readability", text=longest, message=message, mend="Make two of it.")
        return
    years = grade(own) if len(_WORD.findall(own)) >= ENOUGH_WORDS else 0.0
    if years > GRADES[client.jargon]:
        message = f"It reads as for {years:.0f} years of school; for {client.name}, {GRADES[client.jargon]} are enough."
        yield Finding(rule="readability", text=longest, message=message, mend="Use shorter words and sentences.")


def _sentences(text: str) -> list[str]:
    found = (match[0].strip() for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if len(_WORD.findall(sentence)) > 2]


@lru_cache(maxsize=20_000)  # letters use few words, again and again
def _syllables(word: str) -> int:
    """About as many as there are groups of vowels; a silent e at the end is none."""
    bare = re.sub(r"(?:e|es|ed)$", "", word.casefold())
    return max(1, len(re.findall(r"[aeiouyäöüàâéèêëîïôû]+", bare)))
