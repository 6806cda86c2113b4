"""Grades set by hand, and imports of ratings that never change them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.compose.common import open_store
from firstword.compose.embedded import build_runtime
from firstword.source_grades import BadRow, Rating, SourceGrades, grade_of_score, parse_domain, read_ratings
from firstword.store import Store
from schemas.base import event
from schemas.mentions import RumorResolved
from services.common.clock import ManualClock
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.common.settings import read_settings

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(read_settings(data=tmp_path), ManualClock(NOW)) as opened:
        yield opened


def test_the_grades_that_ship_apply_at_once(store: Store) -> None:
    profile = SourceGrades(store).explain("uk.reuters.com")
    assert (profile.today.grade, profile.known) == ("A", False)
    assert profile.set_grade.set_by is None
    assert not SourceGrades(store).explain("nobody.example").known


def test_an_import_does_not_change_a_grade_set_by_hand(store: Store) -> None:
    sources = SourceGrades(store)
    change = sources.grade("post.example", "B", "Good work.", publisher="The Post")
    assert (change.before.grade, change.after.grade) == ("F", "B")
    done = sources.import_ratings([Rating("post.example", 0.1, 2)], "ratings.csv")
    assert done.kept_by_hand == ("post.example",)
    found = sources.explain("post.example").set_grade
    assert (found.grade, found.ground, found.set_by, found.set_at) == ("B", "Good work.", "hand", NOW)
    sources.grade("post.example", "D", "Less good work.")
    assert sources.explain("post.example").today.grade == "D"


def test_an_import_changes_shipped_grades_only_on_request(store: Store) -> None:
    sources = SourceGrades(store)
    rows = [Rating("reuters.com", 0.3, 2), Rating("uk.reuters.com", 0.3, 3), Rating("new.example", 0.9, 4)]
    done = sources.import_ratings(rows, "ratings.csv")
    assert (done.added, done.kept_shipped) == (("new.example",), ("reuters.com", "uk.reuters.com"))
    assert sources.import_ratings(rows, "ratings.csv").unchanged == ("new.example",)
    assert sources.import_ratings(rows, "ratings.csv", over_shipped=True).changed == ("reuters.com", "uk.reuters.com")
    assert sources.explain("reuters.com").today.grade == "E"


def test_the_track_record_is_explained_with_dates_and_can_be_reset(store: Store) -> None:
    sources = SourceGrades(store)
    sources.grade("post.example", "C", "Fair.", publisher="The Post")
    assert isinstance(store.clock, ManualClock)
    store.clock.set(NOW + timedelta(days=24))
    with store.engine.begin() as connection:
        store.events.publish(connection, [_confirmed(f"s{n}", NOW + timedelta(days=1 + 4 * n)) for n in range(6)])
    build_runtime(store).run_until_idle()
    profile = sources.explain("post.example")
    assert profile.today.grade == "B"
    assert [outcome.at.day for outcome in profile.record.outcomes] == [23, 19, 15, 11, 7, 3]
    assert sources.reset("post.example").grade == "C"
    assert sources.explain("post.example").today.grade == "C"


def _confirmed(story: str, at: datetime) -> AnyEvent:
    data = RumorResolved(
        domain="post.example",
        publisher="The Post",
        story_id=story,
        entity_id="halden",
        headline="Halden Energy said to weigh a sale",
        outcome="confirmed",
        at=at,
    )
    return event(data, key=f"post.example:{story}:halden", id=f"evt_{story}", source="test", time=at)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("bad domain,1", "not a valid domain"),
        ("https://a.example/x,1", "not a valid domain"),
        ("b.example,high", "not a number"),
        ("b.example,nan", "not between"),
        ("b.example,7", "not between"),
        ("b.example", "score is missing"),
        ("a.example,1", "already on line 2"),
    ],
)
def test_every_invalid_row_is_reported_with_line_and_fix(row: str, message: str) -> None:
    good, bad = read_ratings(["domain,pc1", "a.example,0.5", row], "r.csv")
    assert isinstance(good, Rating)
    assert isinstance(bad, BadRow)
    assert str(bad).startswith("r.csv:3: ")
    assert message in bad.message
    assert bad.fix


@pytest.mark.parametrize("heading", ["", "site,score", "domain"])
def test_a_file_without_the_right_columns_is_refused(heading: str) -> None:
    with pytest.raises(BadInput, match="first line"):
        list(read_ratings([heading], "r.csv"))


@given(st.floats(0, 1))
def test_a_score_never_gives_grade_a(score: float) -> None:
    assert grade_of_score(score) in "BCDE"


def test_domains_are_normalized() -> None:
    assert parse_domain(" WWW.Zürich-News.example. ") == "xn--zrich-news-9db.example"
