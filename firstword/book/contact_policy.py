"""Read when and how to contact clients and managers: blackouts, agreed cadence, working days, digests."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal, cast

from firstword.book.fields import Fields
from firstword.book.nodes import MappingNode
from schemas.clients import Blackout, DigestPreferences
from services.notifier.contact.cadence import parse_cadence

__all__ = ["DAYS", "read_blackouts", "read_cadence", "read_channels", "read_days", "read_digest"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BLACKOUT = ("from", "until", "reason", "about")
DIGEST = ("hour", "days", "by", "empty")
#: The channels that reach account managers.
CHANNELS = ("email", "slack", "teams")
_RANGE = re.compile(r"([a-z]{3})[a-z]*\s*(?:\.\.|-|–)\s*([a-z]{3})[a-z]*$")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})$")


def read_cadence(fields: Fields) -> str | None:
    """Return the agreed cadence in words. One that can't be parsed is kept, with a warning, and causes no reminder."""
    text = fields.text("cadence")
    if text and parse_cadence(text) is None:
        fix = 'Write it like "weekly, Friday by noon", "every two weeks, Monday by 9:00" or "monthly, first Tuesday".'
        fields.warning("cadence", f"{text!r} can't be understood, so Firstword won't remind you of it.", fix)
    return text


def read_blackouts(fields: Fields) -> tuple[Blackout, ...]:
    """Return the periods in which the client is not contacted, or not about certain subjects."""
    blackouts = []
    for path, node in fields.entries("blackouts"):
        if not isinstance(node, MappingNode):
            fix = "Write `- {from: 2026-03-02, until: 2026-03-13, reason: on leave}`."
            fields.report.error(node.line, path, "A blackout needs fields.", fix)
            continue
        inner = Fields(node, path, BLACKOUT, fields.report)
        since, until = inner.day("from"), inner.day("until", required=True)
        reason = inner.text("reason", required=True)
        if since is not None and until is not None and until < since:
            inner.error(
                "until", f"The blackout ends ({until}) before it begins ({since}).", "Give the last day as `until`."
            )
        elif until is not None and reason is not None:
            blackouts.append(Blackout(since=since, until=until, reason=reason, about=inner.texts("about")))
    return tuple(blackouts)


def read_digest(fields: Fields) -> DigestPreferences | None:
    """Return when and by which channels the manager wants a digest; None if `digest` is missing or false."""
    if "digest" not in fields:
        return None
    if not isinstance(fields.node("digest"), MappingNode):
        if fields.flag("digest"):
            return DigestPreferences()
        return None
    inner, default = fields.mapping("digest", DIGEST), DigestPreferences()
    empty = inner.choice("empty", ("one_line", "nothing"), default.empty)
    return DigestPreferences(
        hour=_time_of_day(inner, default.hour),
        days=read_days(inner, "days", default.days),
        by=read_channels(inner, "by") or default.by,
        empty=cast("Literal['one_line', 'nothing']", empty),
    )


def read_channels(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the channels that reach an account manager, in order of preference."""
    channels = fields.texts(name)
    for channel in channels:
        if channel not in CHANNELS:
            message = f"{channel!r} is not a channel for account managers."
            fields.error(name, message, f"Write one or more of {', '.join(CHANNELS)}.")
    return tuple(channel for channel in dict.fromkeys(channels) if channel in CHANNELS)


def read_days(fields: Fields, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return days of the week, which may be ranges such as mon-fri; 0 is Monday."""
    if name not in fields:
        return default
    days: set[int] = set()
    for text in fields.texts(name):
        lowered = text.lower()
        span = _RANGE.match(lowered)
        first, last = (span[1], span[2]) if span else (lowered[:3], lowered[:3])
        if first not in DAYS or last not in DAYS:
            fields.error(name, f"{text!r} is not a day of the week.", "Write them as [mon, tue, wed, thu, fri].")
            continue
        at, end = DAYS.index(first), DAYS.index(last)
        days |= {(at + step) % 7 for step in range((end - at) % 7 + 1)}
    return tuple(sorted(days))


def _time_of_day(fields: Fields, default: time) -> time:
    value = fields.text("hour")
    match = _CLOCK.match(value) if value else None
    if value and (match is None or int(match[1]) > 23 or int(match[2]) > 59):
        fields.error("hour", f"{value!r} is not a valid time.", 'Write it as "07:30", in quotes.')
        return default
    return time(int(match[1]), int(match[2])) if match else default
