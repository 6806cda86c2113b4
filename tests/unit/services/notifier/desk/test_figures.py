from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.common.db import reading
from services.notifier.desk.actions.events import show_event
from services.notifier.desk.actions.figures import (
    WEEKS,
    client_weeks,
    first_words,
    touched_shares,
    week_starts,
    weekly_messages,
)
from services.notifier.scope import EVERYTHING, OwnClients
from tests.desk_data import NOW
from tests.desk_world import World

ZONE = ZoneInfo("Europe/Stockholm")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A desk that told two of Claire's drafts now, and one to another client nine days later."""
    world = World.make(tmp_path)
    for client_id, verdict, days in (
        ("claire-arnaud", "tell", 0),
        ("claire-arnaud", "warn", 0),
        ("brightwater", "tell", 9),
    ):
        world.at(NOW + timedelta(days=days))
        line = world.draft(client_id, verdict)
        world.desk("mark_sent", line.id, line.version, reason="On the phone.")
    world.apply(world.publisher.events)
    return world


def halden(world: World) -> str:
    """Return the alert on Halden's dividend, which finds its event."""
    return world.draft("claire-arnaud", "tell").draft.alert_id


def test_weeks_begin_on_monday_where_the_reader_is() -> None:
    starts = week_starts(NOW, ZONE)
    assert len(starts) == WEEKS
    assert {(start.weekday(), start.hour) for start in starts} == {(0, 0)}
    assert starts[-1] <= NOW < starts[-1] + timedelta(weeks=1)


def test_messages_are_counted_by_week_and_client(world: World) -> None:
    now = world.clock.now()
    starts = week_starts(now, ZONE)
    with reading(world.engine) as connection:
        found = weekly_messages(connection, EVERYTHING, starts)
        assert [(line.client_id, line.counts[-2:], line.total) for line in found] == [
            ("claire-arnaud", (2, 0), 2), ("brightwater", (0, 1), 1),
        ]  # fmt: skip
        assert [line.client_id for line in weekly_messages(connection, OwnClients("june"), starts)] == ["brightwater"]
        weeks = client_weeks(connection, EVERYTHING, "claire-arnaud", now, ZONE)
        assert (weeks[-2:], len(weeks)) == ([("2 Mar", 2), ("9 Mar", 0)], WEEKS)
        assert sum(count for _, count in client_weeks(connection, EVERYTHING, "silent", now, ZONE)) == 0


def test_the_time_to_the_first_word_counts_from_the_first_report(world: World) -> None:
    with reading(world.engine) as connection:
        waited = first_words(connection, EVERYTHING, NOW - timedelta(weeks=1))
        assert waited.count == 3
        assert dict(waited.groups)["> 3 d"] == 1
        assert waited.median_hours is not None
        assert 0 <= waited.median_hours < 72
        nothing = first_words(connection, EVERYTHING, NOW + timedelta(weeks=9))
        assert (nothing.count, nothing.median_hours) == (0, None)


def test_an_events_shares_are_those_that_the_book_states(world: World) -> None:
    with reading(world.engine) as connection:
        view = show_event(connection, EVERYTHING, halden(world), NOW, size=50)
        found = touched_shares(connection, EVERYTHING, view)
    assert ("Claire Arnaud", "Halden Energy", 12.0) in [(share.client, share.what, share.percent) for share in found]
    assert [share.percent for share in found] == sorted((share.percent for share in found), reverse=True)


def test_the_pages_draw_pictures_with_titles_and_tables(world: World) -> None:
    browser = world.browser()
    text = browser.get("/figures").text
    assert 'aria-labelledby="waits-title waits-desc"' in text
    assert "Half of the 3 first messages" in text
    assert text.count("As a table") == 2
    client = browser.get("/clients/claire-arnaud").text
    assert "Messages per week to Claire Arnaud" in client
    assert "and the limit of" in client
    assert "As a table" not in browser.get("/clients/silent").text
    event = browser.get(f"/events/{halden(world)}").text
    for said in ("</bdi> reported it first", "Timeline of the event", "client was told", ">12%<"):
        assert said in event
    for page in (text, client, event):
        assert " style=" not in page
        assert page.count("/static/pictures.css") == 1


def test_an_empty_desk_has_no_figures(tmp_path: Path) -> None:
    text = World.make(tmp_path, []).browser().get("/figures").text
    assert "No message about an event was sent yet." in text
    assert "<svg" not in text
