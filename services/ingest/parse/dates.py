"""Reads the dates that feeds write, in many formats and languages, to moments in UTC. Pure: no clock, no locale.

Nothing is guessed in silence. What the text leaves open is settled by the rest of the feed, or the date is left out or
marked as uncertain, and a note says so.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlsplit

from services.ingest.parse.notes import Notes
from services.ingest.parse.zones import AMBIGUOUS_ZONES, ZONES, likely_meaning

__all__ = ["FUTURE_ALLOWED", "DateReader", "ReadDate"]

#: A date further than this after the fetch says nothing; less is a wrong clock or a missing time zone.
FUTURE_ALLOWED = timedelta(days=1)
#: Programs write earlier dates to mean "none" (0001-01-01, the Unix epoch).
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LONGEST = 100
#: Zones lie between these hours from UTC.
_WEST, _EAST = -12.0, 14.0

_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?$")  # https://www.w3.org/TR/NOTE-datetime
_EPOCH = re.compile(r"(\d{10})(\d{3})?$")
#: RFC 822 as almost all feeds write it. These names mean the same month in every language that has them.
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC_822 = re.compile(
    rf"(?:[a-z]{{3}}, )?([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]) "
    r"(?:gmt|utc|([+-])(0[0-9]|1[01]):?([0-5][0-9]))",
    re.I | re.A,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?=$|\s|z$|[+-])")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_REGION = re.compile(r"\[[\w/+-]{1,40}\]$")
_WEEKDAY = re.compile(r"[^\W\d_]{1,14}(?:-[^\W\d_]{1,10})?\.?(?:,\s*|\s+)")
_WORD = r"(?P<month>[^\W\d_]{3,14})"
#: The forms with a month's name, in the order in which they are tried; `after` is the time and zone.
_NAMED = (
    re.compile(
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|°|[eoa])?\.?[\s/-]*(?:(?:de|of)\s|d['’])?{_WORD}\.?,?[\s/-]*"
        r"(?:del?\s|of\s)?\s*(?P<year>\d{4}|\d{2})(?![\d:])(?P<after>.*)"
    ),
    re.compile(rf"{_WORD}\.?\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?![\d:])(?P<after>.*)"),
    re.compile(  # ctime, and Java's Date.toString
        rf"{_WORD}\s+(?P<day>\d{{1,2}})\s+(?P<after>\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s+[a-z]{{1,5}}|\s+[+-]\d{{4}})?)"
        r"\s+(?P<year>\d{4})$"
    ),
    re.compile(rf"(?P<year>\d{{4}})[.\s/-]+{_WORD}\.?[\s/-]*(?P<day>\d{{1,2}})\.?(?!\d)(?P<after>.*)"),
)
_NUMERIC = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[./-])\s?(?P<second>\d{1,2})(?P=mark)\s?(?P<year>\d{4})(?P<after>.*)"
)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?:(?P<mark>[./-])\s?(?P<month>\d{1,2})(?P=mark)\s?(?P<day>\d{1,2})\.?"
    r"|年\s?(?P<m>\d{1,2})月\s?(?P<d>\d{1,2})日|년\s?(?P<m2>\d{1,2})월\s?(?P<d2>\d{1,2})일)(?!\d)(?P<after>.*)"
)
#: Words between date and time.
_FILLERS = re.compile(
    r"^t(?=\d)|^[\s,|–—-]*(?:(?:at|um|kl|klo|klokken|klockan|a|à|às|as|las|alle|ore|om|o|godz|u|ob|v|в|о|г|р|года|року|ora)\b\.?"
    r"[\s,:]*(?:las\b\s*|ore\b\s*)?)*[|–—,\s-]*(?=\d)|^[\s,]*(?:г\.?|р\.?)?[\s,]*$"
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:.h])(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?)?(?:\s*(?:uhr|uur|h|hrs|hs|ч)\b\.?)?"
)
_COMMENT = re.compile(r"\(([^()]{0,60})\)\s*$")
_ZONE = re.compile(r"(?:(?:gmt|utc|ut|z)\s?)?(?P<sign>[+\u2212-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2})|:0)?$")
_ZONE_NAME = re.compile(r"[a-z]{1,5}$")
_STATED_OFFSET = re.compile(r"\d(?:\s?(?:GMT|UTC))?\s?([+-])(\d{2}):?(\d{2})\s*(?:\([^()]{0,60}\))?\s*$")


class ReadDate(NamedTuple):
    """A moment in UTC. ``sure`` is False if its time zone was assumed, so that it may be off by up to 14 hours."""

    moment: datetime
    sure: bool = True


class _Parts(NamedTuple):
    """A date and time as written; ``zone`` is what stands after it."""

    naive: datetime
    zone: str = ""


class DateReader:
    """Reads the dates of one feed. What one date leaves open, the feed's other dates, language and country may settle.

    ``written`` are all dates of the feed as written; ``fetched_at`` bounds the future.
    """

    def __init__(
        self,
        written: Iterable[str],
        notes: Notes,
        *,
        feed_url: str = "",
        language: str | None = None,
        fetched_at: datetime | None = None,
    ) -> None:
        self._notes = notes
        self._language = (language or "").partition("-")[0].lower()
        self._countries = _countries(feed_url, language)
        self._fetched_at = fetched_at
        self._orders, self._offsets = _survey(written)

    def settled(self) -> tuple[object, ...]:
        """Return what the feed settles about its dates, in a fixed order."""
        orders = sorted((mark, sorted(first)) for mark, first in self._orders.items())
        return self._language, sorted(self._countries), orders, sorted(self._offsets)

    def read(self, raw: str | None) -> ReadDate | None:
        """Return the moment that ``raw`` states, or None; anything unusual about it goes to the notes."""
        text = " ".join((raw or "")[:_LONGEST].split())
        if not text:
            return None
        period = _PERIOD.match(text)
        if period:
            return self._end_of(period, text)
        moment = _exact(text)
        read = ReadDate(moment) if moment is not None else self._in_words(text)
        if read is None:
            return None
        return self._plausible(read, text)

    def _in_words(self, text: str) -> ReadDate | None:
        """Read every form other than those that :func:`_exact` reads, and those as well."""
        plain = _fold(text)
        try:
            parts = _compact(plain) or self._numeric(plain, text) or self._named(plain) or _year_first(plain)
        except _Unsettled:
            return None
        if parts is None:
            self._notes.add("A date that can't be read was left out", text)
            return None
        hours = self._zone(parts.zone, text)
        try:
            sure = hours is not None
            return ReadDate(parts.naive.replace(tzinfo=timezone(timedelta(hours=hours or 0))).astimezone(UTC), sure)
        except OverflowError:
            self._notes.add("An impossible date was left out", text)
            return None

    def _numeric(self, plain: str, text: str) -> _Parts | None:
        """Read day, month and year in numbers, if the order is certain."""
        match = _NUMERIC.match(_without_weekday(plain))
        if match is None:
            return None
        first, second = int(match["first"]), int(match["second"])
        day_first = first > 12 or first == second
        if not day_first and second <= 12:
            orders = self._orders.get(match["mark"], set())
            if len(orders) > 1 or (not orders and match["mark"] != "."):
                self._notes.add("A date whose day and month can't be told apart was left out", text)
                raise _Unsettled
            day_first = "month" not in orders  # with dots, the day is first unless the feed shows otherwise
        day, month = (first, second) if day_first else (second, first)
        return _at(match["year"], month, day, match["after"])

    def _named(self, plain: str) -> _Parts | None:
        """Read a date with the month's name, after a weekday in any language."""
        for start in dict.fromkeys((plain, _without_weekday(plain))):
            for form in _NAMED:
                match = form.match(start)
                month = self._month(match["month"]) if match else None
                if match and month:
                    year = match["year"]
                    return _at(year if len(year) == 4 else _century(int(year)), month, match["day"], match["after"])
        return None

    def _month(self, name: str) -> int | None:
        """Return the month with this name; if languages differ, that of the feed's language."""
        meanings = _months().get(name, {})
        if len(meanings) > 1:
            meanings = {month: languages for month, languages in meanings.items() if self._language in languages}
        return next(iter(meanings)) if len(meanings) == 1 else None

    def _zone(self, zone: str, text: str) -> float | None:
        """Return the hours from UTC that ``zone`` states; None if it states none, or none that is certain."""
        if not zone:
            self._notes.add("A date without a time zone was read as UTC", text)
            return None
        hours = _offset(zone)
        if hours is not None:
            return hours
        name = zone.upper()
        if name in AMBIGUOUS_ZONES:
            settled = likely_meaning(name, self._offsets, self._countries)
            if settled is not None and settled != ZONES.get(name):
                shown = f"{'-' if settled < 0 else '+'}{int(abs(settled)):02}:{int(abs(settled) % 1 * 60):02}"
                self._notes.add(
                    f"The time zone {name} has several meanings; as the feed suggests, it was read as {shown}", text
                )
            if settled is None and name not in ZONES:
                self._notes.add(f"The time zone {name} has several meanings; the date was read as UTC", text)
            return settled if settled is not None else ZONES.get(name)
        if name not in ZONES:
            self._notes.add("A date with an unknown time zone was read as UTC", text)
        return ZONES.get(name)

    def _end_of(self, period: re.Match[str], text: str) -> ReadDate | None:
        """Return the end of a year or month. One that is not over yet, by the time of the fetch, says too little."""
        year, month = int(period[1]), int(period[2] or 12)
        try:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(seconds=1)
        except (ValueError, OverflowError):
            self._notes.add("An impossible date was left out", text)
            return None
        if self._fetched_at is None or end > self._fetched_at:
            self._notes.add("A date that names no day was left out", text)
            return None
        self._notes.add("A date that names no day was read as the end of its year or month", text)
        return self._plausible(ReadDate(end, sure=False), text)

    def _plausible(self, read: ReadDate, text: str) -> ReadDate | None:
        if read.moment < _EARLIEST:
            self._notes.add("An impossible date was left out", text)
            return None
        if self._fetched_at is not None and read.moment > self._fetched_at + FUTURE_ALLOWED:
            self._notes.add("A date in the future was left out", text)
            return None
        return read


