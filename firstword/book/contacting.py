"""What the book says of contacts beyond hours and budget: blackouts, promises, days, and managers' digests."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Literal, cast

from firstword.book.fields import Fields
from firstword.book.nodes import MappingNode
from schemas.clients import Blackout, DigestPreferences
from services.notifier.contact.cadence import parse_cadence

__all__ = ["DAYS", "read_blackouts", "read_cadence", "read_channels", "read_days", "read_digest"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BLACKOUT = ("from", "until", "reason", "about")
DIGEST = ("hour", "days", "by", "empty")
#: What account managers are reached by.
CHANNELS = ("email", "slack", "teams")
_RANGE = re.compile(r"([a-z]{3})[a-z]*\s*(?:\.\.|-|–)\s*([a-z]{3})[a-z]*$")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})$")


def read_cadence(fields: Fields) -> str | None:
    """A promise in plain words; what can't be understood is kept, and nothing reminds of it."""
    text = fields.text("cadence")
    if text and parse_cadence(text) is None:
        fix = 'Write it like "weekly, Friday by noon", "every two weeks, Monday by 9:00" or "monthly, first Tuesday".'
        fields.warning("cadence", f"{text!r} can't be read as a promise, so nothing reminds of it.", fix)
    return text


def read_blackouts(fields: Fields) -> tuple[Blackout, ...]:
    """Times in which the client is not written to, or not on certain matters."""
    found = []
    for path, node in fields.entries("blackouts"):
        if not isinstance(node, MappingNode):
            fix = "Write `- {from: 2026-03-02, until: 2026-03-13, reason: on leave}`."
            fields.report.error(node.line, path, "A blackout needs fields.", fix)
            continue
        inner = Fields(node, path, BLACKOUT, fields.report)
        since, until = _day(inner, "from"), _day(inner, "until", required=True)
        reason = inner.text("reason", required=True)
        if since is not None and until is not None and until < since:
            inner.error("until", f"It ends ({until}) before it begins ({since}).", "Give the last day as `until`.")
        elif until is not None and reason is not None:
            found.append(Blackout(since=since, until=until, reason=reason, about=inner.texts("about")))
    return tuple(found)


def read_digest(fields: Fields) -> DigestPreferences | None:
    """When and by what the manager wants a digest; None where nothing is said, or false."""
    if "digest" not in fields:
        return None
    if not isinstance(fields.node("digest"), MappingNode):
        if fields.flag("digest"):
            return DigestPreferences()
        return None
    inner, plain = fields.mapping("digest", DIGEST), DigestPreferences()
    empty = inner.choice("empty", ("one_line", "nothing"), plain.empty)
    return DigestPreferences(
        hour=_clock(inner, plain.hour),
        days=read_days(inner, "days", plain.days),
        by=read_channels(inner, "by") or plain.by,
        empty=cast("Literal['one_line', 'nothing']", empty),
    )


def read_channels(fields: Fields, name: str) -> tuple[str, ...]:
    """By what an account manager is reached, in order; none where nothing is said."""
    found = fields.texts(name)
    for one in found:
        if one not in CHANNELS:
            fields.error(name, f"Managers can't be reached by {one!r}.", f"Write one or more of {', '.join(CHANNELS)}.")
    return tuple(one for one in dict.fromkeys(found) if one in CHANNELS)


def read_days(fields: Fields, name: str, plain: tuple[int, ...]) -> tuple[int, ...]:
    """Days of the week, single or as ranges (mon-fri), as numbers from 0 for Monday."""
    if name not in fields:
        return plain
    found: set[int] = set()
    for text in fields.texts(name):
        lowered = text.lower()
        span = _RANGE.match(lowered)
        first, last = (span[1], span[2]) if span else (lowered[:3], lowered[:3])
        if first not in DAYS or last not in DAYS:
            fields.error(name, f"{text!r} is no day.", "Write [mon, tue, wed, thu, fri].")
            continue
        at, end = DAYS.index(first), DAYS.index(last)
        found |= {(at + step) % 7 for step in range((end - at) % 7 + 1)}
    return tuple(sorted(found))


def _day(fields: Fields, name: str, *, required: bool = False) -> date | None:
    value = fields.text(name, required=required)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        fields.error(name, f"{value!r} is no date.", "Write it as 2026-01-31.")
        return None


def _clock(fields: Fields, plain: time) -> time:
    value = fields.text("hour")
    match = _CLOCK.match(value) if value else None
    if value and (match is None or int(match[1]) > 23 or int(match[2]) > 59):
        fields.error("hour", f"{value!r} is no time of day.", 'Write it as "07:30", in quotes.')
        return plain
    return time(int(match[1]), int(match[2])) if match else plain
