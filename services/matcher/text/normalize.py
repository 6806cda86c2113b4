"""Text to a string of plain words in which an automaton can look for names, and back to the characters they came from.

Folding is NFKC, case and accents; possessives are dropped, initials joined ("U.S." → "us"), "&" read as "and". A
hyphen parts words; the joined form of a hyphenated word is added behind a bar, so that "R-Com" is found as "RCom" too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["BAR", "fold", "padded", "places", "words"]

#: Stands between the words of a text and each joined form of a hyphenated word; no name holds it.
BAR = "|"

# Typographic marks that one plain character stands for: cheap to replace, and most texts have no other.
_PLAIN = str.maketrans("‘’ʼ´`“”«»‐‑‒–—―\u00a0\u202f\u2009", "'''''\"\"\"\"------   ")
# Initials (U.S., E.I.D), words with inner apostrophes, the ampersand.
_TOKEN = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])|[^\W_]+(?:'[^\W_]+)*|&")
_HYPHENATED = re.compile(r"(?<![\w'])[^\W_]+(?:-[^\W_]+)+(?![\w'])")


# Latin letters that Unicode does not take apart.
_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŧ": "t"}


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    return "".join(_LETTERS.get(part, part) for part in decomposed if not unicodedata.combining(part))


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
        found = [raw if raw.isalnum() else _norm(raw) for raw in found]
    if "-" in folded:
        for match in _HYPHENATED.finditer(folded):
            found += (BAR, match.group().replace("-", ""))
    return found


def padded(text: str) -> str:
    """The words of ``text`` with a blank before, between and after, as the automaton reads them."""
    return f" {' '.join(words(text))} "


def places(text: str) -> list[tuple[int, int]]:
    """Where in ``text`` each of its :func:`words` stands (end exclusive); a bar has an empty place at the end."""
    folded, origin = fold(text)
    found = [match.span() for match in _TOKEN.finditer(folded)]
    if "-" in folded:
        for match in _HYPHENATED.finditer(folded):
            found += ((len(folded), len(folded)), match.span())
    if origin is None:
        return found
    return [_original(text, origin, start, end) for start, end in found]


def _original(text: str, origin: list[int], start: int, end: int) -> tuple[int, int]:
    if start == end:
        return len(text), len(text)
    start, end = origin[start], origin[end - 1] + 1
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return start, end
