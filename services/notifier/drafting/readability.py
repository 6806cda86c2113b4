"""Measures how hard a text is to read (Flesch–Kincaid grade), and reports text that is too hard for its reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from schemas.clients import Client
from schemas.drafts import Finding

__all__ = ["check_readability", "grade"]

#: The highest grade, in years of schooling, for a reader of each level. Half of the drafts from the playbooks that
#: ship are below 6, and all but one in a hundred below 9.
GRADES = {"plain": 10, "some": 13, "expert": 16}
#: The longest sentences of our own wording have about fifty words.
SENTENCE_WORDS = 55
#: The grade of a shorter text says more about single words than about the text.
MIN_WORDS = 40
_SENTENCE = re.compile(r"[^.?!:\n]+(?:[.?!:](?!\s|$)[^.?!:\n]*)*[.?!:]?")
_WORD = re.compile(r"[^\W\d_](?:[\w’'-])*")


def grade(text: str) -> float:
    """Return the Flesch–Kincaid grade of ``text`` (Kincaid et al., Naval Technical Training Command, report 8-75)."""
    sentences = _sentences(text)
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def check_readability(own: str, client: Client) -> Iterator[Finding]:
    """Report what in ``own``, a text with its quotations blanked, is too hard to read for this client."""
    sentences = _sentences(own)
    if not sentences:
        return
    longest = max(sentences, key=lambda sentence: len(_WORD.findall(sentence)))
    count = len(_WORD.findall(longest))
    if count > SENTENCE_WORDS:
        message = f"A sentence of {count} words is hard to follow."
        yield Finding(rule="readability", text=longest, message=message, mend="Split it in two.")
        return
    years = grade(own) if len(_WORD.findall(own)) >= MIN_WORDS else 0.0
    if years > GRADES[client.jargon]:
        message = (
            f"It takes {years:.0f} years of schooling to read; for {client.name}, aim for {GRADES[client.jargon]}."
        )
        yield Finding(rule="readability", text=longest, message=message, mend="Use shorter words and sentences.")


def _sentences(text: str) -> list[str]:
    found = (match[0].strip() for match in _SENTENCE.finditer(text))
    return [sentence for sentence in found if len(_WORD.findall(sentence)) > 2]


@lru_cache(maxsize=20_000)  # letters repeat a small vocabulary
def _syllables(word: str) -> int:
    """Count groups of vowels, which is close to the number of syllables; a silent e at the end does not count."""
    bare = re.sub(r"(?:e|es|ed)$", "", word.casefold())
    return max(1, len(re.findall(r"[aeiouyäöüàâéèêëîïôû]+", bare)))
