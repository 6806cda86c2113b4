from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.event_views import AffectedClient, EventEvidence, EventView
from services.notifier.desk.pictures import APART, MARGIN, WIDTH, Share, Timeline, bars, event_timeline, shares
from tests.event_world import evidence

ZONE = ZoneInfo("Europe/Stockholm")
T0 = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)


def test_columns_are_as_high_as_their_counts() -> None:
    picture = bars([("Mon", 4), ("Tue", 2), ("Wed", 0)], limit=3)
    high, half, none = picture.bars
    assert (high.height, none.height) == (2 * half.height, 0)
    assert {bar.y + bar.height for bar in picture.bars} == {picture.base}
    assert [bar.over for bar in picture.bars] == [True, False, False]
    assert picture.limit_y is not None
    assert high.y < picture.limit_y < half.y
    assert bars([]).bars == []
    assert bars([("Mon", 0)]).bars[0].height == 0


def made(model: type[Any]) -> Any:
    """Return what makes a model of the fields that a picture needs, without the others."""
    return model.model_construct


def timeline(*hours: float, told: float | None = None) -> Timeline:
    """Return the timeline of an event that was reported at these hours, the first time first of all."""
    moments = [T0 + timedelta(hours=after) for after in hours]
    items = tuple(
        made(EventEvidence)(
            **dict(evidence(f"n{number}", published_at=at)), position="reports", first_seen_at=at, is_first=number == 0
        )
        for number, at in enumerate(moments)
    )
    client = made(AffectedClient)(client_name="Ann", told_at=None if told is None else T0 + timedelta(hours=told))
    return event_timeline(made(EventView)(evidence=items, affected=(client,), first_seen_at=T0), ZONE)


def test_moments_stand_in_the_order_of_time_within_the_picture() -> None:
    picture = timeline(0, 5, 30, told=6)
    assert [mark.kind for mark in picture.marks] == ["first", "reports", "told", "reports"]
    places = [mark.x for mark in picture.marks]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (MARGIN, WIDTH - MARGIN)
    told = next(mark for mark in picture.marks if mark.kind == "told")
    assert all(mark.y < picture.axis < told.y < picture.height for mark in picture.marks if mark is not told)
    assert [tick.label for tick in picture.ticks] == ["12:00", "18:00", "6 Mar", "06:00", "12:00"]


def test_marks_at_one_moment_are_stacked() -> None:
    picture = timeline(0, 0, 0, 24)
    stacked = [mark.y for mark in picture.marks[:3]]
    assert sorted(stacked, reverse=True) == [stacked[0], stacked[0] - APART, stacked[0] - 2 * APART]
    assert min(stacked) > 0


def test_a_single_moment_has_an_axis_of_an_hour() -> None:
    picture = timeline(0)
    assert picture.marks[0].x == WIDTH / 2
    assert 1 <= len(picture.ticks) <= 7


def test_a_year_has_few_ticks() -> None:
    assert len(timeline(0, 24 * 400).ticks) <= 8


def test_the_largest_share_comes_first() -> None:
    found = [Share("a", "Ann", "x", 2.0), Share("b", "Bob", "x", 9.5)]
    assert [share.client for share in shares(found)] == ["Bob", "Ann"]
