"""Tells a person whom a client follows from a field. Pure.

What a person says or does shows nothing about a market, so no sentence on a field may stand in a message about them.
"""

from __future__ import annotations

from services.notifier.drafting.casing import is_given_name

__all__ = ["is_person"]

#: A person's name has a given name and at most so many words.
FEWEST_WORDS, MOST_WORDS = 2, 4


def is_person(name: str) -> bool:
    """Return whether ``name`` is that of a person: it begins with a given name, and all its words have capitals."""
    words = name.split()
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS or not all(word[:1].isupper() for word in words):
        return False
    return is_given_name(words[0])
