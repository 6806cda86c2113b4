"""Fold texts into words that are found whatever their accents, letter case and order. Pure."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold_query", "fold_words"]

WORD_LENGTH, MOST_WORDS, MOST_TERMS = 40, 80, 8
_APOSTROPHES = re.compile(r"['’ʼ`]")
_WORD = re.compile(r"[^\W_]+")
#: Letters that Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
#: German and Nordic letters are also written with two.
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
#: Words of a question that name nothing, as in "who holds Halden".
_QUESTION = frozenset({"a", "about", "an", "and", "does", "for", "has", "have", "hold", "holding", "holds", "in"}) | {
    "is", "of", "on", "own", "owns", "the", "to", "what", "who", "whose",
}  # fmt: skip


def fold_words(*texts: str) -> frozenset[str]:
    """Return the words of ``texts`` as the index has them."""
    words: dict[str, None] = {}
    for text in texts:
        lowered = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text)).casefold()
        for variant in (lowered, lowered.translate(_TWO_LETTERS)):
            words |= dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(_plain(variant)))
    return frozenset(list(words)[:MOST_WORDS])


def fold_query(text: str) -> tuple[str, ...]:
    """Return the words to look for; each may be the beginning of one in the index."""
    lowered = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text)).casefold()
    terms = list(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(_plain(lowered))))
    return tuple([term for term in terms if term not in _QUESTION] or terms)[:MOST_TERMS]


def _plain(lowered: str) -> str:
    decomposed = unicodedata.normalize("NFKD", lowered.translate(_PLAIN))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
