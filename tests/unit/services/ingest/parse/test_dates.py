from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.parse import dates
from services.ingest.parse.dates import DateReader, ReadDate
from services.ingest.parse.notes import Notes

FETCHED_AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HALF_PAST_EIGHT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
MONTHS = [
    (row["name"], int(row["month"]), row["languages"].split())
    for row in csv.DictReader(
        files("services.ingest.parse").joinpath("month_names.csv").read_text("utf-8").splitlines()
    )
]


def read(
    text: str | None, *others: str, language: str | None = None, feed_url: str = "https://news.example.org/feed"
) -> tuple[ReadDate | None, tuple[str, ...]]:
    """Read ``text`` in a feed with ``others``; return the date and the notes."""
    notes = Notes()
    written = [*others, *([text] if text else [])]
    reader = DateReader(written, notes, feed_url=feed_url, language=language, fetched_at=FETCHED_AT)
    return reader.read(text), notes.lines()


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mar 2026 08:30:00 GMT",
        "Mon, 02 Mar 2026 08:30:00 Z",
        "Mon, 02 Mar 2026 03:30:00 -0500",
        "Mon, 2 Mar 2026 03:30 EST",
        "Mon, 02 Mar 2026 14:15:00 +0545",
        "Mon, 02 Mar 2026 14:15:00 +545",
        "Mon, 02 Mar 2026 05:00:00 -03:30",
        "Mon, 02 Mar 2026 22:30:00 +14",
        "Mon, 02 Mar 26 08:30:00 GMT",
        "02-Mar-2026 08:30 UTC",
        "Monday, March 2, 2026 3:30 AM EST",
        "March 2nd, 2026, 3:30 a.m. EST",
        "Mon Mar 02 09:30:00 CET 2026",
        "Mon Mar 02 2026 09:30:00 GMT+0100 (Central European Standard Time)",
        "Mo, 02 Mär 2026 09:30:00 +0100",
        "Montag, 2. März 2026 um 09:30 Uhr MEZ",
        "lun. 2 mars 2026 à 09h30 CET",
        "lundi 2 mars 2026 09:30:00 +0100",
        "lun, 2 mar 2026 09:30:00 +0100",
        "lunes, 2 de marzo de 2026 a las 09:30 CET",
        "lunedì 2 marzo 2026 alle ore 09:30 CET",
        "segunda-feira, 2 de março de 2026 09h30 CET",
        "ma 02 mrt 2026 09:30 +0100",
        "2 maart 2026 om 9.30 uur CET",
        "pon., 2 marca 2026 09:30:00 +0100",
        "måndag 2 mars 2026 kl. 09:30 CET",
        "mandag 2. marts 2026 kl. 09.30 CET",
        "2. maaliskuuta 2026 klo 10.30 EET",
        "po 2. března 2026 09:30 +0100",
        "2 марта 2026 г., 11:30 MSK",
        "понедельник, 2 марта 2026 11:30:00 +0300",
        "2026. március 2. 9:30 CET",
        "2 Mart 2026 11:30 +03:00",
        "2 Μαρτίου 2026 10:30 EET",
        "2026-03-02T08:30:00Z",
        "2026-03-02t08:30:00z",
        "2026-03-02T08:30:00.000000000Z",
        "2026-03-02 08:30:00 +0000",
        "2026-03-02 08:30:00 UTC",
        "2026-03-02T09:30:00+01:00[Europe/Berlin]",
        "2026/03/02 08:30:00 GMT",
        "20260302T083000Z",
        "2026年3月2日 17:30 JST",
        "02.03.2026 09:30:00 CET",
        "1772440200",
        "1772440200000",
    ],
)
def test_a_date_with_a_certain_zone_is_read_as_it_says(text: str) -> None:
    assert read(text) == (ReadDate(HALF_PAST_EIGHT), ())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", MIDNIGHT),
        ("2026-03-02T08:30:00", HALF_PAST_EIGHT),
        ("2 March 2026", MIDNIGHT),
        ("March 2, 2026 8:30 am", HALF_PAST_EIGHT),
        ("02.03.2026 08:30", HALF_PAST_EIGHT),
        ("2 mars 2026, 08:30", HALF_PAST_EIGHT),
        ("Mon, 02 Mar 2026 08:30:00 XYZ", HALF_PAST_EIGHT),
        ("Mon, 02 Mar 2026 08:30:00 +9900", HALF_PAST_EIGHT),
        ("2025", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-02", datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_what_is_assumed_is_not_sure_and_said(text: str, moment: datetime) -> None:
    date, notes = read(text)
    assert date == ReadDate(moment, sure=False)
    assert len(notes) == 1


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2 hours ago",
        "Mon, 02 Foo 2026 08:30:00 GMT",
        "02 Mar",
        "32 March 2026",
        "2026-02-30",
        "2 March 2026 or so",
        "2 March 2026 25:00 GMT",
        "2 March 2026 8 o'clock",
        "12/11/10",
        "03/04/26",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2036-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "0000",
        "2026",
        "2026-03",
        "2026-13",
        "Q1 2026",
    ],
)
def test_what_is_no_certain_date_is_left_out_and_said(text: str) -> None:
    date, notes = read(text)
    assert date is None
    assert len(notes) == 1


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_missing_date_needs_no_note(text: str | None) -> None:
    assert read(text) == (None, ())


