from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import ClaimStatus, SourceLetter
from services.matcher.judgment.credibility import assess
from services.matcher.stories.evidence import Witness, keep_most_telling

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def said(
    origin: str,
    grade: SourceLetter = "B",
    status: ClaimStatus = "asserted",
    *,
    primary: bool = False,
    regulator: bool = False,
    own_sources: bool = False,
) -> Witness:
    return Witness(
        item_id=f"{origin}-{status}",
        revision=0,
        publisher=origin,
        host=None,
        url=None,
        title="t",
        quote="t",
        published_at=AT,
        seen_at=AT,
        said_at=AT,
        source_grade=grade,
        source_kind="regulator" if regulator else "news",
        status=status,
        basis="unnamed" if own_sources else "own",
        attributed_to=None,
        judged=True,
        origin_id=origin,
        origin_name=origin,
        origin_grade=grade,
        primary=primary or regulator,
        counts=True,
        spans=(),
    )


HALDEN_DENIES = said("Halden", "B", "denied", primary=True)


@pytest.mark.parametrize(
    ("testimonies", "letter", "information", "rule"),
    [
        ([said("Ledger", "A")], "A", 2, "good-source"),
        ([said("Ledger", "A"), said("Herald", "B")], "A", 1, "independent-origins"),
        ([said("Ledger", "A"), said("Ledger", "A")], "A", 2, "good-source"),
        ([said("Halden", "B", primary=True)], "B", 1, "primary"),
        ([said("Ledger", "A", "hedged", own_sources=True)], "A", 3, "rumor"),
        (
            [said("Ledger", "A", "hedged", own_sources=True), said("Herald", "B", "hedged", own_sources=True)],
            "A",
            2,
            "two-rumors",
        ),
        ([said("Ledger", "A", "hedged"), said("Herald", "B", "hedged")], "A", 3, "rumor"),
        ([said("Gazette", "C")], "C", 3, "single-fair-source"),
        ([said("Somebody", "F")], "F", 3, "single-fair-source"),
        ([said("Somebody", "F", "hedged")], "F", 4, "weak-source"),
        ([said("Whisper", "D")], "D", 4, "weak-source"),
        ([said("Whisper", "D"), said("Tattle", "E")], "D", 4, "weak-source"),
        ([said("Ledger", "A"), HALDEN_DENIES], "A", 5, "primary-denial"),
        ([said("Ledger", "A"), said("Herald"), HALDEN_DENIES], "A", 5, "primary-denial"),
        ([said("Ledger", "A"), HALDEN_DENIES, said("Authority", "A", regulator=True)], "A", 1, "regulator"),
        ([HALDEN_DENIES, said("Halden", "B", primary=True)], "B", 1, "primary"),
        (
            [said("Halden", "B", primary=True), said("Brightwater", "B", "denied", primary=True)],
            "B",
            4,
            "contradiction",
        ),
        ([said("Ledger", "A"), said("Herald", "B", "denied")], "A", 4, "contradiction"),
        ([said("Ledger", "A"), said("Ledger", "A", "retracted")], "A", 5, "retraction"),
        ([said("Ledger", "A"), said("Herald"), said("Ledger", "A", "retracted")], "B", 2, "good-source"),
        ([said("Ledger", "A"), said("Ledger", "A", "hedged")], "A", 2, "good-source"),
    ],
)
def test_grades(testimonies: list[Witness], letter: str, information: int, rule: str) -> None:
    found = assess(testimonies)
    assert (found.source, found.information, found.reasons[0].rule) == (letter, information, rule)


def test_what_is_no_news_or_not_judged_cannot_be_judged() -> None:
    assert assess([replace(said("Gull", "E"), counts=False)]).information == 6
    assert assess([replace(said("Herald"), judged=False)]).information == 6
    assert assess([replace(said("Herald"), judged=False), said("Ledger", "A")]).information == 2


def test_the_reader_learns_whether_the_company_has_spoken() -> None:
    assert any(reason.rule == "no-comment" for reason in assess([said("Ledger", "A")]).reasons)
    assert not any(reason.rule == "no-comment" for reason in assess([said("Halden", primary=True)]).reasons)


testimonies = st.builds(
    said,
    st.sampled_from(["Ledger", "Herald", "Halden", "Whisper", "Gazette"]),
    st.sampled_from(["A", "B", "C", "D", "E", "F"]),
    st.sampled_from(["asserted", "hedged", "denied", "retracted"]),
    primary=st.booleans(),
    regulator=st.booleans(),
    own_sources=st.booleans(),
)


@given(st.lists(testimonies, max_size=8))
def test_every_story_gets_a_grade_with_a_reason(heard: list[Witness]) -> None:
    found = assess(heard)
    assert found.reasons
    assert all(reason.text.endswith(".") for reason in found.reasons)
    assert found.origins <= len({each.origin_id for each in heard})


@given(st.lists(testimonies, min_size=1, max_size=6), st.integers(1, 4))
def test_repeating_what_was_said_changes_nothing(heard: list[Witness], times: int) -> None:
    again = heard + [heard[-1]] * times
    assert assess(again).information == assess(heard).information
    assert assess(again).origins == assess(heard).origins


@given(st.lists(testimonies, max_size=40))
def test_evidence_is_bounded_and_keeps_its_order(heard: list[Witness]) -> None:
    kept = keep_most_telling(heard, 20)
    assert len(kept) <= 20
    positions = iter(heard)
    assert all(any(each is other for other in positions) for each in kept)
