"""Stories are graded by the positions of independent origins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.judgment.alerts import rank_evidence
from services.matcher.judgment.credibility import assess
from services.matcher.stories.evidence import EvidenceRecord, select_evidence
from services.matcher.stories.threads import EventSummary, Thread
from tests.unit.services.matcher.judgment.builders import AT, record

HALDEN_DENIES = record("Halden", "B", "denied", primary=True)
LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("evidence", "letter", "information", "rule"),
    [
        ([record("Ledger", "A")], "A", 2, "good-source"),
        ([record("Ledger", "A"), record("Herald", "B")], "A", 1, "independent-origins"),
        ([record("Ledger", "A"), record("Ledger", "A")], "A", 2, "good-source"),
        ([record("Halden", "B", primary=True)], "B", 1, "primary"),
        ([record("Ledger", "A", "hedged", own_sources=True)], "A", 3, "rumor"),
        (
            [record("Ledger", "A", "hedged", own_sources=True), record("Herald", "B", "hedged", own_sources=True)],
            "A",
            2,
            "two-rumors",
        ),
        ([record("Ledger", "A", "hedged"), record("Herald", "B", "hedged")], "A", 3, "rumor"),
        ([record("Gazette", "C")], "C", 3, "single-fair-source"),
        ([record("Somebody", "F")], "F", 3, "single-fair-source"),
        ([record("Somebody", "F", "hedged")], "F", 4, "weak-source"),
        ([record("Whisper", "D")], "D", 4, "weak-source"),
        ([record("Whisper", "D"), record("Tattle", "E")], "D", 4, "weak-source"),
        ([record("Ledger", "A"), HALDEN_DENIES], "A", 3, "party-denial"),
        ([record("Ledger", "A"), record("Herald"), HALDEN_DENIES], "A", 3, "party-denial"),
        ([record("Somebody", "F"), HALDEN_DENIES], "F", 4, "party-denial"),
        ([HALDEN_DENIES], "B", 4, "party-denial"),
        ([record("Ledger", "A"), record("Authority", "A", "denied", regulator=True)], "A", 5, "authority-denial"),
        ([record("Ledger", "A"), HALDEN_DENIES, record("Authority", "A", regulator=True)], "A", 1, "regulator"),
        ([HALDEN_DENIES, replace(record("Halden", "B", primary=True), said_at=LATER)], "B", 1, "primary"),
        (
            [record("Halden", "B", primary=True), record("Brightwater", "B", "denied", primary=True)],
            "B",
            4,
            "contradiction",
        ),
        ([record("Ledger", "A"), record("Herald", "B", "denied")], "A", 4, "contradiction"),
        ([record("Ledger", "A"), record("Ledger", "A", "retracted")], "A", 5, "retraction"),
        ([record("Ledger", "A"), record("Herald"), record("Ledger", "A", "retracted")], "B", 2, "good-source"),
        ([record("Ledger", "A"), record("Ledger", "A", "hedged")], "A", 2, "good-source"),
    ],
)
def test_a_story_is_graded_by_the_first_rule_that_applies(
    evidence: list[EvidenceRecord], letter: str, information: int, rule: str
) -> None:
    assessment = assess(evidence)
    assert (assessment.source, assessment.information, assessment.reasons[0].rule) == (letter, information, rule)


def test_a_party_that_is_only_said_to_have_spoken_has_reported_nothing() -> None:
    relayed = replace(record("Gazette", "C"), origin_id="halden", origin_name="Halden Energy")
    reason = assess([relayed]).reasons[0]
    assert reason.text == "Only Gazette reports it so far, and this source alone is not enough."
    assert reason.saw == "Gazette"


@pytest.mark.parametrize(
    ("evidence", "probability", "information", "rule"),
    [
        ([record("Ledger", "A"), record("Herald", "B")], 0.9, 1, "independent-origins"),
        ([record("Ledger", "A"), record("Herald", "B")], 0.6, 2, "good-source"),
        ([record("Gazette", "C"), record("Herald", "C")], 0.9, 2, "fair-sources"),
        ([record("Gazette", "C"), record("Herald", "C")], 0.6, 3, "single-fair-source"),
        ([record("Somebody", "F"), record("Halden", "B", primary=True)], 0.6, 1, "primary"),
        ([record("Somebody", "F"), record("Halden", "B", primary=True)], 0.3, 2, "good-source"),
        ([record("Ledger", "A"), record("Authority", "A", regulator=True)], 0.3, 2, "good-source"),
        ([record("Ledger", "A"), record("Authority", "A", "denied", regulator=True)], 0.6, 5, "authority-denial"),
        ([record("Ledger", "A"), record("Authority", "A", "denied", regulator=True)], 0.3, 4, "contradiction"),
    ],
)
def test_a_report_that_is_not_surely_of_the_event_confirms_nothing(
    evidence: list[EvidenceRecord], probability: float, information: int, rule: str
) -> None:
    first, second = evidence
    assessment = assess([first, replace(second, of_event=probability)])
    assert (assessment.information, assessment.reasons[0].rule) == (information, rule)


def test_what_a_draft_tells_together_is_surely_one_event() -> None:
    def supports(first: EvidenceRecord, second: EvidenceRecord) -> dict[str, str | None]:
        event = EventSummary("takeover", "unclear", "major", "high", 24)
        thread = Thread("s", "h", event, 0.9, AT, AT, evidence=(first, second))
        return {found.publisher: found.supports for found in rank_evidence(thread, None)}

    blog, ledger, herald = record("Somebody", "F"), record("Ledger", "A"), record("Herald", "B")
    assert supports(ledger, replace(herald, of_event=0.9)) == {"Ledger": "claim", "Herald": "claim"}
    assert supports(ledger, replace(herald, of_event=0.6)) == {"Ledger": "claim", "Herald": "context"}
    assert supports(blog, replace(herald, of_event=0.6)) == {"Somebody": "context", "Herald": "claim"}
    assert supports(blog, replace(herald, of_event=0.9)) == {"Somebody": "claim", "Herald": "claim"}


def test_items_that_are_not_news_or_in_another_language_cannot_be_judged() -> None:
    assert assess([replace(record("Gull", "E"), counts=False)]).information == 6
    assert assess([replace(record("Herald"), judged=False)]).information == 6
    assert assess([replace(record("Herald"), judged=False), record("Ledger", "A")]).information == 2


def test_a_relay_is_no_firmer_than_what_its_origin_says_itself() -> None:
    rumor, relayed = record("Ledger", "A", "hedged"), replace(record("Ledger", "A"), publisher="Herald", item_id="2")
    assert assess([relayed]).information == 2
    assert assess([rumor, relayed]).information == 3
    withdrawn = replace(record("Ledger", "A", "retracted"), said_at=LATER)
    assert assess([rumor, relayed, withdrawn]).information == 5


@pytest.mark.parametrize(("unsure", "information"), [(False, 5), (True, 3)])
def test_a_denial_disproves_only_an_event_that_is_sure(unsure: bool, information: int) -> None:
    plan = EventSummary("takeover", "positive", "moderate", "normal", 24, unsure=unsure)
    denial = replace(HALDEN_DENIES, kind="takeover")
    report = replace(record("Ledger", "A"), kind="takeover")
    assert assess([report, denial], plan).information == information


@pytest.mark.parametrize(
    ("reported", "denied", "contested"),
    [
        ("Halden closes its mill", "Halden denies that 310 jobs will be lost", False),
        ("Halden closes its mill, 310 jobs will be lost", "Halden denies that 310 jobs will be lost", True),
        ("Halden closes its mill", "Halden denies that it closes its mill", True),
        ("Halden closes its mill", "Halden denies closing, profit rose 12%", True),
    ],
)
def test_who_denies_a_figure_that_nobody_reports_leaves_the_rest_standing(
    reported: str, denied: str, contested: bool
) -> None:
    report, denial = replace(record("Ledger", "A"), title=reported), replace(HALDEN_DENIES, title=denied)
    assert assess([report, denial]).contested is contested


def test_the_reasons_say_if_the_company_has_not_commented() -> None:
    assert any(reason.rule == "no-comment" for reason in assess([record("Ledger", "A")]).reasons)
    assert not any(reason.rule == "no-comment" for reason in assess([record("Halden", primary=True)]).reasons)


records_strategy = st.builds(
    record,
    st.sampled_from(["Ledger", "Herald", "Halden", "Whisper", "Gazette"]),
    st.sampled_from(["A", "B", "C", "D", "E", "F"]),
    st.sampled_from(["asserted", "hedged", "denied", "retracted"]),
    primary=st.booleans(),
    regulator=st.booleans(),
    own_sources=st.booleans(),
)


@given(st.lists(records_strategy, max_size=8))
def test_every_story_gets_a_grade_with_a_reason(records: list[EvidenceRecord]) -> None:
    assessment = assess(records)
    assert assessment.reasons
    assert all(reason.text.endswith(".") for reason in assessment.reasons)
    assert assessment.origins <= len({record.origin_id for record in records})


@given(st.lists(records_strategy, min_size=1, max_size=6), st.integers(1, 4))
def test_repeating_a_statement_changes_nothing(records: list[EvidenceRecord], times: int) -> None:
    repeated = records + [records[-1]] * times
    assert assess(repeated).information == assess(records).information
    assert assess(repeated).origins == assess(records).origins


@given(st.lists(records_strategy, max_size=40))
def test_evidence_is_bounded_and_keeps_its_order(records: list[EvidenceRecord]) -> None:
    kept = select_evidence(records, 20)
    assert len(kept) <= 20
    remaining = iter(records)
    assert all(any(record is other for other in remaining) for record in kept)
