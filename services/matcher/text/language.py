"""Which language a text is in, told by its small words, its letters and its script; for judging English only.

Made for headlines: a few words must do. Where nothing tells, it says so instead of guessing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import Any

from services.matcher.lexicon import read_yaml

__all__ = ["LanguageDetector", "detect_language"]

#: Beyond this much of a text nothing is read; a headline and a sentence or two are enough.
READ_CHARS = 400
#: Another language is only said for certain from this much evidence on: two of its own words, or a word and letters.
CERTAIN = 1.6
#: ... from this much on where nothing at all looks English,
ALONE = 0.8
#: ... and from this lead over the evidence for English on.
LEAD = 1.3
#: So many words that only English has, among the first so many of a text, make it English without further ado.
PLAINLY = 3
LOOKED_AT = 40
#: A share of letters in another script from which on the text is not English, names in brackets or not.
SCRIPT_SHARE = 0.3
#: What one small-written word with a letter that only this language writes is worth, against one of its words.
LETTER_WEIGHT = 0.8
#: Stands for a language that is not English, whichever it is.
OTHER = "und"
#: Words of so few letters tell another language only when written small.
SHORT = 3
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_PLAIN = re.compile(r"[\x00-\x7f‘’“”–—…€£\u00a0]*")
#: Endings that many English words and few others have.
_ENGLISH_ENDINGS = ("ing", "ed", "ly", "'s", "tion", "ness")


class LanguageDetector:
    """The word lists of ``lexicon/languages.yaml``, ready to be asked."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Build from a lexicon of the shape of ``languages.yaml``."""
        owners: dict[str, set[str]] = defaultdict(set)
        for language, words in lexicon["words"].items():
            for word in words.split():
                owners[word].add(language)
        self._loans = frozenset(lexicon["loans"].split())
        self._words = {word: tuple(sorted(found)) for word, found in owners.items()}
        self._english = frozenset(word for word, found in self._words.items() if found == ("en",))
        letters: dict[str, set[str]] = defaultdict(set)
        for language, marks in lexicon["letters"].items():
            for mark in marks:
                letters[mark].add(language)
        self._letters = {mark: tuple(sorted(found)) for mark, found in letters.items()}
        self._scripts: tuple[tuple[str, str, str], ...] = tuple(
            (language, first, last) for language, (first, last) in lexicon["scripts"].items()
        )

    def of(self, text: str) -> str | None:
        """The language of ``text``: ``en``, ``de`` …, ``und`` for another than English; None where nothing tells."""
        text = text[:READ_CHARS]
        if self._is_plainly_english(text):
            return "en"
        plain = _PLAIN.fullmatch(text) is not None
        if not plain:
            foreign = self._by_script(text)
            if foreign is not None:
                return foreign
        scores: dict[str, float] = defaultdict(float)
        for word in _WORD.findall(text.replace("’", "'")):
            self._weigh(word, scores, plain)
        english = scores.pop("en", 0.0)
        best = max(sorted(scores), key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= max(CERTAIN if english else ALONE, LEAD * english):
            return best
        return "en" if english > 0 and (best is None or english >= scores[best]) else None

    def _is_plainly_english(self, text: str) -> bool:
        """Whether the first words hold several that only English has: the cheap answer for most texts."""
        hits = 0
        for word in text.lower().split(None, LOOKED_AT)[:LOOKED_AT]:
            if word in self._english:
                hits += 1
                if hits == PLAINLY:
                    return True
        return False

    def _weigh(self, word: str, scores: dict[str, float], plain: bool) -> None:
        low = word.lower()
        known = self._words.get(low)
        if known is not None:
            # a short word with a capital is more often a name's part (JetBlue End, PE Fund) than a foreign small word
            short_name = word[0].isupper() and len(word) <= SHORT
            for language in ("en",) if short_name and "en" in known else () if short_name else known:
                scores[language] += 1 / len(known)
        elif low.endswith(_ENGLISH_ENDINGS) and len(low) > 4 and word[0].islower():
            scores["en"] += 0.5
        if plain or not word[0].islower():  # a name keeps its letters in any language
            return
        if low.isascii() or low in self._loans:
            return
        owners = {language for letter in low for language in self._letters.get(letter, ())}
        for language in owners or {OTHER}:
            scores[language] += LETTER_WEIGHT

    def _by_script(self, text: str) -> str | None:
        letters = [char for char in text if char.isalpha()]
        counts: dict[str, int] = defaultdict(int)
        for char in letters:
            if char > "ɏ":  # beyond Latin
                for language, first, last in self._scripts:
                    if first <= char <= last:
                        counts[language] += 1
                        break
        if sum(counts.values()) < SCRIPT_SHARE * len(letters) or not counts:
            return None
        if counts.get("ja"):  # kana among Chinese characters
            return "ja"
        return max(sorted(counts), key=counts.__getitem__)


@cache
def _languages() -> LanguageDetector:
    return LanguageDetector(read_yaml("languages.yaml"))


def detect_language(text: str) -> str | None:
    """The language of ``text`` after the shipped lists."""
    return _languages().of(text)
