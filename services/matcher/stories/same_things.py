"""Tell which words of one text another text has too: as they are, by their root, or as words for the same thing. Pure.

"Bribes" and "bribery" have one root; a fleet consists of ships. Only for what answers a report, whose author
and sort of event decide as well: that a text has words for the same things proves by itself nothing.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from services.matcher.lexicon import read_sections
from services.matcher.stories.signature import stem

__all__ = ["root", "shared_stems"]

#: The shortest root of a word.
_ROOT_CHARS = 4
_REVERSED = ("delist", "demerg", "deconsolidat")
_ENDING = re.compile(
    r"(?:[ae]nc[ey]|[ae]nt|[ae]ble|ible|ation|ition|ion|ment|e?ry|ure|al|ity|ness|ize?|ise?|ee|or|er|ing|ed|e|s|y)$"
)


@lru_cache(maxsize=1 << 14)
def root(word: str) -> str:
    """Strip from a stem what makes one word of another: the same for "brib" and "bribery", "delist" and "list"."""
    bare = word.removeprefix("de") if word.startswith(_REVERSED) else word
    shorter = _ENDING.sub("", bare)
    while len(shorter) >= _ROOT_CHARS and shorter != bare:
        bare, shorter = shorter, _ENDING.sub("", shorter)
    return bare


def shared_stems(stems: AbstractSet[str], known: AbstractSet[str]) -> frozenset[str]:
    """Return those of ``stems`` that are ``known``, have the root of one that is, or are a word for the same thing."""
    roots, groups = _roots_and_groups(frozenset(known))
    things = _things()
    return frozenset(
        word for word in stems if word in known or root(word) in roots or not groups.isdisjoint(things.get(word, ()))
    )


@lru_cache(maxsize=256)
def _roots_and_groups(known: frozenset[str]) -> tuple[frozenset[str], frozenset[int]]:
    things = _things()
    return frozenset(map(root, known)), frozenset(group for word in known for group in things.get(word, ()))


@cache
def _things() -> dict[str, frozenset[int]]:
    """Return the groups of ``same_things.txt`` that each stem stands in."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(read_sections("same_things.txt")[""]):
        for word in line.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}
