"""Normalizes text to plain words that can be compared with names, and maps the words back to their characters.

Folding applies NFKC and drops case and accents. Possessives are dropped, initials joined ("U.S." → "us"), and "&" is
read as "and". A hyphen separates words; the joined form of a hyphenated word follows after a bar, so that "R-Com" is
found as "RCom" too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["BAR", "fold", "fold_case", "padded_words", "strip_quotes", "word_spans", "words"]

#: Separates the words of a text from each joined form of a hyphenated word. It never occurs in a name.
BAR = "|"

# Typographic marks with a plain equivalent. Replacing them is cheap, and most texts contain no others.
_PLAIN_MARKS = str.maketrans("‘’ʼ´`“”«»‐‑‒–—―\u00a0\u202f\u2009", "'''''\"\"\"\"------   ")
# Initials (U.S., E.I.D), words with inner apostrophes, the ampersand.
_TOKEN = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])|[^\W_]+(?:'[^\W_]+)*|&")
# Quotation marks, but no apostrophes within or after a word: "'pure invention'", "workers' jobs".
_QUOTES = re.compile(r"[\"“”„«»]|(?<!\w)['‘’]|['’](?=[,:;]|$)")
_HYPHENATED = re.compile(r"(?<![\w'])[^\W_]+(?:-[^\W_]+)+(?![\w'])")


# Latin letters that Unicode does not decompose.
_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŧ": "t"}


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    return "".join(_LETTERS.get(part, part) for part in decomposed if not unicodedata.combining(part))


def fold(text: str) -> tuple[str, list[int] | None]:
    """Return ``text`` without case, accents and compatibility forms, and the original position of each character.

    The positions are None if no character moved.
    """
    plain = text if text.isascii() else text.translate(_PLAIN_MARKS)
    if plain.isascii():
        return plain.lower(), None
    folded: list[str] = []
    positions: list[int] = []
    for position, char in enumerate(plain):
        if char.isascii():
            folded.append(char.lower())
            positions.append(position)
        else:
            parts = _fold_char(char)
            folded.extend(parts)
            positions.extend([position] * len(parts))
    return "".join(folded), positions


def fold_case(text: str) -> str:
    """Return ``text`` in lower case with plain apostrophes; every character keeps its position."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals, such as the Turkish dotted I, become two characters
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lowered.replace("’", "'") if "’" in lowered else lowered


def strip_quotes(text: str) -> str:
    """Return ``text`` without quotation marks; apostrophes stay."""
    return _QUOTES.sub("", text)


def _norm(raw: str) -> str:
    if raw == "&":
        return "and"
    if "'" in raw:
        raw = raw.removesuffix("'s").replace("'", "")
    return raw.replace(".", "")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in normal form, then each joined form of a hyphenated word after a bar."""
    folded, _ = fold(text)
    norms: list[str] = _TOKEN.findall(folded)
    if "'" in folded or "." in folded or "&" in folded:
        norms = [raw if raw.isalnum() else _norm(raw) for raw in norms]
    if "-" in folded:
        for match in _HYPHENATED.finditer(folded):
            norms += (BAR, match.group().replace("-", ""))
    return norms


def padded_words(text: str) -> str:
    """Return the normalized words of ``text`` with a space before, between and after."""
    return f" {' '.join(words(text))} "


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end (exclusive) in ``text`` of each of its :func:`words`; a bar has an empty span."""
    folded, positions = fold(text)
    spans = [match.span() for match in _TOKEN.finditer(folded)]
    if "-" in folded:
        for match in _HYPHENATED.finditer(folded):
            spans += ((len(folded), len(folded)), match.span())
    if positions is None:
        return spans
    return [_original_span(text, positions, start, end) for start, end in spans]


def _original_span(text: str, positions: list[int], start: int, end: int) -> tuple[int, int]:
    if start == end:
        return len(text), len(text)
    start, end = positions[start], positions[end - 1] + 1
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return start, end
