"""A source's record moves its grade slowly, by one letter at most, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import RumorOutcome, RumorResolved, SourceGrade, SourceKind, SourceLetter
from services.matcher.sources.publishers import SourceTable, shipped_sources
from services.matcher.sources.track_record import ONE_DOWN, ONE_UP, RumorOutcomes, adjust_grade, compute_record
from services.matcher.thresholds import default_thresholds

RULES = default_thresholds()
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
    return [ended(kind, f"s{n}", at - timedelta(days=1, hours=n)) for n, kind in enumerate(kinds)]


def after(outcomes: list[RumorResolved], source: SourceGrade = WHISPER, day: datetime = DAY) -> SourceGrade:
    return adjust_grade(source, compute_record(outcomes, day, RULES, source.record_since), RULES)


@pytest.mark.parametrize(
    ("confirmed", "denied", "letter"),
    [(0, 0, "D"), (4, 0, "D"), (5, 0, "C"), (4, 1, "C"), (3, 2, "D"), (2, 3, "E"), (0, 9, "E"), (40, 0, "C")],
)
def test_the_grade_moves_by_a_letter_after_enough_outcomes(confirmed: int, denied: int, letter: str) -> None:
    assert after(several(confirmed, denied)).grade == letter


def test_the_record_is_told_in_numbers() -> None:
    text = after(several(7, 1, 1)).record
    assert text == (
        "Market Whisper counts as C instead of D: of its last nine rumors here, seven were confirmed, "
        "one was denied and one was never taken up."
    )
    assert (after(several(3, 2)).record or "").startswith("Market Whisper keeps its grade D: ")


def test_an_outcome_counts_from_the_next_day_and_until_it_is_too_old() -> None:
    at = DAY.replace(hour=0) + timedelta(hours=2)
    today = [ended("confirmed", f"s{n}", at - timedelta(seconds=n)) for n in range(6)]
    assert after(today).grade == "D"
    assert after(today, day=DAY + timedelta(days=1)).grade == "C"
    assert after(today, day=DAY + timedelta(days=RULES.record_window_days + 2)).grade == "D"


def test_a_grade_that_is_set_anew_begins_a_new_record() -> None:
    anew = WHISPER.model_copy(update={"record_since": DAY - timedelta(hours=1)})
    assert after(several(9), anew) is anew


def test_one_story_counts_once_and_its_last_outcome_stands() -> None:
    outcomes = RumorOutcomes(RULES)
    said: tuple[RumorOutcome, ...] = ("denied", "confirmed")
    for hour, outcome in enumerate(said):
        for entity in ("halden", "tolmark"):
            at = DAY - timedelta(days=1, hours=-hour)
            outcomes.add(ended(outcome, "s", at, entity))
    record = outcomes.record(WHISPER, DAY)
    assert (record.count("confirmed"), record.count("denied")) == (1, 0)


@pytest.mark.parametrize("kind", ["regulator", "company", "newswire", "satire", "aggregator"])
def test_who_does_not_report_has_no_record(kind: SourceKind) -> None:
    assert after(several(9), WHISPER.model_copy(update={"kind": kind})).grade == "D"


def test_a_site_that_nobody_graded_earns_a_grade_of_its_own() -> None:
    outcomes = RumorOutcomes(RULES)
    for each in several(6):
        outcomes.add(each)
    table = outcomes.apply_to(SourceTable(), DAY)
    assert table.lookup("whisper.example").grade == "C"
    assert table.lookup("other.example").grade == "F"
    assert outcomes.apply_to(shipped_sources(), DAY).lookup("reuters.com") == shipped_sources().lookup("reuters.com")


@given(
    st.lists(st.tuples(st.sampled_from(get_args(RumorOutcome)), st.integers(0, 20), st.integers(0, 20_000))),
    st.sampled_from(get_args(SourceLetter)),
)
def test_never_more_than_a_letter_whatever_the_order(
    given_: list[tuple[RumorOutcome, int, int]], grade: SourceLetter
) -> None:
    source = WHISPER.model_copy(update={"grade": grade})
    events = [ended(outcome, f"s{story}", DAY - timedelta(hours=hours)) for outcome, story, hours in given_]
    one, other = RumorOutcomes(RULES), RumorOutcomes(RULES)
    for each in events:
        one.add(each)
    for each in sorted(events, key=lambda e: (e.at, e.outcome), reverse=True):
        other.add(each)
    found = adjust_grade(source, one.record(source, DAY), RULES)
    assert found.grade in {grade, ONE_UP.get(grade, grade), ONE_DOWN.get(grade, grade)}
    if len({(e.story_id, e.at) for e in events}) == len(events):
        assert found == adjust_grade(source, other.record(source, DAY), RULES)


def test_what_ended_at_one_moment_is_one_story_under_whatever_name() -> None:
    told = several(confirmed=4)
    heard_again = [each.model_copy(update={"story_id": f"again-{each.story_id}"}) for each in told]
    assert after([*told, *heard_again]).grade == "D"
    assert len(compute_record([*told, *heard_again], DAY, RULES).outcomes) == 4
    elsewhere = [each.model_copy(update={"entity_id": "other"}) for each in told]
    assert len(compute_record([*told, *heard_again, *elsewhere], DAY, RULES).outcomes) == 4 + len(elsewhere)
