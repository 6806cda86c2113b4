"""Grades set by hand hold against files; files hold against nothing that somebody stands for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.compose.common import open_store
from firstword.compose.embedded import build_runtime
from firstword.source_grades import BadRow, Rating, Sources, domain_of, letter_of, read_ratings
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


def test_what_ships_is_there_from_the_beginning(store: Store) -> None:
    standing = Sources(store).explain("uk.reuters.com")
    assert (standing.today.grade, standing.known) == ("A", False)
    assert standing.set_grade.set_by is None
    assert not Sources(store).explain("nobody.example").known


def test_a_grade_set_by_hand_holds_against_a_file(store: Store) -> None:
    sources = Sources(store)
    change = sources.grade("post.example", "B", "Good work.", publisher="The Post")
    assert (change.before.grade, change.after.grade) == ("F", "B")
    done = sources.take_in([Rating("post.example", 0.1, 2)], "ratings.csv")
    assert done.kept_by_hand == ("post.example",)
    found = sources.explain("post.example").set_grade
    assert (found.grade, found.ground, found.set_by, found.set_at) == ("B", "Good work.", "hand", NOW)
    sources.grade("post.example", "D", "Less good work.")
    assert sources.explain("post.example").today.grade == "D"


def test_a_file_changes_what_ships_only_when_asked(store: Store) -> None:
    sources = Sources(store)
    rows = [Rating("reuters.com", 0.3, 2), Rating("uk.reuters.com", 0.3, 3), Rating("new.example", 0.9, 4)]
    done = sources.take_in(rows, "ratings.csv")
    assert (done.added, done.kept_shipped) == (("new.example",), ("reuters.com", "uk.reuters.com"))
    assert sources.take_in(rows, "ratings.csv").unchanged == ("new.example",)
    assert sources.take_in(rows, "ratings.csv", over_shipped=True).changed == ("reuters.com", "uk.reuters.com")
    assert sources.explain("reuters.com").today.grade == "E"


def test_the_record_is_explained_with_dates_and_can_be_begun_anew(store: Store) -> None:
    sources = Sources(store)
    sources.grade("post.example", "C", "Fair.", publisher="The Post")
    assert isinstance(store.clock, ManualClock)
    store.clock.set(NOW + timedelta(days=9))
    with store.engine.begin() as connection:
        store.events.publish(connection, [_confirmed(f"s{n}", NOW + timedelta(days=1 + n)) for n in range(6)])
    build_runtime(store).run_until_idle()
    standing = sources.explain("post.example")
    assert standing.today.grade == "B"
    assert [each.at.day for each in standing.record.outcomes] == [8, 7, 6, 5, 4, 3]
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
        ("bad domain,1", "no domain"),
        ("https://a.example/x,1", "no domain"),
        ("b.example,high", "no number"),
        ("b.example,nan", "not between"),
        ("b.example,7", "not between"),
        ("b.example", "score is missing"),
        ("a.example,1", "line 2 already"),
    ],
)
def test_every_bad_row_is_named_with_line_and_mend(row: str, message: str) -> None:
    good, bad = read_ratings(["domain,pc1", "a.example,0.5", row], "r.csv")
    assert isinstance(good, Rating)
    assert isinstance(bad, BadRow)
    assert str(bad).startswith("r.csv:3: ")
    assert message in bad.message
    assert bad.fix


@pytest.mark.parametrize("heading", ["", "site,score", "domain"])
def test_a_file_without_its_heading_is_refused(heading: str) -> None:
    with pytest.raises(BadInput, match="heading"):
        list(read_ratings([heading], "r.csv"))


@given(st.floats(0, 1))
def test_a_score_is_worth_a_letter_but_never_an_a(score: float) -> None:
    assert letter_of(score) in "BCDE"


def test_domains_are_kept_in_one_form() -> None:
    assert domain_of(" WWW.Zürich-News.example. ") == "xn--zrich-news-9db.example"
