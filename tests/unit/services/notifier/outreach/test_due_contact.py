"""Blackouts, promised contact, silence and feedback."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.clients import Blackout
from schemas.interactions import ClientTuned, ContactAgreed, FeedbackGiven, InteractionLogged
from tests.unit.services.notifier.outreach.life import Life, client_of
from tests.unit.services.notifier.samples import an_item

#: A Tuesday.
BEGIN = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
DEAL = Blackout(until=date(2026, 3, 4), reason="the sale is being decided", about=("halden energy",))
LEAVE = Blackout(since=date(2026, 3, 1), until=date(2026, 3, 13), reason="on leave")


def test_news_on_a_deal_is_deferred_until_the_deal_ends() -> None:
    life = Life(client_of(blackouts=(DEAL,)), BEGIN)
    life.alert(1, deadline_at=BEGIN + timedelta(days=3))
    life.alert(2, "Corvane Pharma")
    assert [entry.subject.split(":")[0] for entry in life.open.values()] == [life.only.subject.split(":")[0]]
    assert life.decisions() == [("waits", "deal")]
    assert "the sale is being decided" in life.decided[0].detail
    life.wait(days=1, hours=16)
    assert len(life.open) == 2


def test_deferred_news_past_its_deadline_is_dropped_with_a_reason() -> None:
    life = Life(client_of(blackouts=(DEAL,)), BEGIN)
    life.alert(1)
    life.wait(days=3)
    assert not life.open
    assert life.decisions() == [("waits", "deal"), ("dropped", "too_late")]


def test_a_blackout_removed_from_the_book_ends_at_the_next_step() -> None:
    life = Life(client_of(blackouts=(DEAL,)), BEGIN)
    life.alert(1)
    life.book(client_of())
    life.alert(2, "Corvane Pharma", verdict="hold")
    assert len(life.open) == 1


def test_newer_news_replaces_deferred_news() -> None:
    life = Life(client_of(blackouts=(DEAL,)), BEGIN)
    life.alert(1, deadline_at=BEGIN + timedelta(days=3))
    life.alert(1, revision=1, deadline_at=BEGIN + timedelta(days=3))
    assert [decision[0] for decision in life.decisions()] == ["waits", "dropped", "waits"]
    life.wait(days=2)
    assert len(life.drafts) == 1


def test_during_leave_only_news_that_outlasts_it_or_is_urgent_is_drafted() -> None:
    life = Life(client_of(blackouts=(LEAVE,)), BEGIN)
    life.alert(1)
    assert not life.open
    life.alert(2, "Corvane Pharma", deadline_at=BEGIN + timedelta(days=20))
    assert life.only.send_after == datetime(2026, 3, 14, tzinfo=UTC)
    life.alert(3, "Quillon Cloud", urgency="urgent")
    assert len(life.open) == 2


@pytest.mark.parametrize("relevances", [(0.1, 0.35, 0.2), (0.35, 0.2, 0.1)])
def test_promised_contact_uses_the_best_news_below_the_threshold(relevances: tuple[float, ...]) -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    for number, relevance in enumerate(relevances, 1):
        life.below_threshold(number, relevance=relevance)
    assert not life.open
    life.wait(days=2, hours=4)  # Thursday, after noon: a day before
    assert life.only.purpose == "contact_due"
    assert life.only.story_id == f"itm_{relevances.index(0.35) + 1}"
    assert life.only.deadline_at == datetime(2026, 3, 6, 12, tzinfo=UTC)
    assert "weekly, Friday by noon" in life.only.notes[0]
    assert life.decisions() == [("chosen", "contact_due")]


def test_any_contact_since_the_last_due_date_counts_as_promised_contact() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    life.below_threshold(1)
    life.alert(2, "Corvane Pharma")
    life.wait(hours=1)
    life.send(life.only)
    life.wait(days=3)
    assert not life.open
    assert life.decisions() == [("kept", "in_touch")]
    life.wait(days=7)
    assert life.only.story_id == "itm_1"


def test_without_news_that_is_reported_and_the_next_news_below_the_threshold_is_told() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    life.below_threshold(1, relevance=0.2)
    life.wait(days=2, hours=4)
    life.send(life.only)
    life.wait(days=21)
    said = [decision for decision in life.decisions() if decision[0] == "nothing_to_say"]
    assert len(said) == 3
    life = Life(client_of(max_silence_days=10), BEGIN)
    life.alert(9, verdict="hold")
    life.wait(days=12)
    assert life.decisions() == [("nothing_to_say", "nothing_found")]
    life.below_threshold(2)
    assert life.only.story_id == "itm_2"


def test_a_conversation_counts_as_contact() -> None:
    life = Life(client_of(max_silence_days=10, max_per_week=1), BEGIN)
    life.alert(9, verdict="hold")
    life.wait(days=8)
    life.below_threshold(1)
    call = InteractionLogged(
        interaction_id="int_1", client_id="claire", manager_id="mara", at=life.now, channel="phone"
    )
    life.tell(call)
    life.wait(days=8, hours=23)
    assert not life.open
    life.wait(hours=2)
    assert life.only.purpose == "contact_due"
    # News of its own weight takes the place of news that alone would not have justified a message.
    told = life.alert(2, "Corvane Pharma")
    assert life.only.alert_id == told.id


def test_a_client_on_leave_is_owed_no_contact() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon", blackouts=(LEAVE,)), BEGIN)
    life.below_threshold(1)
    life.wait(days=8)
    assert not life.open
    assert life.decisions() == [("dropped", "not_now")]


def test_feedback_is_summed_up_and_published_once() -> None:
    life = Life()
    life.alert(1)
    life.dismiss(life.only, "not_useful")
    (tuned,) = (entry.data for entry in life.other)
    assert isinstance(tuned, ClientTuned)
    assert tuned.shift > 0
    assert tuned.entities[0].entity_id == "halden-energy"
    assert tuned.why == ("1 message was not useful: raises the threshold.",)
    given = FeedbackGiven(
        client_id="claire", draft_id="drf_1", entity_id="halden-energy", feedback="wrong_fact", by="mara"
    )
    life.tell(given)
    assert [entry.data.revision for entry in life.other if isinstance(entry.data, ClientTuned)] == [1, 2]
    life.tell(given)
    assert len(life.other) == 2


def test_a_draft_past_its_deadline_does_not_count_as_promised_contact() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    life.alert(1, deadline_at=BEGIN + timedelta(hours=3))
    life.below_threshold(2)
    life.wait(days=2, hours=4)
    assert life.decisions() == [("chosen", "contact_due")]
    fresh = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    fresh.alert(1, deadline_at=BEGIN + timedelta(days=4))
    fresh.below_threshold(2)
    fresh.wait(days=2, hours=4)
    assert fresh.decisions() == [("kept", "draft_waits")]


@pytest.mark.parametrize("verdict", ["ignore", "hold"])
def test_news_told_because_contact_was_due_is_corrected_when_denied(verdict: str) -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    life.below_threshold(1)
    life.wait(days=2, hours=4)
    life.send(life.only)
    life.wait(hours=5)
    denial = an_item("Halden Energy", 7, quote="Halden Energy denied the report.", status="denied", basis="company")
    life.alert(1, verdict=verdict, revision=1, information_grade=5, evidence=(denial,))
    correction = life.only
    assert correction.verdict == "correct"
    assert "It has since been denied." in correction.body
    life.send(correction)
    life.alert(1, verdict=verdict, revision=1, information_grade=5, evidence=(denial,))
    assert not life.open


def test_a_draft_for_due_contact_is_withdrawn_when_its_news_is_denied() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    life.below_threshold(1)
    life.wait(days=2, hours=4)
    draft = life.only
    life.alert(1, verdict="ignore", revision=1, information_grade=5)
    assert not life.open
    assert life.refused[-1].withdraws == (draft.id,)
    other = Life(client_of(), BEGIN)
    other.alert(1, verdict="ignore", revision=1, information_grade=5)
    assert not other.refused


def agreed(life: Life) -> None:
    contact = life.client.contact
    life.tell(
        ContactAgreed(client_id=life.client.id, cadence=contact.cadence, max_silence_days=contact.max_silence_days)
    )


def test_a_client_without_any_news_is_reported_when_contact_is_due() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon", max_silence_days=10), BEGIN)
    agreed(life)
    life.wait(days=2, hours=4)
    assert life.decisions() == [("nothing_to_say", "nothing_found")]
    assert "was promised contact: weekly, Friday by noon." in life.decided[0].detail
    assert "Consider a call." in life.decided[0].detail
    life.below_threshold(1)
    assert life.only.purpose == "contact_due"
    assert life.only.words <= 150
    life.send(life.only)
    life.wait(days=9, hours=1)
    assert ("nothing_to_say", "nothing_found") in life.decisions()[1:]


def test_contact_that_is_no_longer_agreed_is_no_longer_due() -> None:
    life = Life(client_of(cadence="weekly, Friday by noon", max_silence_days=10), BEGIN)
    agreed(life)
    life.book(client_of())
    life.wait(days=2, hours=4)
    assert life.decisions() == []
    assert life.state.promise is None
    assert life.state.silence is None
    owed = Life(client_of(cadence="weekly, Friday by noon"), BEGIN)
    agreed(owed)
    owed.wait(days=2, hours=4)
    owed.book(client_of())
    owed.below_threshold(1)
    assert not owed.open