@pytest.mark.parametrize("mark", "/-")
def test_day_and_month_in_numbers_are_told_apart_only_by_the_feeds_other_dates(mark: str) -> None:
    def written(first: int, second: int) -> str:
        return f"{first:02}{mark}{second:02}{mark}2026 08:30:00 GMT"

    date, notes = read(written(3, 2))
    assert (date, len(notes)) == (None, 1)
    assert "can't be told apart" in notes[0]
    assert read(written(2, 3), written(26, 2)) == (ReadDate(HALF_PAST_EIGHT), ())
    assert read(written(3, 2), written(2, 26)) == (ReadDate(HALF_PAST_EIGHT), ())
    assert read(written(3, 2), written(2, 26), written(26, 2))[0] is None
    other_mark = "-" if mark == "/" else "/"
    assert read(written(3, 2), written(26, 2).replace(mark, other_mark))[0] is None


def test_numbers_that_can_only_be_a_day_are_one() -> None:
    assert read("03/02/2026 GMT", "02/26/2026 GMT")[0] == ReadDate(MIDNIGHT)
    assert read("02/26/2026 GMT")[0] == ReadDate(datetime(2026, 2, 26, tzinfo=UTC))
    assert read("26/02/2026 GMT")[0] == ReadDate(datetime(2026, 2, 26, tzinfo=UTC))
    assert read("02/02/2026 GMT")[0] == ReadDate(datetime(2026, 2, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "others", "language", "feed_url", "hours"),
    [
        ("IST", (), "en-IN", "https://news.example.org/feed", 5.5),
        ("IST", (), None, "https://news.example.in/feed", 5.5),
        ("IST", (), "he", "https://news.example.org/feed", 2),
        ("IST", (), "en-IN", "https://news.example.ie/feed", 1),
        ("IST", ("Sun, 01 Mar 2026 08:00:00 +0530",), None, "https://news.example.org/feed", 5.5),
        ("BST", (), "en-GB", "https://news.example.com/feed", 1),
        ("BST", (), None, "https://news.example.co.uk/feed", 1),
        ("CST", (), "zh-CN", "https://news.example.com/feed", 8),
        ("CST", ("Sun, 01 Mar 2026 08:00:00 -0600",), None, "https://news.example.com/feed", -6),
        ("EST", (), None, "https://news.example.com.au/feed", 10),
    ],
)
def test_an_ambiguous_zone_is_settled_by_the_feed_and_said(
    zone: str, others: tuple[str, ...], language: str | None, feed_url: str, hours: float
) -> None:
    text = f"Mon, 02 Mar 2026 08:30:00 {zone}"
    date, notes = read(text, *others, language=language, feed_url=feed_url)
    assert date == ReadDate(HALF_PAST_EIGHT - timedelta(hours=hours))
    assert len(notes) == 1
    assert f"The time zone {zone} has several meanings" in notes[0]