class _Unsettled(Exception):
    """The date can be read in two ways."""


def _exact(text: str) -> datetime | None:
    """Read a number of seconds since 1970, or a usual RFC 822 or ISO 8601 date with time and offset."""
    epoch = _EPOCH.match(text)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    usual = _RFC_822.fullmatch(text)
    if usual:
        return _usual(usual)
    if not text[:4].isdigit() or text[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(_LONG_FRACTION.sub(r"\1", _REGION.sub("", text)))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _usual(parts: re.Match[str]) -> datetime | None:
    """Return the moment of an RFC 822 date; None if there is no such day."""
    day, month, year, hour, minute, second = parts.group(1, 2, 3, 4, 5, 6)
    number = _MONTHS.index(month.lower()) + 1
    try:
        moment = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        if parts[7]:
            offset = timedelta(hours=int(parts[8]), minutes=int(parts[9]))
            moment += -offset if parts[7] == "+" else offset
    except (ValueError, OverflowError):
        return None
    return moment


def _compact(plain: str) -> _Parts | None:
    match = _COMPACT.match(plain)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups(default="")
    time = f" {hour}:{minute}:{second or '00'}" if hour else ""
    return _at(year, month, day, f"{time} {plain[match.end() :]}")


def _year_first(plain: str) -> _Parts | None:
    match = _YEAR_FIRST.match(plain)
    if match is None:
        return None
    month, day = (match["month"] or match["m"] or match["m2"]), (match["day"] or match["d"] or match["d2"])
    return _at(match["year"], month, day, match["after"])


def _at(year: str | int, month: str | int, day: str | int, after: str) -> _Parts | None:
    """Return the date with the time and zone that stand after it; None if anything else stands there."""
    time = _time(after)
    if time is None:
        return None
    days, hour, minute, second, zone = time
    try:
        naive = datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 - the caller adds the zone
        return _Parts(naive + timedelta(days=days), zone)
    except (ValueError, OverflowError):
        return None


def _time(after: str) -> tuple[int, int, int, int, str] | None:
    """Return days to add, hour, minute, second and zone from the text after a date; None if that is no time."""
    rest = _FILLERS.sub("", after.strip())
    if not rest:
        return 0, 0, 0, 0, ""
    comment = _COMMENT.search(rest)
    if comment:
        rest = rest[: comment.start()].strip()
    match = _TIME.match(rest)
    if match is None:
        bare = rest.strip()
        return (0, 0, 0, 0, bare) if _is_zone(bare) else None
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    if minute is None and half is None:
        return None
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half[0] == "p")
    zone = rest[match.end() :].strip(" ,.")
    if not zone and comment and _is_zone(comment[1].strip()):
        zone = comment[1].strip()
    if (zone and not _is_zone(zone)) or int(minute or 0) > 59 or hour > 24:
        return None
    second = min(int(match["second"] or 0), 59)  # a leap second
    if hour == 24:
        return (1, 0, 0, 0, zone) if int(minute or 0) == second == 0 else None
    return 0, hour, int(minute or 0), second, zone


