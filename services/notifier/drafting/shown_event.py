"""Tells whether the words of the news show the broad kind of event that it was read as. Pure."""

from __future__ import annotations

import re
from functools import cache

from schemas.readings import EventFamily
from services.notifier.drafting.data_files import read_yaml

__all__ = ["shows_event"]


def shows_event(text: str, family: EventFamily) -> bool:
    """Return whether ``text`` has a word that tells of an event of ``family``, or whether any text would do for it."""
    pattern = _pattern(family)
    return pattern is None or pattern.search(text.casefold().replace("’", "'")) is not None


@cache
def _pattern(family: EventFamily) -> re.Pattern[str] | None:
    """Return the pattern of the words in event_words.yaml; None for a broad kind that is not listed there."""
    listed = read_yaml("event_words.yaml").get(family)
    if listed is None:
        return None
    return re.compile("|".join(_word(str(word)) for word in listed))


def _word(word: str) -> str:
    begins = r"(?<!\w)" if word[0].isalnum() else ""
    ends = "" if word.endswith("*") or not word[-1].isalnum() else r"(?!\w)"
    return f"{begins}{re.escape(word.rstrip('*'))}{ends}"
