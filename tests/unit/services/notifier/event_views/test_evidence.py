"""Evidence is in the order of time; what repeats another report stands under it, whatever date it claims."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.alerts import Evidence, InformationGrade, Reason
from schemas.event_views import EventStatus
from services.notifier.event_views.evidence import SeenEvidence, fold_evidence, position_of, status_of
from tests.desk_data import NOW
from tests.event_world import alert, evidence


def seen(item: Evidence, *, minutes_ago: float = 0) -> SeenEvidence:
    return SeenEvidence(item, NOW - timedelta(minutes=minutes_ago))


def test_a_copy_stands_under_the_original_even_if_it_claims_to_be_older() -> None:
    wire = evidence("wire", hours=2)
    copy = evidence("parrot", hours=48, origin="Wire", supports="copy")
    paper = evidence("paper", hours=1)
    folded = fold_evidence([seen(copy), seen(paper), seen(wire)])
    assert [(item.item_id, item.is_first) for item in folded] == [("itm_wire", True), ("itm_paper", False)]
    assert [(copy.item_id, copy.position) for copy in folded[0].copies] == [("itm_parrot", "repeats")]


def test_the_first_copy_stands_for_an_original_that_was_not_seen() -> None:
    copies = [
        evidence(name, hours=hours, origin="Wire", supports="copy") for name, hours in (("late", 1), ("early", 3))
    ]
    (only,) = fold_evidence(map(seen, copies))
    assert (only.item_id, only.position, only.is_first) == ("itm_early", "repeats", True)
    assert [copy.item_id for copy in only.copies] == ["itm_late"]


def test_an_item_is_never_dated_after_it_was_seen() -> None:
    future = evidence("future", hours=-48)
    later = evidence("later", hours=0)
    folded = fold_evidence([seen(later), seen(future, minutes_ago=30)])
    assert [item.item_id for item in folded] == ["itm_future", "itm_later"]


def test_denials_and_withdrawals_stand_by_themselves_and_are_never_first() -> None:
    report = evidence("report", hours=3)
    withdrawal = evidence(
        "update", hours=1, origin="Report", publisher="Report", status="retracted", supports="withdraws"
    )
    denial = evidence("corvane", hours=4, status="denied", supports="denies")
    folded = fold_evidence(map(seen, (withdrawal, denial, report)))
    assert [(item.position, item.is_first) for item in folded] == [
        ("denies", False),
        ("reports", True),
        ("withdraws", False),
    ]


def test_evidence_of_older_alerts_is_read_by_its_status_and_origin() -> None:
    wire = evidence("wire", hours=2, supports=None)
    copy = evidence("parrot", hours=1, origin="Wire", supports=None)
    follow_up = evidence("again", hours=1, publisher="Wire", origin="Wire", supports=None)
    denial = evidence("corvane", supports=None, status="denied")
    assert position_of(denial) == "denies"
    folded = fold_evidence(map(seen, (wire, copy, follow_up)))
    assert [item.item_id for item in folded] == ["itm_wire", "itm_again"]
    assert [copy.item_id for copy in folded[0].copies] == ["itm_parrot"]


@pytest.mark.parametrize(
    ("information", "denied", "status"),
    [
        (1, False, "confirmed"),
        (1, True, "confirmed"),
        (2, False, "probable"),
        (3, False, "unconfirmed"),
        (4, True, "contested"),
        (5, True, "false"),
        (6, False, "unjudged"),
    ],
)
def test_a_story_that_is_denied_is_contested_unless_it_is_credible_or_false(
    information: InformationGrade, denied: bool, status: EventStatus
) -> None:
    items = [evidence("report"), *([evidence("corvane", supports="denies", status="denied")] if denied else [])]
    assert status_of(alert("c", "Corvane Pharma", *items, story="s", information=information)) == status


def test_an_alert_that_passes_on_a_denial_is_contested() -> None:
    found = alert("c", "Corvane Pharma", evidence("report"), story="s", information=3)
    why = Reason(rule="contested", saw="", concluded="warn", text="The company denies it.")
    assert status_of(found) == "unconfirmed"
    assert status_of(found.model_copy(update={"reasons": (why,)})) == "contested"
