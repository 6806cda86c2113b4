"""Detects the language of a text from its common words, letters and script.

Made for headlines, so a few words must be enough. If the evidence is too thin, the answer is None instead of a guess.
The matcher uses it to judge claims in English only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import Any

from services.matcher.lexicon import read_yaml

__all__ = ["LanguageDetector", "detect_language"]

#: Only the beginning of a text is read; a headline and a sentence or two are enough.
READ_CHARS = 400
#: Evidence needed for another language: two words of its own, or one such word and a letter.
MIN_EVIDENCE = 1.6
#: Evidence needed for another language if nothing in the text looks English.
MIN_EVIDENCE_WITHOUT_ENGLISH = 0.8
#: Factor by which the evidence for another language must exceed that for English.
MIN_LEAD = 1.3
#: If the first words contain this many that only English has, the text is English without further checks.
ENGLISH_WORDS_NEEDED = 3
WORDS_SAMPLED = 40
#: From this share of letters in another script on, the text is not English, whatever Latin names it contains.
SCRIPT_SHARE = 0.3
#: Weight of a lower-case word with a letter that English does not write; a word of one language alone counts 1.
LETTER_WEIGHT = 0.8
#: BCP 47 tag for a language that is unknown but not English.
UNDETERMINED = "und"
#: Words of up to this many letters are evidence for another language only in lower case.
SHORT_WORD = 3
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_PLAIN = re.compile(r"[\x00-\x7f‘’“”–—…€£\u00a0]*")
#: Endings that are common in English and rare elsewhere.
_ENGLISH_ENDINGS = ("ing", "ed", "ly", "'s", "tion", "ness")


class LanguageDetector:
    """Detects languages by the word lists of a lexicon such as ``lexicon/languages.yaml``."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Index the words, letters and scripts of ``lexicon`` by language."""
        languages_by_word: dict[str, set[str]] = defaultdict(set)
        for language, words in lexicon["words"].items():
            for word in words.split():
                languages_by_word[word].add(language)
        self._loan_words = frozenset(lexicon["loans"].split())
        self._words = {word: tuple(sorted(languages)) for word, languages in languages_by_word.items()}
        self._english = frozenset(word for word, languages in self._words.items() if languages == ("en",))
        languages_by_letter: dict[str, set[str]] = defaultdict(set)
        for language, letters in lexicon["letters"].items():
            for letter in letters:
                languages_by_letter[letter].add(language)
        self._letters = {letter: tuple(sorted(languages)) for letter, languages in languages_by_letter.items()}
        self._scripts: tuple[tuple[str, str, str], ...] = tuple(
            (language, first, last) for language, (first, last) in lexicon["scripts"].items()
        )

    def detect(self, text: str) -> str | None:
        """Return the language tag of ``text``, ``und`` for an unknown foreign language, or None if undecided."""
        text = text[:READ_CHARS]
        if self._is_plainly_english(text):
            return "en"
        plain = _PLAIN.fullmatch(text) is not None
        if not plain:
            by_script = self._by_script(text)
            if by_script is not None:
                return by_script
        scores: dict[str, float] = defaultdict(float)
        for word in _WORD.findall(text.replace("’", "'")):
            self._add_evidence(word, scores, plain)
        english = scores.pop("en", 0.0)
        best = max(sorted(scores), key=scores.__getitem__, default=None)
        needed = max(MIN_EVIDENCE if english else MIN_EVIDENCE_WITHOUT_ENGLISH, MIN_LEAD * english)
        if best is not None and scores[best] >= needed:
            return best
        return "en" if english > 0 and (best is None or english >= scores[best]) else None

    def _is_plainly_english(self, text: str) -> bool:
        """Return whether the first words include several that only English has: a cheap answer for most texts."""
        hits = 0
        for word in text.lower().split(None, WORDS_SAMPLED)[:WORDS_SAMPLED]:
            if word in self._english:
                hits += 1
                if hits == ENGLISH_WORDS_NEEDED:
                    return True
        return False

    def _add_evidence(self, word: str, scores: dict[str, float], plain: bool) -> None:
        low = word.lower()
        languages = self._words.get(low)
        if languages is not None:
            # A short capitalized word is more often part of a name (JetBlue End, PE Fund) than a foreign word.
            short_name = word[0].isupper() and len(word) <= SHORT_WORD
            for language in ("en",) if short_name and "en" in languages else () if short_name else languages:
                scores[language] += 1 / len(languages)
        elif low.endswith(_ENGLISH_ENDINGS) and len(low) > 4 and word[0].islower():
            scores["en"] += 0.5
        if plain or not word[0].islower():  # a name keeps its letters in any language
            return
        if low.isascii() or low in self._loan_words:
            return
        by_letter = {language for letter in low for language in self._letters.get(letter, ())}
        for language in by_letter or {UNDETERMINED}:
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
def _default_detector() -> LanguageDetector:
    return LanguageDetector(read_yaml("languages.yaml"))


def detect_language(text: str) -> str | None:
    """Return the language tag of ``text`` according to the default lexicon, or None if undecided."""
    return _default_detector().detect(text)
