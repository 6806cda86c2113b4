"""Parses the dates that feeds write, in many formats, to moments in UTC. Pure: no clock, no locale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from services.ingest.parse.notes import Notes

__all__ = ["FUTURE_ALLOWED", "parse_date"]

#: A date further than this after the fetch gets a warning; less is a wrong clock or a missing time zone.
FUTURE_ALLOWED = timedelta(days=1)
#: Zone names beyond those of RFC 822 that are unambiguous in feeds; hours from UTC (IANA time zone database).
_ZONES = {
    "Z": 0.0, "WET": 0.0, "WEST": 1.0, "BST": 1.0, "CET": 1.0, "MEZ": 1.0, "CEST": 2.0, "MESZ": 2.0, "EET": 2.0,
    "EEST": 3.0, "MSK": 3.0, "IST": 5.5, "SGT": 8.0, "HKT": 8.0, "AWST": 8.0, "JST": 9.0, "KST": 9.0, "ACST": 9.5,
    "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0, "AKST": -9.0, "AKDT": -8.0, "HST": -10.0,
}  # fmt: skip
_NAMED_ZONE = re.compile(r"\s+([A-Z]{1,5})\s*$")
_HAS_OFFSET = re.compile(
    r"(?:[+-]\d{2}:?\d{2}|[+-]\d{2}|\b(?:GMT|UTC?|[ECMP][SD]T)|Z)(?:\s*\([^()]{0,20}\))?\s*$", re.I
)
_W3C_SHORT = re.compile(r"(\d{4})(?:-(\d{2}))?$")
_EPOCH = re.compile(r"(\d{10})(\d{3})?$")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_DAY_NAME = re.compile(r"^[^\W\d_]{2,10}\.?,?\s+(?=\d)|^[^\W\d_]{2,10}\.?,\s+")
_HALF = re.compile(r"\s*\b([AP])\.?M\b\.?", re.I)
#: Formats other than RFC 822 and ISO 8601 that are unambiguous.
_FORMATS = (
    "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S",
    "%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p", "%B %d, %Y",
)  # fmt: skip
#: Programs write earlier dates to mean "none" (0001-01-01, the Unix epoch).
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LONGEST = 100


def parse_date(
    raw: str | None, notes: Notes, *, fetched_at: datetime | None = None, fallback: Sequence[int] | None = None
) -> datetime | None:
    """Parse ``raw`` to a moment in UTC, or None; anything unusual about it goes to ``notes``.

    ``fallback`` is another parser's result (year, month, day, hour, minute, second in UTC), used for formats that are
    unknown here.
    """
    text = " ".join((raw or "")[:_LONGEST].split())
    if not text:
        return None
    naive = _iso(text) or _rfc822(text) or _other(text) or _from_parts(fallback)
    if naive is None:
        notes.add("A date that can't be read was left out", text)
        return None
    if naive.tzinfo is None:
        notes.add("A date without a time zone was read as UTC", text)
        naive = naive.replace(tzinfo=UTC)
    try:
        moment = naive.astimezone(UTC)
    except OverflowError:
        moment = None
    if moment is None or moment < _EARLIEST:
        notes.add("An impossible date was left out", text)
        return None
    if fetched_at is not None and moment > fetched_at + FUTURE_ALLOWED:
        notes.add("A date is in the future", text)
    return moment


def _iso(text: str) -> datetime | None:
    short = _W3C_SHORT.match(text)
    if short:  # https://www.w3.org/TR/NOTE-datetime: a year, or a year and month
        text = f"{short[1]}-{short[2] or '01'}-01"
    named = _NAMED_ZONE.search(text)
    if named and named[1] in ("UTC", "GMT", "Z"):
        text = text[: named.start()] + "Z"
    try:
        return datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", text)) if text[:4].isdigit() and "-" in text else None
    except ValueError:
        return None


def _rfc822(text: str) -> datetime | None:
    bare = _DAY_NAME.sub("", text)  # the weekday may be in any language, and wrong
    half = _HALF.search(bare)
    if half:
        bare = bare[: half.start()] + bare[half.end() :]
    try:
        parsed = parsedate_tz(bare)
        if parsed is None or (":" not in bare and not re.search(r"\d{4}", bare)):
            return None
        hour = parsed[3] % 12 + 12 * (half[1].lower() == "p") if half and parsed[3] <= 12 else parsed[3]
        moment = datetime(*parsed[:3], hour, *parsed[4:6])  # noqa: DTZ001 - the next line adds the zone
        return moment.replace(tzinfo=_zone(bare, parsed[9]))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _zone(text: str, offset_seconds: int | None) -> timezone | None:
    named = _NAMED_ZONE.search(text)
    if named and named[1] in _ZONES:
        return timezone(timedelta(hours=_ZONES[named[1]]))
    if offset_seconds is None or not _HAS_OFFSET.search(text):
        return None
    return timezone(timedelta(seconds=offset_seconds))


def _other(text: str) -> datetime | None:
    epoch = _EPOCH.match(text)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
    return None


def _from_parts(parts: Sequence[int] | None) -> datetime | None:
    if parts is None:
        return None
    try:
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], min(parts[5], 59), tzinfo=UTC)
    except (ValueError, IndexError, TypeError):
        return None
