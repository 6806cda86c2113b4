"""Finds misspelled words offline with pyspellchecker's English dictionary; British spellings are correct too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from spellchecker import SpellChecker

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.data_files import word_list

__all__ = ["american_forms", "check_spelling", "is_gerund"]

#: Words in lower case only: a capitalized word may be a name. Shorter words are mostly abbreviations.
_WORD = re.compile(r"(?<![\w’'@./-])[a-z][a-z’']{3,}(?![\w@]|[./-]\w)")
#: A text with a larger share of unknown words is not English, and every word would be reported.
FOREIGN = 0.3
#: British endings, and the American ones that the dictionary has instead.
_BRITISH = (
    ("our", "or"), ("ise", "ize"), ("isa", "iza"), ("isi", "izi"), ("ence", "ense"), ("tre", "ter"), ("lled", "led"),
    ("lling", "ling"), ("ller", "ler"), ("ogue", "og"), ("mme", "m"), ("yse", "yze"), ("lful", "llful"),
)  # fmt: skip


def check_spelling(own: str, client: Client) -> Iterator[Finding]:
    """Report misspelled words in ``own``, a text with its quotations blanked. The client's own words are correct."""
    words = list(dict.fromkeys(match[0] for match in _WORD.finditer(own)))
    unknown = [word for word in words if not _is_word(re.sub(r"['’]s?$", "", word))]
    if not unknown or len(unknown) > max(2, FOREIGN * len(words)):
        return
    used_by_client = _words_of(client)
    for word in unknown:
        if word not in used_by_client:
            close = _correction(word)
            fix = f"Did you mean “{close}”?" if close else "Check the spelling."
            yield Finding(rule="spelling", text=word, message="This word is not in the dictionary.", mend=fix)


@lru_cache(maxsize=20_000)
def is_gerund(word: str) -> bool:
    """Return whether ``word``, in lower case, is the -ing form of a verb of four letters or more."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 4:
        return False
    undoubled = stem[:-1] if stem[-1] == stem[-2] else stem
    return any(_is_word(form) for form in (stem, f"{stem}e", undoubled))


def american_forms(word: str) -> list[str]:
    """Return ``word``, in lower case, and how it may be spelled in America if its spelling is British."""
    return [word, *(word.replace(british, american) for british, american in _BRITISH if british in word)]


def _words_of(client: Client) -> frozenset[str]:
    texts = [name for watch in client.watches for name in (watch.name, *watch.aliases, watch.note or "")]
    texts += [f"{desire.name} {desire.words or ''}" for desire in client.desires]
    texts += [note.text for note in (*client.views, *client.history)]
    return frozenset(re.findall(r"[a-z’']+", " ".join(texts).casefold()))


@lru_cache(maxsize=20_000)
def _is_word(word: str) -> bool:
    if word in word_list("known"):
        return True
    return bool(_dictionary().known(american_forms(word)))


@lru_cache(maxsize=2_000)
def _correction(word: str) -> str | None:
    return _dictionary().correction(word)


@cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en", distance=1)
