"""Turns numbers, lists of names and kinds of event into words for the sentences that people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.mentions import FAMILY_OF, EventKind
from schemas.readings import EventFamily

__all__ = ["capitalize_first", "event_family_phrase", "event_kind_phrase", "join_names", "join_words", "number_word"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
#: Kinds whose phrase is not simply the kind's name after an article.
_EVENT_KINDS: dict[EventKind, str] = {
    "earnings_beat": "better results",
    "earnings_miss": "worse results",
    "guidance_cut": "a lower outlook",
    "guidance_raise": "a higher outlook",
    "rate_change": "a rate decision",
    "share_move": "a share price move",
    "layoffs": "job cuts or a closure",
    "earnings": "results",
    "funding": "funding",
    "regulation": "regulation",
    "insolvency": "insolvency",
    "end_of_life": "the end of support",
    "expansion": "expansion",
    "averted": "a canceled or averted event",
    "advertisement": "advertising",
    "other": "news",
}
_EVENT_FAMILIES: dict[EventFamily, str] = {
    "earnings": "results",
    "guidance": "an outlook",
    "dividend": "a dividend decision",
    "buyback": "a share buyback",
    "capital": "a capital raise",
    "share_move": "a price move",
    "rating": "a rating or price target",
    "deal": "a deal",
    "contract": "a contract or partnership",
    "product": "product news",
    "expansion": "an expansion",
    "cutback": "a cutback",
    "leadership": "a change of leadership",
    "legal": "a legal case",
    "regulation": "a regulatory act",
    "insolvency": "an insolvency",
    "breach": "a breach",
    "vulnerability": "a vulnerability",
    "outage": "an outage or accident",
    "recall": "a recall",
    "labour": "a labor dispute",
    "trial": "a study result",
    "macro": "economic news",
    "politics": "political news",
    "reputation": "criticism or a scandal",
    "event": "an event or campaign",
    "other": "an event of another kind",
    "none": "no event",
}


def number_word(number: int) -> str:
    """Return ``no`` to ``nine`` as a word, any other number in digits."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def join_names(names: Iterable[str], limit: int = 3) -> str:
    """Return ``A, B and C``; with more than ``limit`` different names, ``A, B, C and two others``."""
    unique = list(dict.fromkeys(names))
    rest = len(unique) - limit
    if rest > 0:
        return f"{', '.join(unique[:limit])} and {number_word(rest)} {'other' if rest == 1 else 'others'}"
    return join_words(unique)


def join_words(parts: Sequence[str]) -> str:
    """Return all ``parts`` as ``a, b and c``."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def capitalize_first(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the rest unchanged."""
    return text[:1].upper() + text[1:]


def event_kind_phrase(kind: EventKind) -> str:
    """Return an event kind as a noun with its article, such as ``a product launch``."""
    if kind in _EVENT_KINDS:
        return _EVENT_KINDS[kind]
    if kind == FAMILY_OF[kind]:
        return _EVENT_FAMILIES[FAMILY_OF[kind]]
    noun = kind.replace("_", " ")
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def event_family_phrase(family: EventFamily) -> str:
    """Return a broad kind of event as a noun with its article, such as ``a regulatory act``."""
    return _EVENT_FAMILIES[family]