@pytest.mark.parametrize(("zone", "language"), [("IST", None), ("BST", "en"), ("CST", "en-US"), ("CST", None)])
def test_an_ambiguous_zone_that_nothing_settles_is_uncertain(zone: str, language: str | None) -> None:
    date, notes = read(f"Mon, 02 Mar 2026 08:30:00 {zone}", language=language)
    assert date == ReadDate(HALF_PAST_EIGHT, sure=False)
    assert len(notes) == 1
    assert "read as UTC" in notes[0]


def test_a_months_name_that_languages_use_differently_needs_the_feeds_language() -> None:
    assert read("2 listopad 2025 GMT")[0] is None
    assert read("2 listopad 2025 GMT", language="pl")[0] == ReadDate(datetime(2025, 11, 2, tzinfo=UTC))
    assert read("2 listopad 2025 GMT", language="hr-HR")[0] == ReadDate(datetime(2025, 10, 2, tzinfo=UTC))


def test_every_month_is_read_in_its_language() -> None:
    assert len(MONTHS) > 600
    for name, month, languages in MONTHS:
        expected = ReadDate(datetime(2024, month, 7, tzinfo=UTC))
        assert read(f"7 {name} 2024 GMT", language=languages[0])[0] == expected, name
        assert read(f"Xyz., 7. {name.upper()}. 2024 00:00 GMT", language=languages[0])[0] == expected, name


OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2026, 3, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
FORMS = st.sampled_from(
    [
        "%a, %d %b %Y %H:%M:%S %z",
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%d %H:%M:%S %z",
        "%d %B %Y %H:%M:%S %z",
        "%B %d, %Y %I:%M:%S %p %z",
    ]
)


@given(MOMENTS, OFFSETS, FORMS)
def test_every_offset_is_read_in_every_form(naive: datetime, offset: timedelta, form: str) -> None:
    at = naive.replace(tzinfo=timezone(offset))
    assert read(at.strftime(form))[0] == ReadDate(at.astimezone(UTC))


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from("/-"))
def test_an_ambiguous_date_alone_is_never_read(first: int, second: int, mark: str) -> None:
    date, _ = read(f"{first}{mark}{second}{mark}2025 GMT")
    assert (date is not None) == (first == second)


@given(st.text(max_size=60) | st.from_regex(re.compile(r"[\w ,.:/+-]{0,40}\d{4}[\w ,.:/+-]{0,40}"), fullmatch=True))
def test_any_text_gives_a_plausible_date_or_none(text: str) -> None:
    date, notes = read(text)
    if date is None:
        assert notes or not text.split()
    else:
        assert datetime(1970, 1, 2, tzinfo=UTC) <= date.moment <= FETCHED_AT + timedelta(days=1)
        assert date.sure or notes


@given(
    weekday=st.sampled_from(["", "Mon, ", "xyz, ", "Mon,", "Monday, "]),
    day=st.integers(0, 32),
    month=st.sampled_from(["Jan", "feb", "MAY", "Sep", "Sept", "June"]),
    year=st.sampled_from(["2026", "1971", "0001", "9999", "26"]),
    time=st.sampled_from(["00:00:00", "23:59:59", "24:00:00", "7:05:06", "12:60:00", "12:00:60", "12:00"]),
    zone=st.sampled_from(["GMT", "utc", "+0000", "-0000", "+05:30", "-1159", "+1300", "+0960", "Z", "EST", "", "+530"]),
)
def test_a_usual_date_is_read_as_by_all_rules(
    weekday: str, day: int, month: str, year: str, time: str, zone: str
) -> None:
    written = f"{weekday}{day} {month} {year} {time} {zone}"
    readings = []
    for pattern in (dates._RFC_822, re.compile("(?!)")):
        notes = Notes()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dates, "_RFC_822", pattern)
            readings.append((DateReader([written], notes).read(written), notes.lines()))
    assert readings[0] == readings[1]
