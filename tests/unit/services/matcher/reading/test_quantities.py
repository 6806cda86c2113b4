"""A quantity that is bad when it rises is good news when it falls, and a falling number of defaults is no default."""

from __future__ import annotations

import pytest

from schemas.readings import EventFamily, Outlook
from services.matcher.reading.quantities import Move, adjust_for_move, find_move
from tests.unit.services.matcher.readings import reading


@pytest.mark.parametrize(
    ("title", "direction"),
    [
        ("Inflation slows to 2.4%", "good"),
        ("Selva jobless claims fall to 210,000", "good"),
        ("Short interest in Halden drops 20%", "good"),
        ("Halden's loss narrows as bookings grow", "good"),
        ("Default risk at Halden eases", "good"),
        ("Bad loans at Halden Bank fall", "good"),
        ("Halden cuts debt by a third", "good"),
        ("Fewer complaints about Halden", "good"),
        ("Halden's losses widen", "bad"),
        ("Recession fears in Selva deepen", "bad"),
        ("Delinquencies at Halden Bank rise", "bad"),
        ("Rising fuel costs at Halden", "bad"),
    ],
)
def test_a_move_has_a_direction(title: str, direction: Outlook) -> None:
    move = find_move(title)
    assert move is not None
    assert move.direction == direction
    assert move.words in title


@pytest.mark.parametrize(
    "title",
    [
        "Halden's loss narrows less than expected",
        "Halden's debt falls but its churn rises",
        "Halden sells more pumps as fuel costs soar",
        "Republicans narrow debt ceiling gap",
        "Could inflation slow?",
        "Halden shares fall 7%",
        "Halden opens a plant",
    ],
)
def test_other_headlines_have_none(title: str) -> None:
    assert find_move(title) is None


@pytest.mark.parametrize(
    ("kind", "direction", "read_as"),
    [("insolvency", "good", "other"), ("insolvency", "bad", "insolvency"), ("earnings", "good", "earnings")],
)
def test_the_direction_of_the_move_counts(kind: EventFamily, direction: Outlook, read_as: EventFamily) -> None:
    as_read = reading(kind=kind, direction="bad" if direction == "good" else "good")
    adjusted = adjust_for_move(as_read, Move("Default risk eases", direction))
    assert (adjusted.kind, adjusted.direction) == (read_as, direction)
    assert "Default risk eases" in adjusted.reasons[-1]


def test_what_agrees_or_is_another_thing_stays() -> None:
    move = Move("losses widen", "bad")
    for as_read in (reading(kind="earnings", direction="bad"), reading(role="homonym", direction="good")):
        assert adjust_for_move(as_read, move) is as_read
    assert adjust_for_move(reading(), None) == reading()
