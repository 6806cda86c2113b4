"""Finds misspelt words with pyspellchecker's English dictionary, offline; British spellings are right as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from spellchecker import SpellChecker

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.data import word_list

__all__ = ["is_gerund", "misspelt"]

#: Words in lower case only: what has a capital may be a name. Shorter ones are mostly abbreviations.
_WORD = re.compile(r"(?<![\w’'@./-])[a-z][a-z’']{3,}(?![\w@]|[./-]\w)")
#: Above this share of unknown words a text isn't in English, and every word would be called wrong.
FOREIGN = 0.3
#: British endings and what the dictionary, which is American, has instead.
_BRITISH = (
    ("our", "or"), ("ise", "ize"), ("isa", "iza"), ("isi", "izi"), ("ence", "ense"), ("tre", "ter"), ("lled", "led"),
    ("lling", "ling"), ("ller", "ler"), ("ogue", "og"), ("mme", "m"), ("yse", "yze"), ("lful", "llful"),
)  # fmt: skip


def misspelt(own: str, client: Client) -> Iterator[Finding]:
    """What is misspelt in ``own``, in which the words of others are blanked; the client's own words are never wrong."""
    words = list(dict.fromkeys(match[0] for match in _WORD.finditer(own)))
    unknown = [word for word in words if not _is_word(re.sub(r"['’]s?$", "", word))]
    if not unknown or len(unknown) > max(2, FOREIGN * len(words)):
        return
    theirs = _theirs(client)
    for word in unknown:
        if word not in theirs:
            close = _meant(word)
            fix = f"Did you mean “{close}”?" if close else "Check the spelling."
            yield Finding(rule="spelling", text=word, message="No English word that we know.", mend=fix)


@lru_cache(maxsize=20_000)
def is_gerund(word: str) -> bool:
    """Whether ``word``, in lower case, is the -ing form of a verb of four letters or more: "weighing", not "boeing"."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 4:
        return False
    undoubled = stem[:-1] if stem[-1] == stem[-2] else stem
    return any(_is_word(form) for form in (stem, f"{stem}e", undoubled))


def _theirs(client: Client) -> frozenset[str]:
    texts = [name for watch in client.watches for name in (watch.name, *watch.aliases, watch.note or "")]
    texts += [f"{desire.name} {desire.words or ''}" for desire in client.desires]
    texts += [note.text for note in (*client.views, *client.history)]
    return frozenset(re.findall(r"[a-z’']+", " ".join(texts).casefold()))


@lru_cache(maxsize=20_000)
def _is_word(word: str) -> bool:
    if word in word_list("known"):
        return True
    forms = [word, *(word.replace(british, american) for british, american in _BRITISH if british in word)]
    return bool(_dictionary().known(forms))


@lru_cache(maxsize=2_000)
def _meant(word: str) -> str | None:
    return _dictionary().correction(word)


@cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en", distance=1)
