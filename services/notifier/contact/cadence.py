"""Parses a promise of regular contact ("weekly, Friday by noon") and says when contact is due. Pure.

A text counts only if every word of it is understood; ``firstword clients check`` warns about any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

__all__ = ["Cadence", "due_after", "lead_time", "parse_cadence"]

Unit = Literal["day", "week", "month"]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
END_OF_DAY = time(17, 0)
_NUMBERS = {"two": 2, "three": 3, "four": 4, "six": 6, "other": 2, "second": 2, "third": 3}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_UNITS: dict[str, tuple[Unit, int]] = {
    "daily": ("day", 1), "weekly": ("week", 1), "fortnightly": ("week", 2), "biweekly": ("week", 2),
    "monthly": ("month", 1), "quarterly": ("month", 3),
    "day": ("day", 1), "days": ("day", 1), "week": ("week", 1), "weeks": ("week", 1), "fortnight": ("week", 2),
    "month": ("month", 1), "months": ("month", 1), "quarter": ("month", 3), "weekday": ("day", 1),
}  # fmt: skip
_TIMES = {
    "noon": time(12), "midday": time(12), "lunchtime": time(12), "end of day": END_OF_DAY, "close": END_OF_DAY,
    "close of business": END_OF_DAY, "morning": time(10), "afternoon": time(15), "eod": END_OF_DAY, "cob": END_OF_DAY,
}  # fmt: skip
_CLOCK = re.compile(r"\b(?:by|before|at)\s+(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|o'clock)?(?![\w:])")
_NAMED_TIME = re.compile(
    rf"\b(?:(?:by|before|at|in)\s+(?:the\s+)?)({'|'.join(sorted(_TIMES, key=len, reverse=True))})\b"
)
_WEEKDAY = re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b")
_FILLERS = frozenset(["a", "an", "and", "each", "every", "in", "of", "on", "once", "per", "the", "working", "our"])
#: A message is prepared this long before it is due: time to read, edit and ask.
LEAD, LEAD_DAILY = timedelta(hours=24), timedelta(hours=4)
#: The longest gap between two due dates is a year, and a little more where one is moved to a working day.
HORIZON_DAYS = 430
MONDAY = 1  # date.toordinal() of Monday 1 January 1


@dataclass(frozen=True, slots=True)
class Cadence:
    """Every ``step`` days, weeks or months, on ``weekday`` (0 is Monday), by the time ``by`` in the client's zone.

    In a month, ``ordinal`` says which of those weekdays; -1 is the last. Without a weekday it is the last working day.
    """

    unit: Unit
    step: int = 1
    weekday: int | None = None
    ordinal: int = -1
    by: time = END_OF_DAY


def parse_cadence(text: str) -> Cadence | None:
    """Return the promise in ``text``, or None if any word of it is not understood."""
    rest = " ".join(re.sub(r"[,;]", " ", text.casefold()).split()).rstrip(".")
    by, rest = _take_time(rest)
    match = _WEEKDAY.search(rest)
    weekday = None
    if match:
        weekday = next(index for index, day in enumerate(DAYS) if day.startswith(match[1][:3]))
        rest = f"{rest[: match.start()]}{rest[match.end() :]}"
    cadence = _frequency(rest.split(), weekday)
    return None if cadence is None or by is None else replace(cadence, by=by)


def _take_time(text: str) -> tuple[time | None, str]:
    """Split ``text`` into its time of day and the rest. The time is None if it is not a valid one."""
    if named := _NAMED_TIME.search(text):
        return _TIMES[named[1]], _without(text, named)
    clock = _CLOCK.search(text)
    if clock is None:
        return END_OF_DAY, text
    hour, minute, half = int(clock[1]), int(clock[2] or 0), (clock[3] or "").replace(".", "")
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        return None, text
    return time(hour, minute), _without(text, clock)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _frequency(words: Sequence[str], weekday: int | None) -> Cadence | None:
    unit: Unit | None = None
    step, count, ordinal = 1, 1, -1
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in _UNITS:
            if unit is not None:  # "weekly, every week" says it twice; "daily weekly" is nonsense
                return None
            unit, step = _UNITS[word]
        elif (word in _NUMBERS or word.isdigit()) and (following in _UNITS or word == "other"):
            count = int(word) if word.isdigit() else _NUMBERS[word]
        elif word in _ORDINALS and weekday is not None:
            ordinal = _ORDINALS[word]
        elif word not in _FILLERS:
            return None
    if unit is None:
        if weekday is None:
            return None
        unit = "week"
    if not 1 <= count * step <= (90 if unit == "day" else 12):
        return None
    return Cadence(unit, step * count, weekday if unit != "day" else None, ordinal)


def due_after(cadence: Cadence, zone: ZoneInfo, working_days: Sequence[int], after: datetime) -> datetime | None:
    """Return the first moment (UTC) after ``after`` by which contact is promised; None if no day is a working day.

    Contact that falls on a day off is due on the working day before: a promise is kept early rather than late.
    """
    if not working_days:
        return None
    start = after.astimezone(zone).date() - timedelta(days=1)
    for offset in range(HORIZON_DAYS):
        day = start + timedelta(days=offset)
        if not _falls_on(cadence, day, working_days):
            continue
        while day.weekday() not in working_days:
            day -= timedelta(days=1)
        due = datetime.combine(day, cadence.by, zone).astimezone(UTC)
        if due > after:
            return due
    return None


def lead_time(cadence: Cadence | None) -> timedelta:
    """Return how long before it is due a message is prepared."""
    return LEAD_DAILY if cadence is not None and cadence.unit == "day" and cadence.step == 1 else LEAD


def _falls_on(cadence: Cadence, day: date, working_days: Sequence[int]) -> bool:
    """Return whether the promise falls on ``day``, before days off are considered."""
    if cadence.unit == "day":
        return day.toordinal() % cadence.step == 0 and (cadence.step > 1 or day.weekday() in working_days)
    if cadence.unit == "week":
        weekday = cadence.weekday if cadence.weekday is not None else max(working_days)
        return day.weekday() == weekday and (day.toordinal() - MONDAY) // 7 % cadence.step == 0
    if (day.year * 12 + day.month) % cadence.step != 0:
        return False
    if cadence.weekday is None:
        return (day + timedelta(days=1)).month != day.month  # the month's last day, or the working day before
    if day.weekday() != cadence.weekday:
        return False
    if cadence.ordinal > 0:
        return (day.day - 1) // 7 + 1 == cadence.ordinal
    return (day + timedelta(days=7)).month != day.month
