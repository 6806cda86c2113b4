"""Small helpers for sentences that people read: lists of names, verbs that agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.alerts import Reason
from schemas.mentions import EventKind

__all__ = ["first_letter_up", "in_words", "kind_in_words", "listed_in_words", "names_in_words", "reason"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_KINDS: dict[EventKind, str] = {
    "earnings_beat": "better results",
    "earnings_miss": "worse results",
    "guidance_cut": "a lower outlook",
    "guidance_raise": "a higher outlook",
    "rate_change": "a rate decision",
    "rating_change": "a change of rating",
    "share_move": "a move of the share price",
    "layoffs": "job cuts or a closure",
    "earnings": "results",
    "funding": "funding",
    "regulation": "regulation",
    "insolvency": "insolvency",
    "supply_disruption": "a disruption of supply",
    "end_of_life": "an end of support",
    "expansion": "expansion",
    "averted": "the end of something feared or planned",
    "advertisement": "advertising",
    "other": "news",
}


def reason(rule: str, saw: str, concluded: str, text: str) -> Reason:
    """A reason; ``text`` is a whole sentence."""
    return Reason.model_construct(rule=rule, saw=saw, concluded=concluded, text=text)


def in_words(number: int) -> str:
    """Small numbers as words."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def names_in_words(names: Iterable[str], most: int = 3) -> str:
    """``A, B and C``; beyond ``most``, ``A, B, C and two others``."""
    unique: Sequence[str] = list(dict.fromkeys(names))
    if len(unique) > most:
        rest = len(unique) - most
        return f"{', '.join(unique[:most])} and {in_words(rest)} {'other' if rest == 1 else 'others'}"
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} and {unique[-1]}"


def listed_in_words(parts: Sequence[str]) -> str:
    """``a, b and c``, all of them."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def first_letter_up(text: str) -> str:
    """``text`` as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def kind_in_words(kind: EventKind) -> str:
    """An event kind as a noun with its article."""
    if kind in _KINDS:
        return _KINDS[kind]
    noun = kind.replace("_", " ")
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
