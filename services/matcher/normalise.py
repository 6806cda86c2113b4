"""Text to a string of plain words in which an automaton can look for names, and back to the characters they came from.

Folding is NFKC, case and accents; possessives are dropped, initials joined ("U.S." → "us"), "&" read as "and". A
hyphen parts words; the joined form of a hyphenated word is added behind a bar, so that "R-Com" is found as "RCom" too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

__all__ = ["BAR", "Token", "fold", "padded", "starts", "tokens", "words"]

#: Stands between the words of a text and each joined form of a hyphenated word; no name holds it.
BAR = "|"

# Typographic marks that one plain character stands for: cheap to replace, and most texts have no other.
_PLAIN = str.maketrans("‘’ʼ´`“”«»‐‑‒–—―\u00a0\u202f\u2009", "'''''\"\"\"\"------   ")
# Initials (U.S., E.I.D), words with inner apostrophes, the ampersand.
_TOKEN = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])|[^\W_]+(?:'[^\W_]+)*|&")
_HYPHENATED = re.compile(r"(?<![\w'])[^\W_]+(?:-[^\W_]+)+(?![\w'])")


class Token(NamedTuple):
    """One word: where it stands in the original text (end exclusive), and its normal form."""

    start: int
    end: int
    norm: str


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    return "".join(part for part in decomposed if not unicodedata.combining(part))


def fold(text: str) -> tuple[str, list[int] | None]:
    """``text`` without case, accents and compatibility forms, and for each character the place it came from.

    The places are None where every character kept its own.
    """
    plain = text if text.isascii() else text.translate(_PLAIN)
    if plain.isascii():
        return plain.lower(), None
    folded: list[str] = []
    places: list[int] = []
    for place, char in enumerate(plain):
        if char.isascii():
            folded.append(char.lower())
            places.append(place)
        else:
            parts = _fold_char(char)
            folded.extend(parts)
            places.extend([place] * len(parts))
    return "".join(folded), places


def _norm(raw: str) -> str:
    if raw == "&":
        return "and"
    if "'" in raw:
        raw = raw.removesuffix("'s").replace("'", "")
    return raw.replace(".", "")


def words(text: str) -> list[str]:
    """The normal forms of the words of ``text``; joined forms of hyphenated words at the end, each behind a bar."""
    folded, _ = fold(text)
    found: list[str] = _TOKEN.findall(folded)
    if "'" in folded or "." in folded or "&" in folded:
        found = [_norm(raw) for raw in found]
    if "-" in folded:
        for match in _HYPHENATED.finditer(folded):
            found += (BAR, match.group().replace("-", ""))
    return found


def padded(text: str) -> str:
    """The words of ``text`` with a blank before, between and after, as the automaton reads them."""
    return f" {' '.join(words(text))} "


def starts(found: list[Token]) -> list[int]:
    """Where in the padded string the blank before each word stands."""
    return list(accumulate((len(token.norm) + 1 for token in found[:-1]), initial=0))


def tokens(text: str) -> list[Token]:
    """The same words as :func:`words`, each with its place in ``text``; a bar has an empty place."""
    folded, places = fold(text)

    def token(start: int, end: int, norm: str) -> Token:
        if places is not None:
            start, end = places[start], places[end - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
        return Token(start, end, norm)

    found = [token(match.start(), match.end(), _norm(match.group())) for match in _TOKEN.finditer(folded)]
    for match in _HYPHENATED.finditer(folded) if "-" in folded else ():
        found.append(Token(len(text), len(text), BAR))
        found.append(token(match.start(), match.end(), match.group().replace("-", "")))
    return found