def _is_zone(text: str) -> bool:
    return bool(_ZONE.match(text) or _ZONE_NAME.match(text))


def _offset(zone: str) -> float | None:
    """Return the hours of a numeric offset; None if it is a name, or further from UTC than any zone."""
    match = _ZONE.match(zone)
    if match is None:
        return None
    hours = int(match["hours"]) + int(match["minutes"] or 0) / 60
    hours = hours if match["sign"] == "+" else -hours
    return hours if _WEST <= hours <= _EAST and int(match["minutes"] or 0) < 60 else None


def _without_weekday(plain: str) -> str:
    """Return the text without a first word, which may be a weekday in any language, and wrong."""
    match = _WEEKDAY.match(plain)
    return plain[match.end() :] if match else plain


def _century(year: int) -> int:
    """Return a year of two digits in full, as RFC 2822 has it."""
    return 2000 + year if year < 50 else 1900 + year


def _fold(text: str) -> str:
    """Return the text in lower case without accents; ``scripts/month_names.py`` does the same with names."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", bare)


@cache
def _months() -> Mapping[str, Mapping[int, frozenset[str]]]:
    """Return the months that a name may mean, with the languages where it does."""
    months: dict[str, dict[int, frozenset[str]]] = {}
    with files("services.ingest.parse").joinpath("month_names.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            months.setdefault(row["name"], {})[int(row["month"])] = frozenset(row["languages"].split())
    return months


def _survey(written: Iterable[str]) -> tuple[dict[str, set[str]], frozenset[float]]:
    """Return what the dates of a feed show: which number is first, by the mark between them, and offsets from UTC."""
    orders: dict[str, set[str]] = {}
    offsets: set[float] = set()
    for raw in written:
        text = raw[:_LONGEST].strip()
        stated = _STATED_OFFSET.search(text)
        if stated:
            hours = int(stated[2]) + int(stated[3]) / 60
            offsets.add(hours if stated[1] == "+" else -hours)
        match = _NUMERIC.match(_without_weekday(text))
        if match is None:
            continue
        first, second = int(match["first"]), int(match["second"])
        if first > 12 >= second:
            orders.setdefault(match["mark"], set()).add("day")
        elif second > 12 >= first:
            orders.setdefault(match["mark"], set()).add("month")
    return orders, frozenset(offsets)


#: Languages of one country.
_COUNTRY_OF = {
    "zh": "CN",
    "he": "IL",
    "iw": "IL",
    "bn": "BD",
    "ga": "IE",
    "hi": "IN",
    "ta": "IN",
    "te": "IN",
    "mr": "IN",
}


def _countries(feed_url: str, language: str | None) -> frozenset[str]:
    """Return the countries that a feed may be from: by its host's ending, else by its language's region or itself."""
    try:
        ending = (urlsplit(feed_url).hostname or "").rpartition(".")[2].upper()
    except ValueError:
        ending = ""
    ending = "GB" if ending == "UK" else ending
    if len(ending) == 2:
        return frozenset((ending,))
    primary, _, region = (language or "").partition("-")
    # en-US is what publishing systems write unless somebody changes it.
    country = region.upper() if len(region) == 2 and (language or "").lower() != "en-us" else _COUNTRY_OF.get(primary)
    return frozenset((country,)) if country else frozenset()
