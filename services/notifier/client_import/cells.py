"""Read numbers, days and flags from cells as people and programs write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

__all__ = ["days_come_first", "parse_day", "parse_flag", "parse_number", "parse_weight"]

_NUMBER = re.compile(r"[+-]?[\d.,'\u2019 \u00a0]+$")
_SLASHED = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})$")
_YES = frozenset(("yes", "true", "1", "x", "ja", "oui", "si", "sí", "wahr", "vrai", "unsubscribed"))
_NO = frozenset(("no", "false", "0", "", "nein", "non", "falsch", "faux", "subscribed"))


def parse_number(text: str, *, comma_decimals: bool) -> float | None:
    """Return a number such as 1,234.5 or 1.234,5; ``comma_decimals`` decides where both readings are possible."""
    bare = re.sub(r"^[A-Z]{3}\s|\s[A-Z]{3}$|[€$£]", "", text.strip()).strip()
    if not _NUMBER.match(bare) or not any(character.isdigit() for character in bare):
        return None
    bare = re.sub(r"['\u2019 \u00a0]", "", bare)
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        decimal = "," if comma > point else "."
    elif comma >= 0:
        thousands = bare.count(",") > 1 or (len(bare) - comma == 4 and not comma_decimals)
        decimal = "." if thousands else ","
    else:
        decimal = "," if bare.count(".") > 1 or (comma_decimals and len(bare) - point == 4 and point > 0) else "."
    grouped = "." if decimal == "," else ","
    try:
        return float(bare.replace(grouped, "").replace(decimal, "."))
    except ValueError:
        return None


def parse_weight(text: str, *, comma_decimals: bool) -> float | None:
    """Return a share from 0 to 1: ``12%``, ``12,5 %`` and ``0.12``; a number above 1 is a percentage."""
    percentage = text.strip().endswith("%")
    bare = text.strip().removesuffix("%").strip()
    # A weight has no thousands: "12,345" is a share with three decimals.
    value = parse_number(bare, comma_decimals=comma_decimals or ("," in bare and "." not in bare))
    if value is None or value < 0:
        return None
    share = value / 100 if percentage or value > 1 else value
    return round(share, 12) if share <= 1 else None


def days_come_first(texts: Iterable[str]) -> bool:
    """Return whether dates such as 03/04/2026 begin with the day: true unless one can only begin with the month."""
    matches = [match for match in map(_SLASHED.match, texts) if match]
    if any(int(match[1]) > 12 for match in matches):
        return True
    return not any(int(match[2]) > 12 for match in matches)


def parse_day(text: str, *, day_first: bool) -> date | None:
    """Return a date: 2026-01-31, 31.01.2026, 31/01/26 or 1/31/2026."""
    bare = text.strip().partition("T")[0].partition(" ")[0]
    match = _SLASHED.match(bare)
    try:
        if match is None:
            return date.fromisoformat(bare)
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        day, month = (first, second) if day_first or "." in bare else (second, first)
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def parse_flag(text: str) -> bool | None:
    """Return yes or no, in the languages of usual exports; None for any other text."""
    lowered = text.strip().casefold()
    return True if lowered in _YES else False if lowered in _NO else None
