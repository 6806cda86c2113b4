"""Promises of contact in plain words, and when contact is due in the client's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.contact.cadence import Cadence, due_after, parse_cadence

WEEK = (0, 1, 2, 3, 4)
PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("weekly, Friday by noon", Cadence("week", 1, 4, by=time(12))),
        ("every Friday", Cadence("week", 1, 4)),
        ("Fridays by 10:00", Cadence("week", 1, 4, by=time(10))),
        ("every working day by 9am", Cadence("day", by=time(9))),
        ("every two weeks, Monday by 5 pm", Cadence("week", 2, 0)),
        ("every other Tuesday in the morning", Cadence("week", 2, 1, by=time(10))),
        ("monthly, first Monday by noon", Cadence("month", 1, 0, 1, time(12))),
        ("once a month, last Thursday before 16:30", Cadence("month", 1, 3, -1, time(16, 30))),
        ("Quarterly.", Cadence("month", 3)),
        ("every 10 days", Cadence("day", 10)),
    ],
)
def test_plain_words_are_understood(text: str, meant: Cadence) -> None:
    assert parse_cadence(text) == meant


@pytest.mark.parametrize(
    "text", ["", "when something happens", "weekly, Friday by 25:00", "daily weekly", "by noon", "Friday or Monday"]
)
def test_a_text_with_an_unknown_word_is_not_a_promise(text: str) -> None:
    assert parse_cadence(text) is None


@given(st.text(max_size=40))
def test_any_text_can_be_parsed(text: str) -> None:
    parse_cadence(text)


def dues(text: str, count: int = 3, zone: ZoneInfo = PARIS, days: tuple[int, ...] = WEEK) -> list[str]:
    cadence, moment, found = parse_cadence(text), BEGIN, []
    assert cadence is not None
    for _ in range(count):
        due = due_after(cadence, zone, days, moment)
        assert due is not None
        found.append(f"{due.astimezone(zone):%a %Y-%m-%d %H:%M}")
        moment = due
    return found


def test_due_dates_keep_the_clients_time_when_clocks_change() -> None:
    assert dues("weekly, Friday by noon", 5)[-2:] == ["Fri 2026-03-27 12:00", "Fri 2026-04-03 12:00"]


def test_due_dates_in_months_and_on_days_off() -> None:
    assert dues("monthly, first Monday by noon") == [
        "Mon 2026-04-06 12:00",
        "Mon 2026-05-04 12:00",
        "Mon 2026-06-01 12:00",
    ]
    assert dues("monthly, last Friday", 2) == ["Fri 2026-03-27 17:00", "Fri 2026-04-24 17:00"]
    assert dues("monthly", 3)[-1] == "Fri 2026-05-29 17:00", "the 31st is a Sunday: the working day before"
    assert dues("quarterly", 2) == ["Tue 2026-03-31 17:00", "Tue 2026-06-30 17:00"]
    assert dues("every Saturday", 2) == ["Fri 2026-03-06 17:00", "Fri 2026-03-13 17:00"]
    assert dues("daily by 9", 4) == [
        "Wed 2026-03-04 09:00", "Thu 2026-03-05 09:00", "Fri 2026-03-06 09:00", "Mon 2026-03-09 09:00",
    ]  # fmt: skip
    assert due_after(Cadence("week", 1, 4), PARIS, (), BEGIN) is None


@given(
    st.builds(
        Cadence,
        st.sampled_from(["day", "week", "month"]),
        st.integers(1, 6),
        st.none() | st.integers(0, 6),
        st.sampled_from([-1, 1, 2, 3, 4]),
        st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    ),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]).map(ZoneInfo),
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_due_date_is_in_the_future_on_a_working_day(
    cadence: Cadence, zone: ZoneInfo, days: tuple[int, ...], after: datetime
) -> None:
    due = due_after(cadence, zone, days, after)
    assert due is not None
    assert due > after
    # An hour that the clock skips may lie on either side of midnight.
    assert due.astimezone(zone).weekday() in days or cadence.by.hour < 3
