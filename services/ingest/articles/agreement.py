"""Decides whether the text of a page is about an item's headline. Pure, in linear time.

A page of a site may be its sign-in, its consent to cookies, or its home page where the article is gone.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_about"]

_WORD = re.compile(r"\w+")
#: Scripts that put no blanks between words: Thai to Khmer, Chinese, Japanese. Their pairs of letters are compared.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LEAST_LETTERS, _LEAST_DIGITS = 4, 2
#: Words of headlines that say nothing of what they are about.
_COMMON = frozenset(
    ("about", "after", "amid", "been", "could", "from", "have", "into", "more", "news", "over", "said", "says", "than",
     "that", "their", "they", "this", "were", "what", "when", "will", "with", "would", "your")
)  # fmt: skip
_LEAD, _BEGINNING = 600, 2_500
#: Shares of the headline's words that the page's titles and lead have, and its text. Publishers reword headlines.
_IN_TITLES, _IN_TEXT = 0.5, 0.3


def is_about(headline: str, titles: str, text: str) -> bool:
    """Return whether the page with these ``titles`` and this ``text`` is about ``headline``."""
    wanted = _words(headline)
    if not wanted:
        return False
    least = min(2, len(wanted))
    titled = len(wanted & _words(f"{titles}\n{text[:_LEAD]}"))
    told = len(wanted & _words(text[:_BEGINNING]))
    return titled >= max(least, _IN_TITLES * len(wanted)) and told >= max(least, _IN_TEXT * len(wanted))


def _words(text: str) -> set[str]:
    words: set[str] = set()
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _UNSPACED.search(word):
            words.update(word[at : at + 2] for at in range(len(word) - 1))
        elif len(word) >= (_LEAST_DIGITS if any(letter.isdigit() for letter in word) else _LEAST_LETTERS):
            words.add(word.removesuffix("s"))
    return words - _COMMON
