"""A track record moves a source's grade slowly, by one letter a quarter, within bounds, and reversibly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import RumorOutcome, RumorResolved, SourceGrade, SourceKind, SourceLetter
from services.matcher.sources.publishers import SourceTable, default_sources
from services.matcher.sources.track_record import (
    CONFIRMED_A_WEEK,
    ONE_DOWN,
    ONE_UP,
    QUARTER,
    RumorOutcomes,
    adjust_grade,
    compute_record,
)
from services.matcher.thresholds import default_thresholds

THRESHOLDS = default_thresholds()
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHISPER = SourceGrade(domain="whisper.example", publisher="Market Whisper", kind="blog", grade="D")


def ended(outcome: RumorOutcome, story: str, at: datetime, entity: str = "halden") -> RumorResolved:
    return RumorResolved(
        domain="whisper.example",
        publisher="Market Whisper",
        story_id=story,
        entity_id=entity,
        headline="Halden Energy said to weigh a sale",
        outcome=outcome,
        at=at,
    )


def several(confirmed: int = 0, denied: int = 0, fizzled: int = 0, at: datetime = DAY) -> list[RumorResolved]:
    counts: dict[RumorOutcome, int] = {"confirmed": confirmed, "denied": denied, "fizzled": fizzled}
    kinds = [kind for kind, times in counts.items() for _ in range(times)]
    return [ended(kind, f"s{n}", at - timedelta(days=1 + 5 * n)) for n, kind in enumerate(kinds)]


def after(outcomes: list[RumorResolved], source: SourceGrade = WHISPER, day: datetime = DAY) -> SourceGrade:
    return adjust_grade(source, outcomes, day, THRESHOLDS)


@pytest.mark.parametrize(
    ("confirmed", "denied", "letter"),
    [(0, 0, "D"), (4, 0, "D"), (5, 0, "C"), (4, 1, "C"), (3, 2, "D"), (2, 3, "E"), (0, 9, "E"), (14, 0, "C")],
)
def test_the_grade_moves_by_a_letter_after_enough_outcomes(confirmed: int, denied: int, letter: str) -> None:
    assert after(several(confirmed, denied)).grade == letter


def test_the_record_is_described_in_numbers() -> None:
    text = after(several(7, 1, 1)).record
    assert text == (
        "Market Whisper counts as C instead of D: of its last nine rumors, seven were confirmed, "
        "one was denied and one was never taken up."
    )
    assert (after(several(3, 2)).record or "").startswith("Market Whisper keeps its grade D: ")


def test_an_outcome_counts_from_the_next_day_until_it_leaves_the_window() -> None:
    at = DAY.replace(hour=0) + timedelta(hours=2)
    today = [ended("confirmed", f"s{n}", at - timedelta(days=4 * n)) for n in range(5)]
    assert after(today).grade == "D"
    assert after(today, day=DAY + timedelta(days=1)).grade == "C"
    assert after(today, day=DAY + timedelta(days=THRESHOLDS.record_window_days + 2)).grade == "D"


def test_setting_a_grade_starts_a_new_record() -> None:
    anew = WHISPER.model_copy(update={"record_since": DAY - timedelta(hours=1)})
    assert after(several(9), anew) is anew


def test_only_the_last_outcome_of_a_story_counts() -> None:
    outcomes = RumorOutcomes(THRESHOLDS)
    said: tuple[RumorOutcome, ...] = ("denied", "confirmed")
    for hour, outcome in enumerate(said):
        for entity in ("halden", "tolmark"):
            at = DAY - timedelta(days=1, hours=-hour)
            outcomes.add(ended(outcome, "s", at, entity))
    record = outcomes.record(WHISPER, DAY)
    assert (record.count("confirmed"), record.count("denied")) == (1, 0)


@pytest.mark.parametrize("kind", ["regulator", "company", "newswire", "satire", "aggregator"])
def test_a_source_that_does_not_report_has_no_record(kind: SourceKind) -> None:
    assert after(several(9), WHISPER.model_copy(update={"kind": kind})).grade == "D"


def test_a_site_without_a_grade_can_earn_one() -> None:
    outcomes = RumorOutcomes(THRESHOLDS)
    for resolved in several(6):
        outcomes.add(resolved)
    table = outcomes.apply_to(SourceTable(), DAY)
    assert table.lookup("whisper.example").grade == "D"
    assert table.lookup("other.example").grade == "F"
    assert outcomes.apply_to(default_sources(), DAY).lookup("reuters.com") == default_sources().lookup("reuters.com")


@given(
    st.lists(st.tuples(st.sampled_from(get_args(RumorOutcome)), st.integers(0, 20), st.integers(0, 20_000))),
    st.sampled_from(get_args(SourceLetter)),
)
def test_the_grade_moves_within_its_bounds_in_any_order(
    given_: list[tuple[RumorOutcome, int, int]], grade: SourceLetter
) -> None:
    source = WHISPER.model_copy(update={"grade": grade})
    events = [ended(outcome, f"s{story}", DAY - timedelta(hours=hours)) for outcome, story, hours in given_]
    in_order, reordered = RumorOutcomes(THRESHOLDS), RumorOutcomes(THRESHOLDS)
    for resolved in events:
        in_order.add(resolved)
    for resolved in sorted(events, key=lambda event: (event.at, event.outcome), reverse=True):
        reordered.add(resolved)
    adjusted = in_order.apply_to(table := SourceTable([(source, ())]), DAY).lookup(source.domain)
    highest = "C" if grade == "F" else ONE_UP.get(grade, grade)
    assert adjusted.grade in {grade, ONE_UP.get(grade, grade), highest, ONE_DOWN.get(grade, grade)}
    if len({(resolved.story_id, resolved.at) for resolved in events}) == len(events):
        assert adjusted == reordered.apply_to(table, DAY).lookup(source.domain)


def test_outcomes_of_one_entity_at_one_moment_are_one_story() -> None:
    outcomes = several(denied=4)
    replayed = [resolved.model_copy(update={"story_id": f"again-{resolved.story_id}"}) for resolved in outcomes]
    assert after([*outcomes, *replayed]).grade == "D"
    assert len(compute_record([*outcomes, *replayed], DAY, THRESHOLDS).outcomes) == 4
    elsewhere = [resolved.model_copy(update={"entity_id": "other"}) for resolved in outcomes]
    assert len(compute_record([*outcomes, *replayed, *elsewhere], DAY, THRESHOLDS).outcomes) == 4 + len(elsewhere)


def test_a_flood_of_confirmed_rumors_earns_nothing() -> None:
    week = [ended("confirmed", f"s{n}", DAY - timedelta(days=1, hours=3 * n)) for n in range(40)]
    assert after(week).grade == "D"
    assert compute_record(week, DAY, THRESHOLDS).count("confirmed") == CONFIRMED_A_WEEK


def test_an_unknown_source_rises_to_d_and_a_quarter_later_to_c() -> None:
    unknown = WHISPER.model_copy(update={"grade": "F"})
    true = [ended("confirmed", f"s{n}", DAY + timedelta(days=5 * n)) for n in range(12)]
    grades = [after(true, unknown, DAY + timedelta(days=day)).grade for day in range(200)]
    assert list(dict.fromkeys(grades)) == ["F", "D", "C"]
    assert grades.index("C") - grades.index("D") >= QUARTER.days


@given(st.lists(st.tuples(st.sampled_from(get_args(RumorOutcome)), st.integers(0, 400)), max_size=60))
def test_a_source_moves_at_most_one_letter_in_a_quarter(given_: list[tuple[RumorOutcome, int]]) -> None:
    outcomes = [
        ended(outcome, f"s{n}", DAY + timedelta(days=day, seconds=n)) for n, (outcome, day) in enumerate(given_)
    ]
    grades = [after(outcomes, day=DAY + timedelta(days=day)).grade for day in range(0, 420, 10)]
    moves = [n for n in range(1, len(grades)) if grades[n] != grades[n - 1]]
    assert all("EDC".find(grades[n]) >= 0 for n in moves)
    assert all(10 * (later - earlier) > QUARTER.days - 10 for earlier, later in pairwise(moves))
