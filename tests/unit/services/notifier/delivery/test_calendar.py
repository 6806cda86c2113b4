"""Other programs can read a call's calendar file, and a second file moves the appointment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from services.notifier.delivery.calendar import call_file, half_hour
from services.notifier.delivery.channels.base import Outgoing
from tests.desk_world import World

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
START = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)


def message(subject: str = "Halden cuts", body: str = "Dear Nadia,\n\n40 %; more, later.") -> Outgoing:
    return Outgoing("dlv_1", "nadia@b.example", "Nadia", "Mara", "mara@h.example", subject, body)


def test_the_file_says_whom_to_call_when_and_why() -> None:
    raw = call_file(message(), START, NOW, phone="+46 8 123")
    assert raw == call_file(message(), START, NOW, phone="+46 8 123"), "the same call, the same bytes"
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert event["summary"] == "Call Nadia: Halden cuts"
    assert event["description"] == "Dear Nadia,\n\n40 %; more, later."
    assert event.decoded("dtstart") == START
    assert event.decoded("dtend") == START + timedelta(minutes=15)
    assert str(event["uid"]).startswith("dlv_1@")
    assert event["location"] == "+46 8 123"
    assert b"ATTENDEE" not in raw, "nobody is invited"


@given(subject=TEXT, body=TEXT)
def test_no_text_becomes_a_property(subject: str, body: str) -> None:
    (event,) = Calendar.from_ical(call_file(message(subject, body), START, NOW)).walk("VEVENT")
    assert event["description"] == body
    assert event["summary"] == f"Call Nadia: {subject}"


@given(st.floats(0, 100_000))
def test_a_call_is_soon_and_at_a_round_time(seconds: float) -> None:
    moment = NOW + timedelta(seconds=seconds)
    start = half_hour(moment)
    assert timedelta(minutes=10) <= start - moment <= timedelta(minutes=40)
    assert (start.minute % 30, start.second, start.microsecond) == (0, 0, 0)


def test_the_desk_offers_the_file(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    line = world.draft("claire-arnaud", "warn")
    answer = world.browser().get(f"/drafts/{line.id}/call.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert b"SUMMARY:Call Claire Arnaud" in answer.content
    assert f"/drafts/{line.id}/call.ics" in world.browser().get(f"/drafts/{line.id}").text
    assert world.browser("manager-june").get(f"/drafts/{line.id}/call.ics").status_code == 404
