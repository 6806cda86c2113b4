"""Fold texts into words that are found whatever their accents, letter case and order. Pure."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold_name", "fold_query", "fold_text", "fold_words"]

WORD_LENGTH, MOST_WORDS, MOST_TERMS = 40, 80, 8
_APOSTROPHES = re.compile(r"['’ʼ`]")
_WORD = re.compile(r"[^\W_]+")
#: Letters that Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
#: German and Nordic letters are also written with two.
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_TWO_LETTERS_AGAIN = re.compile(r"([aou])e|(a)a")
#: Words of a question that name nothing, as in "who holds Halden".
_QUESTION = frozenset({"a", "about", "an", "and", "does", "for", "has", "have", "hold", "holding", "holds", "in"}) | {
    "is", "of", "on", "own", "owns", "the", "to", "what", "who", "whose",
}  # fmt: skip


def fold_words(*texts: str) -> frozenset[str]:
    """Return the words of ``texts`` as the index has them, at most 80."""
    words: dict[str, None] = {}
    for text in texts:
        for variant in _variants(text):
            words |= dict.fromkeys(variant)
    return frozenset(list(words)[:MOST_WORDS])


def fold_text(text: str) -> str:
    """Return all words of a text in their order, each after a blank; words with umlauts again in two letters.

    ``" " + term`` is in it if a word begins with the term of a query, and ``term`` if a word contains it.
    """
    plain, two_letters = _variants(text)
    known = frozenset(plain)
    return "".join(f" {word}" for word in [*plain, *(word for word in two_letters if word not in known)])


def fold_name(text: str) -> tuple[str, ...]:
    """Return the words of a name in their order, the same for Müller, Mueller and Muller, to compare names by."""
    return tuple(_TWO_LETTERS_AGAIN.sub(r"\1\2", word) for word in _variants(text)[0])


def fold_query(text: str) -> tuple[str, ...]:
    """Return the words to look for; each may be the beginning of one in the index."""
    terms = list(dict.fromkeys(_variants(text)[0]))
    return tuple([term for term in terms if term not in _QUESTION] or terms)[:MOST_TERMS]


def _variants(text: str) -> tuple[list[str], list[str]]:
    """Return the words of a text without accents, and with two letters for each umlaut."""
    lowered = unicodedata.normalize("NFC", _APOSTROPHES.sub("", text)).casefold()
    plain, two_letters = (
        [word[:WORD_LENGTH] for word in _WORD.findall(_plain(variant))]
        for variant in (lowered, lowered.translate(_TWO_LETTERS))
    )
    return plain, two_letters


def _plain(lowered: str) -> str:
    decomposed = unicodedata.normalize("NFKD", lowered.translate(_PLAIN))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()
